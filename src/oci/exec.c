/* SPDX-License-Identifier: GPL-2.0-or-later */
/* exec.c owns `xrun-oci exec`. */
#include "src/oci/oci.h"

#include "src/base/fd.h"
#include "src/base/process.h"
#include "src/plan/capability.h"
#include "src/plan/oci_read.h"
#include "src/runtime/engine_join.h"
#include "src/runtime/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { PROCESS_LIMIT = 4 << 20 };

struct words {
	const char *process, *console_socket, *pid_file, *pidfd_socket, *cwd, *user, *preserve_fds, *apparmor;
	struct strv env, caps, groups, cgroups;
	bool terminal, detach, no_new_privileges, ignore_paused, no_subreaper;
};
#define AT(field) offsetof(struct words, field)
const struct option oci_exec_options[] = {
	{ "process", 'p', OPTION_TEXT, AT(process), "FILE", "what to execute, as config.json's \"process\"" },
	{ "tty", 't', OPTION_SWITCH, AT(terminal), NULL, "with a terminal" },
	{ "console-socket", 0, OPTION_TEXT, AT(console_socket), "SOCKET", "send the terminal's descriptor there" },
	{ "detach", 'd', OPTION_SWITCH, AT(detach), NULL, "return once the program has been executed" },
	{ "pid-file", 0, OPTION_TEXT, AT(pid_file), "FILE", "write the process' number there" },
	{ "pidfd-socket", 0, OPTION_TEXT, AT(pidfd_socket), "SOCKET", "send a pidfd of the process there" },
	{ "cwd", 0, OPTION_TEXT, AT(cwd), "DIR", "the working directory, an absolute path in the container" },
	{ "env", 'e', OPTION_LIST, AT(env), "NAME=VALUE", "a variable of its environment" },
	{ "user", 'u', OPTION_TEXT, AT(user), "UID[:GID]", "whom it runs as" },
	{ "additional-gids", 'g', OPTION_LIST, AT(groups), "GID", "a group that it is in as well" },
	{ "cap", 'c', OPTION_LIST, AT(caps), "CAPABILITY", "one that it has beside the container's" },
	{ "no-new-privs", 0, OPTION_SWITCH, AT(no_new_privileges), NULL, "set-uid programs have no effect" },
	{ "apparmor", 0, OPTION_TEXT, AT(apparmor), "PROFILE", "an AppArmor profile for it" },
	{ "preserve-fds", 0, OPTION_TEXT, AT(preserve_fds), "N", "descriptors from 3 on that the program gets" },
	{ "cgroup", 0, OPTION_LIST, AT(cgroups), "[CONTROLLER,...:]PATH", "a cgroup below the container's that it is put into" },
	{ "ignore-paused", 0, OPTION_SWITCH, AT(ignore_paused), NULL, "in a paused container, too: it runs when that goes on" },
	{ "no-subreaper", 0, OPTION_SWITCH, AT(no_subreaper), NULL, "xrun-oci is none: taken for other runtimes' sake" },
	{ 0 },
};

/* What the file does not say is the container's. */
static int read_process(const char *path, struct spec *spec, struct err *err)
{
	cleanup_buf struct buf text = { 0 };
	const struct engine_capabilities capabilities = spec->engine->capabilities;
	const uint64_t bounding = spec->capabilities;
	const size_t limits = spec->isolation.ulimit_count;
	cleanup_free char *profile = str_dup(spec->isolation.apparmor), *label = str_dup(spec->isolation.label);
	int r = fd_read_file(AT_FDCWD, path, PROCESS_LIMIT, &text, err);
	json_t *process = r < 0 ? NULL : oci_parse(text.data ? text.data : "", text.len, err);
	if (!process)
		return err_prefix(err, "--process %s", path);
	r = oci_read_process(process, spec, err);
	json_decref(process);
	if (r < 0)
		return err_prefix(err, "--process %s", path);
	if (!spec->engine->has_capabilities) {
		spec->engine->capabilities = capabilities;
		spec->capabilities = bounding;
	}
	if (spec->isolation.ulimit_count == 0)
		spec->isolation.ulimit_count = limits;
	if (!spec->isolation.apparmor)
		spec->isolation.apparmor = str_dup(profile);
	if (!spec->isolation.label)
		spec->isolation.label = str_dup(label);
	return 0;
}

static int read_id(const char *option, const char *text, uint32_t *ret_id, struct err *err)
{
	unsigned long long number;
	if (!str_to_u64(text, UINT32_MAX - 1, &number))
		return err_set(err, -EINVAL, "%s %s: not a number", option, text);
	*ret_id = number;
	return 0;
}

static int set_user(const char *text, struct engine_user *user, struct err *err)
{
	const char *colon = strchr(text, ':');
	cleanup_free char *uid = str_ndup(text, colon ? (size_t)(colon - text) : strlen(text));
	int r = read_id("--user", uid, &user->uid, err);
	return r < 0 || !colon ? r : read_id("--user", colon + 1, &user->gid, err);
}

static int add_groups(const struct strv *groups, struct engine_user *user, struct err *err)
{
	for (size_t i = 0; i < groups->len; i++) {
		uint32_t gid = 0;
		int r = read_id("--additional-gids", groups->items[i], &gid, err);
		if (r < 0)
			return r;
		user->groups = mem_grow(user->groups, user->group_count + 1, sizeof *user->groups);
		user->groups[user->group_count++] = gid;
	}
	return 0;
}

