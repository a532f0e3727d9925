/* SPDX-License-Identifier: GPL-2.0-or-later */
/* find.c owns finding containers: by name, by id, by the beginning of an id, and all of them. */
#include "src/runtime/state.h"

#include "src/base/fd.h"
#include "src/base/str.h"
#include "src/runtime/containers.h"

#include <errno.h>
#include <string.h>
#include <time.h>

enum { WAIT_TRIES = 2000 }; /* of a millisecond each */

/* A container that is being made has a lock and no state yet: its program is about to be executed. */
static int read_soon(int dir_fd, struct state *ret_state, struct err *err)
{
	int r = state_read(dir_fd, ret_state, err);
	for (int tries = 0; r == -ENOENT && tries < WAIT_TRIES && containers_is_alive(dir_fd); tries++) {
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
		r = state_read(dir_fd, ret_state, err);
	}
	return r;
}

struct search {
	const char *beginning;
	char *id;        /* the first found */
	struct strv all; /* the others, shortened, with it */
};

static int search_one(void *context, const char *id)
{
	struct search *search = context;
	if (!str_starts(id, search->beginning))
		return 0;
	if (!search->id)
		search->id = str_dup(id);
	strv_take(&search->all, str_ndup(id, STATE_SHORT_ID_LENGTH));
	return 0;
}

/* An id, the caller's, or NULL with err. */
static char *search_id(int containers_fd, const char *wish, struct err *err)
{
	struct search search = { .beginning = wish };
	cleanup_buf struct buf list = { 0 };
	if (*wish && strspn(wish, "0123456789abcdef") == strlen(wish))
		containers_each(containers_fd, search_one, &search);
	for (size_t i = 0; i < search.all.len; i++)
		buf_fmt(&list, "%s%s", i ? ", " : "", search.all.items[i]);
	if (search.all.len > 1) {
		err_set(err, -EEXIST, "%s is the beginning of several containers' ids: %s", wish, list.data);
		free(search.id);
		search.id = NULL;
	} else if (!search.id) {
		err_set(err, -ENOENT, "there is no container %s; `xrun ps -a` lists them", wish);
	}
	strv_done(&search.all);
	return search.id;
}

char *state_find_id(int containers_fd, const char *wish, struct err *err)
{
	char *id = containers_find_name(containers_fd, wish);
	return id ? id : search_id(containers_fd, wish, err);
}

int state_find(int containers_fd, const char *wish, struct state *ret_state, int *ret_dir_fd, struct err *err)
{
	cleanup_free char *id = state_find_id(containers_fd, wish, err);
	if (!id)
		return err->code;
	cleanup_fd int dir_fd = containers_open_one(containers_fd, id, err);
	int r = dir_fd < 0 ? dir_fd : read_soon(dir_fd, ret_state, err);
	if (r == -ENOENT)
		return err_set(err, r, "there is no container %s; `xrun ps -a` lists them", wish);
	if (r == 0 && ret_dir_fd)
		*ret_dir_fd = fd_take(&dir_fd);
	return r;
}

struct listing {
	int containers_fd;
	struct states *states;
	struct err *err;
};

/* One that disappears while we look is none. */
static int list_one(void *context, const char *id)
{
	struct listing *listing = context;
	struct states *states = listing->states;
	struct state state = { 0 };
	cleanup_fd int dir_fd = containers_open_one(listing->containers_fd, id, listing->err);
	int r = dir_fd < 0 ? -ENOENT : state_read(dir_fd, &state, listing->err);
	if (r == -ENOENT) {
		err_clear(listing->err);
		return 0;
	}
	if (r == -EBADMSG || r == -ENOTSUP) {
		err_clear(listing->err);
		strv_add(&states->unreadable, id);
		return 0;
	}
	if (r < 0)
		return err_prefix(listing->err, "container %.12s", id);
	states->items = mem_grow(states->items, states->count + 1, sizeof *states->items);
	states->items[states->count++] = state;
	return 0;
}

static int compare_age(const void *a, const void *b)
{
	const struct state *left = a, *right = b;
	return (left->created < right->created) - (left->created > right->created);
}

int state_list(int containers_fd, struct states *ret_states, struct err *err)
{
	struct listing listing = { containers_fd, ret_states, err };
	int r = containers_each(containers_fd, list_one, &listing);
	if (r < 0)
		return r;
	if (ret_states->count)
		qsort(ret_states->items, ret_states->count, sizeof *ret_states->items, compare_age);
	return 0;
}

void states_done(struct states *states)
{
	for (size_t i = 0; i < states->count; i++)
		state_done(&states->items[i]);
	free(states->items);
	strv_done(&states->unreadable);
	*states = (struct states){ 0 };
}
