/* SPDX-License-Identifier: GPL-2.0-or-later */
/* state.h owns what is known of the containers on this machine: finding one, and its state.json. */
#ifndef XRUN_RUNTIME_STATE_H
#define XRUN_RUNTIME_STATE_H

#include "src/base/err.h"
#include "src/base/str.h"
#include "src/plan/spec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { STATE_VERSION = 1, STATE_ID_LENGTH = 64, STATE_SHORT_ID_LENGTH = 12 };
enum state_status { STATE_CREATED, STATE_RUNNING, STATE_PAUSED, STATE_RESTARTING, STATE_EXITED };

enum state_health { HEALTH_NONE, HEALTH_STARTING, HEALTH_HEALTHY, HEALTH_UNHEALTHY };

/* Times are nanoseconds since 1970, 0: not yet. Strings are the struct's own. */
struct state {
	char id[STATE_ID_LENGTH + 1];
	char *name;                  /* --name, or the id's first twelve digits */
	char *image;
	enum state_status status;
	int64_t created, started, finished;
	pid_t pid;                   /* of the first process, as the host sees it; only while it runs */
	uint64_t pid_start;          /* proc_pid_stat(5) field 22: a number that was given to another process is told by it */
	pid_t supervisor;
	int exit_code;
	bool out_of_memory;
	bool lost;                   /* its supervisor was killed, or the machine went down: how it ended is not known */
	enum state_health health;    /* what --health-cmd, or the image's check, has found */
	int restarts;                /* how often --restart has started it again */
	char *error;                 /* why it could not be started again, or NULL */
};
void state_done(struct state *state);
#define cleanup_state __attribute__((cleanup(state_done)))

const char *state_status_text(enum state_status status);
bool state_runs(enum state_status status); /* running, or paused: it has processes */
const char *state_health_text(enum state_health health);

/* state.json in the container's directory; replaced as a whole. */
int state_write(int dir_fd, const struct state *state, struct err *err);

/*
 * What state.json says, put right where that is no longer true: a container whose supervisor is gone does not run.
 * -ENOENT without err where there is none: the container is being made, or removed.
 */
int state_read(int dir_fd, struct state *ret_state, struct err *err);

/*
 * The container that `wish` names: by its name, its id or the beginning of its id. A beginning that several have is an
 * error that names them. *ret_dir_fd, unless NULL: its directory. One that is just being made is waited for.
 */
int state_find(int containers_fd, const char *wish, struct state *ret_state, int *ret_dir_fd, struct err *err);

/* The id alone, an allocated string; NULL with err. For a container whose state.json is damaged. */
char *state_find_id(int containers_fd, const char *wish, struct err *err);

/* Every container, the youngest first; apart, the ids of those whose state.json is damaged or a newer xrun's. */
struct states {
	struct state *items;
	size_t count;
	struct strv unreadable;
};
int state_list(int containers_fd, struct states *ret_states, struct err *err);
void states_done(struct states *states);
#define cleanup_states __attribute__((cleanup(states_done)))

/* The spec that it was started with: its config.json. */
int state_read_spec(int dir_fd, struct spec *ret_spec, struct err *err);

/* Field 22 of /proc/PID/stat, 0 where there is no such process. */
uint64_t state_pid_start(pid_t pid);

/* A pidfd of the first process; -ESRCH with err where it has ended. */
int state_open_process(const struct state *state, struct err *err);

#endif
