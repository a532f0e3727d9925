/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ps_choice.c owns which containers `xrun ps` lists, and in which order. */
#include "src/cli/ps.h"

#include "src/base/fd.h"
#include "src/runtime/changes.h"
#include "src/runtime/userns.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

static bool has_name(const struct subject *subject, const char *value)
{
	return strstr(subject->state.name, value);
}

static bool has_id(const struct subject *subject, const char *value)
{
	return str_starts(subject->state.id, value);
}

static bool has_status(const struct subject *subject, const char *value)
{
	return str_eq(state_status_text(subject->state.status), value);
}

/* A part of the full reference, as "debian:12" is of docker.io/library/debian:12. */
static bool has_image(const struct subject *subject, const char *value)
{
	const char *image = subject->state.image, *at = strstr(image, value);
	return at && (at == image || at[-1] == '/') && (at[strlen(value)] == 0 || strchr(":@", at[strlen(value)]));
}

/* KEY, or KEY=VALUE. */
static bool has_label(const struct subject *subject, const char *value)
{
	const char *equals = strchr(value, '=');
	cleanup_free char *key = equals ? str_ndup(value, equals - value) : str_dup(value);
	const char *found = strv_env_get(&subject->spec.life.labels, key);
	return found && (!equals || str_eq(found, equals + 1));
}

static bool has_health(const struct subject *subject, const char *value)
{
	return str_eq(state_health_text(subject->state.health), value);
}

static bool has_exit_code(const struct subject *subject, const char *value)
{
	unsigned long long code;
	return subject->state.status == STATE_EXITED && str_to_u64(value, 255, &code) && (int)code == subject->state.exit_code;
}

static const struct filter {
	const char *key;
	bool (*matches)(const struct subject *subject, const char *value);
} filters[] = {
	{ "id", has_id }, { "name", has_name }, { "status", has_status }, { "ancestor", has_image },
	{ "label", has_label }, { "health", has_health }, { "exited", has_exit_code }, { 0 },
};

static const struct filter *find_filter(const char *text, size_t len)
{
	for (const struct filter *f = filters; f->key; f++)
		if (strlen(f->key) == len && memcmp(f->key, text, len) == 0)
			return f;
	return NULL;
}

static int check_filters(const struct strv *wanted, struct err *err)
{
	for (size_t i = 0; i < wanted->len; i++) {
		const char *text = wanted->items[i], *equals = strchr(text, '=');
		if (!equals || !find_filter(text, equals - text))
			return err_set(err, -EINVAL, "--filter %s: there are id=, name=, status=, ancestor=, label=, health= and exited=", text);
	}
	return 0;
}

/* docker-ps(1): filters of one key are alternatives, those of different keys must all hold. */
static bool passes(const struct subject *subject, const struct strv *wanted)
{
	for (const struct filter *f = filters; f->key; f++) {
		bool asked = false, found = false;
		for (size_t i = 0; i < wanted->len; i++) {
			const char *equals = strchr(wanted->items[i], '=');
			if (find_filter(wanted->items[i], equals - wanted->items[i]) != f)
				continue;
			asked = true;
			found = found || f->matches(subject, equals + 1);
		}
		if (asked && !found)
			return false;
	}
	return true;
}

static bool asks_for_status(const struct strv *wanted)
{
	for (size_t i = 0; i < wanted->len; i++)
		if (str_starts(wanted->items[i], "status=") || str_starts(wanted->items[i], "exited="))
			return true;
	return false;
}

static int by_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

static int by_command(const struct ps_row *a, const struct ps_row *b)
{
	const struct strv *first = &a->subject.spec.args, *second = &b->subject.spec.args;
	return by_text(first->len ? first->items[0] : "", second->len ? second->items[0] : "");
}

static int by_created(const struct ps_row *a, const struct ps_row *b)
{
	return (a->at < b->at) - (a->at > b->at);
}

static int by_id(const struct ps_row *a, const struct ps_row *b)
{
	return by_text(a->subject.state.id, b->subject.state.id);
}

static int by_image(const struct ps_row *a, const struct ps_row *b)
{
	return by_text(a->subject.state.image, b->subject.state.image);
}

static int by_name(const struct ps_row *a, const struct ps_row *b)
{
	return by_text(a->subject.state.name, b->subject.state.name);
}

static int by_size(const struct ps_row *a, const struct ps_row *b)
{
	return (a->bytes > b->bytes) - (a->bytes < b->bytes);
}

static int by_status(const struct ps_row *a, const struct ps_row *b)
{
	return by_text(state_status_text(a->subject.state.status), state_status_text(b->subject.state.status));
}

/* podman-ps(1), "--sort". */
static const struct order {
	const char *name;
	int (*compare)(const struct ps_row *a, const struct ps_row *b);
} orders[] = {
	{ "command", by_command }, { "created", by_created }, { "id", by_id }, { "image", by_image }, { "names", by_name },
	{ "runningfor", by_created }, { "size", by_size }, { "status", by_status }, { 0 },
};

