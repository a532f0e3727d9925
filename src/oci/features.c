/* SPDX-License-Identifier: GPL-2.0-or-later */
/* features.c owns `xrun-oci features`: what config.json may ask for here, as the specification's features.md has it. */
#include "src/oci/oci.h"

#include "src/plan/capability.h"

#include <jansson.h>
#include <stdio.h>

/* The same words that oci_read_mounts.c knows and does not refuse. */
static const char *const mount_options[] = {
	"async", "atime", "bind", "copy-symlink", "defaults", "dest-nofollow", "dev", "diratime", "dirsync", "exec", "idmap", "mand",
	"noatime", "nodev", "nodiratime", "noexec", "nomand", "norelatime", "nostrictatime", "nosuid", "nosymfollow", "private",
	"ratime", "rbind", "rdev", "rdiratime", "relatime", "rexec", "ridmap", "rnoatime", "rnodev", "rnodiratime", "rnoexec",
	"rnorelatime", "rnostrictatime", "rnosuid", "rnosymfollow", "ro", "rprivate", "rrelatime", "rro", "rrw", "rshared", "rslave",
	"rstrictatime", "rsuid", "rsymfollow", "runbindable", "rw", "shared", "slave", "src-nofollow", "strictatime", "suid", "symfollow",
	"sync", "tmpcopyup", "unbindable", NULL
};
static const char *const hooks[] = { "prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop", NULL };
static const char *const actions[] = { "SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO", "SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS",
	"SCMP_ACT_KILL_THREAD", "SCMP_ACT_LOG", "SCMP_ACT_NOTIFY", "SCMP_ACT_TRACE", "SCMP_ACT_TRAP", NULL };
static const char *const operators[] = { "SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_LE", "SCMP_CMP_LT",
	"SCMP_CMP_MASKED_EQ", "SCMP_CMP_NE", NULL };
static const char *const flags[] = { "SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_TSYNC",
	"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", NULL };

static json_t *list(const char *const *items)
{
	json_t *array = json_array();
	for (; *items; items++)
		json_array_append_new(array, json_string(*items));
	return array;
}

static json_t *list_capabilities(void)
{
	json_t *array = json_array();
	const char *name;
	for (int i = 0; (name = capability_name(i)); i++) {
		cleanup_free char *full = str_fmt("CAP_%s", name);
		json_array_append_new(array, json_string(full));
	}
	return array;
}

static json_t *list_namespaces(void)
{
	json_t *array = json_array();
	for (int kind = 0; kind < NAMESPACE_KINDS; kind++)
		json_array_append_new(array, json_string(spec_namespace_name(kind)));
	return array;
}

static json_t *describe_linux(void)
{
	json_t *system = json_object();
	json_object_set_new(system, "namespaces", list_namespaces());
	json_object_set_new(system, "capabilities", list_capabilities());
	json_object_set_new(system, "cgroup", json_pack("{s:b, s:b, s:b, s:b, s:b}", "v1", 1, "v2", 1, "systemd", 1, "systemdUser", 1, "rdma", 1));
	json_object_set_new(system, "seccomp", json_pack("{s:b, s:o, s:o, s:o, s:o}", "enabled", 1, "actions", list(actions), "operators",
		list(operators), "knownFlags", list(flags), "supportedFlags", list(flags)));
	json_object_set_new(system, "apparmor", json_pack("{s:b}", "enabled", 1));
	json_object_set_new(system, "selinux", json_pack("{s:b}", "enabled", 1));
	json_object_set_new(system, "intelRdt", json_pack("{s:b}", "enabled", 0));
	json_object_set_new(system, "mountExtensions", json_pack("{s:{s:b}}", "idmap", "enabled", 1));
	json_object_set_new(system, "netDevices", json_pack("{s:b}", "enabled", 1));
	return system;
}

int oci_features(const struct oci_globals *globals, int argc, char **argv, struct err *err)
{
	cleanup_strv struct strv operands = { 0 };
	(void)globals;
	int r = oci_parse_words("features", NULL, argc, argv, 0, 0, &operands, err);
	if (r < 0)
		return r;
	json_t *features = json_pack("{s:s, s:s, s:o, s:o, s:o}", "ociVersionMin", "1.0.0", "ociVersionMax", "1.2.0", "hooks", list(hooks),
		"mountOptions", list(mount_options), "linux", describe_linux());
	cleanup_free char *text = json_dumps(features, JSON_INDENT(2));
	json_decref(features);
	puts(text);
	return 0;
}
