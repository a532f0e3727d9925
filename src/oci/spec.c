/* SPDX-License-Identifier: GPL-2.0-or-later */
/* spec.c owns `xrun-oci spec`: a config.json to begin with. */
#include "src/oci/oci.h"

#include "src/base/fd.h"
#include "src/runtime/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

/* Single quotes stand for double ones. */
static const char template[] =
	"{'ociVersion': '1.2.0',"
	"'process': {'terminal': true, 'user': {'uid': 0, 'gid': 0}, 'args': ['sh'],"
	" 'env': ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'TERM=xterm'], 'cwd': '/',"
	" 'capabilities': {'bounding': ['CAP_AUDIT_WRITE', 'CAP_KILL', 'CAP_NET_BIND_SERVICE'],"
	"  'effective': ['CAP_AUDIT_WRITE', 'CAP_KILL', 'CAP_NET_BIND_SERVICE'],"
	"  'permitted': ['CAP_AUDIT_WRITE', 'CAP_KILL', 'CAP_NET_BIND_SERVICE']},"
	" 'rlimits': [{'type': 'RLIMIT_NOFILE', 'hard': 1024, 'soft': 1024}], 'noNewPrivileges': true},"
	"'root': {'path': 'rootfs', 'readonly': true},"
	"'hostname': 'xrun',"
	"'mounts': ["
	" {'destination': '/proc', 'type': 'proc', 'source': 'proc'},"
	" {'destination': '/dev', 'type': 'tmpfs', 'source': 'tmpfs', 'options': ['nosuid', 'strictatime', 'mode=755', 'size=65536k']},"
	" {'destination': '/dev/pts', 'type': 'devpts', 'source': 'devpts',"
	"  'options': ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5']},"
	" {'destination': '/dev/shm', 'type': 'tmpfs', 'source': 'shm', 'options': ['nosuid', 'noexec', 'nodev', 'mode=1777', 'size=65536k']},"
	" {'destination': '/dev/mqueue', 'type': 'mqueue', 'source': 'mqueue', 'options': ['nosuid', 'noexec', 'nodev']},"
	" {'destination': '/sys', 'type': 'sysfs', 'source': 'sysfs', 'options': ['nosuid', 'noexec', 'nodev', 'ro']},"
	" {'destination': '/sys/fs/cgroup', 'type': 'cgroup', 'source': 'cgroup', 'options': ['nosuid', 'noexec', 'nodev', 'relatime', 'ro']}],"
	"'linux': {'resources': {'devices': [{'allow': false, 'access': 'rwm'}]},"
	" 'namespaces': [{'type': 'pid'}, {'type': 'network'}, {'type': 'ipc'}, {'type': 'uts'}, {'type': 'mount'}, {'type': 'cgroup'}],"
	" 'maskedPaths': ['/proc/acpi', '/proc/asound', '/proc/kcore', '/proc/keys', '/proc/latency_stats', '/proc/timer_list',"
	"  '/proc/timer_stats', '/proc/sched_debug', '/sys/firmware', '/sys/devices/virtual/powercap', '/proc/scsi'],"
	" 'readonlyPaths': ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger']}}";

struct words {
	const char *bundle;
	bool rootless;
};
#define AT(field) offsetof(struct words, field)
const struct option oci_spec_options[] = {
	{ "bundle", 'b', OPTION_TEXT, AT(bundle), "DIR", "where to write it (default: the current directory)" },
	{ "rootless", 0, OPTION_SWITCH, AT(rootless), NULL, "for an ordinary user, who has one id and the host's network" },
	{ 0 },
};

static json_t *make_template(void)
{
	cleanup_free char *text = str_dup(template);
	for (char *at = text; *at; at++)
		*at = *at == '\'' ? '"' : *at;
	return json_loads(text, 0, NULL);
}

static void remove_where(json_t *list, const char *key, const char *value)
{
	for (size_t i = json_array_size(list); i-- > 0;)
		if (str_eq(json_string_value(json_object_get(json_array_get(list, i), key)), value))
			json_array_remove(list, i);
}

/* Without groups that the map does not have, without a sysfs of a network that is not the container's, without limits. */
static void make_rootless(json_t *config)
{
	json_t *system = json_object_get(config, "linux"), *namespaces = json_object_get(system, "namespaces");
	json_t *mounts = json_object_get(config, "mounts");
	remove_where(namespaces, "type", "network");
	json_array_append_new(namespaces, json_pack("{s:s}", "type", "user"));
	json_object_set_new(system, "uidMappings", json_pack("[{s:i, s:i, s:i}]", "containerID", 0, "hostID", (int)geteuid(), "size", 1));
	json_object_set_new(system, "gidMappings", json_pack("[{s:i, s:i, s:i}]", "containerID", 0, "hostID", (int)getegid(), "size", 1));
	json_object_del(system, "resources");
	remove_where(mounts, "destination", "/sys/fs/cgroup");
	remove_where(mounts, "destination", "/sys");
	json_array_append_new(mounts, json_pack("{s:s, s:s, s:s, s:[s, s, s, s, s]}", "destination", "/sys", "type", "none", "source", "/sys",
		"options", "rbind", "nosuid", "noexec", "nodev", "ro"));
	for (size_t i = 0; i < json_array_size(mounts); i++) {
		json_t *options = json_object_get(json_array_get(mounts, i), "options");
		for (size_t n = json_array_size(options); n-- > 0;)
			if (str_starts(json_string_value(json_array_get(options, n)), "gid="))
				json_array_remove(options, n);
	}
}

/* v1's cgroups need none, and engines and people look for a container's there by its path. */
static void make_for_v1(json_t *config)
{
	remove_where(json_object_get(json_object_get(config, "linux"), "namespaces"), "type", "cgroup");
}

int oci_spec(const struct oci_globals *globals, int argc, char **argv, struct err *err)
{
	struct words words = { .bundle = "." };
	cleanup_strv struct strv operands = { 0 };
	(void)globals;
	int r = oci_parse_words("spec", &words, argc, argv, 0, 0, &operands, err);
	if (r < 0)
		return r;
	cleanup_free char *path = str_fmt("%s/config.json", words.bundle);
	cleanup_fd int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0)
		return errno == EEXIST ? err_set(err, -EEXIST, "%s exists: remove it first", path) : err_sys(err, "cannot write %s", path);
	json_t *config = make_template();
	if (!cgroup_is_v2_only())
		make_for_v1(config);
	if (words.rootless)
		make_rootless(config);
	cleanup_free char *text = json_dumps(config, JSON_INDENT(4));
	json_decref(config);
	r = fd_write_all(fd, text, strlen(text));
	return r < 0 ? err_code(err, r, "cannot write %s", path) : 0;
}
