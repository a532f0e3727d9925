/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroup_scope.c owns asking systemd for a delegated cgroup. */
#include "src/base/now.h"
#include "src/runtime/cgroup_scope.h"

#include "src/base/fd.h"
#include "src/base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { STEP_NS = 5000000, STEPS = 1000 };

/* Where the bus is when no session says so: `su` and cron leave the variables out. */
static void add_bus(struct strv *argv)
{
	cleanup_free char *path = str_fmt("/run/user/%u/bus", getuid());
	if (getenv("DBUS_SESSION_BUS_ADDRESS") || getenv("XDG_RUNTIME_DIR") || access(path, F_OK) < 0)
		strv_add(argv, "--user");
	else
		strv_take(argv, str_fmt("--address=unix:path=%s", path));
}

/* busctl(1), "PARAMETER FORMATTING". */
static void make_call(struct strv *argv, const struct cgroup_scope *scope, pid_t pid)
{
	static const char *const begin[] = { "--quiet", "--timeout=10", "--", "call", "org.freedesktop.systemd1", "/org/freedesktop/systemd1",
		"org.freedesktop.systemd1.Manager", "StartTransientUnit", "ssa(sv)a(sa(sv))", NULL };
	static const char *const properties[] = { "Description", "s", "containers of xrun", "Delegate", "b", "true",
		"CollectMode", "s", "inactive-or-failed", "PIDs", "au", "1", NULL };
	strv_add(argv, "busctl");
	if (scope->system)
		strv_add(argv, "--system");
	else
		add_bus(argv);
	strv_copy(argv, (char *const *)begin);
	strv_add(argv, scope->unit);
	strv_add(argv, "fail");
	strv_add(argv, scope->slice ? "5" : "4");
	if (scope->slice) {
		strv_add(argv, "Slice");
		strv_add(argv, "s");
		strv_add(argv, scope->slice);
	}
	strv_copy(argv, (char *const *)properties);
	strv_take(argv, str_fmt("%d", pid));
	strv_add(argv, "0");
}

static int ask(const struct strv *argv, struct err *err)
{
	pid_t busctl;
	int output_fd;
	cleanup_buf struct buf output = { 0 };
	int r = process_start(argv->items, &busctl, &output_fd, err);
	if (r == -ENOENT)
		return err_set(err, r, "there is no busctl to ask systemd with");
	r = r < 0 ? r : process_finish(busctl, output_fd, &output, err);
	if (r <= 0)
		return r;
	buf_str(&output, "");
	return err_set(err, -EIO, "busctl: %.*s", (int)strcspn(output.data, "\n"), output.data);
}

static bool is_in(pid_t pid, const char *unit)
{
	struct err ignored;
	cleanup_buf struct buf text = { 0 };
	cleanup_free char *path = str_fmt("/proc/%d/cgroup", pid);
	return fd_read_file(AT_FDCWD, path, 1 << 16, &text, &ignored) == 0 && text.len && strstr(text.data, unit);
}

/* The answer to the call is that it will be done. */
int cgroup_scope_start(const struct cgroup_scope *scope, pid_t pid, struct err *err)
{
	cleanup_strv struct strv argv = { 0 };
	make_call(&argv, scope, pid);
	int r = ask(&argv, err);
	if (r < 0)
		return r;
	for (int step = 0; !is_in(pid, scope->unit); step++) {
		if (step == STEPS)
			return err_set(err, -ETIMEDOUT, "systemd was asked for %s, and did not move process %d there", scope->unit, pid);
		nanosleep(&(struct timespec){ .tv_nsec = STEP_NS }, NULL);
	}
	return 0;
}

int cgroup_scope_enter(const char *slice, pid_t pid, struct err *err)
{
	cleanup_free char *unit = str_fmt("xrun-%d-%llx.scope", pid, (unsigned long long)now_ns());
	const struct cgroup_scope scope = { .unit = unit, .slice = slice };
	return cgroup_scope_start(&scope, pid, err);
}
