/* SPDX-License-Identifier: GPL-2.0-or-later */
/* limits.c owns the options that limit a container, and how sizes and numbers are written. Pure. */
#include "src/plan/limits.h"

#include "src/plan/device_rule.h"
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
		if (text[i] == '.' && places < 0 && i + 1 < len) {
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

int limits_parse_size(const char *option, const char *text, uint64_t *ret_bytes, struct err *err)
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

int limits_parse_cpus(const char *text, uint64_t *ret_milli, struct err *err)
{
	if (!parse_milli(text, strlen(text), ret_milli) || *ret_milli < 10 || *ret_milli > 1000000)
		return err_set(err, -EINVAL, "--cpus %s: not a number of processors; write it like 0.5 or 2", text);
	return 0;
}

static int set_size(const char *name, const char *value, uint64_t *ret_bytes, struct err *err)
{
	cleanup_free char *option = str_fmt("--%s", name);
	return limits_parse_size(option, value, ret_bytes, err);
}

static int set_number(const char *name, const char *value, uint64_t min, uint64_t max, uint64_t *ret_number, struct err *err)
{
	unsigned long long number;
	if (!str_to_u64(value, max, &number) || number < min)
		return err_set(err, -EINVAL, "--%s %s: it has to be a number from %llu to %llu", name, value, (unsigned long long)min,
			(unsigned long long)max);
	*ret_number = number;
	return 0;
}

/* docker-run(1): -1 for no limit. */
static int set_swap(struct spec_limits *limits, const char *value, struct err *err)
{
	uint64_t bytes = 0;
	if (str_eq(value, "-1")) {
		limits->memory_swap = -1;
		return 0;
	}
	int r = set_size("memory-swap", value, &bytes, err);
	limits->memory_swap = bytes > INT64_MAX ? INT64_MAX : (int64_t)bytes;
	return r;
}

static int set_pids(struct spec_limits *limits, const char *value, struct err *err)
{
	if (str_eq(value, "-1")) {
		limits->pids = 0;
		return 0;
	}
	return set_number("pids-limit", value, 0, 4194304, &limits->pids, err);
}

/* cpuset(7), "List format": numbers and ranges. */
static int set_cpuset(char **target, const char *name, const char *value, struct err *err)
{
	bool good = *value;
	cleanup_free char *copy = str_dup(value);
	for (char *at = copy, *word; good && (word = strsep(&at, ","));) {
		unsigned long long first, last;
		char *dash = strchr(word, '-');
		if (dash)
			*dash++ = 0;
		good = str_to_u64(word, 65535, &first) && (!dash || (str_to_u64(dash, 65535, &last) && last >= first));
	}
	if (!good)
		return err_set(err, -EINVAL, "--%s %s: write it as a list like 0-3,8", name, value);
	free(*target);
	*target = str_dup(value);
	return 0;
}

static int set_weight(struct spec_limits *limits, const char *value, struct err *err)
{
	uint64_t weight = 0;
	int r = str_eq(value, "0") ? 0 : set_number("blkio-weight", value, 10, 1000, &weight, err);
	limits->blkio_weight = weight;
	return r;
}

static int set_swappiness(struct spec_limits *limits, const char *value, struct err *err)
{
	uint64_t swappiness = 0;
	int r = set_number("memory-swappiness", value, 0, 100, &swappiness, err);
	limits->has_swappiness = r == 0;
	limits->memory_swappiness = swappiness;
	return r;
}

static const char *const throttle_names[] = { "device-read-bps", "device-write-bps", "device-read-iops", "device-write-iops" };

/* PATH:RATE, bytes with a unit or operations. */
static int add_throttle(struct spec_limits *limits, enum spec_throttle_kind kind, const char *value, struct err *err)
{
	const char *colon = strrchr(value, ':'), *name = throttle_names[kind];
	uint64_t rate = 0;
	if (*value != '/' || !colon)
		return err_set(err, -EINVAL, "--%s %s: write it as DEVICE:RATE, like /dev/sda:1m", name, value);
	int r = kind == THROTTLE_READ_BPS || kind == THROTTLE_WRITE_BPS ? set_size(name, colon + 1, &rate, err) :
									  set_number(name, colon + 1, 1, UINT32_MAX, &rate, err);
	if (r < 0)
		return r;
	limits->throttles = mem_grow(limits->throttles, limits->throttle_count + 1, sizeof *limits->throttles);
	limits->throttles[limits->throttle_count++] =
		(struct spec_throttle){ .kind = kind, .path = str_ndup(value, colon - value), .rate = rate };
	return 0;
}

/* SIZE:LIMIT; the kernel writes its sizes in KB, MB and GB. */
static int add_hugetlb(struct spec_limits *limits, const char *value, struct err *err)
{
	struct spec_hugetlb entry = { 0 };
	const char *colon = strchr(value, ':');
	size_t digits = strspn(value, "0123456789");
	bool named = colon && digits > 0 && colon - value == (long)digits + 2 && strchr("KMG", value[digits]) && value[digits + 1] == 'B';
	if (!named || (size_t)(colon - value) >= sizeof entry.size)
		return err_set(err, -EINVAL, "--hugetlb %s: write it as PAGESIZE:LIMIT, like 2MB:512m", value);
	memcpy(entry.size, value, colon - value);
	int r = set_size("hugetlb", colon + 1, &entry.bytes, err);
	if (r < 0)
		return r;
	limits->hugetlb = mem_grow(limits->hugetlb, limits->hugetlb_count + 1, sizeof entry);
	limits->hugetlb[limits->hugetlb_count++] = entry;
	return 0;
}

static int add_device_rule(struct spec_limits *limits, const char *value, struct err *err)
{
	struct device_rule rule;
	if (!device_rule_parse(value, &rule))
		return err_set(err, -EINVAL, "--device-cgroup-rule %s: write it like \"c 10:200 rwm\", with * for any number; a is for all: \"a *:* rwm\"", value);
	strv_add(&limits->device_rules, value);
	return 0;
}

/* systemd.slice(5): "a-b.slice" is in "a.slice". NULL where that is no name. */
static char *slice_path(const char *name)
{
	cleanup_buf struct buf path = { 0 };
	if (*name == '-')
		return NULL;
	for (const char *dash = strchr(name, '-'); dash; dash = strchr(dash + 1, '-')) {
		if (dash[1] == '-' || dash[1] == '.')
			return NULL;
		buf_fmt(&path, "%.*s.slice/", (int)(dash - name), name);
	}
	buf_str(&path, name);
	return buf_take(&path);
}

/* A path below the hierarchy's root; or, as systemd's driver has it for docker, the name of a slice. */
static int set_parent(struct spec_limits *limits, const char *value, struct err *err)
{
	cleanup_free char *copy = str_dup(value);
	bool any = false;
	for (char *at = copy, *word; (word = strsep(&at, "/"));) {
		if (str_eq(word, "..") || str_eq(word, ".") || strpbrk(word, "\n\\"))
			return err_set(err, -EINVAL, "--cgroup-parent %s: it has to be a path without . and ..", value);
		any |= *word;
	}
	if (!any)
		return err_set(err, -EINVAL, "--cgroup-parent %s: it has to be a path below the root", value);
	bool slice = !strchr(value, '/') && str_ends(value, ".slice");
	char *path = slice ? slice_path(value) : str_dup(value + strspn(value, "/"));
	if (!path)
		return err_set(err, -EINVAL, "--cgroup-parent %s: not the name of a slice (systemd.slice(5))", value);
	free(limits->cgroup_parent);
	limits->cgroup_parent = path;
	return 0;
}

static int set_list(struct spec_limits *limits, const char *name, const char *value, struct err *err)
{
	for (int kind = THROTTLE_READ_BPS; kind <= THROTTLE_WRITE_IOPS; kind++)
		if (str_eq(name, throttle_names[kind]))
			return add_throttle(limits, kind, value, err);
	if (str_eq(name, "hugetlb"))
		return add_hugetlb(limits, value, err);
	if (str_eq(name, "device-cgroup-rule"))
		return add_device_rule(limits, value, err);
	return str_eq(name, "cgroup-parent") ? set_parent(limits, value, err) : -ENOENT;
}

static int set_memory(struct spec_limits *limits, const char *name, const char *value, struct err *err)
{
	if (str_eq(name, "memory"))
		return set_size(name, value, &limits->memory_bytes, err);
	if (str_eq(name, "memory-reservation"))
		return set_size(name, value, &limits->memory_reservation, err);
	if (str_eq(name, "memory-swap"))
		return set_swap(limits, value, err);
	if (str_eq(name, "memory-swappiness"))
		return set_swappiness(limits, value, err);
	if (!str_eq(name, "oom-kill-disable"))
		return -ENOENT;
	limits->oom_kill_disable = str_eq(value, "true");
	return 0;
}

int limits_set(struct spec_limits *limits, const char *name, const char *value, struct err *err)
{
	if (str_eq(name, "cpus"))
		return limits_parse_cpus(value, &limits->cpu_milli, err);
	if (str_eq(name, "cpu-shares"))
		return set_number(name, value, 2, 262144, &limits->cpu_shares, err);
	if (str_eq(name, "cpu-quota"))
		return set_number(name, value, 1000, UINT32_MAX, &limits->cpu_quota, err);
	if (str_eq(name, "cpu-period"))
		return set_number(name, value, 1000, 1000000, &limits->cpu_period, err);
	if (str_eq(name, "cpuset-cpus"))
		return set_cpuset(&limits->cpuset_cpus, name, value, err);
	if (str_eq(name, "cpuset-mems"))
		return set_cpuset(&limits->cpuset_mems, name, value, err);
	if (str_eq(name, "pids-limit"))
		return set_pids(limits, value, err);
	if (str_eq(name, "blkio-weight"))
		return set_weight(limits, value, err);
	int r = set_memory(limits, name, value, err);
	return r == -ENOENT ? set_list(limits, name, value, err) : r;
}

int limits_check(const struct spec_limits *limits, struct err *err)
{
	if (limits->cpu_milli && (limits->cpu_quota || limits->cpu_period))
		return err_set(err, -EINVAL, "--cpus does not go with --cpu-quota or --cpu-period: it stands for both");
	if (limits->memory_swap && !limits->memory_bytes)
		return err_set(err, -EINVAL, "--memory-swap needs --memory: it is the limit of both together");
	if (limits->memory_swap > 0 && (uint64_t)limits->memory_swap < limits->memory_bytes)
		return err_set(err, -EINVAL, "--memory-swap is the limit of memory and swap together: it cannot be less than --memory");
	if (limits->memory_bytes && limits->memory_reservation > limits->memory_bytes)
		return err_set(err, -EINVAL, "--memory-reservation cannot be more than --memory");
	if (limits->oom_kill_disable && !limits->memory_bytes)
		return err_set(err, -EINVAL, "--oom-kill-disable needs --memory: without a limit the host would run out");
	return 0;
}

int limits_merge(struct spec_limits *limits, const struct spec_limits *changes, struct err *err)
{
	cleanup_strv struct strv lines = { 0 };
	int r = 0;
	if (changes->cpu_milli)
		limits->cpu_quota = limits->cpu_period = 0;
	if (changes->cpu_quota || changes->cpu_period)
		limits->cpu_milli = 0;
	limits_describe(changes, &lines);
	for (size_t i = 0; r == 0 && i < lines.len; i++) {
		char *value = strchr(lines.items[i], '=');
		*value = 0;
		r = limits_set(limits, lines.items[i], value + 1, err);
	}
	return r < 0 ? r : limits_check(limits, err);
}

static void describe_number(struct strv *lines, const char *name, uint64_t value)
{
	if (value)
		strv_take(lines, str_fmt("%s=%llu", name, (unsigned long long)value));
}

static void describe_text(struct strv *lines, const char *name, const char *value)
{
	if (value)
		strv_take(lines, str_fmt("%s=%s", name, value));
}

static void describe_memory(const struct spec_limits *limits, struct strv *lines)
{
	describe_number(lines, "memory", limits->memory_bytes);
	describe_number(lines, "memory-reservation", limits->memory_reservation);
	if (limits->memory_swap)
		strv_take(lines, str_fmt("memory-swap=%lld", (long long)limits->memory_swap));
	if (limits->has_swappiness)
		strv_take(lines, str_fmt("memory-swappiness=%u", limits->memory_swappiness));
	describe_text(lines, "oom-kill-disable", limits->oom_kill_disable ? "true" : NULL);
}

void limits_describe(const struct spec_limits *limits, struct strv *lines)
{
	describe_memory(limits, lines);
	if (limits->cpu_milli)
		strv_take(lines, str_fmt("cpus=%u.%03u", (unsigned)(limits->cpu_milli / 1000), (unsigned)(limits->cpu_milli % 1000)));
	describe_number(lines, "cpu-quota", limits->cpu_quota);
	describe_number(lines, "cpu-period", limits->cpu_period);
	describe_number(lines, "cpu-shares", limits->cpu_shares);
	describe_text(lines, "cpuset-cpus", limits->cpuset_cpus);
	describe_text(lines, "cpuset-mems", limits->cpuset_mems);
	describe_number(lines, "pids-limit", limits->pids);
	describe_number(lines, "blkio-weight", limits->blkio_weight);
	for (size_t i = 0; i < limits->throttle_count; i++)
		strv_take(lines, str_fmt("%s=%s:%llu", throttle_names[limits->throttles[i].kind], limits->throttles[i].path,
					 (unsigned long long)limits->throttles[i].rate));
	for (size_t i = 0; i < limits->hugetlb_count; i++)
		strv_take(lines, str_fmt("hugetlb=%s:%llu", limits->hugetlb[i].size, (unsigned long long)limits->hugetlb[i].bytes));
	for (size_t i = 0; i < limits->device_rules.len; i++)
		describe_text(lines, "device-cgroup-rule", limits->device_rules.items[i]);
	describe_text(lines, "cgroup-parent", limits->cgroup_parent);
}

/* What builds the container is in its cgroup meanwhile. */
static int check_pids(const struct request *q, uint64_t pids, struct err *err)
{
	uint64_t least = q->init ? 3 : 2;
	if (pids == 0 || pids >= least)
		return 0;
	return err_set(err, -EINVAL, "--pids-limit %llu: a container%s needs %llu processes to start", (unsigned long long)pids,
		q->init ? " with --init" : "", (unsigned long long)least);
}

int limits_take(const struct request_limits *asked, struct spec_limits *limits, struct err *err)
{
	const struct {
		const char *name, *value;
	} single[] = { { "memory", asked->memory }, { "cpus", asked->cpus }, { "pids-limit", asked->pids_limit },
		{ "memory-swap", asked->memory_swap }, { "memory-reservation", asked->memory_reservation },
		{ "memory-swappiness", asked->memory_swappiness }, { "cpu-shares", asked->cpu_shares },
		{ "cpu-quota", asked->cpu_quota }, { "cpu-period", asked->cpu_period }, { "cpuset-cpus", asked->cpuset_cpus },
		{ "cpuset-mems", asked->cpuset_mems }, { "blkio-weight", asked->blkio_weight },
		{ "cgroup-parent", asked->cgroup_parent } };
	const struct {
		const char *name;
		const struct strv *values;
	} lists[] = { { "device-read-bps", &asked->device_read_bps }, { "device-write-bps", &asked->device_write_bps },
		{ "device-read-iops", &asked->device_read_iops }, { "device-write-iops", &asked->device_write_iops },
		{ "hugetlb", &asked->hugetlb }, { "device-cgroup-rule", &asked->device_rules } };
	int r = 0;
	limits->oom_kill_disable = asked->oom_kill_disable;
	for (size_t i = 0; r == 0 && i < sizeof single / sizeof *single; i++)
		if (single[i].value)
			r = limits_set(limits, single[i].name, single[i].value, err);
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		for (size_t k = 0; r == 0 && k < lists[i].values->len; k++)
			r = limits_set(limits, lists[i].name, lists[i].values->items[k], err);
	return r;
}

int plan_limits(const struct request *q, struct spec *spec, struct err *err)
{
	int r = limits_take(&q->limits, &spec->limits, err);
	if (r == 0)
		r = check_pids(q, spec->limits.pids, err);
	return r < 0 ? r : limits_check(&spec->limits, err);
}
