/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run.c owns `xrun-oci run`: create, start, and wait unless --detach. */
#include "src/oci/oci.h"

#include "src/base/fd.h"
#include "src/base/process.h"
#include "src/runtime/relay.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define AT(field) offsetof(struct oci_create_words, field)
const struct option oci_run_options[] = {
	OCI_CREATE_OPTIONS,
	{ "detach", 'd', OPTION_SWITCH, AT(detach), NULL, "return once the program has been executed" },
	{ "keep", 0, OPTION_SWITCH, AT(keep), NULL, "do not delete the container when it has ended" },
	{ 0 },
};

/* Our container has failed to start, or has ended: nothing of it stays, unless that was asked for. */
static int remove_container(int root_fd, struct engine_state *state, struct err *err)
{
	cleanup_fd int dir_fd = engine_open(root_fd, state->id, err);
	return dir_fd < 0 ? dir_fd : engine_delete(root_fd, dir_fd, state, true, err);
}

/*
 * The service's main process is the container's when we leave; as long as we are there it is we: our exit status is the program's, and
 * signals are passed on.
 */
static int wait_for(const struct oci_create_words *words, const struct engine_state *state, struct engine_ready *ready, int signal_fd, int terminal_fd)
{
	struct watch watch = { .ready = ready };
	ready->main_pid = words->detach ? state->pid : getpid();
	if (!words->detach)
		return relay_until_exit(state->pid, RELAY_FIRST, &watch, signal_fd, terminal_fd, true, NULL);
	engine_ready_await(ready, state);
	return 0;
}

static int start_and_wait(const struct oci_globals *globals, const struct engine_request *request, const struct oci_create_words *words,
	struct engine_state *state, int signal_fd, int terminal_fd, struct err *err)
{
	cleanup_engine_ready struct engine_ready ready = { .socket_fd = -1, .manager_fd = -1 };
	cleanup_fd int dir_fd = engine_open(request->root_fd, request->id, err);
	oci_relay_plainly(terminal_fd);
	int r = dir_fd < 0 ? dir_fd : engine_ready_open(dir_fd, request->spec, getenv("NOTIFY_SOCKET"), &ready, err);
	if (r == 0)
		r = engine_start(dir_fd, state, request->spec, err);
	if (r == 0)
		r = engine_poststart(state, request->spec, err);
	if (r < 0)
		return r;
	r = wait_for(words, state, &ready, signal_fd, terminal_fd);
	oci_log_readiness(globals, &ready);
	return r;
}

static int run(const struct oci_globals *globals, const struct engine_request *request, const struct oci_create_words *words, struct err *err)
{
	struct err ignored;
	cleanup_engine_state struct engine_state state = { 0 };
	cleanup_fd int terminal_fd = -1, signal_fd = words->detach ? -1 : relay_block_signals(err);
	int r = signal_fd < 0 && !words->detach ? signal_fd : engine_create(request, &state, &terminal_fd, err);
	if (r < 0)
		return r;
	r = start_and_wait(globals, request, words, &state, signal_fd, terminal_fd, err);
	if (r < 0) {
		kill(state.pid, SIGKILL);
		process_wait(state.pid);
		remove_container(request->root_fd, &state, &ignored);
	} else if (!words->detach && !words->keep) {
		int removed = remove_container(request->root_fd, &state, err);
		r = removed < 0 ? removed : r;
	}
	return r;
}

int oci_run(const struct oci_globals *globals, int argc, char **argv, struct err *err)
{
	struct oci_create_words words = { 0 };
	cleanup_strv struct strv operands = { 0 };
	cleanup_buf struct buf text = { 0 };
	struct spec spec = { 0 };
	struct engine_request request = { .root_fd = -1, .cache_fd = -1 };
	int r = oci_parse_words("run", &words, argc, argv, 1, 1, &operands, err);
	if (r == 0)
		r = oci_make_request(globals, &words, operands.items[0], &spec, &text, &request, err);
	request.terminal_here = r == 0 && spec.terminal && !words.console_socket && !words.detach;
	if (r == 0)
		r = run(globals, &request, &words, err);
	spec_done(&spec);
	free((char *)request.bundle);
	fd_close(&request.root_fd);
	fd_close(&request.cache_fd);
	return r;
}
