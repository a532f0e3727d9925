/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ulimit.c owns --ulimit and --oom-score-adj. Pure. */
#include "src/plan/ulimit.h"

#include "src/plan/parts.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>

/* As docker and podman name them: setrlimit(2)'s without RLIMIT_, in small letters. */
static const struct {
	const char *name;
	int resource;
} names[] = {
	{ "as", RLIMIT_AS }, { "core", RLIMIT_CORE }, { "cpu", RLIMIT_CPU }, { "data", RLIMIT_DATA }, { "fsize", RLIMIT_FSIZE },
	{ "locks", RLIMIT_LOCKS }, { "memlock", RLIMIT_MEMLOCK }, { "msgqueue", RLIMIT_MSGQUEUE }, { "nice", RLIMIT_NICE },
	{ "nofile", RLIMIT_NOFILE }, { "nproc", RLIMIT_NPROC }, { "rss", RLIMIT_RSS }, { "rtprio", RLIMIT_RTPRIO },
	{ "rttime", RLIMIT_RTTIME }, { "sigpending", RLIMIT_SIGPENDING }, { "stack", RLIMIT_STACK },
};

const char *ulimit_name(int resource)
{
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (names[i].resource == resource)
			return names[i].name;
	return "?";
}

char *ulimit_type(int resource)
{
	char *type = str_fmt("RLIMIT_%s", ulimit_name(resource));
	for (char *at = type; *at; at++)
		*at = (char)toupper((unsigned char)*at);
	return type;
}

int ulimit_by_type(const char *type)
{
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (type && str_starts(type, "RLIMIT_") && strcasecmp(names[i].name, type + strlen("RLIMIT_")) == 0)
			return names[i].resource;
	return -ENOENT;
}

static int by_name(const char *name)
{
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (str_eq(names[i].name, name))
			return names[i].resource;
	return -ENOENT;
}

void ulimit_set(struct spec_isolation *isolation, const struct spec_ulimit *ulimit)
{
	size_t i = 0;
	while (i < isolation->ulimit_count && isolation->ulimits[i].resource != ulimit->resource)
		i++;
	if (i == isolation->ulimit_count)
		isolation->ulimits = mem_grow(isolation->ulimits, ++isolation->ulimit_count, sizeof *isolation->ulimits);
	isolation->ulimits[i] = *ulimit;
}

static bool parse_value(const char *text, uint64_t *ret_value)
{
	unsigned long long value;
	bool unlimited = str_eq(text, "-1") || str_eq(text, "unlimited");
	if (!unlimited && !str_to_u64(text, RLIM_INFINITY - 1, &value))
		return false;
	*ret_value = unlimited ? RLIM_INFINITY : value;
	return true;
}

static int plan_one(const char *text, struct spec *spec, struct err *err)
{
	struct spec_ulimit ulimit;
	cleanup_free char *copy = str_dup(text);
	char *soft = strchr(copy, '=');
	char *hard = soft ? strchr(soft, ':') : NULL;
	if (soft)
		*soft++ = 0;
	if (hard)
		*hard++ = 0;
	if (!soft || !parse_value(soft, &ulimit.soft) || !parse_value(hard ? hard : soft, &ulimit.hard))
		return err_set(err, -EINVAL, "--ulimit %s: write it as NAME=SOFT[:HARD], nofile=1024:4096; -1 means unlimited", text);
	ulimit.resource = by_name(copy);
	if (ulimit.resource < 0)
		return err_set(err, -EINVAL, "--ulimit %s: no such limit; there are as, core, cpu, data, fsize, locks, memlock, msgqueue, nice, "
			"nofile, nproc, rss, rtprio, rttime, sigpending and stack", text);
	if (ulimit.soft > ulimit.hard)
		return err_set(err, -EINVAL, "--ulimit %s: the soft limit is above the hard one", text);
	ulimit_set(&spec->isolation, &ulimit);
	return 0;
}

static int plan_oom_score(const char *text, struct spec_isolation *isolation, struct err *err)
{
	unsigned long long value;
	bool negative = *text == '-';
	if (!str_to_u64(text + negative, 1000, &value))
		return err_set(err, -EINVAL, "--oom-score-adj %s: not a number from -1000 to 1000", text);
	isolation->has_oom_score = true;
	isolation->oom_score_adj = negative ? -(int)value : (int)value;
	return 0;
}

int plan_ulimits(const struct request *q, struct spec *spec, struct err *err)
{
	for (size_t i = 0; i < q->ulimits.len; i++) {
		int r = plan_one(q->ulimits.items[i], spec, err);
		if (r < 0)
			return r;
	}
	return q->oom_score_adj ? plan_oom_score(q->oom_score_adj, &spec->isolation, err) : 0;
}
