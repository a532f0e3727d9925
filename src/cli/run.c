/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run.c owns `xrun run`: request, image, spec, container. */
#include "src/cli/run.h"

#include "src/base/account.h"
#include "src/base/fd.h"
#include "src/base/shown.h"
#include "src/cli/debug.h"
#include "src/cli/debuggee.h"
#include "src/cli/front.h"
#include "src/cli/profile_cache.h"
#include "src/plan/config.h"
#include "src/runtime/container.h"
#include "src/runtime/containers.h"
#include "src/runtime/network.h"
#include "src/runtime/procfs.h"
#include "src/runtime/share.h"
#include "src/runtime/userns.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/utsname.h>
#include <unistd.h>

/* selinux_config(5): which policy there is says where its file for containers is. */
static char *read_label_file(void)
{
	struct err ignored;
	cleanup_buf struct buf config = { 0 }, labels = { 0 };
	static const char key[] = "\nSELINUXTYPE=";
	if (fd_read_file(AT_FDCWD, "/etc/selinux/config", 1 << 16, &config, &ignored) < 0 || !config.len)
		return NULL;
	const char *found = str_starts(config.data, key + 1) ? config.data - 1 : strstr(config.data, key);
	const char *type = found ? found + strlen(key) : "";
	cleanup_free char *path = str_fmt("/etc/selinux/%.*s/contexts/lxc_contexts", (int)strcspn(type, " \t\n"), type);
	return fd_read_file(AT_FDCWD, path, 1 << 16, &labels, &ignored) < 0 || !labels.len ? NULL : buf_take(&labels);
}

/* A profile for seccomp is the user's file; the running kernel's version may be asked for in it. */
static int ask_host(struct request *request, struct err *err)
{
	struct utsname host;
	unsigned major = 0, minor = 0;
	if (uname(&host) < 0)
		return err_sys(err, "cannot ask for the kernel's version");
	if (sscanf(host.release, "%3u.%3u", &major, &minor) == 2)
		request->kernel = major << 16 | (minor & 255) << 8;
	request->host_name = str_dup(host.nodename);
	request->caller_uid = getuid();
	request->caller_gid = getgid();
	if (request_keeps_id(request)) {
		cleanup_free char *home = NULL;
		account_find(request->caller_uid, &request->caller_name, &home);
		request->caller_group = account_group(request->caller_gid);
	}
	for (size_t i = 0; i < request->security.len; i++) {
		const char *option = request->security.items[i], *file = option + strlen("seccomp=");
		if (str_starts(option, "label") && !request->label_file)
			request->label_file = read_label_file();
		if ((!str_starts(option, "seccomp=") && !str_starts(option, "seccomp:")) || !*file || str_eq(file, "unconfined") ||
			str_eq(file, "builtin") || str_eq(file, "default"))
			continue;
		cleanup_buf struct buf text = { 0 };
		int r = fd_read_file(AT_FDCWD, file, 4 << 20, &text, err);
		if (r < 0)
			return err_prefix(err, "--security-opt seccomp");
		free(request->seccomp_text);
		request->seccomp_text = buf_take(&text);
	}
	return 0;
}

static int make_id(const struct request *q, struct spec *spec, struct err *err)
{
	unsigned char random[32];
	cleanup_buf struct buf id = { 0 };
	if (q->name && request_check_name(q->name, err) < 0)
		return err->code;
	if (getrandom(random, sizeof random, 0) != sizeof random)
		return err_sys(err, "cannot get random bytes");
	for (size_t i = 0; i < sizeof random; i++)
		buf_fmt(&id, "%02x", random[i]);
	spec->id = buf_take(&id);
	spec->name = str_dup(q->name);
	return 0;
}

/* A detached supervisor is elsewhere. */
static int resolve_pid_file(struct spec *spec, struct err *err)
{
	char *name = spec->life.pid_file;
	if (!name || *name == '/')
		return 0;
	cleanup_free char *here = getcwd(NULL, 0);
	if (!here)
		return err_sys(err, "--pidfile %s", name);
	spec->life.pid_file = str_fmt("%s/%s", here, name);
	free(name);
	return 0;
}

