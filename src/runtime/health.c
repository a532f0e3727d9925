/* SPDX-License-Identifier: GPL-2.0-or-later */
/* health.c owns asking a detached container whether it is well. */
#include "src/runtime/health.h"

#include "src/base/fd.h"
#include "src/base/now.h"
#include "src/base/process.h"
#include "src/runtime/join.h"
#include "src/runtime/shortage.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MS = 1000000, REAP_MS = 1000 };

static const struct spec_health *plan(const struct run *run)
{
	return &run->spec->life.health;
}

/* What is on disk may say more than we know: that it is paused. */
static void note(struct run *run, enum state_health value)
{
	struct err ignored;
	cleanup_state struct state state = { 0 };
	if (run->state.health == value)
		return;
	run->state.health = value;
	if (state_read(run->container_fd, &state, &ignored) < 0)
		return;
	state.health = value;
	state_write(run->container_fd, &state, &ignored);
}

static bool is_paused(const struct run *run)
{
	struct err ignored;
	cleanup_state struct state state = { 0 };
	return state_read(run->container_fd, &state, &ignored) == 0 && state.status == STATE_PAUSED;
}

void health_begin(struct health *health, struct run *run)
{
	*health = (struct health){ .started = now_ns() };
	health->next = health->started + (int64_t)plan(run)->interval * MS;
}

int health_due_ms(const struct health *health, const struct run *run)
{
	if (plan(run)->test.len == 0)
		return -1;
	int64_t left = (health->next - now_ns()) / MS + 1;
	return left < 0 ? 0 : left > 3600000 ? 3600000 : (int)left;
}

/* It dies with us, and the program that it has executed with it. */
static void check(const struct state *state, const struct spec *spec, const struct idmap *map)
{
	struct err ignored;
	struct join join = { .state = state, .spec = spec, .map = map, .cwd = spec->cwd, .user = spec->user };
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	strv_extend(&join.args, &spec->life.health.test);
	strv_extend(&join.env, &spec->env);
	int r = join_run(&join, NULL, &ignored);
	_exit(r < 0 ? STATUS_FAILED : r);
}

static void start(struct health *health, struct run *run)
{
	pid_t pid = is_paused(run) ? -1 : fork(); /* one in a frozen cgroup would not answer */
	if (pid == 0)
		check(&run->state, run->spec, run->map);
	health->pid = pid > 0 ? pid : 0;
	health->next = now_ns() + (int64_t)(health->pid ? plan(run)->timeout : plan(run)->interval) * MS;
}

static void judge(struct health *health, struct run *run, bool well)
{
	int64_t now = now_ns(), grace = health->started + (int64_t)plan(run)->start_period * MS;
	health->pid = 0;
	health->next = now + (int64_t)plan(run)->interval * MS;
	if (well) {
		health->failures = 0;
		note(run, HEALTH_HEALTHY);
	} else if ((run->state.health != HEALTH_STARTING || now >= grace) && ++health->failures >= plan(run)->retries) {
		note(run, HEALTH_UNHEALTHY);
	}
}

void health_step(struct health *health, struct run *run)
{
	int status;
	if (plan(run)->test.len == 0)
		return;
	if (health->pid > 0 && process_ended(health->pid, &status)) {
		judge(health, run, status == 0);
	} else if (now_ns() >= health->next && health->pid > 0) {
		health_end(health);
		judge(health, run, false);
	} else if (now_ns() >= health->next) {
		start(health, run);
	}
}

/*
 * The check alone would leave behind what it waits for: its whole process group goes, which join.c has it lead. Stopped before, the process
 * of ours that runs it does not wait for it, so that its number stays its own. Then that one does wait, or the check would be a zombie of the
 * container's first process, one more each time, where that waits for nobody. Without CONFIG_PROC_CHILDREN it is the check alone.
 */
static void end_check(pid_t pid)
{
	struct err ignored;
	long child;
	siginfo_t info;
	cleanup_buf struct buf children = { 0 };
	cleanup_free char *path = str_fmt("/proc/%d/task/%d/children", pid, pid);
	kill(pid, SIGSTOP);
	while (waitid(P_PID, pid, &info, WSTOPPED | WEXITED | WNOWAIT) < 0 && errno == EINTR)
		continue;
	if (fd_read_file(AT_FDCWD, path, 4096, &children, &ignored) == 0 && children.len)
		for (char *at = children.data; (child = strtol(at, &at, 10)) > 1;)
			kill(-(pid_t)child, SIGKILL);
	kill(pid, SIGCONT);
	if (children.len == 0 || process_ends_within(pid, REAP_MS) <= 0)
		kill(pid, SIGKILL);
}

void health_end(struct health *health)
{
	if (health->pid <= 0)
		return;
	end_check(health->pid);
	process_wait(health->pid);
	health->pid = 0;
}

int health_ask(const struct state *state, const struct spec *spec, const struct idmap *map, struct err *err)
{
	pid_t pid = fork();
	if (pid == 0)
		check(state, spec, map);
	if (pid < 0)
		return shortage_of_processes(err);
	int ended = process_ends_within(pid, spec->life.health.timeout);
	if (ended <= 0)
		end_check(pid);
	int status = process_wait(pid);
	return ended < 0 ? err_code(err, ended, "cannot watch the check") : status == 0;
}
