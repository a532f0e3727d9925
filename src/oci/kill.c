/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kill.c owns `xrun-oci kill` and `xrun-oci delete`. */
#include "src/oci/oci.h"

#include "src/base/fd.h"
#include "src/base/signals.h"

#include <errno.h>
#include <regex.h>
#include <signal.h>

struct words {
	bool all, force, regex;
};
#define AT(field) offsetof(struct words, field)
const struct option oci_kill_options[] = {
	{ "all", 'a', OPTION_SWITCH, AT(all), NULL, "to all of its processes" },
	{ 0 },
};
const struct option oci_delete_options[] = {
	{ "force", 'f', OPTION_SWITCH, AT(force), NULL, "end it first, if it runs; one that is not there is none of an error" },
	{ "regex", 0, OPTION_SWITCH, AT(regex), NULL, "all whose ids match ID, an extended regular expression (regex(7))" },
	{ 0 },
};

/* In a pid namespace that is not its own the others do not end with the first process; and they may be all that is left. */
static bool shares_processes(const struct oci_container *container)
{
	struct err ignored;
	struct spec spec = { 0 };
	cleanup_strv struct strv pids = { 0 };
	bool shares = engine_read_spec(container->dir_fd, &container->state, &spec, &ignored) == 0 &&
		      spec.namespaces.of[NAMESPACE_PID].origin != NAMESPACE_NEW;
	spec_done(&spec);
	return shares && engine_cgroup_list(&container->state.cgroup, &pids) == 0 && pids.len;
}

int oci_kill(const struct oci_globals *globals, int argc, char **argv, struct err *err)
{
	struct words words = { 0 };
	cleanup_strv struct strv operands = { 0 };
	cleanup_oci_container struct oci_container container = { -1, -1, { 0 } };
	int r = oci_parse_words("kill", &words, argc, argv, 1, 2, &operands, err);
	int number = r == 0 && operands.len > 1 ? signal_by_name(operands.items[1]) : SIGTERM;
	if (r == 0 && number <= 0 && !(operands.len > 1 && str_eq(operands.items[1], "0")))
		r = err_set(err, -EINVAL, "unknown signal %s", operands.items[1]);
	if (r == 0)
		r = oci_container_open(globals, operands.items[0], &container, err);
	bool all = words.all || (r == 0 && number == SIGKILL && shares_processes(&container));
	return r < 0 ? r : engine_kill(container.dir_fd, &container.state, number, all, err);
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

static int delete_one(const struct oci_globals *globals, const char *id, bool force, struct err *err)
{
	cleanup_oci_container struct oci_container container = { -1, -1, { 0 } };
	int r = oci_container_open(globals, id, &container, err);
	if (r == -ENOENT && force) {
		err_clear(err);
		return remove_remains(globals, id, err);
	}
	return r < 0 ? r : engine_delete(container.root_fd, container.dir_fd, &container.state, force, err);
}

/* One that cannot be deleted does not keep the others; the first error is told. */
static int delete_matching(const struct oci_globals *globals, const regex_t *regex, bool force, struct err *err)
{
	cleanup_strv struct strv names = { 0 };
	struct err later;
	cleanup_fd int root_fd = engine_root_open(globals->root, err);
	int failed = root_fd < 0 ? root_fd : fd_list(root_fd, "the containers", &names, err);
	for (size_t i = 0; i < names.len; i++) {
		if (regexec(regex, names.items[i], 0, NULL, 0) != 0)
			continue;
		int r = delete_one(globals, names.items[i], force, failed < 0 ? &later : err);
		failed = failed < 0 ? failed : r;
	}
	return failed;
}

int oci_delete(const struct oci_globals *globals, int argc, char **argv, struct err *err)
{
	struct words words = { 0 };
	cleanup_strv struct strv operands = { 0 };
	regex_t regex;
	int r = oci_parse_words("delete", &words, argc, argv, 1, 1, &operands, err);
	if (r < 0 || !words.regex)
		return r < 0 ? r : delete_one(globals, operands.items[0], words.force, err);
	if (regcomp(&regex, operands.items[0], REG_EXTENDED | REG_NOSUB) != 0)
		return err_set(err, -EINVAL, "--regex: %s is no regular expression", operands.items[0]);
	r = delete_matching(globals, &regex, words.force, err);
	regfree(&regex);
	return r;
}