static int resolve_sources(struct spec *spec, struct err *err)
{
	for (size_t i = 0; i < spec->mount_count; i++) {
		struct spec_mount *m = &spec->mounts[i];
		if (!m->source)
			continue;
		char *real = realpath(m->source, NULL);
		if (!real)
			return err_sys(err, "%s %s", m->kind == MOUNT_DEVICE ? "device" : "volume", m->source);
		free(m->source);
		m->source = real;
	}
	return 0;
}

static int prepare_network(struct spec *spec, struct err *err)
{
	cleanup_free char *note = NULL;
	int r = network_prepare(spec, &note, err);
	if (note)
		fprintf(stderr, "xrun: note: %s\n", note);
	return r;
}

/* The other container by its id from now on, and as docker has it, its hostname with its network. */
static int resolve_shared(struct spec *spec, const struct idmap *map, int store_dir_fd, struct err *err)
{
	struct share share = SHARE_NONE;
	char *id, *hostname;
	cleanup_fd int containers_fd = spec->shared ? containers_open(store_dir_fd, map, err) : -1;
	if (!spec->shared || containers_fd < 0)
		return spec->shared ? containers_fd : 0;
	int r = share_open(containers_fd, spec, &share, &id, &hostname, err);
	if (r < 0)
		return r;
	share_close(&share);
	free(spec->shared);
	spec->shared = id;
	bool same_name = spec->network.mode == NETWORK_CONTAINER || spec->namespaces.of[NAMESPACE_UTS].origin == NAMESPACE_JOINED;
	if (same_name && str_eq(strv_env_get(&spec->env, "HOSTNAME"), spec->hostname)) {
		cleanup_free char *line = str_fmt("HOSTNAME=%s", hostname);
		strv_env_set(&spec->env, line);
	}
	free(same_name ? spec->hostname : hostname);
	spec->hostname = same_name ? hostname : spec->hostname;
	return 0;
}

static int plan(const struct request *q, const struct image *image, const struct idmap *map, int store_dir_fd, struct spec *spec,
	struct err *err)
{
	int r = make_id(q, spec, err);
	if (r == 0)
		r = request_plan(q, image, environ, spec, err);
	if (r == 0)
		profile_cache_keep(store_dir_fd, q, spec);
	if (r == 0)
		r = resolve_sources(spec, err);
	if (r == 0)
		r = resolve_pid_file(spec, err);
	if (r == 0)
		r = run_plan_emulation(q, image, store_dir_fd, spec, err);
	if (r == 0)
		r = resolve_shared(spec, map, store_dir_fd, err);
	return r < 0 ? r : prepare_network(spec, err);
}

/* Of signal(7), those whose default is a core. */
static bool leaves_core(int signal)
{
	static const int those[] = { SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS };
	for (size_t i = 0; i < sizeof those / sizeof *those; i++)
		if (those[i] == signal)
			return true;
	return false;
}

/* Emulators do not write cores of every architecture's programs: qemu has those of riscv64 in 11.1 and not in 10.0. */
static void tell_cores(const struct spec *spec, const struct container_result *result, int dir_fd)
{
	for (size_t i = 0; i < result->cores.len; i++) {
		cleanup_free char *core = str_fmt("%s/%s", spec->core_dir, result->cores.items[i]);
		cleanup_free char *command = debug_core_command(spec, core, dir_fd);
		shown_clean(command, "");
		fprintf(stderr, "xrun: a core: %s\n", command);
	}
	if (spec->core_dir && !result->cores.len && leaves_core(result->status - 128))
		fprintf(stderr, "xrun: --core-dir: no core was found: the emulator wrote none, as qemu 7.2 and 10.0 of riscv64 programs, or wrote it where "
				"nothing stays (a tmpfs)\n");
}

