/* SPDX-License-Identifier: GPL-2.0-or-later */
/* registries.c owns what registries.conf says. */
#include "src/access/registries.h"

#include "src/base/toml.h"

#include <errno.h>
#include <string.h>

struct file {
	struct registries *registries;
	const char *name;
	struct rule rule; /* the [[registry]] that is being read */
	bool in_rule;
};

static void rule_done(struct rule *rule)
{
	for (size_t i = 0; i < rule->mirror_count; i++)
		free(rule->mirrors[i].location);
	free(rule->mirrors);
	free(rule->prefix);
	free(rule->location);
	free(rule->file);
	*rule = (struct rule){ 0 };
}

void registries_done(struct registries *registries)
{
	for (size_t i = 0; i < registries->count; i++)
		rule_done(&registries->rules[i]);
	free(registries->rules);
	strv_done(&registries->search);
	free(registries->search_file);
	strv_done(&registries->aliases);
	strv_done(&registries->helpers);
	*registries = (struct registries){ 0 };
}

static int unknown(const struct toml_event *event, struct err *err)
{
	return err_set(err, -ENOTSUP, "%s%s%s is not understood, or not here", event->table, *event->table ? "." : "", event->key);
}

static int take_text(const struct toml_event *event, char **field, struct err *err)
{
	if (event->kind != TOML_TEXT || !*event->text)
		return err_set(err, -EBADMSG, "%s is not a text", event->key);
	if (*field)
		return err_set(err, -EBADMSG, "%s is there twice", event->key);
	*field = str_dup(event->text);
	return 0;
}

static int take_switch(const struct toml_event *event, bool *field, struct err *err)
{
	*field = event->on;
	return event->kind == TOML_SWITCH ? 0 : err_set(err, -EBADMSG, "%s is neither true nor false", event->key);
}

static int take_when(struct mirror *mirror, const struct toml_event *event, struct err *err)
{
	static const char *const words[] = { "all", "digest-only", "tag-only" };
	for (size_t i = 0; event->kind == TOML_TEXT && i < sizeof words / sizeof *words; i++) {
		if (!str_eq(words[i], event->text))
			continue;
		mirror->when = i;
		mirror->when_given = true;
		return 0;
	}
	return err_set(err, -EBADMSG, "pull-from-mirror is all, digest-only or tag-only");
}

static int take_mirror_key(struct rule *rule, const struct toml_event *event, struct err *err)
{
	struct mirror *mirror = &rule->mirrors[rule->mirror_count - 1];
	if (str_eq(event->key, "location"))
		return take_text(event, &mirror->location, err);
	if (str_eq(event->key, "insecure"))
		return take_switch(event, &mirror->insecure, err);
	if (str_eq(event->key, "pull-from-mirror"))
		return take_when(mirror, event, err);
	return unknown(event, err);
}

static int take_rule_key(struct rule *rule, const struct toml_event *event, struct err *err)
{
	if (str_eq(event->key, "prefix"))
		return take_text(event, &rule->prefix, err);
	if (str_eq(event->key, "location"))
		return take_text(event, &rule->location, err);
	if (str_eq(event->key, "insecure"))
		return take_switch(event, &rule->insecure, err);
	if (str_eq(event->key, "blocked"))
		return take_switch(event, &rule->blocked, err);
	if (str_eq(event->key, "mirror-by-digest-only"))
		return take_switch(event, &rule->digests_only, err);
	return unknown(event, err);
}

/* short-name-mode is about asking a person which registry is meant: nobody is asked here, in any mode. */
static int take_top_key(struct file *file, const struct toml_event *event, struct err *err)
{
	struct registries *all = file->registries;
	if (str_eq(event->key, "short-name-mode") && event->kind == TOML_TEXT)
		return 0;
	bool search = str_eq(event->key, "unqualified-search-registries");
	if ((!search && !str_eq(event->key, "credential-helpers")) || event->kind != TOML_LIST)
		return unknown(event, err);
	struct strv *list = search ? &all->search : &all->helpers;
	strv_done(list);
	strv_extend(list, event->list);
	if (search) {
		free(all->search_file);
		all->search_file = str_dup(file->name);
	}
	return 0;
}

static int take_alias(struct registries *all, const struct toml_event *event, struct err *err)
{
	if (event->kind != TOML_TEXT || strchr(event->key, '='))
		return err_set(err, -EBADMSG, "the alias %.100s is not a text", event->key);
	cleanup_free char *alias = str_fmt("%s=%s", event->key, event->text);
	strv_env_set(&all->aliases, alias);
	return 0;
}

