/* SPDX-License-Identifier: GPL-2.0-or-later */
/* create.c owns `xrun-oci create`. */
#include "src/oci/oci.h"

#include "src/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

const struct option oci_create_options[] = {
	OCI_CREATE_OPTIONS,
	{ 0 },
};

/* The program meets EBADF there, and never what we opened meanwhile. */
static void warn_of_missing(const struct oci_globals *globals, size_t count, struct inherit *preserved)
{
	cleanup_strv struct strv warnings = { 0 };
	int first = 0;
	size_t missing = inherit_limit(preserved, count, &first);
	if (missing == 1)
		strv_take(&warnings, str_fmt("descriptor %d is to be preserved and is not open", first));
	else if (missing)
		strv_take(&warnings, str_fmt("descriptor %d and %zu more are to be preserved and are not open", first, missing - 1));
	oci_log_warnings(globals, &warnings);
}

/* Those that the caller has by systemd's sd_listen_fds(3) come first, as in other runtimes. */
int oci_choose_descriptors(const struct oci_globals *globals, const char *text, struct spec *spec, struct inherit *ret_preserved, struct err *err)
{
	unsigned long long wanted = 0, listening = 0;
	const char *listen_fds = getenv("LISTEN_FDS");
	if (text && !str_to_u64(text, 1024, &wanted))
		return err_set(err, -EINVAL, "--preserve-fds %s: not a number up to 1024", text);
	if (listen_fds && str_to_u64(listen_fds, 1024, &listening) && listening) {
		cleanup_free char *assignment = str_fmt("LISTEN_FDS=%llu", listening);
		strv_env_set(&spec->env, assignment);
		strv_env_set(&spec->env, "LISTEN_PID=1");
	}
	*ret_preserved = globals->inherited;
	warn_of_missing(globals, wanted + listening, ret_preserved);
	return 0;
}

int oci_make_request(const struct oci_globals *globals, const struct oci_create_words *words, const char *id, struct spec *ret_spec,
	struct buf *ret_text, struct engine_request *ret_request, struct err *err)
{
	struct engine_request request = { .id = id, .root_fd = -1, .console_socket = words->console_socket, .tell = { words->pid_file, words->pidfd_socket }, .config = ret_text };
	bool systemd = globals->systemd_cgroup || str_eq(globals->cgroup_manager, "systemd");
	bool disabled = str_eq(globals->cgroup_manager, "disabled");
	if (globals->cgroup_manager && !systemd && !disabled && !str_eq(globals->cgroup_manager, "cgroupfs"))
		return err_set(err, -EINVAL, "--cgroup-manager %s: none of cgroupfs, systemd, disabled", globals->cgroup_manager);
	cleanup_free char *bundle = realpath(words->bundle ? words->bundle : ".", NULL);
	if (!bundle)
		return err_sys(err, "--bundle %s", words->bundle ? words->bundle : ".");
	cleanup_fd int bundle_fd = open(bundle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (bundle_fd < 0)
		return err_sys(err, "--bundle %s", bundle);
	int r = engine_load_spec(bundle_fd, words->config ? words->config : "config.json", bundle, !words->no_new_keyring, ret_spec, ret_text, err);
	if (r < 0)
		return r;
	oci_log_warnings(globals, &ret_spec->engine->warnings);
	ret_spec->engine->no_pivot = words->no_pivot;
	ret_spec->engine->systemd_cgroup = systemd;
	ret_spec->engine->no_cgroup = disabled;
	request.cache_fd = -1;
	r = oci_check_labels(globals, ret_spec, err);
	if (r == 0)
		r = oci_plan_emulation(ret_spec, &request.cache_fd, err);
	if (r == 0)
		r = oci_choose_descriptors(globals, words->preserve_fds, ret_spec, &request.preserved, err);
	if (r == 0)
		r = request.root_fd = engine_root_open(globals->root, err);
	if (r >= 0)
		r = engine_ready_plan(ret_spec, request.root_fd, id, getenv("NOTIFY_SOCKET"), err);
	if (r < 0) {
		fd_close(&request.root_fd);
		return r;
	}
	request.tells_ready = r > 0;
	request.spec = ret_spec;
	request.bundle = bundle;
	bundle = NULL;
	*ret_request = request;
	return 0;
}

int oci_create(const struct oci_globals *globals, int argc, char **argv, struct err *err)
{
	struct oci_create_words words = { 0 };
	cleanup_strv struct strv operands = { 0 };
	cleanup_buf struct buf text = { 0 };
	cleanup_engine_state struct engine_state state = { 0 };
	struct spec spec = { 0 };
	struct engine_request request = { .root_fd = -1, .cache_fd = -1 };
	int terminal_fd = -1;
	int r = oci_parse_words("create", &words, argc, argv, 1, 1, &operands, err);
	if (r == 0)
		r = oci_make_request(globals, &words, operands.items[0], &spec, &text, &request, err);
	if (r == 0)
		r = engine_create(&request, &state, &terminal_fd, err);
	spec_done(&spec);
	free((char *)request.bundle);
	fd_close(&request.root_fd);
	fd_close(&request.cache_fd);
	return r < 0 ? r : 0;
}
