/* SPDX-License-Identifier: GPL-2.0-or-later */
/* health.c owns the options that say how to tell whether a container is well. Pure. */
#include "src/plan/parts.h"

#include <errno.h>
#include <string.h>

enum { INTERVAL_MS = 30000, TIMEOUT_MS = 30000, RETRIES = 3 };

static int plan_time(const char *option, const char *text, int64_t image_ns, uint64_t fallback_ms, uint64_t *ret_ms, struct err *err)
{
	*ret_ms = image_ns > 0 ? (uint64_t)image_ns / 1000000 : fallback_ms;
	if (text && !str_to_ms(text, ret_ms))
		return err_set(err, -EINVAL, "%s %s: write a time like 500ms, 30s or 1m30s", option, text);
	return 0;
}

static void plan_test(const struct request *q, const struct image_health *image, struct spec_health *health)
{
	const char *kind = image->test.len ? image->test.items[0] : "";
	const char *line = q->health_cmd ? q->health_cmd : str_eq(kind, "CMD-SHELL") && image->test.len > 1 ? image->test.items[1] : NULL;
	if (line) {
		strv_add(&health->test, "/bin/sh");
		strv_add(&health->test, "-c");
		strv_add(&health->test, line);
	} else if (str_eq(kind, "CMD")) {
		for (size_t i = 1; i < image->test.len; i++)
			strv_add(&health->test, image->test.items[i]);
	}
}

static int plan_times(const struct request *q, const struct image_health *given, struct spec_health *health, struct err *err)
{
	int r = plan_time("--health-interval", q->health_interval, given->interval, INTERVAL_MS, &health->interval, err);
	if (r == 0)
		r = plan_time("--health-timeout", q->health_timeout, given->timeout, TIMEOUT_MS, &health->timeout, err);
	if (r == 0)
		r = plan_time("--health-start-period", q->health_start_period, given->start_period, 0, &health->start_period, err);
	if (r == 0 && (health->interval < 10 || health->timeout < 10))
		return err_set(err, -EINVAL, "--health-interval and --health-timeout are 10ms at least");
	return r;
}

/* Only a supervisor of its own has the time to check: in the foreground the image's test is not run, one's own is an error. */
int plan_health(const struct request *q, const struct image *image, struct spec *spec, struct err *err)
{
	struct spec_health *health = &spec->life.health;
	const struct image_health *given = &image->health;
	unsigned long long retries = given->retries > 0 && given->retries < 1000 ? (unsigned long long)given->retries : RETRIES;
	if (q->health_cmd && !q->detach && !q->create)
		return err_set(err, -EINVAL, "--health-cmd needs -d: in the foreground nobody would ask");
	if (q->health_cmd && q->no_healthcheck)
		return err_set(err, -EINVAL, "--health-cmd and --no-healthcheck exclude each other");
	if (q->health_retries && (!str_to_u64(q->health_retries, 1000, &retries) || retries == 0))
		return err_set(err, -EINVAL, "--health-retries %s: not a number from 1 to 1000", q->health_retries);
	int r = plan_times(q, given, health, err);
	if (r < 0 || q->no_healthcheck || str_eq(q->health_cmd, "none"))
		return r;
	plan_test(q, given, health);
	health->retries = (unsigned)retries;
	return 0;
}
