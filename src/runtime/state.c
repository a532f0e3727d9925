/* SPDX-License-Identifier: GPL-2.0-or-later */
/* state.c owns state.json: what is known of a container. */
#include "src/runtime/state.h"

#include "src/base/fd.h"
#include "src/plan/config.h"
#include "src/runtime/containers.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { STATE_LIMIT = 1 << 20 };

void state_done(struct state *state)
{
	free(state->name);
	free(state->image);
	free(state->error);
	*state = (struct state){ 0 };
}

static const char *const status_texts[] = { "created", "running", "paused", "restarting", "exited" };

const char *state_status_text(enum state_status status)
{
	return status_texts[status];
}

bool state_runs(enum state_status status)
{
	return status == STATE_RUNNING || status == STATE_PAUSED;
}

static const char *const health_texts[] = { "none", "starting", "healthy", "unhealthy" };

const char *state_health_text(enum state_health health)
{
	return health_texts[health];
}

/* proc_pid_stat(5): the program's name, field 2, may hold anything; what follows its last parenthesis is numbers. */
uint64_t state_pid_start(pid_t pid)
{
	struct err ignored;
	cleanup_buf struct buf stat = { 0 };
	cleanup_free char *path = str_fmt("/proc/%d/stat", pid);
	unsigned long long start;
	if (pid <= 0 || fd_read_file(AT_FDCWD, path, 4096, &stat, &ignored) < 0 || !stat.len)
		return 0;
	const char *at = strrchr(stat.data, ')');
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	return at && sscanf(at, " %llu", &start) == 1 ? start : 0;
}

int state_open_process(const struct state *state, struct err *err)
{
	cleanup_fd int pid_fd = state->pid > 0 ? (int)syscall(SYS_pidfd_open, state->pid, 0) : -1;
	if (pid_fd < 0 || state_pid_start(state->pid) != state->pid_start)
		return err_set(err, -ESRCH, "container %s is not running", state->name);
	return fd_take(&pid_fd);
}

int state_write(int dir_fd, const struct state *state, struct err *err)
{
	json_t *json = json_pack("{s:i, s:s, s:s, s:s, s:I, s:I, s:I, s:i, s:I, s:i, s:i, s:b, s:b, s:s, s:i, s:s*}", "version", STATE_VERSION,
		"id", state->id, "image", state->image, "status", state_status_text(state->status), "created",
		(json_int_t)state->created, "started", (json_int_t)state->started, "finished", (json_int_t)state->finished, "pid",
		(int)state->pid, "pidStart", (json_int_t)state->pid_start, "supervisor", (int)state->supervisor, "exitCode",
		state->exit_code, "outOfMemory", state->out_of_memory, "lost", state->lost, "health", state_health_text(state->health), "restarts", state->restarts, "error", state->error);
	cleanup_free char *text = json ? json_dumps(json, JSON_INDENT(2) | JSON_ENSURE_ASCII) : NULL;
	json_decref(json);
	if (!text)
		return err_set(err, -EINVAL, "cannot write the container's state as JSON");
	return containers_write_file(dir_fd, "state.json", text, strlen(text), err);
}

static char *take_text(const json_t *json, const char *key)
{
	return str_dup(json_string_value(json_object_get(json, key)));
}

static int64_t take_number(const json_t *json, const char *key)
{
	return json_integer_value(json_object_get(json, key));
}

static int take_status(const json_t *json, enum state_status *ret_status)
{
	const char *text = json_string_value(json_object_get(json, "status"));
	for (size_t i = 0; text && i < sizeof status_texts / sizeof *status_texts; i++) {
		if (str_eq(text, status_texts[i])) {
			*ret_status = i;
			return 0;
		}
	}
	return -EBADMSG;
}

static enum state_health take_health(const json_t *json)
{
	const char *text = json_string_value(json_object_get(json, "health"));
	for (size_t i = 0; text && i < sizeof health_texts / sizeof *health_texts; i++)
		if (str_eq(text, health_texts[i]))
			return i;
	return HEALTH_NONE;
}

static int decode(const json_t *json, struct state *ret_state, struct err *err)
{
	const char *id = json_string_value(json_object_get(json, "id"));
	long long version = take_number(json, "version");
	if (version > STATE_VERSION)
		return err_set(err, -ENOTSUP, "the container's state.json has version %lld: it is a newer xrun's", version);
	struct state state = { .image = take_text(json, "image"), .created = take_number(json, "created"),
		.started = take_number(json, "started"), .finished = take_number(json, "finished"), .pid = take_number(json, "pid"),
		.pid_start = take_number(json, "pidStart"), .supervisor = take_number(json, "supervisor"),
		.exit_code = take_number(json, "exitCode"), .out_of_memory = json_is_true(json_object_get(json, "outOfMemory")),
		.lost = json_is_true(json_object_get(json, "lost")), .health = take_health(json), .restarts = take_number(json, "restarts"), .error = take_text(json, "error") };
	if (version < 1 || !id || strlen(id) != STATE_ID_LENGTH || !state.image || take_status(json, &state.status) < 0) {
		state_done(&state);
		return err_set(err, -EBADMSG, "the container's state.json is damaged; `xrun rm` removes the container");
	}
	memcpy(state.id, id, sizeof state.id);
	*ret_state = state;
	return 0;
}

static int read_once(int dir_fd, struct state *ret_state, struct err *err)
{
	cleanup_buf struct buf text = { 0 };
	struct stat st;
	if (fstatat(dir_fd, "state.json", &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
		return -ENOENT;
	int r = fd_read_file(dir_fd, "state.json", STATE_LIMIT, &text, err);
	if (r < 0)
		return r;
	json_t *json = json_loadb(text.data ? text.data : "", text.len, JSON_REJECT_DUPLICATES, NULL);
	r = decode(json, ret_state, err);
	json_decref(json);
	if (r == 0)
		ret_state->name = containers_name(dir_fd, ret_state->id);
	return r;
}

static bool is_abandoned(int dir_fd, const struct state *state)
{
	return state->status != STATE_CREATED && state->status != STATE_EXITED && !containers_is_alive(dir_fd);
}

/* The supervisor holds the lock as long as it lives, and with it everything that runs. It may have ended while we read. */
int state_read(int dir_fd, struct state *ret_state, struct err *err)
{
	struct state state = { 0 };
	int r = read_once(dir_fd, &state, err);
	if (r == 0 && is_abandoned(dir_fd, &state)) {
		state_done(&state);
		r = read_once(dir_fd, &state, err);
	}
	if (r < 0)
		return r;
	if (is_abandoned(dir_fd, &state)) {
		state.status = STATE_EXITED;
		state.exit_code = 128 + 9; /* SIGKILL: its processes die with their supervisor */
		state.lost = true;
	}
	*ret_state = state;
	return 0;
}

int state_read_spec(int dir_fd, struct spec *ret_spec, struct err *err)
{
	cleanup_buf struct buf text = { 0 };
	int r = fd_read_file(dir_fd, "config.json", STATE_LIMIT * 4, &text, err);
	if (r == 0)
		r = config_read(text.data ? text.data : "", text.len, ret_spec, err);
	return r == -EBADMSG ? err_append(err, "; `xrun rm` removes the container") : r;
}
