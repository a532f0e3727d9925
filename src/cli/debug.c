/* SPDX-License-Identifier: GPL-2.0-or-later */
/* debug.c owns looking into emulated programs: --strace and --gdb. */
/*
 * Theory of operation. The emulator does the work; what is left is to get its words in and out of a container. A private
 * directory of ours is shown as /dev/xrun. For --strace it holds a pipe that every emulator of the container writes to,
 * line by line with process ids; a helper copies that into the file. For --gdb the first program's emulator makes a socket
 * there and waits. QEMU_GDB says so in its environment, together with QEMU_UNSET_ENV, so that the program, and what it
 * starts, never see either.
 */
#include "src/cli/debug.h"

#include "src/base/fd.h"
#include "src/base/search.h"
#include "src/base/shown.h"
#include "src/base/split.h"
#include "src/base/process.h"
#include "src/cli/debuggee.h"
#include "src/runtime/shortage.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { POLL_MS = 20 };

static int make_directory(struct debug *debug, struct err *err)
{
	char path[] = "/tmp/xrun-debug.XXXXXX";
	if (!mkdtemp(path))
		return err_sys(err, "cannot make a directory in /tmp");
	debug->directory = str_dup(path);
	cleanup_free char *shared = str_fmt("%s/shared", path), *pipe = str_fmt("%s/shared/strace", path);
	/* Whatever id a program of the container has: others are kept out by the directory above. */
	if (mkdir(shared, 0777) < 0 || chmod(shared, 0777) < 0 || mkfifo(pipe, 0666) < 0 || chmod(pipe, 0666) < 0)
		return err_sys(err, "cannot make %s", pipe);
	return 0;
}

/* What it rests on: one directory, one start, and a socket that we may connect to. */
static int check_debuggable(const struct request *q, const struct spec *spec, struct err *err)
{
	bool root = !*spec->user || str_eq(spec->user, "0") || str_eq(spec->user, "root");
	if (q->gdb || (q->strace && *q->strace))
		return err_set(err, -EINVAL, "--debuggable excludes --gdb and --strace=FILE");
	if (spec->life.restart != RESTART_NO)
		return err_set(err, -EINVAL, "--debuggable excludes --restart: the program would wait each time for who debugs it");
	if (!root && geteuid() != 0)
		return err_set(err, -EINVAL, "--debuggable, as an ordinary user, is for programs that run as the container's root, not as %s",
			spec->user);
	return 0;
}

static bool have_gdb(void)
{
	size_t i = 0;
	cleanup_strv struct strv files = { 0 };
	search_files("gdb-multiarch", getenv("PATH"), &files);
	while (i < files.len && access(files.items[i], X_OK) < 0)
		i++;
	return i < files.len;
}

void debug_wait_for_gdb(struct spec *spec)
{
	strv_env_set(&spec->env, "QEMU_GDB=" DEBUG_DIRECTORY "/gdb");
	strv_env_set(&spec->env, "QEMU_UNSET_ENV=QEMU_GDB,QEMU_UNSET_ENV");
}

/* --on-timeout stacks makes a program debuggable by itself, where it can be. */
static bool wants_guest_stacks(const struct request *q, const struct spec *spec)
{
	struct err ignored;
	return spec->life.stacks && spec->emulator_count > 0 && spec->emulators[0].copied && have_gdb() &&
	       check_debuggable(q, spec, &ignored) == 0;
}

int debug_plan(const struct request *q, struct spec *spec, struct debug *ret_debug, struct err *err)
{
	struct debug debug = DEBUG_NONE;
	const char *option = q->strace ? "--strace" : q->gdb ? "--gdb" : "--debuggable";
	*ret_debug = debug;
	if (!q->debuggable && wants_guest_stacks(q, spec))
		debuggee_plan(spec);
	if (!q->strace && !q->gdb && !q->debuggable)
		return 0;
	if (spec->emulator_count == 0)
		return err_set(err, -EINVAL, "%s is for emulated programs; this one runs natively, or by the host's handler", option);
	struct spec_emulator *emulator = &spec->emulators[0]; /* the image's */
	if (!emulator->copied)
		return err_set(err, -EINVAL, "%s: %s cannot be given options; a static qemu can", option, emulator->path);
	if ((q->gdb || (q->strace && *q->strace)) && (q->create || spec->life.detach))
		return err_set(err, -EINVAL, "--gdb and --strace=FILE are for a container in the foreground");
	if (q->debuggable && check_debuggable(q, spec, err) < 0)
		return err->code;
	if (q->debuggable)
		debuggee_plan(spec);
	if (q->strace)
		strv_add(&emulator->options, "-strace");
	if (q->gdb)
		debug_wait_for_gdb(spec);
	if (q->dry_run || (!q->gdb && !(q->strace && *q->strace)))
		return 0;
	int r = make_directory(&debug, err);
	if (q->strace && *q->strace) {
		strv_add(&emulator->options, "-D");
		strv_add(&emulator->options, DEBUG_DIRECTORY "/strace");
	}
	cleanup_free char *shared = str_fmt("%s/shared", debug.directory);
	if (r == 0)
		spec_add_mount(spec, shared, DEBUG_DIRECTORY, false);
	*ret_debug = debug;
	return r;
}

