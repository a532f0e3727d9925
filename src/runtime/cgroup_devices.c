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

static const char option[] = "--device-cgroup-rule";

/* null, zero, full, random, urandom, tty, ptmx, and terminals */
static const char *const usual[] = { "c 1:3 rwm", "c 1:5 rwm", "c 1:7 rwm", "c 1:8 rwm", "c 1:9 rwm", "c 5:0 rwm", "c 5:2 rwm",
	"c 136:* rwm", NULL };

static int add_node(const char *path, struct strv *rules, struct err *err)
{
	struct stat st;
	if (stat(path, &st) < 0)
		return err_sys(err, "device %s", path);
	strv_take(rules, str_fmt("%c %u:%u rwm", S_ISBLK(st.st_mode) ? 'b' : 'c', major(st.st_rdev), minor(st.st_rdev)));
	return 0;
}

static int collect(const struct spec *spec, struct strv *rules, struct err *err)
{
	if (spec->isolation.privileged)
		strv_add(rules, "a *:* rwm");
	strv_copy(rules, (char *const *)usual);
	for (size_t i = 0; i < spec->mount_count; i++) {
		int r = spec->mounts[i].kind == MOUNT_DEVICE ? add_node(spec->mounts[i].source, rules, err) : 0;
		if (r < 0)
			return r;
	}
	strv_extend(rules, &spec->limits.device_rules);
	return 0;
}

static int write_v1(const char *directory, const struct strv *rules, struct err *err)
{
	int r = cgroup_place_write(directory, "devices.deny", "a", err);
	for (size_t i = 0; r == 0 && i < rules->len; i++)
		r = cgroup_place_write(directory, "devices.allow", rules->items[i], err);
	return r < 0 ? err_prefix(err, option) : 0;
}

static int call_bpf(int command, union bpf_attr *attributes)
{
	return (int)syscall(SYS_bpf, command, attributes, sizeof *attributes);
}

static int refuse(const char *step, struct err *err)
{
	int why = errno;
	err_sys(err, "%s: cannot %s the program that rules devices in cgroup v2", option, step);
	if (why == EPERM || why == EACCES)
		return err_append(err, "; it needs the host's root (CAP_SYS_ADMIN, or CAP_BPF and CAP_NET_ADMIN)");
	return why == ENOSYS || why == EINVAL ? err_append(err, "; it needs Linux 4.15, built with CONFIG_CGROUP_BPF") : -why;
}

static int load_program(const struct device_rule *rules, size_t count, struct err *err)
{
	cleanup_free struct bpf_insn *code = mem_grow(NULL, DEVICE_FILTER_ROOM(count), sizeof *code);
	size_t len = device_filter_make(rules, count, code);
	if (len > BPF_MAXINSNS)
		return err_set(err, -E2BIG, "%s: too many rules", option);
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
int cgroup_devices_attach(const char *directory, const struct device_rule *rules, size_t count, struct err *err)
{
	cleanup_fd int directory_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory_fd < 0)
		return err_sys(err, "%s: cannot open %s", option, directory);
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

static int write_v2(const char *directory, const struct strv *texts, struct err *err)
{
	size_t count = 0;
	cleanup_free struct device_rule *rules = mem_grow(NULL, texts->len + 1, sizeof *rules);
	for (size_t i = 0; i < texts->len; i++)
		count += device_rule_parse(texts->items[i], &rules[count]);
	return cgroup_devices_attach(directory, rules, count, err);
}

int cgroup_devices_write(const struct spec *spec, const struct cgroup_directory *directory, struct err *err)
{
	cleanup_strv struct strv rules = { 0 };
	int r = collect(spec, &rules, err);
	if (r < 0)
		return r;
	return directory->v2 ? write_v2(directory->path, &rules, err) : write_v1(directory->path, &rules, err);
}
