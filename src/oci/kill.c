/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kill.c owns `xrun-oci kill` and `xrun-oci delete`. */
#include "src/oci/oci.h"

#include "src/base/fd.h"
#include "src/base/signals.h"

#include <errno.h>
#include <signal.h>

struct words {
	bool all, force;
};
#define AT(field) offsetof(struct words, field)
const struct option oci_kill_options[] = {
	{ "all", 'a', OPTION_SWITCH, AT(all), NULL, "to all of its processes" },
	{ 0 },
};
const struct option oci_delete_options[] = {
	{ "force", 'f', OPTION_SWITCH, AT(force), NULL, "end it first, if it runs; one that is not there is none of an error" },
	{ 0 },
};

int oci_kill(const struct oci_globals *globals, int argc, char **argv, struct err *err)
{
	struct words words = { 0 };
	cleanup_strv struct strv operands = { 0 };
	cleanup_oci_container struct oci_container container = { -1, -1, { 0 } };
	int r = oci_parse_words("kill", &words, argc, argv, 1, 2, &operands, err);
	int number = r == 0 && operands.len > 1 ? signal_by_name(operands.items[1]) : SIGTERM;
	if (r == 0 && number <= 0)
		r = err_set(err, -EINVAL, "unknown signal %s", operands.items[1]);
	if (r == 0)
		r = oci_container_open(globals, operands.items[0], &container, err);
	return r < 0 ? r : engine_kill(container.dir_fd, &container.state, number, words.all, err);
}

/* Its creation was broken off, by SIGKILL or the like: there is a directory, and nothing says what it was. */
static int remove_remains(const struct oci_globals *globals, const char *id, struct err *err)
{
	cleanup_fd int root_fd = engine_root_open(globals->root, err);
	cleanup_fd int dir_fd = root_fd < 0 ? root_fd : engine_open(root_fd, id, err);
	if (dir_fd == -ENOENT) {
		err_clear(err);
		return 0;
	}
	return dir_fd < 0 ? dir_fd : fd_remove_tree(root_fd, id, err);
}

int oci_delete(const struct oci_globals *globals, int argc, char **argv, struct err *err)
{
	struct words words = { 0 };
	cleanup_strv struct strv operands = { 0 };
	cleanup_oci_container struct oci_container container = { -1, -1, { 0 } };
	int r = oci_parse_words("delete", &words, argc, argv, 1, 1, &operands, err);
	if (r < 0)
		return r;
	r = oci_container_open(globals, operands.items[0], &container, err);
	if (r == -ENOENT && words.force) {
		err_clear(err);
		return remove_remains(globals, operands.items[0], err);
	}
	return r < 0 ? r : engine_delete(container.root_fd, container.dir_fd, &container.state, words.force, err);
}