/* What stands at the end of what was copied. */
struct end {
	char last;
	bool quoted; /* within a text that the call was given */
};

/*
 * qemu writes a call, and its result when there is one: in between another process may write, and a call of execve has no
 * result. A call, or a signal ("--- "), that begins behind another call's parenthesis gets a line of its own.
 */
static bool begins_late(const struct end *end, char c)
{
	return end->last == ')' && !end->quoted && ((c >= '0' && c <= '9') || c == '-');
}

static void copy_lines(int from_fd, int to_fd, struct end *end)
{
	char block[32768], lines[2 * sizeof block];
	for (ssize_t n; (n = read(from_fd, block, sizeof block)) > 0;) {
		size_t len = 0;
		for (ssize_t i = 0; i < n; i++) {
			if (begins_late(end, block[i]))
				lines[len++] = '\n';
			lines[len++] = block[i];
			end->quoted = block[i] != '\n' && end->quoted != (block[i] == '"');
			end->last = block[i];
		}
		if (fd_write_all(to_fd, lines, len) < 0)
			_exit(1);
	}
}

/* The pipe is open for writing here as well, so that it has no end between two programs. */
static void trace(int pipe_fd, int file_fd, int end_fd)
{
	struct end end = { 0 };
	struct pollfd fds[] = { { .fd = pipe_fd, .events = POLLIN }, { .fd = end_fd, .events = POLLIN } };
	while (poll(fds, 2, -1) > 0 || errno == EINTR) {
		copy_lines(pipe_fd, file_fd, &end);
		if (fds[1].revents)
			_exit(0);
	}
	_exit(1);
}

static int start_tracer(const char *file, struct debug *debug, struct err *err)
{
	int end[2];
	cleanup_free char *path = str_fmt("%s/shared/strace", debug->directory);
	cleanup_fd int file_fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (file_fd < 0)
		return err_sys(err, "--strace: cannot write %s", file);
	cleanup_fd int pipe_fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (pipe_fd < 0 || pipe2(end, O_CLOEXEC) < 0)
		return err_sys(err, "cannot open %s", path);
	debug->tracer = fork();
	if (debug->tracer == 0) {
		close(end[1]);
		signal(SIGINT, SIG_IGN); /* of the terminal: what the programs say of it is still to come */
		trace(pipe_fd, file_fd, end[0]);
	}
	close(end[0]);
	debug->tracer_fd = end[1];
	return debug->tracer < 0 ? shortage_of_processes(err) : 0;
}

/* The real path of a file below a directory, links followed within it; NULL if it is not there. The caller's. */
static char *find_below(const char *dir, const char *path)
{
	char link[64], real[4096];
	cleanup_fd int dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_fd int fd = dir_fd < 0 ? -1 : fd_openat2(dir_fd, path, O_PATH, 0, RESOLVE_IN_ROOT);
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t n = fd < 0 ? -1 : readlink(link, real, sizeof real);
	return n <= 0 || n == sizeof real ? NULL : str_ndup(real, n);
}

/* In the volume that holds the path, else in the uppermost layer that has it. */
static char *find_file(const struct spec *spec, const struct strv *layers, const char *path)
{
	for (size_t i = spec->mount_count; i-- > 0;) {
		const struct spec_mount *m = &spec->mounts[i];
		size_t len = strlen(m->target);
		if (m->source && str_starts(path, m->target) && (path[len] == '/' || !path[len]))
			return path[len] ? find_below(m->source, path + len + 1) : realpath(m->source, NULL); /* it may be one file */
	}
	char *found = NULL;
	for (size_t i = 0; i < layers->len && !found; i++)
		found = find_below(layers->items[i], path);
	return found;
}

static char *find_program(const struct spec *spec, const struct strv *layers)
{
	cleanup_strv struct strv files = { 0 };
	char *found = NULL;
	search_files(spec->args.items[0], strv_env_get(&spec->env, "PATH"), &files);
	for (size_t i = 0; i < files.len && !found; i++) {
		cleanup_free char *file = *files.items[i] == '/' ? str_dup(files.items[i]) : str_fmt("%s/%s", spec->cwd, files.items[i]);
		found = find_file(spec, layers, file);
	}
	return found;
}

/* One word for a shell, in single quotes. Of gdb's commands only `file` takes blanks and quotes apart. */
static void add_command(struct buf *command, const char *word, const char *text)
{
	const char *special = str_eq(word, "file") ? " \t\\\"'" : "";
	buf_fmt(command, " -ex '%s ", word);
	for (; *text; text++) {
		buf_str(command, strchr(special, *text) ? "\\" : "");
		buf_fmt(command, *text == '\'' ? "'\\''" : "%c", *text);
	}
	buf_str(command, "'");
}

/*
 * Symbols come from the layers, the uppermost first, and from volumes. Not from /proc/PID/root: gdb makes paths canonical,
 * and would read the host's files.
 */
