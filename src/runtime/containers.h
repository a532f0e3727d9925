/* SPDX-License-Identifier: GPL-2.0-or-later */
/* containers.h owns <store>/containers: a directory for each container, its lock, its name, and its removal. */
#ifndef XRUN_RUNTIME_CONTAINERS_H
#define XRUN_RUNTIME_CONTAINERS_H

#include "src/base/err.h"
#include "src/runtime/idmap.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * containers/ID/        ID is 64 hex digits; owned by the containers' root, since upper/ and work/ are below it
 *   lock                its byte LOCK_LIFE is locked (an open file description's lock, fcntl(2)) by the supervisor as long
 *                       as that lives; LOCK_CHANGE by who starts it again, removes it or clears up after it; its text is
 *                       "running" and then the exit status, for who waits until a container is removed
 *   config.json         the spec; state.json: see state.h; name: --name; kept: it stays when it has ended; stop: it was
 *                       asked to end, so --restart does not apply; log/: see logfile.h; attach: see monitor.c
 * containers/.names/NAME -> ID      what makes a name unique; only changed under the lock of containers/ itself
 */

/* Opens it, made if need be. A descriptor. */
int containers_open(int store_fd, const struct idmap *map, struct err *err);

/*
 * A new directory, locked, for a container called `name` (NULL: none). The name of another container is an error that
 * says what to do. *ret_lock_fd is the lock: closing it in every process that has it lets it go.
 */
int containers_make(int containers_fd, const struct idmap *map, const char *id, const char *name, int *ret_dir_fd,
	int *ret_lock_fd, struct err *err);

/* The directory of an existing container. */
int containers_open_one(int containers_fd, const char *id, struct err *err);

/* Whether a supervisor has it. */
bool containers_is_alive(int dir_fd);

/* Locks a byte of it, with `wait` as soon as that can be had. -EAGAIN with err while another has it. A descriptor. */
enum containers_lock { LOCK_LIFE, LOCK_CHANGE };
int containers_lock(int dir_fd, enum containers_lock what, bool wait, struct err *err);

/* Waits until no supervisor has it; the lock's descriptor, whose text then is the exit status. */
int containers_await_end(int dir_fd, struct err *err);

/* The lock's text: the exit status, or that it runs (-1). Who has it open can read it after the directory is gone. */
void containers_note(int lock_fd, int exit_code);
int containers_noted_exit(int lock_fd);

/* The name, an allocated string: the name file's text, or the id's first twelve digits. */
char *containers_name(int dir_fd, const char *id);

/* The id that has the name, or NULL; an allocated string. */
char *containers_find_name(int containers_fd, const char *name);

/* Another name for it, under the lock of containers/: one that another container has is an error, and then it keeps its own. */
int containers_rename(int containers_fd, const char *id, const char *name, struct err *err);

/*
 * Writes a file of the container's directory as a whole: under another name, then renamed. Nothing is flushed. It belongs
 * to the directory's owner: what removes images reads config.json as the containers' root.
 */
int containers_write_file(int dir_fd, const char *file, const void *data, size_t len, struct err *err);

/*
 * Removes the directory, and its name. The caller has its lock. userns_fd: the container's outer user namespace if it is
 * still there, else -1.
 */
int containers_remove(int containers_fd, const struct idmap *map, int userns_fd, const char *id, struct err *err);

/*
 * Cleans up after supervisors that were killed: their containers' processes and cgroups, and the directories of those
 * that were not to be kept.
 */
void containers_sweep(int containers_fd, const struct idmap *map);

/* The same for sixteen of them at most, others each time: so that the end of a container takes no longer the more there are. */
void containers_sweep_some(int containers_fd, const struct idmap *map, const char *own_id);

/* Calls `call` for every id until it returns something else than 0; returns that. */
int containers_each(int containers_fd, int (*call)(void *context, const char *id), void *context);

#endif
