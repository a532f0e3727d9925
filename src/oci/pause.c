/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pause.c owns `xrun-oci pause` and `xrun-oci resume`. */
#include "src/oci/oci.h"

#include <errno.h>

static int freeze(const char *command, bool frozen, const struct oci_globals *globals, int argc, char **argv, struct err *err)
{
	cleanup_strv struct strv operands = { 0 };
	cleanup_oci_container struct oci_container container = { -1, -1, { 0 } };
	struct engine_state *state = &container.state;
	int r = oci_parse_words(command, NULL, argc, argv, 1, 1, &operands, err);
	if (r == 0)
		r = oci_container_open(globals, operands.items[0], &container, err);
	if (r < 0)
		return r;
	enum engine_status status = engine_status(container.dir_fd, state);
	if (status == ENGINE_STOPPED)
		return err_set(err, -ESRCH, "the container %s is not running", state->id);
	if (frozen == (status == ENGINE_PAUSED))
		return err_set(err, -EINVAL, "the container %s is %s", state->id, frozen ? "paused already" : "not paused");
	if (!state->cgroup.of[CGROUP_FREEZER].path)
		return err_set(err, -ENOTSUP, "cannot %s container %s: it has no cgroup that can be frozen", command, state->id);
	return cgroup_freeze(&state->cgroup, state->id, state->pid, frozen, err);
}

int oci_pause(const struct oci_globals *globals, int argc, char **argv, struct err *err)
{
	return freeze("pause", true, globals, argc, argv, err);
}

int oci_resume(const struct oci_globals *globals, int argc, char **argv, struct err *err)
{
	return freeze("resume", false, globals, argc, argv, err);
}
