/* SPDX-License-Identifier: GPL-2.0-or-later */
/* update.c owns `xrun-oci update`. */
#include "src/oci/oci.h"

#include "src/base/fd.h"
#include "src/plan/limits.h"
#include "src/plan/oci_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RESOURCES_LIMIT = 1 << 20 };

struct words {
	const char *resources;
	const char *memory, *memory_reservation, *memory_swap, *kernel_memory, *kernel_memory_tcp;
	const char *cpu_period, *cpu_quota, *cpu_burst, *cpu_shares, *cpu_rt_period, *cpu_rt_runtime, *cpu_idle, *cpus, *mems;
	const char *pids, *weight;
};
#define AT(field) offsetof(struct words, field)
const struct option oci_update_options[] = {
	{ "resources", 'r', OPTION_TEXT, AT(resources), "FILE", "config.json's \"linux.resources\"; -: standard input" },
	{ "memory", 0, OPTION_TEXT, AT(memory), "BYTES", "the memory limit; 64m, 1g" },
	{ "memory-reservation", 0, OPTION_TEXT, AT(memory_reservation), "BYTES", "what it is to keep when memory is short" },
	{ "memory-swap", 0, OPTION_TEXT, AT(memory_swap), "BYTES", "memory and swap together; -1: no limit" },
	{ "kernel-memory", 0, OPTION_TEXT, AT(kernel_memory), "BYTES", "cgroup v1's limit of the kernel's memory" },
	{ "kernel-memory-tcp", 0, OPTION_TEXT, AT(kernel_memory_tcp), "BYTES", "the same for TCP's buffers" },
	{ "cpu-period", 0, OPTION_TEXT, AT(cpu_period), "MICROSECONDS", "what --cpu-quota refers to" },
	{ "cpu-quota", 0, OPTION_TEXT, AT(cpu_quota), "MICROSECONDS", "CPU time in each period; -1: no limit" },
	{ "cpu-burst", 0, OPTION_TEXT, AT(cpu_burst), "MICROSECONDS", "unused quota that may be saved up" },
	{ "cpu-share", 0, OPTION_TEXT, AT(cpu_shares), "N", "its weight against others" },
	{ "cpu-rt-period", 0, OPTION_TEXT, AT(cpu_rt_period), "MICROSECONDS", "what --cpu-rt-runtime refers to" },
	{ "cpu-rt-runtime", 0, OPTION_TEXT, AT(cpu_rt_runtime), "MICROSECONDS", "realtime CPU time in each period" },
	{ "cpu-idle", 0, OPTION_TEXT, AT(cpu_idle), "N", "1: only when nobody else wants to run" },
	{ "cpuset-cpus", 0, OPTION_TEXT, AT(cpus), "LIST", "processors that it may use" },
	{ "cpuset-mems", 0, OPTION_TEXT, AT(mems), "LIST", "memory nodes that it may use" },
	{ "pids-limit", 0, OPTION_TEXT, AT(pids), "N", "how many processes it may have" },
	{ "blkio-weight", 0, OPTION_TEXT, AT(weight), "N", "its weight against others at block devices" },
	{ 0 },
};

static const struct field {
	const char *option, *object, *key;
	size_t offset;
	bool text;
} fields[] = {
	{ "memory", "memory", "limit", AT(memory), false },
	{ "memory-reservation", "memory", "reservation", AT(memory_reservation), false },
	{ "memory-swap", "memory", "swap", AT(memory_swap), false },
	{ "kernel-memory", "memory", "kernel", AT(kernel_memory), false },
	{ "kernel-memory-tcp", "memory", "kernelTCP", AT(kernel_memory_tcp), false },
	{ "cpu-period", "cpu", "period", AT(cpu_period), false },
	{ "cpu-quota", "cpu", "quota", AT(cpu_quota), false },
	{ "cpu-burst", "cpu", "burst", AT(cpu_burst), false },
	{ "cpu-share", "cpu", "shares", AT(cpu_shares), false },
	{ "cpu-rt-period", "cpu", "realtimePeriod", AT(cpu_rt_period), false },
	{ "cpu-rt-runtime", "cpu", "realtimeRuntime", AT(cpu_rt_runtime), false },
	{ "cpu-idle", "cpu", "idle", AT(cpu_idle), false },
	{ "cpuset-cpus", "cpu", "cpus", AT(cpus), true },
	{ "cpuset-mems", "cpu", "mems", AT(mems), true },
	{ "pids-limit", "pids", "limit", AT(pids), false },
	{ "blkio-weight", "blockIO", "weight", AT(weight), false },
};

