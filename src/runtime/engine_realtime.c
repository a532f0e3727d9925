/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine_realtime.c owns the shares of realtime of engines' containers, where the kernel gives cgroups such. */
/*
 * Theory of operation. Kernels with CONFIG_RT_GROUP_SCHED (v1's cpu controller) let a process have a realtime policy only if its cgroup has a share of the
 * time: cpu.rt_runtime_us in each cpu.rt_period_us. A new group's is 0, and the shares of the groups in one are together at most that one's own. So
 * the group that xrun's containers are in when the engine names none needs one, too: the sum of theirs, counted anew
 * whenever one comes or goes, so that nothing stays reserved. Who comes at the same moment is met by the kernel's refusal, and counted when it is
 * tried again: a lock on a directory that everybody may open would be everybody's to hold. Groups that an engine names have what the engine gave them.
 */
#include "src/runtime/engine_realtime.h"

#include "src/base/fd.h"
#include "src/runtime/cgroup_place.h"

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RUNTIME "cpu.rt_runtime_us"
#define PERIOD "cpu.rt_period_us"

enum { SECOND = 1000000 };

/* What a realtime policy gets for which config.json names no share: enough for something that wakes up, and for 19 of them at the kernel's 95%. */
enum { SMALL_SHARE = SECOND / 20 };

struct share {
	uint64_t runtime, period;
};

static bool read_share(const char *path, struct share *ret_share)
{
	const struct cgroup_directory directory = { .path = (char *)path };
	ret_share->runtime = cgroup_place_number(&directory, RUNTIME, NULL, NULL);
	ret_share->period = cgroup_place_number(&directory, PERIOD, NULL, NULL);
	return ret_share->runtime != UINT64_MAX && ret_share->period != UINT64_MAX && ret_share->period > 0;
}

static int write_number(const char *path, const char *file, uint64_t number, struct err *err)
{
	cleanup_free char *value = str_fmt("%llu", (unsigned long long)number);
	return cgroup_place_write(path, file, value, err);
}

/* Rounded up: the kernel compares fractions with less precision. */
static uint64_t in_a_second(const struct share *share)
{
	return (share->runtime * SECOND + share->period - 1) / share->period;
}

/* What the groups in it have, without the one called `but`. */
static uint64_t count_below(const char *path, const char *but)
{
	uint64_t sum = 0;
	struct share share;
	cleanup_dir DIR *dir = opendir(path);
	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		cleanup_free char *below = str_fmt("%s/%s", path, entry->d_name);
		if (entry->d_type == DT_DIR && *entry->d_name != '.' && !str_eq(entry->d_name, but) && read_share(below, &share))
			sum += in_a_second(&share);
	}
	return sum;
}

/* The group above, or NULL where that is not ours. */
static char *ours_above(const char *path)
{
	const char *slash = strrchr(path, '/');
	cleanup_free char *above = slash ? str_ndup(path, slash - path) : NULL;
	return above && str_ends(above, "/xrun") ? str_dup(above) : NULL;
}

static void wait_a_bit(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
}

static bool has_realtime_policy(const struct spec_engine *engine)
{
	return engine->scheduler.given && (engine->scheduler.policy == SCHED_FIFO || engine->scheduler.policy == SCHED_RR);
}

/* The share that config.json asks for, with what the group has for what it does not say. False: it asks for none. */
static bool ask(const struct spec_engine *engine, const struct share *now, struct share *ret_share)
{
	bool any = false, runtime_given = false;
	struct share share = *now;
	for (size_t i = 0; i < engine->setting_count; i++) {
		const struct engine_setting *s = &engine->settings[i];
		bool runtime = str_eq(s->v1_file, RUNTIME);
		if ((!runtime && !str_eq(s->v1_file, PERIOD)) || *s->v1_value == '-') /* -1, no limit, is the kernel's to refuse */
			continue;
		*(runtime ? &share.runtime : &share.period) = strtoull(s->v1_value, NULL, 10);
		runtime_given |= runtime;
		any = true;
	}
	if (has_realtime_policy(engine) && !runtime_given && share.runtime == 0) {
		share.runtime = share.period / (SECOND / SMALL_SHARE);
		any = true;
	}
	*ret_share = share;
	return any;
}

/* A period is never shorter than the time in it. */
static int write_share(const char *path, const struct share *now, const struct share *share, struct err *err)
{
	int r = share->period < now->runtime ? write_number(path, RUNTIME, share->runtime, err) : 0;
	if (r == 0 && share->period != now->period)
		r = write_number(path, PERIOD, share->period, err);
	return r == 0 ? write_number(path, RUNTIME, share->runtime, err) : r;
}

/* The group above never has less than those in it. */
static int try_once(const char *path, const char *above, const struct share *now, const struct share *share, struct err *err)
{
	uint64_t sum = above ? count_below(above, strrchr(path, '/') + 1) + in_a_second(share) : 0;
	bool less = in_a_second(share) < in_a_second(now);
	int r = above && !less ? write_number(above, RUNTIME, sum, err) : 0;
	if (r == 0)
		r = write_share(path, now, share, err);
	return r == 0 && above && less ? write_number(above, RUNTIME, sum, err) : r;
}

static int hand_down(const char *path, const struct share *now, const struct share *share, struct err *err)
{
	cleanup_free char *above = ours_above(path);
	int r = try_once(path, above, now, share, err);
	for (int tries = 0; r < 0 && above && tries < 10; tries++) {
		wait_a_bit();
		err_clear(err);
		r = try_once(path, above, now, share, err);
	}
	return r;
}

int engine_realtime_provide(const struct spec_engine *engine, const struct cgroup_directory *cpu, struct err *err)
{
	struct share now = { 0 }, share;
	if (!cpu->path || cpu->v2 || !ask(engine, &now, &share)) /* most containers: nothing is read for them */
		return 0;
	if (!read_share(cpu->path, &now) || !ask(engine, &now, &share))
		return 0;
	if (share.period == 0 || share.period > UINT64_MAX / SECOND || share.runtime > share.period)
		return err_set(err, -EINVAL, "linux.resources.cpu: realtimeRuntime %llu does not fit into realtimePeriod %llu", (unsigned long long)share.runtime,
			(unsigned long long)share.period);
	int r = hand_down(cpu->path, &now, &share, err);
	if (r == 0)
		return 0;
	return err_code(err, r, "cannot have %llu microseconds of realtime in each %llu: the cgroup above, %.*s, has less to give",
		(unsigned long long)share.runtime, (unsigned long long)share.period, (int)(strrchr(cpu->path, '/') - cpu->path), cpu->path);
}

/* A removed group counts for some time still, so it gives its share back before. That has to wait until the processes that were killed have ended. */
void engine_realtime_release(const char *path)
{
	struct err ignored;
	struct share now;
	cleanup_free char *above = ours_above(path);
	if (!above || !read_share(path, &now) || now.runtime == 0)
		return;
	for (int tries = 0; write_number(path, RUNTIME, 0, &ignored) == -EBUSY && tries < 200; tries++)
		wait_a_bit();
	write_number(above, RUNTIME, count_below(above, NULL), &ignored);
}
