/* SPDX-License-Identifier: GPL-2.0-or-later */
/* place.h owns what the commands about containers begin with: the store, and the container that the user means. */
#ifndef XRUN_CLI_PLACE_H
#define XRUN_CLI_PLACE_H

#include "src/cli/cli.h"
#include "src/plan/spec.h"
#include "src/runtime/state.h"

struct place {
	struct idmap map;
	int store_fd, containers_fd;
};
#define PLACE_CLOSED { .store_fd = -1, .containers_fd = -1 }

/* Opens the store's directory and its containers, made if need be. ret_place is PLACE_CLOSED before, and to be closed whatever comes back. */
int place_open(struct place *ret_place, const struct globals *globals, struct err *err);
void place_close(struct place *place);
#define cleanup_place __attribute__((cleanup(place_close)))

/* One container. */
struct subject {
	struct state state;
	struct spec spec;
	int dir_fd;
};
#define SUBJECT_NONE { .dir_fd = -1 }

/* By its name, id or the id's beginning (state_find). ret_subject is SUBJECT_NONE before, and to be freed whatever comes back. */
int subject_find(const struct place *place, const char *wish, struct subject *ret_subject, struct err *err);
void subject_done(struct subject *subject);
#define cleanup_subject __attribute__((cleanup(subject_done)))

/* The same, and it is an error if it does not run. */
int subject_find_running(const struct place *place, const char *wish, struct subject *ret_subject, struct err *err);

/*
 * The containers that a command is for: those that its words name, or with --all each one whose status is among `statuses` (bit n is
 * STATE_n), whose ids are added then. Both, or neither, is an error.
 */
enum { PLACE_ANY = ~0 };
int place_choose(const struct globals *globals, const char *command, bool all, unsigned statuses, struct strv *names, struct err *err);

/*
 * Calls `call` for each container that `names` has, saying each one's name as it is done with. All are tried; a failure is
 * printed on standard error but the last one, which is returned.
 */
struct each {
	int (*call)(const struct place *place, struct subject *subject, void *context, struct err *err);
	void *context;
	bool quiet;      /* says no names */
	bool missing_ok; /* one that is not there is as well as done */
	bool damaged_ok; /* subject may have its id and directory alone */
};
int place_each(const struct globals *globals, const struct strv *names, const struct each *each, struct err *err);

#endif
