/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroup_devices.c owns which devices a cgroup's processes may use. */
#include "src/runtime/cgroup_devices.h"

#include "src/base/fd.h"
#include "src/runtime/cgroup_place.h"
#include "src/runtime/device_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* null, zero, full, random, urandom, tty, ptmx, and terminals */
const struct device_rule cgroup_devices_usual[CGROUP_DEVICES_USUAL] = {
	{ true, 'c', 1, 3, DEVICE_ALL }, { true, 'c', 1, 5, DEVICE_ALL }, { true, 'c', 1, 7, DEVICE_ALL }, { true, 'c', 1, 8, DEVICE_ALL },
	{ true, 'c', 1, 9, DEVICE_ALL }, { true, 'c', 5, 0, DEVICE_ALL }, { true, 'c', 5, 2, DEVICE_ALL }, { true, 'c', 136, -1, DEVICE_ALL },
};

static int node_rule(const char *path, struct device_rule *ret_rule, struct err *err)
{
	struct stat st;
	if (stat(path, &st) < 0)
		return err_sys(err, "device %s", path);
	*ret_rule = (struct device_rule){ true, S_ISBLK(st.st_mode) ? 'b' : 'c', (int)major(st.st_rdev), (int)minor(st.st_rdev), DEVICE_ALL };
	return 0;
}

/* Has room for all that there may be. */
static int collect(const struct spec *spec, struct device_rule *rules, size_t *count, struct err *err)
{
	int r = 0;
	rules[(*count)++] = (struct device_rule){ spec->isolation.privileged, 'a', -1, -1, DEVICE_ALL };
	for (size_t i = 0; i < CGROUP_DEVICES_USUAL; i++)
		rules[(*count)++] = cgroup_devices_usual[i];
	for (size_t i = 0; r == 0 && i < spec->mount_count; i++)
		if (spec->mounts[i].kind == MOUNT_DEVICE)
			r = node_rule(spec->mounts[i].source, &rules[(*count)++], err);
	for (size_t i = 0; i < spec->limits.device_rules.len; i++)
		*count += device_rule_parse(spec->limits.device_rules.items[i], &rules[*count]);
	return r;
}

static int write_one(const char *directory, const struct device_rule *rule, struct err *err)
{
	cleanup_free char *text = device_rule_is_for_all(rule) ? str_dup("a") : device_rule_text(rule);
	return cgroup_place_write(directory, rule->allow ? "devices.allow" : "devices.deny", text, err);
}

/* v1 does not look at what comes after an "a": anything narrower has to be said of both types. */
static int write_v1(const char *directory, const struct device_rule *rule, struct err *err)
{
	if (rule->type != 'a' || device_rule_is_for_all(rule))
		return write_one(directory, rule, err);
	struct device_rule block = *rule, character = *rule;
	block.type = 'b';
	character.type = 'c';
	int r = write_one(directory, &block, err);
	return r < 0 ? r : write_one(directory, &character, err);
}

static int call_bpf(int command, union bpf_attr *attributes)
{
	return (int)syscall(SYS_bpf, command, attributes, sizeof *attributes);
}

static int refuse(const char *step, struct err *err)
{
	int why = errno;
	err_sys(err, "cannot %s the program that rules devices in cgroup v2", step);
	if (why == EPERM || why == EACCES)
		return err_append(err, "; it needs the host's root (CAP_SYS_ADMIN, or CAP_BPF and CAP_NET_ADMIN)");
	return why == ENOSYS || why == EINVAL ? err_append(err, "; it needs Linux 4.15, built with CONFIG_CGROUP_BPF") : -why;
}

static int load_program(const struct device_rule *rules, size_t count, struct err *err)
{
	cleanup_free struct bpf_insn *code = mem_grow(NULL, DEVICE_FILTER_ROOM(count), sizeof *code);
	size_t len = device_filter_make(rules, count, code);
	if (len > BPF_MAXINSNS)
		return err_set(err, -E2BIG, "too many rules of devices");
	union bpf_attr attributes;
	memset(&attributes, 0, sizeof attributes);
	attributes.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attributes.insns = (uintptr_t)code;
	attributes.insn_cnt = len;
	attributes.license = (uintptr_t)"GPL";
	int fd = call_bpf(BPF_PROG_LOAD, &attributes);
	return fd < 0 ? refuse("load", err) : fd;
}

/* Beside those that others attached above, all of which have to allow (BPF_F_ALLOW_MULTI). */
static int attach(const char *directory, const struct device_rule *rules, size_t count, struct err *err)
{
	cleanup_fd int directory_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory_fd < 0)
		return err_sys(err, "cannot open %s", directory);
	cleanup_fd int program_fd = load_program(rules, count, err);
	if (program_fd < 0)
		return program_fd;
	union bpf_attr attributes;
	memset(&attributes, 0, sizeof attributes);
	attributes.target_fd = directory_fd;
	attributes.attach_bpf_fd = program_fd;
	attributes.attach_type = BPF_CGROUP_DEVICE;
	attributes.attach_flags = BPF_F_ALLOW_MULTI;
	return call_bpf(BPF_PROG_ATTACH, &attributes) < 0 ? refuse("attach", err) : 0;
}

int cgroup_devices_apply(const struct cgroup_directory *directory, const struct device_rule *rules, size_t count, struct err *err)
{
	int r = 0;
	if (directory->v2)
		return attach(directory->path, rules, count, err);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = write_v1(directory->path, &rules[i], err);
	return r;
}

int cgroup_devices_write(const struct spec *spec, const struct cgroup_directory *directory, struct err *err)
{
	size_t room = 1 + CGROUP_DEVICES_USUAL + spec->mount_count + spec->limits.device_rules.len, count = 0;
	cleanup_free struct device_rule *rules = mem_new((room + 1) * sizeof *rules);
	int r = collect(spec, rules, &count, err);
	if (r < 0)
		return r;
	r = cgroup_devices_apply(directory, rules, count, err);
	return r < 0 ? err_prefix(err, "--device-cgroup-rule") : 0;
}