static int run_foreground(const struct spec *spec, const struct idmap *map, int dir_fd, bool again, struct err *err)
{
	cleanup_container_result struct container_result result = { 0 };
	int r = container_run(spec, map, dir_fd, again, front_leave(), &result, err);
	if (r >= 0)
		tell_cores(spec, &result, dir_fd);
	if (r >= 0 && result.timed_out) {
		shown_clean(result.stacks, "\n\t");
		fputs(result.stacks, stderr);
		err_set(err, 0, "ended after %u seconds (--timeout)", spec->life.timeout);
	} else if (r < 0 ? err->status : result.status >= STATUS_NOT_FOUND || result.hidden || result.out_of_memory) {
		run_explain(spec, dir_fd, &result, err);
	}
	return r < 0 ? r : result.status;
}

/* systemd speaks to /dev/console alone, which is there with a terminal only: without one it would stop, and nobody would know. */
static void tell_of_systemd(const struct spec *spec)
{
	if (!spec->systemd && spec->args.len && plan_is_systemd(spec->args.items[0]))
		fprintf(stderr, "xrun: note: where %s is systemd it does not get far: it wants to be the first process, with cgroups that it may change, and "
				"without -t it does not say so; --systemd=true gives it both\n", spec->args.items[0]);
}

int run_spec(struct spec *spec, const struct idmap *map, int dir_fd, bool again, struct err *err)
{
	struct debuggee debuggee = DEBUGGEE_NONE;
	bool detach = spec->life.detach;
	int r = again ? prepare_network(spec, err) : 0;
	if (r < 0)
		return r;
	if (map->single)
		fprintf(stderr, "xrun: note: the container has one user id only, so chown, su and mknod succeed without effect there: %s\n", map->why);
	tell_of_systemd(spec);
	r = debuggee_prepare(spec, &debuggee, err);
	if (r >= 0 && spec->debuggable && spec->life.stacks)
		spec->stacks_command = debug_stacks_command(spec, dir_fd);
	if (r >= 0 && !detach)
		r = debuggee_start(spec, dir_fd, &debuggee, err);
	if (r >= 0)
		r = detach ? container_detach(spec, map, dir_fd, again, err) : run_foreground(spec, map, dir_fd, again, err);
	if (r >= 0 && detach)
		r = debuggee_start(spec, dir_fd, &debuggee, err);
	debuggee_finish(&debuggee);
	return r;
}

/* --cidfile must not be there: it would be of another container. */
static int write_id_file(const struct request *q, const struct spec *spec, struct err *err)
{
	cleanup_fd int fd = q->cidfile ? open(q->cidfile, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644) : -1;
	if (!q->cidfile)
		return 0;
	if (fd < 0 || fd_write_all(fd, spec->id, strlen(spec->id)) < 0)
		return err_sys(err, "--cidfile %s", q->cidfile);
	return 0;
}

static int execute(const struct request *q, struct spec *spec, const struct idmap *map, int dir_fd, struct debug *debug,
	struct err *err)
{
	int r = write_id_file(q, spec, err);
	if (r == 0)
		r = debug_start(q, spec, dir_fd, debug, err);
	if (r == 0)
		r = q->create ? container_create(spec, map, dir_fd, err) : run_spec(spec, map, dir_fd, false, err);
	if (r < 0 && q->cidfile && err->code != -EEXIST)
		unlink(q->cidfile);
	if (r == 0 && (q->create || spec->life.detach))
		puts(spec->id);
	return r;
}

static int make_store(void *context, struct err *err)
{
	cleanup_store struct store store = STORE_CLOSED;
	return store_open(&store, *(int *)context, true, err);
}

/* A program without an image may be the first thing that runs. */
static int open_store(struct store *ret_store, int dir_fd, const struct idmap *map, struct err *err)
{
	int r = store_open(ret_store, dir_fd, false, err);
	if (r != -ENOENT)
		return r;
	err_clear(err);
	r = userns_call(map, NULL, make_store, &dir_fd, err);
	return r < 0 ? r : store_open(ret_store, dir_fd, false, err);
}

