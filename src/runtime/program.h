/* SPDX-License-Identifier: GPL-2.0-or-later */
/* program.h owns the last steps of every process in a container, its first one and those of exec alike. */
#ifndef XRUN_RUNTIME_PROGRAM_H
#define XRUN_RUNTIME_PROGRAM_H

#include "src/base/err.h"
#include "src/plan/spec.h"

#include <stdbool.h>

/* What is executed, and as whom. All of it is the spec's unless exec says otherwise. */
struct program {
	const struct spec *spec;     /* capabilities, seccomp, no_new_privs, personality */
	const struct strv *args;
	struct strv *env;            /* HOME is added where it is missing */
	const char *cwd, *user;
	bool terminal, interactive;
	bool init;                   /* with a first process before it */
	bool detached;               /* it outlives the process that has started it */
	bool make_cwd;               /* the image's may be missing; that of exec has to be there */
	bool single;                 /* the id map has a single id */
	int socket_fd;               /* to whom this process is a stage (stage.h) */
};

/* Not even seccomp=unconfined lets a container read our caller's keys. (EPERM: a filter above us forbids keyrings.) */
int program_leave_keyring(struct err *err);

/*
 * In the container, as its root, with standard streams in place and no other descriptor but program->socket_fd, which closes on
 * exec. Returns only with an error; err->status is set where the program could not be executed.
 */
int program_become(const struct program *program, struct err *err);

/*
 * Closes what could lead out of the container. To be called before the image has a say in which paths are used:
 * /proc/self/fd/N/.. would lead from a descriptor of ours straight into the host's files.
 */
int program_close_descriptors(int socket_fd, struct err *err);

/* A directory as a standard stream would be such a way, too: an error. */
int program_check_standard(struct err *err);

/* No signal is blocked or ignored any more, whatever our caller had. */
void program_reset_signals(void);

/*
 * A new session whose terminal is a new pty of the container's own devpts, opened below root_fd; standard streams become its
 * end. *ret_terminal_fd is the master.
 */
int program_open_terminal(int root_fd, int *ret_terminal_fd, struct err *err);

/* /dev/console is the terminal that standard input is, too, where /dev below root_fd is the container's own. */
int program_bind_console(int root_fd, struct err *err);

#endif
