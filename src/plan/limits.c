/* SPDX-License-Identifier: GPL-2.0-or-later */
/* limits.c owns the options that limit a container, and how sizes and numbers are written. Pure. */
#include "src/plan/parts.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

/* Digits, a point, digits: value * 1000, rounded down. */
static bool parse_milli(const char *text, size_t len, uint64_t *ret_milli)
{
	uint64_t value = 0;
	int places = -1;
	if (len == 0 || len > 15)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '.' && places < 0 && i > 0 && i + 1 < len) {
			places = 0;
		} else if (text[i] < '0' || text[i] > '9') {
			return false;
		} else if (places < 3) {
			value = value * 10 + (text[i] - '0');
			places += places >= 0;
		}
	}
	for (places = places < 0 ? 0 : places; places < 3; places++)
		value *= 10;
	*ret_milli = value;
	return true;
}

int request_parse_size(const char *option, const char *text, uint64_t *ret_bytes, struct err *err)
{
	static const char units[] = "kmgt";
	size_t len = strspn(text, "0123456789.");
	const char *unit = text + len;
	uint64_t milli, shift = 0;
	const char *known = *unit ? strchr(units, *unit | 0x20) : NULL;
	if (known)
		shift = 10 * (known - units + 1);
	bool ends = known ? unit[1] == 0 || strcasecmp(unit + 1, "b") == 0 || strcasecmp(unit + 1, "ib") == 0 :
			    *unit == 0 || strcasecmp(unit, "b") == 0;
	if (!ends || !parse_milli(text, len, &milli) || milli > (UINT64_MAX >> shift) || milli << shift < 1000)
		return err_set(err, -EINVAL, "%s %s: not a size; write it like 512m or 2g", option, text);
	*ret_bytes = (milli << shift) / 1000;
	return 0;
}

int request_parse_cpus(const char *text, uint64_t *ret_milli, struct err *err)
{
	if (!parse_milli(text, strlen(text), ret_milli) || *ret_milli < 10 || *ret_milli > 1000000)
		return err_set(err, -EINVAL, "--cpus %s: not a number of processors; write it like 0.5 or 2", text);
	return 0;
}

int plan_limits(const struct request *q, struct spec *spec, struct err *err)
{
	unsigned long long pids;
	int r = 0;
	if (q->memory)
		r = request_parse_size("--memory", q->memory, &spec->limits.memory_bytes, err);
	if (r == 0 && q->cpus)
		r = request_parse_cpus(q->cpus, &spec->limits.cpu_milli, err);
	if (r < 0 || !q->pids_limit || str_eq(q->pids_limit, "-1"))
		return r;
	if (!str_to_u64(q->pids_limit, 4194304, &pids))
		return err_set(err, -EINVAL, "--pids-limit %s: not a number of processes", q->pids_limit);
	spec->limits.pids = pids;
	return 0;
}