/* *ret_image: the image's name, or NULL for a program or a directory that needs none. */
static int choose_image(struct request *q, const char *name, const char **ret_image, struct err *err)
{
	*ret_image = name;
	if (program_is_meant(name))
		return program_prepare(q, name, ret_image, err);
	if (rootfs_is_meant(name)) {
		*ret_image = NULL;
		return rootfs_prepare(q, name, err);
	}
	if (q->program_image)
		return err_set(err, -EINVAL, "--image %s is for a program of yours: xrun --image %s ./program", q->program_image, q->program_image);
	return 0;
}

int run_container(const struct globals *globals, struct request *q, const char *name, struct err *err)
{
	struct platform platform;
	struct idmap map = { 0 };
	struct image image = { 0 };
	struct spec spec = { 0 };
	struct debug debug = DEBUG_NONE;
	cleanup_store struct store store = STORE_CLOSED;
	const char *image_name = NULL;
	int r = cli_read_env_files(q, err);
	if (r == 0)
		r = ask_host(q, err);
	if (q->detach || front_ready_fd() >= 0)
		cli_forget_descriptors(front_ready_fd());
	if (r == 0)
		r = choose_image(q, name, &image_name, err);
	if (r == 0)
		r = cli_platform(q->arch, q->platform, &platform, err);
	if (r == 0)
		r = idmap_plan(&map, err);
	if (r == 0)
		r = keep_check(q, &map, err);
	cleanup_fd int dir_fd = r < 0 ? r : cli_open_store_dir(globals, &map, err);
	if (dir_fd < 0)
		return dir_fd;
	profile_cache_find(dir_fd, q);
	if (image_name) {
		r = run_find_image(q, image_name, &platform, &map, dir_fd, &store, &image, err);
	} else {
		cleanup_free char *full = q->rootfs ? str_fmt("rootfs:%s", q->rootfs) : str_dup(name);
		program_fill_image(full, &platform, &image);
		r = open_store(&store, dir_fd, &map, err);
	}
	if (r >= 0)
		r = plan(q, &image, &map, dir_fd, &spec, err);
	if (r >= 0)
		r = keep_unpack(q, &image, &store, &map, dir_fd, &spec, err);
	if (r >= 0)
		r = procfs_check_label(&spec, err);
	if (r >= 0)
		r = debug_plan(q, &spec, &debug, err);
	if (r >= 0)
		r = q->dry_run ? config_print(&spec, err) : execute(q, &spec, &map, dir_fd, &debug, err);
	debug_finish(&debug);
	image_done(&image);
	spec_done(&spec);
	return r;
}

/* With a terminal it can be left: then another process goes on here. */
static bool stays_in_front(const struct request *q, int *ret_status, struct err *err)
{
	bool can_be_left = q->terminal && q->interactive && !q->detach && !q->create && !q->dry_run && !run_is_matrix(q);
	return can_be_left && front_stay(q->detach_keys, "container", ret_status, err);
}

static int run_or_create(const struct globals *globals, const char *name, bool create, int argc, char **argv, struct err *err)
{
	struct request request = { .tls_verify = true, .read_only_tmpfs = true, .create = create };
	cleanup_strv struct strv operands = { 0 };
	request.help = argc == 1 && str_eq(argv[0], "-h"); /* else that is --hostname, as docker and podman have it */
	int r = request.help ? 0 : options_parse(run_options, &request, argc, argv, true, &operands, err);
	if (r == 0 && request.help)
		r = cli_print_help(name);
	else if (r == 0 && operands.len == 0)
		r = err_set(err, -EINVAL, "which image? see xrun %s --help", name);
	else if (r == 0 && !stays_in_front(&request, &r, err)) {
		strv_copy(&request.command, operands.items + 1);
		r = (run_is_matrix(&request) ? run_matrix : run_container)(globals, &request, operands.items[0], err);
	}
	request_done(&request);
	return r;
}

int command_run(const struct globals *globals, int argc, char **argv, struct err *err)
{
	return run_or_create(globals, "run", false, argc, argv, err);
}

int command_create(const struct globals *globals, int argc, char **argv, struct err *err)
{
	return run_or_create(globals, "create", true, argc, argv, err);
}
