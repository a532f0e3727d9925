/* SPDX-License-Identifier: GPL-2.0-or-later */
/* seccomp.c owns planning a seccomp profile as docker and the OCI runtime specification write it. */
#include "src/plan/seccomp.h"

#include "src/plan/capability.h"
#include "src/plan/engine.h"

#include <errno.h>
#include <jansson.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>

enum { MAX_RULES = 4096, MAX_ERRNO = 4095 };

static const struct {
	const char *name;
	uint32_t verdict;
} actions[] = {
	{ "SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW }, { "SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO },
	{ "SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD }, { "SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD },
	{ "SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS }, { "SCMP_ACT_TRAP", SECCOMP_RET_TRAP },
	{ "SCMP_ACT_TRACE", SECCOMP_RET_TRACE }, { "SCMP_ACT_LOG", SECCOMP_RET_LOG }, { "SCMP_ACT_NOTIFY", SECCOMP_RET_USER_NOTIF },
};

/* By seccomp_operator. */
static const char *const operators[] = { "SCMP_CMP_EQ", "SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE", "SCMP_CMP_GT",
	"SCMP_CMP_GE", "SCMP_CMP_MASKED_EQ" };

static const struct {
	const char *name;
	uint64_t flag;
} flags[] = {
	{ "SECCOMP_FILTER_FLAG_TSYNC", 0 }, /* there is one thread */
	{ "SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG },
	{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW },
	{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV }, /* Linux 5.19 */
};

/*
 * A profile that was read: what it says, and the memory behind that. Two comparisons of one argument make two rules, of
 * which one is enough, as in docker. TRAP, TRACE, LOG and the ways to kill are as in seccomp(2).
 */
struct document {
	struct seccomp_profile profile;
	uint64_t flags;                   /* SECCOMP_FILTER_FLAG_* */
	json_t *json;
	struct seccomp_rule *rules;
	void **blocks;                    /* what the rules point to */
	size_t rule_count, block_count;
};

static void done(struct document *document)
{
	for (size_t i = 0; i < document->block_count; i++)
		free(document->blocks[i]);
	free(document->blocks);
	free(document->rules);
	json_decref(document->json);
	*document = (struct document){ 0 };
}

static void *allocate(struct document *document, size_t count, size_t size)
{
	document->blocks = mem_grow(document->blocks, document->block_count + 1, sizeof *document->blocks);
	void *block = mem_new((count ? count : 1) * size);
	document->blocks[document->block_count++] = block;
	return block;
}

/* A key that is not known might change what the profile means. */
static int check_keys(json_t *object, const char *const *known, const char *what, struct err *err)
{
	const char *key;
	json_t *value;
	if (!json_is_object(object))
		return err_set(err, -EINVAL, "%s is not an object", what);
	json_object_foreach(object, key, value)
	{
		size_t i = 0;
		while (known[i] && !str_eq(known[i], key))
			i++;
		if (!known[i])
			return err_set(err, -EINVAL, "%s has the key \"%.100s\", which xrun does not know", what, key);
	}
	return 0;
}

/* A list of strings, borrowed; NULL where there is none. */
static int read_names(struct document *document, json_t *array, const char *what, const char *const **ret_names,
	struct err *err)
{
	*ret_names = NULL;
	if (!array || json_is_null(array))
		return 0;
	if (!json_is_array(array))
		return err_set(err, -EINVAL, "%s is not a list", what);
	size_t count = json_array_size(array);
	const char **names = allocate(document, count + 1, sizeof *names);
	for (size_t i = 0; i < count; i++) {
		names[i] = json_string_value(json_array_get(array, i));
		if (!names[i])
			return err_set(err, -EINVAL, "%s holds something that is no text", what);
	}
	*ret_names = names;
	return 0;
}

/* An errno by number or, as in podman's profiles, by name. */
static int read_errno(json_t *number, json_t *name, uint32_t otherwise, uint32_t *ret_errno, struct err *err)
{
	*ret_errno = otherwise;
	if (json_is_string(name) && *json_string_value(name)) {
		for (int i = 1; i < 200; i++) {
			const char *known = strerrorname_np(i);
			if (known && str_eq(known, json_string_value(name))) {
				*ret_errno = i;
				return 0;
			}
		}
		return err_set(err, -EINVAL, "\"%.100s\" is no error's name", json_string_value(name));
	}
	if (!number || json_is_null(number))
		return 0;
	if (!json_is_integer(number) || json_integer_value(number) < 0 || json_integer_value(number) > MAX_ERRNO)
		return err_set(err, -EINVAL, "an errnoRet is no number from 0 to %d", MAX_ERRNO);
	*ret_errno = json_integer_value(number);
	return 0;
}

static int read_verdict(json_t *action, json_t *number, json_t *name, uint32_t otherwise, uint32_t *ret_verdict, struct err *err)
{
	const char *text = json_string_value(action);
	uint32_t data = 0;
	for (size_t i = 0; text && i < sizeof actions / sizeof *actions; i++) {
		if (!str_eq(text, actions[i].name))
			continue;
		*ret_verdict = actions[i].verdict;
		if (*ret_verdict != SECCOMP_RET_ERRNO && *ret_verdict != SECCOMP_RET_TRACE)
			return 0;
		int r = read_errno(number, name, otherwise, &data, err);
		*ret_verdict |= data;
		return r;
	}
	return err_set(err, -EINVAL, "the action \"%.100s\" cannot be honoured", text ? text : "");
}

static int read_capabilities(json_t *names, uint64_t *ret_bits, struct err *err)
{
	size_t i;
	json_t *item;
	json_array_foreach(names, i, item)
	{
		uint64_t bit;
		const char *name = json_string_value(item);
		if (!name || !capability_by_name(name, &bit))
			return err_set(err, -EINVAL, "there is no capability \"%.100s\"", name ? name : "");
		*ret_bits |= bit;
	}
	return 0;
}

/* "4.8": the number of KERNEL_VERSION(4, 8, 0). */
static int read_kernel(json_t *version, uint32_t *ret_kernel, struct err *err)
{
	unsigned major, minor;
	char end;
	if (!version || json_is_null(version) || (json_is_string(version) && !*json_string_value(version)))
		return 0;
	if (!json_is_string(version) || sscanf(json_string_value(version), "%3u.%3u%c", &major, &minor, &end) != 2 || minor > 255)
		return err_set(err, -EINVAL, "a minKernel is not written like 4.8");
	*ret_kernel = major << 16 | minor << 8;
	return 0;
}

static int read_condition(struct document *document, json_t *object, uint64_t *ret_capabilities,
	const char *const **ret_architectures, uint32_t *ret_kernel, struct err *err)
{
	static const char *const known[] = { "caps", "arches", "minKernel", NULL };
	if (!object || json_is_null(object))
		return 0;
	int r = check_keys(object, known, "a rule's condition", err);
	if (r == 0)
		r = read_capabilities(json_object_get(object, "caps"), ret_capabilities, err);
	if (r == 0)
		r = read_names(document, json_object_get(object, "arches"), "a rule's list of architectures", ret_architectures, err);
	if (r == 0 && *ret_architectures && !**ret_architectures)
		*ret_architectures = NULL; /* an empty list is no condition */
	return r < 0 ? r : read_kernel(json_object_get(object, "minKernel"), ret_kernel, err);
}

/* Above 2^63-1 it is a real, as oci_parse makes of it: jansson has no such integers. */
static int read_number(json_t *value, uint64_t *ret_number)
{
	*ret_number = 0;
	if (json_is_real(value) && json_real_value(value) >= 0x1p63 && json_real_value(value) <= 0x1p64) {
		*ret_number = json_real_value(value) >= 0x1p64 ? UINT64_MAX : (uint64_t)json_real_value(value);
		return 0;
	}
	if (value && !json_is_null(value) && (!json_is_integer(value) || json_integer_value(value) < 0))
		return -EINVAL;
	*ret_number = value ? json_integer_value(value) : 0;
	return 0;
}

static int read_compare(json_t *object, struct seccomp_compare *ret_compare, struct err *err)
{
	static const char *const known[] = { "index", "value", "valueTwo", "op", NULL };
	uint64_t argument;
	size_t operator = 0;
	int r = check_keys(object, known, "a rule's argument", err);
	if (r < 0)
		return r;
	const char *name = json_string_value(json_object_get(object, "op"));
	while (operator < sizeof operators / sizeof *operators && !str_eq(operators[operator], name))
		operator++;
	if (operator == sizeof operators / sizeof *operators)
		return err_set(err, -EINVAL, "there is no operator \"%.100s\"", name ? name : "");
	if (read_number(json_object_get(object, "index"), &argument) < 0 || argument > 5 ||
		read_number(json_object_get(object, "value"), &ret_compare->value) < 0 ||
		read_number(json_object_get(object, "valueTwo"), &ret_compare->value_two) < 0)
		return err_set(err, -EINVAL, "a rule's argument has an index from 0 to 5, and a value that is no negative number");
	ret_compare->argument = argument;
	ret_compare->operator = operator;
	return 0;
}

static int add_rule(struct document *document, const struct seccomp_rule *rule, struct err *err)
{
	if (document->rule_count == MAX_RULES)
		return err_set(err, -E2BIG, "it has more than %d rules", MAX_RULES);
	document->rules = mem_grow(document->rules, document->rule_count + 1, sizeof *document->rules);
	document->rules[document->rule_count++] = *rule;
	return 0;
}

static int add_with_compares(struct document *document, struct seccomp_rule *rule, json_t *array, struct err *err)
{
	size_t count = json_array_size(array);
	struct seccomp_compare *compares = allocate(document, count, sizeof *compares);
	unsigned seen = 0;
	bool twice = false;
	for (size_t i = 0; i < count; i++) {
		int r = read_compare(json_array_get(array, i), &compares[i], err);
		if (r < 0)
			return r;
		twice = twice || (seen & 1u << compares[i].argument);
		seen |= 1u << compares[i].argument;
	}
	rule->compares = compares;
	rule->compare_count = count;
	if (!twice)
		return add_rule(document, rule, err);
	for (size_t i = 0; i < count; i++) {
		rule->compares = &compares[i];
		rule->compare_count = 1;
		int r = add_rule(document, rule, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_rule(struct document *document, json_t *object, uint32_t otherwise, struct err *err)
{
	static const char *const known[] = { "names", "name", "action", "errnoRet", "errno", "args", "comment", "includes",
		"excludes", NULL };
	struct seccomp_rule rule = { 0 };
	int r = check_keys(object, known, "a rule", err);
	if (r == 0)
		r = read_names(document, json_object_get(object, "names"), "a rule's list of names", &rule.names, err);
	if (r == 0 && !rule.names) { /* docker's older form: one name */
		const char **names = allocate(document, 2, sizeof *names);
		names[0] = json_string_value(json_object_get(object, "name"));
		rule.names = names;
	}
	if (r == 0 && !*rule.names)
		return err_set(err, -EINVAL, "a rule names no system call");
	if (r == 0)
		r = read_verdict(json_object_get(object, "action"), json_object_get(object, "errnoRet"),
			json_object_get(object, "errno"), otherwise, &rule.verdict, err);
	if (r == 0)
		r = read_condition(document, json_object_get(object, "includes"), &rule.when.capabilities, &rule.when.architectures,
			&rule.when.min_kernel, err);
	if (r == 0)
		r = read_condition(document, json_object_get(object, "excludes"), &rule.when.not_capabilities,
			&rule.when.not_architectures, &rule.when.not_kernel, err);
	json_t *args = json_object_get(object, "args");
	if (r == 0 && args && !json_is_null(args) && !json_is_array(args))
		return err_set(err, -EINVAL, "a rule's args are not a list");
	return r < 0 ? r : add_with_compares(document, &rule, args, err);
}

static int read_flags(json_t *array, uint64_t *ret_flags, struct err *err)
{
	size_t i;
	json_t *item;
	json_array_foreach(array, i, item)
	{
		size_t f = 0;
		while (f < sizeof flags / sizeof *flags && !str_eq(flags[f].name, json_string_value(item)))
			f++;
		if (f == sizeof flags / sizeof *flags)
			return err_set(err, -EINVAL, "one of its flags cannot be honoured");
		*ret_flags |= flags[f].flag;
	}
	return 0;
}

/* docker's archMap: an architecture and those that its kernel offers beside it. The machine's own is one of them, or refused. */
static int read_architectures(struct document *document, struct err *err)
{
	size_t i;
	json_t *item, *map = json_object_get(document->json, "archMap");
	const char *own = seccomp_machine.tables[0].name;
	json_t *list = json_object_get(document->json, "architectures");
	bool listed = !list || json_is_null(list);
	const char *const *names;
	json_array_foreach(map, i, item)
		if (str_eq(json_string_value(json_object_get(item, "architecture")), own))
			list = json_object_get(item, "subArchitectures");
	int r = read_names(document, list, "its list of architectures", &names, err);
	if (r < 0)
		return r;
	static const char *const none[] = { NULL };
	document->profile.architectures = names ? names : none;
	for (; !listed && names && *names; names++)
		listed = str_eq(*names, own);
	if (listed || map)
		return 0;
	return err_set(err, -EINVAL, "its architectures lack this machine's, %s; an emulator makes the machine's calls, too", own);
}

static int read_document(struct document *document, struct err *err)
{
	static const char *const known[] = { "defaultAction", "defaultErrnoRet", "defaultErrno", "archMap", "architectures",
		"flags", "syscalls", "comment", NULL };
	json_t *json = document->json;
	uint32_t number = EPERM;
	int r = check_keys(json, known, "it", err);
	if (r == 0)
		r = read_errno(json_object_get(json, "defaultErrnoRet"), json_object_get(json, "defaultErrno"), EPERM, &number, err);
	if (r == 0)
		r = read_verdict(json_object_get(json, "defaultAction"), NULL, NULL, number, &document->profile.verdict, err);
	if (r == 0)
		r = read_flags(json_object_get(json, "flags"), &document->flags, err);
	if (r == 0)
		r = read_architectures(document, err);
	json_t *rules = json_object_get(json, "syscalls");
	if (r == 0 && rules && !json_is_null(rules) && !json_is_array(rules))
		r = err_set(err, -EINVAL, "its syscalls are not a list");
	for (size_t i = 0; r == 0 && i < json_array_size(rules); i++)
		r = read_rule(document, json_array_get(rules, i), EPERM, err);
	document->profile.rules = document->rules;
	document->profile.rule_count = document->rule_count;
	return r;
}

static int read_text(const char *text, size_t len, struct document *ret_document, struct err *err)
{
	json_error_t error;
	struct document document = { .json = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error) };
	int r = document.json ? read_document(&document, err) :
				err_set(err, -EINVAL, "it is no JSON: line %d: %s", error.line, error.text);
	if (r < 0)
		done(&document);
	else
		*ret_document = document;
	return r;
}

static json_t *write_verdict(uint32_t verdict, const char *action_key, const char *errno_key)
{
	json_t *object = json_object();
	for (size_t i = sizeof actions / sizeof *actions; i-- > 0;) /* KILL before KILL_THREAD, which means the same */
		if ((verdict & SECCOMP_RET_ACTION_FULL) == actions[i].verdict)
			json_object_set_new(object, action_key, json_string(actions[i].name));
	uint32_t action = verdict & SECCOMP_RET_ACTION_FULL;
	if (action == SECCOMP_RET_ERRNO || action == SECCOMP_RET_TRACE)
		json_object_set_new(object, errno_key, json_integer(verdict & SECCOMP_RET_DATA));
	return object;
}

static json_t *write_list(const char *const *names)
{
	json_t *array = json_array();
	for (; names && *names; names++)
		json_array_append_new(array, json_string(*names));
	return array;
}

static json_t *write_number(uint64_t number)
{
	return number > INT64_MAX ? json_real((double)number) : json_integer((json_int_t)number);
}

static json_t *write_rule(const struct seccomp_rule *rule)
{
	json_t *object = write_verdict(rule->verdict, "action", "errnoRet");
	json_object_set_new(object, "names", write_list(rule->names));
	json_t *args = json_array();
	for (size_t i = 0; i < rule->compare_count; i++)
		json_array_append_new(args,
			json_pack("{s:i, s:o, s:o, s:s}", "index", (int)rule->compares[i].argument, "value",
				write_number(rule->compares[i].value), "valueTwo", write_number(rule->compares[i].value_two), "op",
				operators[rule->compares[i].operator]));
	json_object_set_new(object, "args", args);
	return object;
}

/* The specification's linux.seccomp of what counts in this setting, as JSON; the caller's. */
static char *write_text(const struct document *document, const struct seccomp_setting *setting)
{
	const struct seccomp_profile *profile = &document->profile;
	json_t *json = write_verdict(profile->verdict, "defaultAction", "defaultErrnoRet");
	json_t *architectures = json_pack("[s]", seccomp_machine.tables[0].name);
	for (const char *const *name = profile->architectures; name && *name; name++)
		if (!str_eq(*name, seccomp_machine.tables[0].name))
			json_array_append_new(architectures, json_string(*name));
	json_object_set_new(json, "architectures", architectures);
	json_t *list = json_array(), *rules = json_array();
	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
		if (flags[i].flag && (document->flags & flags[i].flag))
			json_array_append_new(list, json_string(flags[i].name));
	json_object_set_new(json, "flags", list);
	for (size_t i = 0; i < profile->rule_count; i++)
		if (seccomp_rule_counts(&profile->rules[i], &seccomp_machine, setting))
			json_array_append_new(rules, write_rule(&profile->rules[i]));
	json_object_set_new(json, "syscalls", rules);
	char *text = json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_decref(json);
	return text;
}

static bool program_asks(const struct seccomp_program *program)
{
	for (size_t i = 0; i < program->len; i++)
		if (program->code[i].code == (BPF_RET | BPF_K) && (program->code[i].k & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_USER_NOTIF)
			return true;
	return false;
}

void seccomp_known_done(struct seccomp_known *known)
{
	if (!known)
		return;
	free(known->profile.text);
	free(known->profile.code);
	free(known);
}

bool seccomp_is_known(const struct seccomp_known *known, uint64_t capabilities, uint32_t kernel)
{
	return known && known->capabilities == capabilities && known->kernel == kernel;
}

void seccomp_take(const struct seccomp_known *known, struct spec *spec)
{
	struct spec_profile *profile = &spec->isolation.profile;
	*profile = known->profile;
	profile->text = str_dup(known->profile.text);
	profile->code = mem_grow(NULL, profile->len, sizeof *profile->code);
	memcpy(profile->code, known->profile.code, profile->len * sizeof *profile->code);
	spec->seccomp = true;
}

static int check_names(const struct document *document, struct err *err)
{
	const char *name = seccomp_find_unknown(&document->profile, &seccomp_machine);
	return name ? err_set(err, -EINVAL, "there is no system call \"%.100s\"", name) : 0;
}

int seccomp_plan(const char *file, const char *text, size_t len, uint32_t kernel, struct spec *spec, struct err *err)
{
	struct document document = { 0 };
	const struct seccomp_setting setting = { .capabilities = spec->capabilities, .kernel = kernel };
	struct seccomp_program program;
	int r = read_text(text, len, &document, err);
	if (r == 0 && spec->engine && spec->engine->known_calls)
		r = check_names(&document, err);
	if (r == 0)
		r = seccomp_compile(&document.profile, &seccomp_machine, &setting, &program, err);
	if (r == 0 && program_asks(&program) && !spec->engine) {
		free(program.code);
		r = err_set(err, -EINVAL, "the action \"SCMP_ACT_NOTIFY\" cannot be honoured: nobody would answer");
	}
	if (r < 0) {
		done(&document);
		return err_prefix(err, "the seccomp profile %s", file);
	}
	spec->seccomp = true;
	spec->isolation.profile = (struct spec_profile){ write_text(&document, &setting), program.code, program.len, document.flags,
		program_asks(&program) };
	done(&document);
	return 0;
}
