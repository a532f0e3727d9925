/* SPDX-License-Identifier: GPL-2.0-or-later */
/* place.c owns what the commands about containers begin with. */
#include "src/cli/place.h"

#include "src/base/fd.h"
#include "src/runtime/containers.h"

#include <errno.h>
#include <stdio.h>

int place_open(struct place *ret_place, const struct globals *globals, struct err *err)
{
	int r = idmap_plan(&ret_place->map, err);
	if (r == 0)
		r = ret_place->store_fd = cli_open_store_dir(globals, &ret_place->map, err);
	if (r >= 0)
		r = ret_place->containers_fd = containers_open(ret_place->store_fd, &ret_place->map, err);
	return r < 0 ? r : 0;
}

void place_close(struct place *place)
{
	fd_close(&place->containers_fd);
	fd_close(&place->store_fd);
}

int subject_find(const struct place *place, const char *wish, struct subject *ret_subject, struct err *err)
{
	int r = state_find(place->containers_fd, wish, &ret_subject->state, &ret_subject->dir_fd, err);
	return r < 0 ? r : state_read_spec(ret_subject->dir_fd, &ret_subject->spec, err);
}

int subject_find_running(const struct place *place, const char *wish, struct subject *ret_subject, struct err *err)
{
	int r = subject_find(place, wish, ret_subject, err);
	if (r < 0)
		return r;
	enum state_status status = ret_subject->state.status;
	if (status == STATE_RUNNING)
		return 0;
	return err_set(err, -ESRCH, "container %s is not running: it is %s", ret_subject->state.name, state_status_text(status));
}

void subject_done(struct subject *subject)
{
	state_done(&subject->state);
	spec_done(&subject->spec);
	fd_close(&subject->dir_fd);
}

/* What can be had of one whose state.json or config.json is damaged, or was never written. */
static int find_damaged(const struct place *place, const char *name, struct subject *ret_subject, struct err *err)
{
	cleanup_free char *id = state_find_id(place->containers_fd, name, err);
	if (!id)
		return err->code;
	subject_done(ret_subject);
	ret_subject->state.name = str_dup(name);
	snprintf(ret_subject->state.id, sizeof ret_subject->state.id, "%s", id);
	ret_subject->dir_fd = containers_open_one(place->containers_fd, id, err);
	return ret_subject->dir_fd < 0 ? ret_subject->dir_fd : 0;
}

static int do_one(const struct place *place, const char *name, const struct each *each, struct err *err)
{
	cleanup_subject struct subject subject = SUBJECT_NONE;
	int r = subject_find(place, name, &subject, err);
	if (r < 0 && each->damaged_ok)
		r = find_damaged(place, name, &subject, err);
	if (r == -ENOENT && each->missing_ok) {
		err_clear(err);
		return 0;
	}
	if (r == 0)
		r = each->call(place, &subject, each->context, err);
	if (r >= 0 && !each->quiet)
		puts(name);
	return r;
}

static int add_all(const struct globals *globals, unsigned statuses, struct strv *names, struct err *err)
{
	cleanup_place struct place place = PLACE_CLOSED;
	cleanup_states struct states states = { 0 };
	int r = place_open(&place, globals, err);
	if (r == 0)
		r = state_list(place.containers_fd, &states, err);
	for (size_t i = 0; r == 0 && i < states.count; i++)
		if (statuses & 1u << states.items[i].status)
			strv_add(names, states.items[i].id);
	for (size_t i = 0; r == 0 && statuses == (unsigned)PLACE_ANY && i < states.unreadable.len; i++)
		strv_add(names, states.unreadable.items[i]);
	return r;
}

int place_choose(const struct globals *globals, const char *command, bool all, unsigned statuses, struct strv *names, struct err *err)
{
	if (all && names->len)
		return err_set(err, -EINVAL, "--all is for every container: it takes no names, and there is %s", names->items[0]);
	if (!all && !names->len)
		return err_set(err, -EINVAL, "which container? see xrun %s --help", command);
	return all ? add_all(globals, statuses, names, err) : 0;
}

int place_each(const struct globals *globals, const struct strv *names, const struct each *each, struct err *err)
{
	cleanup_place struct place place = PLACE_CLOSED;
	int failed = place_open(&place, globals, err);
	if (failed < 0)
		return failed;
	for (size_t i = 0; i < names->len; i++) {
		struct err problem = { 0 };
		int r = do_one(&place, names->items[i], each, &problem);
		if (r >= 0)
			continue;
		if (failed < 0)
			fprintf(stderr, "xrun: %s\n", err->text);
		*err = problem;
		failed = r;
	}
	return failed < 0 ? failed : 0;
}