static const struct order *find_order(const char *name)
{
	const struct order *order = orders;
	while (order->name && !str_eq(order->name, name))
		order++;
	return order->name ? order : NULL;
}

int ps_check(struct ps_choice *choice, struct err *err)
{
	int r = check_filters(&choice->filters, err);
	if (r < 0)
		return r;
	if (choice->last && !str_to_u64(choice->last, 1000000, &choice->limit))
		return err_set(err, -EINVAL, "--last %s: not a number of containers", choice->last);
	if (choice->last && choice->latest)
		return err_set(err, -EINVAL, "--latest is --last 1: leave out one of the two");
	if (choice->sort && !find_order(choice->sort))
		return err_set(err, -EINVAL, "--sort %s: there are command, created, id, image, names, runningfor, size and status", choice->sort);
	choice->limit = choice->latest ? 1 : choice->limit;
	choice->all = choice->all || choice->limit || asks_for_status(&choice->filters);
	choice->size = choice->size || str_eq(choice->sort, "size");
	return 0;
}

/* Shared with the process that counts. */
struct count {
	int store_fd;
	const char *id;
	uint64_t bytes;
};

static int count_bytes(void *context, struct err *err)
{
	struct count *count = context;
	cleanup_free char *path = str_fmt("containers/%s/upper", count->id);
	cleanup_fd int upper_fd = openat(count->store_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (upper_fd < 0) /* one that was only created has none */
		return errno == ENOENT ? 0 : err_sys(err, "cannot open the container's own files");
	return changes_size(upper_fd, &count->bytes, err);
}

/* As root of the id map: what a container writes belongs to its own ids. */
static int measure(const struct place *place, struct ps_row *row, struct err *err)
{
	struct count *count = mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (count == MAP_FAILED)
		return err_sys(err, "cannot get memory");
	*count = (struct count){ .store_fd = place->store_fd, .id = row->subject.state.id };
	const struct idmap map = idmap_keep(&place->map, row->subject.spec.kept_uid, row->subject.spec.kept_gid);
	int r = userns_call(&map, NULL, count_bytes, count, err);
	row->bytes = count->bytes;
	munmap(count, sizeof *count);
	return r < 0 ? err_prefix(err, "container %s", row->subject.state.name) : 0;
}

/* One that the power went away from when it was new may have empty files; the others are listed all the same. */
static bool find(const struct place *place, const char *id, struct subject *ret_subject)
{
	struct err err = { 0 };
	int r = subject_find(place, id, ret_subject, &err);
	if (r < 0 && r != -ENOENT)
		fprintf(stderr, "xrun: warning: container %.12s: %s\n", id, err.text);
	return r == 0;
}

static int add(const struct place *place, const struct ps_choice *choice, const struct state *state, struct ps_rows *rows, struct err *err)
{
	struct ps_row row = { .subject = SUBJECT_NONE, .at = rows->count };
	bool shown = choice->all || (state->status != STATE_CREATED && state->status != STATE_EXITED);
	if (!shown || !find(place, state->id, &row.subject) || !passes(&row.subject, &choice->filters)) {
		subject_done(&row.subject);
		return 0;
	}
	fd_close(&row.subject.dir_fd);
	int r = choice->size ? measure(place, &row, err) : 0;
	rows->items = mem_grow(rows->items, rows->count + 1, sizeof *rows->items);
	rows->items[rows->count++] = row;
	return r;
}

/* qsort_r(3) promises no order of equal ones: of those the youngest is first. */
static int compare(const void *a, const void *b, void *context)
{
	const struct ps_row *first = a, *second = b;
	const struct order *order = context;
	int result = order->compare(first, second);
	return result ? result : by_created(second, first);
}

int ps_collect(const struct place *place, const struct ps_choice *choice, struct ps_rows *ret_rows, struct err *err)
{
	cleanup_states struct states states = { 0 };
	int r = state_list(place->containers_fd, &states, err);
	for (size_t i = 0; r == 0 && i < states.count && (!choice->limit || ret_rows->count < choice->limit); i++)
		r = add(place, choice, &states.items[i], ret_rows, err);
	for (size_t i = 0; r == 0 && choice->all && i < states.unreadable.len; i++) {
		cleanup_subject struct subject subject = SUBJECT_NONE;
		find(place, states.unreadable.items[i], &subject);
	}
	if (r == 0 && choice->sort)
		qsort_r(ret_rows->items, ret_rows->count, sizeof *ret_rows->items, compare, (void *)find_order(choice->sort));
	return r;
}

void ps_rows_done(struct ps_rows *rows)
{
	for (size_t i = 0; i < rows->count; i++)
		subject_done(&rows->items[i].subject);
	free(rows->items);
}
