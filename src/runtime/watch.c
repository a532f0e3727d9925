/* SPDX-License-Identifier: GPL-2.0-or-later */
/* watch.c owns what a supervisor looks at from time to time while the first process runs. */
#include "src/base/now.h"
#include "src/runtime/watch.h"

#include "src/runtime/engine_ready.h"
#include "src/runtime/stacks.h"

#include <signal.h>
#include <time.h>

enum { STATUS_TIMED_OUT = 124, LONGEST_POLL_MS = 3600000 };

void watch_start(struct watch *watch, const struct spec *spec)
{
	watch_done(watch);
	watch->stuck.watch = spec->emulated && !spec->init;
	watch->want_stacks = spec->life.stacks;
	watch->stacks_command = spec->stacks_command;
	if (spec->life.timeout)
		watch->deadline_ms = now_ms() + (int64_t)spec->life.timeout * 1000;
}

void watch_done(struct watch *watch)
{
	buf_done(&watch->stacks);
	*watch = (struct watch){ 0 };
}

int watch_timeout(const struct watch *watch)
{
	int timeout = watch ? stuck_timeout(&watch->stuck) : -1;
	if (!watch || !watch->deadline_ms || watch->timed_out)
		return timeout;
	int64_t left = watch->deadline_ms - now_ms();
	left = left < 0 ? 0 : left > LONGEST_POLL_MS ? LONGEST_POLL_MS : left;
	return timeout < 0 || left < timeout ? (int)left : timeout;
}

struct pollfd watch_poll(const struct watch *watch)
{
	return engine_ready_poll(watch ? watch->ready : NULL);
}

void watch_check(struct watch *watch, pid_t pid)
{
	if (!watch)
		return;
	engine_ready_take(watch->ready);
	stuck_check(&watch->stuck, pid);
	if (!watch->deadline_ms || watch->timed_out || now_ms() < watch->deadline_ms)
		return;
	watch->timed_out = true;
	if (watch->want_stacks)
		stacks_describe(pid, &watch->stacks);
	if (watch->want_stacks && watch->stacks_command) /* afterwards: a debugger interrupts what the program waits in */
		stacks_ask(watch->stacks_command, &watch->stacks);
	kill(pid, SIGKILL);
}

int watch_status(const struct watch *watch, int status)
{
	if (!watch || status != 128 + SIGKILL)
		return status;
	return watch->timed_out ? STATUS_TIMED_OUT : watch->stuck.died_of ? 128 + watch->stuck.died_of : status;
}
