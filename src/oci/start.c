/* SPDX-License-Identifier: GPL-2.0-or-later */
/* start.c owns `xrun-oci start` and `xrun-oci state`. */
#include "src/oci/oci.h"

#include <stdio.h>
#include <stdlib.h>

int oci_start(const struct oci_globals *globals, int argc, char **argv, struct err *err)
{
	cleanup_strv struct strv operands = { 0 };
	cleanup_oci_container struct oci_container container = { -1, -1, { 0 } };
	cleanup_engine_ready struct engine_ready ready = { .socket_fd = -1, .manager_fd = -1 };
	struct spec spec = { 0 };
	int r = oci_parse_words("start", NULL, argc, argv, 1, 1, &operands, err);
	if (r == 0)
		r = oci_container_open(globals, operands.items[0], &container, err);
	if (r == 0)
		r = engine_read_spec(container.dir_fd, &container.state, &spec, err);
	if (r == 0)
		r = engine_ready_open(container.dir_fd, &spec, getenv("NOTIFY_SOCKET"), &ready, err);
	if (r == 0)
		r = engine_start(container.dir_fd, &container.state, &spec, err);
	if (r == 0) {
		struct err ignored;
		r = engine_poststart(&container.state, &spec, err);
		if (r < 0)
			engine_delete(container.root_fd, container.dir_fd, &container.state, true, &ignored);
	}
	if (r == 0) {
		ready.main_pid = container.state.pid;
		engine_ready_await(&ready, &container.state);
		oci_log_readiness(globals, &ready);
	}
	spec_done(&spec);
	return r;
}

int oci_state(const struct oci_globals *globals, int argc, char **argv, struct err *err)
{
	cleanup_strv struct strv operands = { 0 };
	cleanup_oci_container struct oci_container container = { -1, -1, { 0 } };
	struct spec spec = { 0 };
	int r = oci_parse_words("state", NULL, argc, argv, 1, 1, &operands, err);
	if (r == 0)
		r = oci_container_open(globals, operands.items[0], &container, err);
	if (r == 0)
		r = engine_read_spec(container.dir_fd, &container.state, &spec, err);
	if (r < 0)
		return r;
	json_t *object = engine_state_json(&container.state, engine_status(container.dir_fd, &container.state),
		&spec.engine->annotations, true);
	cleanup_free char *text = json_dumps(object, JSON_INDENT(2));
	json_decref(object);
	spec_done(&spec);
	puts(text);
	return 0;
}