static int add_capabilities(const struct strv *names, struct spec *spec, struct err *err)
{
	struct engine_capabilities *sets = &spec->engine->capabilities;
	for (size_t i = 0; i < names->len; i++) {
		uint64_t bits;
		if (!capability_by_name(names->items[i], &bits))
			return err_set(err, -EINVAL, "--cap: unknown cap \"%s\"", names->items[i]);
		sets->bounding |= bits;
		sets->effective |= bits;
		sets->permitted |= bits;
		sets->ambient |= bits & sets->inheritable; /* as config.json has it: --cap alone makes nothing inheritable */
		spec->capabilities |= bits;
	}
	return 0;
}

static void set_words(const struct words *words, const struct strv *operands, struct spec *spec)
{
	strv_done(&spec->args);
	spec->args = (struct strv){ 0 };
	for (size_t i = 1; i < operands->len; i++)
		strv_add(&spec->args, operands->items[i]);
	for (size_t i = 0; i < words->env.len; i++)
		strv_env_set(&spec->env, words->env.items[i]);
	spec->terminal = words->terminal;
	spec->no_new_privileges |= words->no_new_privileges;
}

static void replace(char **text, const char *with)
{
	free(*text);
	*text = str_dup(with);
}

/* The container's process with other words. */
static int change_process(const struct words *words, const struct strv *operands, struct spec *spec, struct err *err)
{
	if (operands->len < 2)
		return err_set(err, -EINVAL, "exec: neither a command nor --process");
	for (size_t i = 0; i < words->env.len; i++)
		if (!strchr(words->env.items[i], '='))
			return err_set(err, -EINVAL, "--env %s: not NAME=VALUE", words->env.items[i]);
	if (words->cwd && words->cwd[0] != '/')
		return err_set(err, -EINVAL, "--cwd %s: not an absolute path", words->cwd);
	set_words(words, operands, spec);
	if (words->cwd)
		replace(&spec->cwd, words->cwd);
	if (words->apparmor)
		replace(&spec->isolation.apparmor, words->apparmor);
	int r = words->user ? set_user(words->user, &spec->engine->user, err) : 0;
	if (words->user && !strv_env_get(&words->env, "HOME"))
		strv_env_unset(&spec->env, "HOME"); /* another user's */
	if (r == 0)
		r = add_groups(&words->groups, &spec->engine->user, err);
	return r < 0 ? r : add_capabilities(&words->caps, spec, err);
}

static int check(const struct words *words, const struct oci_container *container, const struct spec *spec, struct err *err)
{
	enum engine_status status = engine_status(container->dir_fd, &container->state);
	if (status == ENGINE_STOPPED)
		return err_set(err, -ESRCH, "the container %s is not running", container->state.id);
	if (status == ENGINE_PAUSED && !words->ignore_paused)
		return err_set(err, -EBUSY, "the container %s is paused: resume it first, or use --ignore-paused", container->state.id);
	if (spec->terminal && words->detach && !words->console_socket)
		return err_set(err, -EINVAL, "a terminal with --detach needs a --console-socket to send it to");
	if (!spec->terminal && words->console_socket)
		return err_set(err, -EINVAL, "--console-socket: no terminal was asked for");
	return 0;
}

static int start(const struct words *words, const struct engine_join *join, struct err *err)
{
	pid_t pid;
	cleanup_fd int terminal_fd = -1, signal_fd = words->detach ? -1 : relay_block_signals(err);
	int r = signal_fd < 0 && !words->detach ? signal_fd : engine_join(join, &pid, &terminal_fd, err);
	if (r < 0)
		return r;
	r = engine_tell(&(struct engine_tell){ words->pid_file, words->pidfd_socket }, pid, err);
	if (r < 0) {
		kill(pid, SIGKILL);
		process_wait(pid);
	}
	oci_relay_plainly(terminal_fd);
	return r < 0 || words->detach ? r : relay_until_exit(pid, RELAY_PROGRAM, NULL, signal_fd, terminal_fd, true, NULL);
}

static int run(const struct oci_globals *globals, const struct words *words, const struct strv *operands, struct spec *spec, struct err *err)
{
	cleanup_oci_container struct oci_container container = { -1, -1, { 0 } };
	struct engine_join join = { .state = &container.state, .spec = spec, .cgroups = &words->cgroups, .console_socket = words->console_socket };
	int r = oci_container_open(globals, operands->items[0], &container, err);
	if (r == 0)
		r = engine_read_spec(container.dir_fd, &container.state, spec, err);
	if (r == 0)
		r = words->process ? read_process(words->process, spec, err) : change_process(words, operands, spec, err);
	if (r == 0 && words->process)
		oci_log_warnings(globals, &spec->engine->warnings);
	join.dir_fd = container.dir_fd;
	if (r == 0)
		r = oci_check_labels(globals, spec, err);
	if (r == 0)
		r = check(words, &container, spec, err);
	if (r == 0)
		r = oci_choose_descriptors(globals, words->preserve_fds, spec, &join.preserved, err);
	return r < 0 ? r : start(words, &join, err);
}

int oci_exec(const struct oci_globals *globals, int argc, char **argv, struct err *err)
{
	struct words words = { 0 };
	cleanup_strv struct strv operands = { 0 };
	struct spec spec = { 0 };
	int r = oci_parse_words("exec", &words, argc, argv, 1, SIZE_MAX, &operands, err);
	if (r == 0)
		r = run(globals, &words, &operands, &spec, err);
	spec_done(&spec);
	strv_done(&words.env);
	strv_done(&words.caps);
	strv_done(&words.groups);
	strv_done(&words.cgroups);
	return r;
}