static void keep_rule(struct registries *all, struct rule *rule)
{
	for (size_t i = 0; i < all->count; i++) {
		if (!str_eq(all->rules[i].prefix, rule->prefix))
			continue;
		rule_done(&all->rules[i]);
		all->rules[i] = *rule;
		return;
	}
	all->rules = mem_grow(all->rules, all->count + 1, sizeof *all->rules);
	all->rules[all->count++] = *rule;
}

/* A [[registry]] is at its end. */
static int end_rule(struct file *file, struct err *err)
{
	struct rule *rule = &file->rule;
	if (!file->in_rule)
		return 0;
	if (!rule->prefix)
		rule->prefix = str_dup(rule->location);
	if (!rule->prefix)
		return err_set(err, -EBADMSG, "the [[registry]] of line %u has neither a prefix nor a location", rule->line);
	for (size_t i = 0; i < rule->mirror_count; i++) {
		struct mirror *mirror = &rule->mirrors[i];
		if (!mirror->location)
			return err_set(err, -EBADMSG, "a mirror of the [[registry]] of line %u has no location", rule->line);
		if (rule->digests_only && mirror->when_given)
			return err_set(err, -EBADMSG, "the [[registry]] of line %u has both mirror-by-digest-only and pull-from-mirror", rule->line);
		if (rule->digests_only)
			mirror->when = MIRROR_DIGESTS;
	}
	keep_rule(file->registries, rule);
	file->rule = (struct rule){ 0 };
	file->in_rule = false;
	return 0;
}

static int take_item(struct file *file, const struct toml_event *event, struct err *err)
{
	struct rule *rule = &file->rule;
	if (str_eq(event->table, "registry")) {
		if (end_rule(file, err) < 0)
			return err->code;
		file->in_rule = true;
		rule->file = str_dup(file->name);
		rule->line = event->line;
		return 0;
	}
	if (!str_eq(event->table, "registry.mirror") || !file->in_rule)
		return err_set(err, -ENOTSUP, "[[%s]] is not understood, or not here", event->table);
	rule->mirrors = mem_grow(rule->mirrors, rule->mirror_count + 1, sizeof *rule->mirrors);
	rule->mirrors[rule->mirror_count++] = (struct mirror){ 0 };
	return 0;
}

static int take_event(void *context, const struct toml_event *event, struct err *err)
{
	struct file *file = context;
	if (event->kind == TOML_ITEM)
		return take_item(file, event, err);
	if (event->kind == TOML_TABLE) {
		if (str_starts(event->table, "registries"))
			return err_set(err, -ENOTSUP, "this is version 1 of the format; see containers-registries.conf(5) for version 2");
		return str_eq(event->table, "aliases") ? 0 : err_set(err, -ENOTSUP, "[%s] is not understood", event->table);
	}
	if (str_eq(event->table, "registry"))
		return take_rule_key(&file->rule, event, err);
	if (str_eq(event->table, "registry.mirror"))
		return take_mirror_key(&file->rule, event, err);
	if (str_eq(event->table, "aliases"))
		return take_alias(file->registries, event, err);
	return take_top_key(file, event, err);
}

int registries_add(struct registries *registries, const char *name, const char *text, size_t len, struct err *err)
{
	struct file file = { .registries = registries, .name = name };
	int r = len ? toml_read(text, len, take_event, &file, err) : 0;
	if (r == 0)
		r = end_rule(&file, err);
	rule_done(&file.rule);
	return r < 0 ? err_prefix(err, "%s", name) : 0;
}

/* How much of the reference's text the prefix covers, which ends where one of its parts does; 0: none. */
static size_t covered(const char *prefix, const char *text)
{
	size_t len;
	if (str_starts(prefix, "*.")) {
		size_t host = strcspn(text, "/"), name = strcspn(text, ":/"), tail = strlen(++prefix);
		bool port = strchr(prefix, ':');
		len = port ? host : name;
		if (strchr(prefix, '/') || len <= tail || memcmp(text + len - tail, prefix, tail) != 0)
			return 0;
		return len;
	}
	len = strlen(prefix);
	return strncmp(text, prefix, len) == 0 && (!text[len] || strchr("/:@", text[len])) ? len : 0;
}