static int take_field(const struct field *field, const char *value, json_t *resources, struct err *err)
{
	char *end;
	errno = 0;
	uint64_t bytes;
	long long number = strtoll(value, &end, 10);
	if (!field->text && str_eq(field->object, "memory") && *value != '-') {
		cleanup_free char *option = str_fmt("--%s", field->option);
		int r = limits_parse_size(option, value, &bytes, err);
		if (r < 0)
			return r;
		number = bytes > INT64_MAX ? INT64_MAX : (long long)bytes;
	} else if (!field->text && (*end || end == value || errno))
		return err_set(err, -EINVAL, "--%s %s: not a number", field->option, value);
	json_t *object = json_object_get(resources, field->object);
	if (!object) {
		object = json_object();
		json_object_set_new(resources, field->object, object);
	}
	json_object_set_new(object, field->key, field->text ? json_string(value) : json_integer(number));
	return 0;
}

static json_t *read_file(const char *path, struct err *err)
{
	cleanup_buf struct buf text = { 0 };
	cleanup_fd int fd = str_eq(path, "-") ? dup(0) : open(path, O_RDONLY | O_CLOEXEC);
	int r = fd < 0 ? -errno : fd_read_all(fd, RESOURCES_LIMIT, &text);
	if (r < 0)
		err_code(err, r, "--resources %s", path);
	json_t *object = r < 0 ? NULL : oci_parse(text.data ? text.data : "", text.len, err);
	if (!object && r == 0)
		err_prefix(err, "--resources %s", path);
	return object;
}

/* The file first; what an option says is said last. */
static int collect(const struct words *words, json_t **ret_resources, struct err *err)
{
	json_t *resources = words->resources ? read_file(words->resources, err) : json_object();
	int r = resources ? 0 : err->code;
	for (size_t i = 0; r == 0 && i < sizeof fields / sizeof *fields; i++) {
		const char *value = *(const char *const *)((const char *)words + fields[i].offset);
		r = value ? take_field(&fields[i], value, resources, err) : 0;
	}
	if (r < 0)
		json_decref(resources);
	else
		*ret_resources = resources;
	return r;
}

/* v1 lets no limit of memory be above that of memory and swap: who lifts the one without a word about the other means both. */
static void lift_swap(json_t *resources, const struct cgroup_directory *directory)
{
	json_t *memory = json_object_get(resources, "memory");
	cleanup_free char *file = directory->path && !directory->v2 ? str_fmt("%s/memory.memsw.limit_in_bytes", directory->path) : NULL;
	if (file && access(file, F_OK) == 0 && json_integer_value(json_object_get(memory, "limit")) == -1 && !json_object_get(memory, "swap"))
		json_object_set_new(memory, "swap", json_integer(-1));
}

int oci_update(const struct oci_globals *globals, int argc, char **argv, struct err *err)
{
	struct words words = { 0 };
	cleanup_strv struct strv operands = { 0 };
	cleanup_oci_container struct oci_container container = { -1, -1, { 0 } };
	struct spec spec = { 0 };
	json_t *resources = NULL;
	int r = oci_parse_words("update", &words, argc, argv, 1, 1, &operands, err);
	if (r == 0)
		r = oci_container_open(globals, operands.items[0], &container, err);
	if (r == 0)
		r = collect(&words, &resources, err);
	if (r == 0)
		lift_swap(resources, &container.state.cgroup.of[CGROUP_MEMORY]);
	if (r == 0)
		r = engine_read_spec(container.dir_fd, &container.state, &spec, err);
	if (r == 0)
		r = oci_read_resources(resources, &spec, err);
	if (r == 0 && engine_status(container.dir_fd, &container.state) == ENGINE_STOPPED)
		r = err_set(err, -ESRCH, "the container %s is not running", container.state.id);
	if (r == 0)
		r = engine_cgroup_apply(&spec, &container.state.cgroup, err);
	json_decref(resources);
	spec_done(&spec);
	return r;
}