static char *gdb_command(const struct spec *spec, const char *word, const char *text, int store_dir_fd)
{
	struct buf command = { 0 };
	struct err ignored;
	char link[64], store[4096];
	cleanup_strv struct strv layers = { 0 };
	cleanup_fd int layers_fd = split_open_layers(store_dir_fd, &ignored);
	snprintf(link, sizeof link, "/proc/self/fd/%d", layers_fd);
	ssize_t n = readlink(link, store, sizeof store);
	for (size_t i = spec->layers.len; n > 0 && i-- > 0;)
		strv_take(&layers, str_fmt("%.*s/%s", (int)n, store, spec->layers.items[i]));
	if (spec->rootfs)
		strv_add(&layers, spec->rootfs);
	cleanup_free char *search = strv_join(&layers, ":"), *program = find_program(spec, &layers);
	buf_str(&command, "gdb-multiarch" DEBUG_NO_SCRIPTS);
	add_command(&command, "set sysroot", layers.len ? layers.items[0] : "/nonexistent");
	if (layers.len > 1)
		add_command(&command, "set solib-search-path", search);
	if (program)
		add_command(&command, "file", program);
	add_command(&command, word, text);
	return buf_take(&command);
}

/* A core is named after its program: cores.c. */
char *debug_core_command(const struct spec *spec, const char *core, int store_dir_fd)
{
	const char *slash = strrchr(spec->args.items[0], '/'), *name = strrchr(core, '/') + 1;
	cleanup_free char *own = str_fmt("%s.%s.", slash ? slash + 1 : spec->args.items[0], spec->emulator_count ? spec->emulators[0].arch : "");
	struct buf command = { 0 };
	if (str_starts(name, own))
		return gdb_command(spec, "core-file", core, store_dir_fd);
	buf_str(&command, "gdb-multiarch" DEBUG_NO_SCRIPTS " PROGRAM");
	add_command(&command, "core-file", core);
	return buf_take(&command);
}

/* Until the emulator listens, which is when the program is there, waiting. */
static void announce(const struct forward *forward, const char *shared, char *command)
{
	struct stat st;
	cleanup_free char *stub = str_fmt("%s/gdb", shared);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (lstat(stub, &st) < 0)
		poll(NULL, 0, POLL_MS);
	shown_clean(command, "");
	fprintf(stderr, "xrun: the program waits for gdb: %s\n", command);
	forward_run(forward, shared, "gdb");
	_exit(0);
}

char *debug_stacks_command(const struct spec *spec, int store_dir_fd)
{
	cleanup_free char *command = have_gdb() ? debug_gdb_command(spec, store_dir_fd) : NULL;
	return command ? str_fmt("%s -nx -batch -ex 'thread apply all backtrace'", command) : NULL;
}

char *debug_gdb_command(const struct spec *spec, int store_dir_fd)
{
	cleanup_free char *served = debuggee_socket(spec);
	if (served)
		return gdb_command(spec, "target remote", served, store_dir_fd);
	for (size_t i = 0; i < spec->mount_count; i++) {
		if (!str_eq(spec->mounts[i].target, DEBUG_DIRECTORY))
			continue;
		const char *source = spec->mounts[i].source, *slash = strrchr(source, '/'); /* .../shared */
		cleanup_free char *socket_path = str_fmt("%.*s/gdb", (int)(slash - source), source);
		if (access(socket_path, F_OK) == 0)
			return gdb_command(spec, "target remote", socket_path, store_dir_fd);
	}
	return NULL;
}

int debug_start(const struct request *q, const struct spec *spec, int store_dir_fd, struct debug *debug, struct err *err)
{
	cleanup_free char *socket_path = str_fmt("%s/gdb", debug->directory ? debug->directory : "");
	cleanup_free char *shared = str_fmt("%s/shared", debug->directory ? debug->directory : "");
	int r = q->strace && *q->strace ? start_tracer(q->strace, debug, err) : 0;
	if (r < 0 || !q->gdb)
		return r;
	r = forward_prepare(q->gdb, socket_path, &debug->forward, err);
	if (r < 0)
		return r;
	const struct forward *forward = &debug->forward;
	cleanup_free char *command = gdb_command(spec, "target remote", forward->target, store_dir_fd);
	debug->announcer = fork();
	if (debug->announcer == 0)
		announce(forward, shared, command);
	return debug->announcer < 0 ? shortage_of_processes(err) : 0;
}

void debug_finish(struct debug *debug)
{
	struct err ignored;
	fd_close(&debug->tracer_fd);
	if (debug->tracer > 0)
		process_wait(debug->tracer);
	if (debug->announcer > 0) {
		kill(debug->announcer, SIGKILL);
		process_wait(debug->announcer);
	}
	if (debug->directory)
		fd_remove_tree(AT_FDCWD, debug->directory, &ignored);
	forward_done(&debug->forward);
	free(debug->directory);
	*debug = (struct debug)DEBUG_NONE;
}