/* LOCATION in place of the covered part, as an endpoint. */
static int add_endpoint(struct endpoints *endpoints, const struct rule *rule, const char *location, const char *rest, bool insecure,
	struct err *err)
{
	struct reference moved;
	struct err why;
	cleanup_free char *text = str_fmt("%s%s", location, rest);
	size_t host = strcspn(text, "/");
	if (reference_parse(text, &moved, &why) < 0 || strncmp(moved.registry, text, host) != 0 || moved.registry[host])
		return err_set(err, -EINVAL, "%s: the [[registry]] of line %u leads to %.300s, which is no image's name", rule->file,
			rule->line, text);
	struct endpoint *endpoint = endpoints_add(endpoints);
	endpoint->registry = str_dup(moved.registry);
	endpoint->repository = str_dup(moved.repository);
	endpoint->insecure = insecure;
	return 0;
}

static const struct rule *find_rule(const struct registries *registries, const char *text, size_t *ret_covered)
{
	const struct rule *best = NULL;
	size_t best_len = 0;
	for (size_t i = 0; i < registries->count; i++) {
		const struct rule *rule = &registries->rules[i];
		size_t len = covered(rule->prefix, text);
		if (!len || (best && strlen(rule->prefix) <= best_len))
			continue;
		best = rule;
		best_len = strlen(rule->prefix);
		*ret_covered = len;
	}
	return best;
}

static int plan_by(const struct rule *rule, const struct reference *reference, const char *text, size_t len, struct endpoints *endpoints,
	struct err *err)
{
	bool by_digest = *reference->digest.text;
	cleanup_free char *own = str_ndup(text, len);
	int r = 0;
	for (size_t i = 0; r == 0 && i < rule->mirror_count; i++) {
		const struct mirror *mirror = &rule->mirrors[i];
		if (mirror->when == MIRROR_ALWAYS || (mirror->when == MIRROR_DIGESTS) == by_digest)
			r = add_endpoint(endpoints, rule, mirror->location, text + len, mirror->insecure, err);
	}
	return r < 0 ? r : add_endpoint(endpoints, rule, rule->location ? rule->location : own, text + len, rule->insecure, err);
}

int registries_plan(const struct registries *registries, const struct reference *reference, struct endpoints *ret_endpoints,
	struct err *err)
{
	struct endpoints endpoints = { 0 };
	size_t len = 0;
	cleanup_free char *text = reference_text(reference);
	const struct rule *rule = find_rule(registries, text, &len);
	int r = 0;
	if (rule && rule->blocked)
		return err_set(err, -EACCES, "%s is blocked by %s, line %u", text, rule->file, rule->line);
	if (rule) {
		r = plan_by(rule, reference, text, len, &endpoints, err);
	} else {
		struct endpoint *endpoint = endpoints_add(&endpoints);
		endpoint->registry = str_dup(reference->registry);
		endpoint->repository = str_dup(reference->repository);
	}
	if (r < 0)
		endpoints_done(&endpoints);
	else
		*ret_endpoints = endpoints;
	return r;
}

static bool is_short(const char *typed)
{
	size_t len = strcspn(typed, "/");
	cleanup_free char *first = str_ndup(typed, len);
	return !typed[len] || !(strpbrk(first, ".:") || str_eq(first, "localhost"));
}

int registries_check_short(const struct registries *registries, const char *typed, const struct reference *reference,
	struct err *err)
{
	const char *slash = strrchr(typed, '/');
	size_t len = strcspn(typed, "@"), tail = strcspn(slash ? slash : typed, ":@") + (slash ? slash - typed : 0);
	cleanup_free char *name = str_ndup(typed, tail < len ? tail : len);
	cleanup_free char *meant = str_fmt("%s/%s", reference->registry, reference->repository);
	cleanup_free char *whole = reference_text(reference);
	const char *alias = strv_env_get(&registries->aliases, name);
	if (!is_short(typed) || str_eq(alias, meant))
		return 0;
	if (alias)
		return err_set(err, -EINVAL, "%s: the aliases of registries.conf call it %s: type that, or %s", typed, alias, whole);
	if (!registries->search_file || (registries->search.len && str_eq(registries->search.items[0], "docker.io")))
		return 0;
	if (!registries->search.len)
		return err_set(err, -EINVAL, "%s: %s allows no name without a registry: type %s", typed, registries->search_file, whole);
	return err_set(err, -EINVAL, "%s: %s would look in %s first: type %s/%s, or %s", typed, registries->search_file,
		registries->search.items[0], registries->search.items[0], typed, whole);
}
