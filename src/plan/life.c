/* SPDX-License-Identifier: GPL-2.0-or-later */
/* life.c owns the options that say how long a container lives and what is left of it. Pure. */
#include "src/plan/limits.h"
#include "src/plan/parts.h"

#include "src/base/signals.h"

#include <errno.h>
#include <string.h>

enum { STOP_TIMEOUT = 10, LOG_SIZE = 10 << 20, LOG_FILES = 3, LOG_MAX_FILES = 1000 };

static int plan_restart(const char *text, struct spec_life *life, struct err *err)
{
	unsigned long long max = 0;
	if (!text || str_eq(text, "no"))
		return 0;
	if (str_eq(text, "always") || str_eq(text, "unless-stopped")) {
		life->restart = RESTART_ALWAYS;
		return 0;
	}
	const char *colon = strchr(text, ':');
	if (!str_starts(text, "on-failure") || strcspn(text, ":") != strlen("on-failure") || (colon && !str_to_u64(colon + 1, 1000000, &max)))
		return err_set(err, -EINVAL, "--restart %s: there are no, on-failure[:TIMES], always and unless-stopped", text);
	life->restart = RESTART_ON_FAILURE;
	life->restart_max = max;
	return 0;
}

/* systemd(1), "Signals": what makes it stop its services and end, and SIGTERM does not. */
static int plan_stop(const struct request *q, const struct image *image, bool systemd, struct spec_life *life, struct err *err)
{
	unsigned long long seconds = STOP_TIMEOUT;
	const char *name = q->stop_signal ? q->stop_signal : systemd ? "RTMIN+3" : image->stop_signal;
	life->stop_signal = name && *name ? signal_by_name(name) : signal_by_name("TERM");
	if (life->stop_signal == 0)
		return err_set(err, -EINVAL, "%s %s: no such signal", q->stop_signal ? "--stop-signal" : "the image's stop signal", name);
	if (q->stop_timeout && !str_to_u64(q->stop_timeout, 1000000, &seconds))
		return err_set(err, -EINVAL, "--stop-timeout %s: not a number of seconds", q->stop_timeout);
	life->stop_timeout = seconds;
	return 0;
}

static int plan_log_option(const char *text, struct spec_life *life, struct err *err)
{
	unsigned long long count;
	if (str_starts(text, "max-size="))
		return limits_parse_size("--log-opt max-size", text + strlen("max-size="), &life->log_size, err);
	if (!str_starts(text, "max-file="))
		return err_set(err, -EINVAL, "--log-opt %s: there are max-size=SIZE and max-file=NUMBER", text);
	if (!str_to_u64(text + strlen("max-file="), LOG_MAX_FILES, &count) || count == 0)
		return err_set(err, -EINVAL, "--log-opt %s: not a number of files, from 1 to %d", text, LOG_MAX_FILES);
	life->log_files = count;
	return 0;
}

/* The image's, and over them those that were given. */
static int plan_labels(const struct request *q, const struct image *image, struct spec_life *life, struct err *err)
{
	for (size_t i = 0; i < image->labels.len; i++)
		strv_env_set(&life->labels, image->labels.items[i]);
	for (size_t i = 0; i < q->labels.len; i++) {
		const char *text = q->labels.items[i];
		cleanup_free char *bare = strchr(text, '=') ? NULL : str_fmt("%s=", text);
		if (*text == '=' || !*text)
			return err_set(err, -EINVAL, "--label %s: write it as KEY=VALUE", text);
		strv_env_set(&life->labels, bare ? bare : text);
	}
	return 0;
}

static int plan_timeout(const struct request *q, struct spec_life *life, struct err *err)
{
	unsigned long long seconds = 0;
	if (q->timeout && !str_to_u64(q->timeout, 1000000000, &seconds))
		return err_set(err, -EINVAL, "--timeout %s: not a number of seconds", q->timeout);
	if (q->on_timeout && !str_eq(q->on_timeout, "stacks") && !str_eq(q->on_timeout, "kill"))
		return err_set(err, -EINVAL, "--on-timeout %s: there are stacks and kill", q->on_timeout);
	if (q->on_timeout && !seconds)
		return err_set(err, -EINVAL, "--on-timeout %s needs --timeout SECONDS", q->on_timeout);
	life->timeout = seconds;
	life->stacks = str_eq(q->on_timeout, "stacks");
	return 0;
}

int plan_life(const struct request *q, const struct image *image, struct spec *spec, struct err *err)
{
	struct spec_life *life = &spec->life;
	life->detach = q->detach;
	life->keep = (q->name || q->detach || q->create) && !q->remove;
	life->log_size = LOG_SIZE;
	life->log_files = LOG_FILES;
	life->pid_file = str_dup(q->pidfile);
	int r = plan_timeout(q, life, err);
	if (r == 0)
		r = plan_restart(q->restart, life, err);
	if (r == 0 && life->restart != RESTART_NO && !q->detach)
		r = err_set(err, -EINVAL, "--restart needs -d: who waits for a container starts it again himself");
	if (r == 0 && life->restart != RESTART_NO && q->remove)
		r = err_set(err, -EINVAL, "--restart and --rm exclude each other");
	if (r == 0 && q->log_options.len && !q->detach)
		r = err_set(err, -EINVAL, "--log-opt needs -d: without it the output is yours");
	for (size_t i = 0; r == 0 && i < q->log_options.len; i++)
		r = plan_log_option(q->log_options.items[i], life, err);
	if (r == 0)
		r = plan_stop(q, image, spec->systemd, life, err);
	if (r == 0)
		r = plan_labels(q, image, life, err);
	return r < 0 ? r : plan_health(q, image, spec, err);
}
