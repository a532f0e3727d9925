/* SPDX-License-Identifier: GPL-2.0-or-later */
/* events.c owns `xrun-oci events`. */
#include "src/oci/oci.h"

#include "src/base/fd.h"
#include "src/runtime/engine_stats.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { INTERVAL_MS = 5000 };

struct words {
	const char *interval;
	bool stats;
};
#define AT(field) offsetof(struct words, field)
const struct option oci_events_options[] = {
	{ "stats", 0, OPTION_SWITCH, AT(stats), NULL, "print what it uses once, and end" },
	{ "interval", 0, OPTION_TEXT, AT(interval), "TIME", "between two such lines: 100ms, 5s (the default), 1m" },
	{ 0 },
};

/* A line; `data` is ours, or NULL. */
static int print_event(const char *type, const char *id, json_t *data, struct err *err)
{
	json_t *event = json_pack("{s:s, s:s, s:o*}", "type", type, "id", id, "data", data);
	cleanup_free char *text = json_dumps(event, JSON_COMPACT | JSON_REAL_PRECISION(15));
	json_decref(event);
	return puts(text) < 0 || fflush(stdout) < 0 ? err_sys(err, "cannot write to standard output") : 0;
}

static int print_stats(const struct oci_container *container, struct err *err)
{
	return print_event("stats", container->state.id, engine_stats(&container->state.cgroup), err);
}

static int open_timer(uint64_t interval_ms, struct err *err)
{
	const struct timespec each = { .tv_sec = (time_t)(interval_ms / 1000), .tv_nsec = (long)(interval_ms % 1000) * 1000000 };
	const struct itimerspec times = { each, each };
	cleanup_fd int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (fd < 0 || timerfd_settime(fd, 0, &times, NULL) < 0)
		return err_sys(err, "cannot make a timer");
	return fd_take(&fd);
}

/* Until the container ends: a line of stats each interval, and one whenever memory is short. */
static int follow(const struct oci_container *container, struct engine_shortage *shortage, int process_fd, int timer_fd, struct err *err)
{
	struct pollfd fds[] = { { .fd = process_fd, .events = POLLIN }, { .fd = shortage->fd, .events = POLLIN }, { .fd = timer_fd, .events = POLLIN } };
	int r = 0;
	while (r == 0 && !fds[0].revents) {
		uint64_t ticks;
		if (poll(fds, 3, -1) < 0)
			return err_sys(err, "cannot wait for events");
		if (fds[1].revents && engine_shortage_take(shortage))
			r = print_event("oom", container->state.id, NULL, err);
		if (r == 0 && fds[2].revents && read(timer_fd, &ticks, sizeof ticks) > 0)
			r = print_stats(container, err);
	}
	return r;
}

static int watch(const struct oci_container *container, uint64_t interval_ms, struct err *err)
{
	struct engine_shortage shortage = { .fd = -1 };
	cleanup_fd int process_fd = engine_process_open(&container->state, err);
	cleanup_fd int timer_fd = process_fd < 0 ? process_fd : open_timer(interval_ms, err);
	int r = timer_fd < 0 ? timer_fd : engine_shortage_open(&container->state.cgroup, &shortage, err);
	if (r == 0)
		r = follow(container, &shortage, process_fd, timer_fd, err);
	engine_shortage_close(&shortage);
	return r;
}

int oci_events(const struct oci_globals *globals, int argc, char **argv, struct err *err)
{
	struct words words = { 0 };
	uint64_t interval_ms = INTERVAL_MS;
	cleanup_strv struct strv operands = { 0 };
	cleanup_oci_container struct oci_container container = { -1, -1, { 0 } };
	int r = oci_parse_words("events", &words, argc, argv, 1, 1, &operands, err);
	if (r < 0)
		return r;
	if (words.interval && (!str_to_ms(words.interval, &interval_ms) || interval_ms < 1 || interval_ms > INT32_MAX))
		return err_set(err, -EINVAL, "--interval %s: write a time above 0 like 100ms, 5s or 1m30s", words.interval);
	r = oci_container_open(globals, operands.items[0], &container, err);
	if (r == 0 && engine_status(container.dir_fd, &container.state) == ENGINE_STOPPED)
		r = err_set(err, -ESRCH, "the container %s is not running", container.state.id);
	if (r < 0)
		return r;
	return words.stats ? print_stats(&container, err) : watch(&container, interval_ms, err);
}
