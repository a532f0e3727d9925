/* SPDX-License-Identifier: GPL-2.0-or-later */
/* oci_read.c owns reading an engine's config.json into a spec. Pure. */
#include "src/plan/oci_read.h"

#include "src/plan/sysctl.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/personality.h>

static void read_root(struct oci_reader *o, const json_t *config, const char *bundle, struct spec *spec)
{
	const json_t *root = oci_object(o, config, "root");
	o->where = "root";
	if (!root)
		oci_refuse(o, "it is missing");
	const char *path = oci_need_text(o, root, "path");
	if (!*path)
		oci_refuse(o, "path is empty");
	spec->engine->rootfs = *path == '/' ? str_dup(path) : str_fmt("%s/%s", bundle, path);
	spec->read_only = oci_flag(o, root, "readonly");
}

static void read_hook(struct oci_reader *o, const json_t *item, struct engine_hook *hook)
{
	int64_t timeout = 0;
	const char *path = oci_need_text(o, item, "path");
	if (o->r == 0 && *path != '/')
		oci_refuse(o, "the hook %s is no absolute path", path);
	if (oci_number(o, item, "timeout", INT32_MIN, INT32_MAX, &timeout) && timeout <= 0)
		oci_refuse(o, "the hook %s has a timeout that is not above 0", path);
	hook->path = str_dup(path);
	hook->timeout = (int)timeout;
	oci_texts(o, item, "args", &hook->args);
	oci_texts(o, item, "env", &hook->env);
	hook->has_env = json_is_array(json_object_get(item, "env"));
}

static void read_hooks(struct oci_reader *o, const json_t *config, struct spec_engine *engine)
{
	static const char *const names[HOOK_KINDS] = { "prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop" };
	const json_t *all = oci_object(o, config, "hooks");
	o->where = "hooks";
	for (int kind = 0; all && kind < HOOK_KINDS; kind++) {
		const json_t *list = oci_array(o, all, names[kind]);
		struct engine_hooks *hooks = &engine->hooks[kind];
		hooks->items = mem_new((json_array_size(list) + 1) * sizeof *hooks->items);
		for (size_t i = 0; o->r == 0 && i < json_array_size(list); i++)
			read_hook(o, json_array_get(list, i), &hooks->items[hooks->count++]);
	}
}

/*
 * podman's `--group-add keep-groups` says by an annotation that the program is to have the caller's groups. They are rights over
 * the host's files, and annotations are no place for those: engines have let images set them.
 */
static const char kept_groups[] = "run.oci.keep_original_groups";

/* crun's; what makes a container stricter may come from anybody. */
static const char only_known_calls[] = "run.oci.seccomp_fail_unknown_syscall";

static void read_annotations(struct oci_reader *o, const json_t *config, struct spec_engine *engine)
{
	const char *key;
	json_t *value, *object = oci_object(o, config, "annotations");
	o->where = "annotations";
	json_object_foreach(object, key, value)
	{
		if (!*key)
			oci_refuse(o, "a key is empty");
		const char *text = oci_text(o, object, key);
		strv_take(&engine->annotations, str_fmt("%s=%s", key, text ? text : ""));
		if (str_eq(key, kept_groups) && !str_eq(text, "0"))
			strv_take(&engine->warnings, str_fmt("%s: the caller's groups are not kept: an annotation gives no rights", key));
		engine->known_calls |= str_eq(key, only_known_calls) && !str_eq(text, "0");
	}
}

/* A kind that is not listed is the host's; config-linux.md, "Namespaces". */
static void read_namespaces(struct oci_reader *o, const json_t *system, struct spec_namespaces *ret_namespaces)
{
	const json_t *list = oci_array(o, system, "namespaces");
	o->where = "linux.namespaces";
	for (int i = 0; i < NAMESPACE_KINDS; i++)
		ret_namespaces->of[i].origin = NAMESPACE_HOST;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *item = json_array_get(list, i);
		const char *type = oci_need_text(o, item, "type"), *path = oci_text(o, item, "path");
		int kind = 0;
		while (kind < NAMESPACE_KINDS && !str_eq(spec_namespace_name(kind), type))
			kind++;
		if (kind == NAMESPACE_KINDS)
			oci_refuse(o, "invalid namespace type \"%s\"", type);
		else if (ret_namespaces->of[kind].origin != NAMESPACE_HOST)
			oci_refuse(o, "%s is there twice", type);
		if (o->r < 0)
			return;
		bool joined = path && *path;
		ret_namespaces->of[kind] = (struct spec_namespace){ joined ? NAMESPACE_JOINED : NAMESPACE_NEW, joined ? str_dup(path) : NULL };
	}
}

static void read_offsets(struct oci_reader *o, const json_t *system, struct spec_namespaces *namespaces)
{
	const json_t *offsets = oci_object(o, system, "timeOffsets");
	const json_t *monotonic = oci_object(o, offsets, "monotonic"), *boottime = oci_object(o, offsets, "boottime");
	int64_t monotonic_rest = 0, boottime_rest = 0;
	o->where = "linux.timeOffsets";
	if (offsets && namespaces->of[NAMESPACE_TIME].origin != NAMESPACE_NEW)
		oci_refuse(o, "there is no new time namespace for them");
	oci_number(o, monotonic, "secs", INT64_MIN, INT64_MAX, &namespaces->monotonic_offset);
	oci_number(o, boottime, "secs", INT64_MIN, INT64_MAX, &namespaces->boottime_offset);
	oci_number(o, monotonic, "nanosecs", 0, 999999999, &monotonic_rest);
	oci_number(o, boottime, "nanosecs", 0, 999999999, &boottime_rest);
	namespaces->monotonic_nanoseconds = (int32_t)monotonic_rest;
	namespaces->boottime_nanoseconds = (int32_t)boottime_rest;
}

static void read_propagation(struct oci_reader *o, const json_t *system, struct spec_engine *engine)
{
	static const struct {
		const char *name;
		unsigned long flags;
	} names[] = { { "private", MS_PRIVATE }, { "rprivate", MS_PRIVATE | MS_REC }, { "shared", MS_SHARED }, { "rshared", MS_SHARED | MS_REC },
		{ "slave", MS_SLAVE }, { "rslave", MS_SLAVE | MS_REC }, { "unbindable", MS_UNBINDABLE }, { "runbindable", MS_UNBINDABLE | MS_REC },
		{ "", 0 } };
	const char *name = oci_text(o, system, "rootfsPropagation");
	o->where = "linux.rootfsPropagation";
	size_t i = 0;
	while (name && i < sizeof names / sizeof *names && !str_eq(names[i].name, name))
		i++;
	if (name && i == sizeof names / sizeof *names)
		oci_refuse(o, "there is no \"%s\"", name);
	else if (name)
		engine->propagation = names[i].flags;
}

static void read_personality(struct oci_reader *o, const json_t *system, struct spec_engine *engine)
{
	const json_t *personality = oci_object(o, system, "personality");
	o->where = "linux.personality";
	if (!personality)
		return;
	const char *domain = oci_need_text(o, personality, "domain");
	if (json_array_size(json_object_get(personality, "flags")))
		oci_refuse(o, "there are no flags");
	if (!str_eq(domain, "LINUX") && !str_eq(domain, "LINUX32"))
		oci_refuse(o, "domain is neither LINUX nor LINUX32");
	engine->has_personality = true;
	engine->personality = str_eq(domain, "LINUX32") ? PER_LINUX32 : PER_LINUX;
}

/* Names alone: "net/../kernel/core_pattern" begins like one of the network's, and is the host's. */
static bool leads_down(const char *path)
{
	for (const char *at = path;; at++) {
		size_t len = strcspn(at, "/");
		if (len == 0 || (len <= 2 && strspn(at, ".") >= len))
			return false;
		at += len;
		if (!*at)
			return true;
	}
}

/* As the kernel's path below /proc/sys; sysctl(8) takes slashes for dots and the other way round, of which the first decides. */
static void read_sysctls(struct oci_reader *o, const json_t *system, struct strv *ret_list)
{
	const char *key;
	json_t *value, *object = oci_object(o, system, "sysctl");
	o->where = "linux.sysctl";
	json_object_foreach(object, key, value)
	{
		const char *text = oci_text(o, object, key);
		cleanup_free char *path = str_dup(key);
		bool dots = path[strcspn(path, "./")] == '.';
		for (char *at = path; dots && *at; at++)
			*at = *at == '.' ? '/' : *at == '/' ? '.' : *at;
		if (!leads_down(path) || strchr(path, '='))
			oci_refuse(o, "\"%s\" is no name", key);
		strv_take(ret_list, str_fmt("%s=%s", path, text ? text : ""));
	}
}

static void read_paths(struct oci_reader *o, const json_t *system, const char *key, struct strv *ret_list)
{
	o->where = "linux";
	oci_texts(o, system, key, ret_list);
	for (size_t i = 0; i < ret_list->len; i++)
		if (ret_list->items[i][0] != '/')
			oci_refuse(o, "%s: %s is no absolute path", key, ret_list->items[i]);
}

/* What is not done here, so that nobody believes it is. */
static void refuse_rest(struct oci_reader *o, const json_t *system)
{
	o->where = "linux";
	if (json_object_size(oci_object(o, system, "intelRdt")))
		oci_refuse(o, "intelRdt: xrun cannot do that");
}

/* What is not said of a node is that of mknod(1). */
static void read_node(struct oci_reader *o, const json_t *item, struct engine_node *node)
{
	int64_t major = 0, minor = 0, mode = 0666, uid = 0, gid = 0;
	const char *type = oci_need_text(o, item, "type"), *path = oci_need_text(o, item, "path");
	bool numbers = oci_number(o, item, "major", 0, UINT32_MAX, &major) & oci_number(o, item, "minor", 0, UINT32_MAX, &minor);
	oci_number(o, item, "fileMode", 0, INT32_MAX, &mode);
	oci_number(o, item, "uid", 0, UINT32_MAX, &uid);
	oci_number(o, item, "gid", 0, UINT32_MAX, &gid);
	if (strlen(type) != 1 || !strchr("bcup", *type))
		oci_refuse(o, "type \"%s\" is none of b, c, u, p", type);
	size_t len = strlen(path);
	while (len > 1 && path[len - 1] == '/')
		len--;
	if (*path != '/' || len < 2)
		oci_refuse(o, "\"%s\" is no absolute path of a file", path);
	if (*type != 'p' && !numbers)
		oci_refuse(o, "%s lacks major or minor", path);
	*node = (struct engine_node){ str_ndup(path, len), *type == 'u' ? 'c' : *type, major, minor, mode & 07777, uid, gid };
}

static void read_nodes(struct oci_reader *o, const json_t *system, struct spec_engine *engine)
{
	const json_t *list = oci_array(o, system, "devices");
	o->where = "linux.devices";
	engine->nodes = mem_new((json_array_size(list) + 1) * sizeof *engine->nodes);
	for (size_t i = 0; o->r == 0 && i < json_array_size(list); i++)
		read_node(o, json_array_get(list, i), &engine->nodes[engine->node_count++]);
}

static void read_linux(struct oci_reader *o, const json_t *config, const struct oci_setting *setting, struct spec *spec)
{
	json_t *system = oci_object(o, config, "linux");
	struct spec_engine *engine = spec->engine;
	read_namespaces(o, system, &spec->namespaces);
	o->where = "linux";
	oci_read_map(o, system, "uidMappings", "gidMappings", &engine->map);
	read_nodes(o, system, engine);
	read_offsets(o, system, &spec->namespaces);
	read_propagation(o, system, engine);
	read_personality(o, system, engine);
	read_sysctls(o, system, &spec->isolation.sysctls);
	read_paths(o, system, "maskedPaths", &spec->isolation.masked);
	const char *label = oci_text(o, system, "mountLabel");
	spec->isolation.file_label = label && *label ? str_dup(label) : NULL;
	read_paths(o, system, "readonlyPaths", &spec->isolation.read_only);
	refuse_rest(o, system);
	oci_read_links(o, system, spec);
	o->where = "linux";
	oci_read_memory_policy(o, system, &engine->memory_policy);
	o->where = "linux";
	engine->cgroup = str_dup(oci_text(o, system, "cgroupsPath"));
	oci_read_seccomp(o, system, setting->kernel, spec);
}

static bool is_set(const char *text)
{
	return text && *text;
}

static void read_names(struct oci_reader *o, const json_t *config, struct spec *spec)
{
	bool own = spec->namespaces.of[NAMESPACE_UTS].origin != NAMESPACE_HOST;
	o->where = "config.json";
	spec->hostname = str_dup(oci_text(o, config, "hostname"));
	spec->engine->domainname = str_dup(oci_text(o, config, "domainname"));
	if ((is_set(spec->hostname) || is_set(spec->engine->domainname)) && !own)
		oci_refuse(o, "hostname requires a UTS namespace");
}

/*
 * config.json has a key of its own for two sysctls, which may say the same twice: what is set then is the name, since a user namespace's root
 * may set that, and not write the file. True: the sysctl is one of them.
 */
static bool take_name(struct oci_reader *o, struct spec *spec, const char *path, const char *value)
{
	bool host = str_eq(path, "kernel/hostname");
	char **name = host ? &spec->hostname : &spec->engine->domainname;
	if (!host && !str_eq(path, "kernel/domainname"))
		return false;
	if (is_set(*name) && !str_eq(*name, value))
		oci_refuse(o, "%s is another one than \"%s\", %s", path, host ? "hostname" : "domainname", *name);
	free(*name);
	*name = str_dup(value);
	return true;
}

/* One that is not the container's own would be set for the whole machine, or for whoever shares the namespace with it. */
static void check_sysctls(struct oci_reader *o, struct spec *spec)
{
	struct strv *sysctls = &spec->isolation.sysctls, rest = { 0 };
	o->where = "linux.sysctl";
	for (size_t i = 0; i < sysctls->len; i++) {
		const char *assignment = sysctls->items[i];
		cleanup_free char *path = str_ndup(assignment, strcspn(assignment, "="));
		enum namespace_kind kind = sysctl_namespace(path);
		if (kind == NAMESPACE_KINDS)
			oci_refuse(o, "%s belongs to no namespace: it is the host's", path);
		else if (spec->namespaces.of[kind].origin == NAMESPACE_HOST)
			oci_refuse(o, "%s would be the host's: the container has no %s namespace of its own", path, spec_namespace_name(kind));
		else if (!take_name(o, spec, path, assignment + strlen(path) + 1))
			strv_add(&rest, assignment);
	}
	strv_done(sysctls);
	*sysctls = rest;
}

/* Whoever has a namespace that needs another one of its own. */
static void check_namespaces(struct oci_reader *o, const struct spec *spec)
{
	const struct spec_engine *engine = spec->engine;
	bool user = spec->namespaces.of[NAMESPACE_USER].origin == NAMESPACE_NEW;
	o->where = "linux";
	if (spec->namespaces.of[NAMESPACE_MOUNT].origin == NAMESPACE_HOST && spec->namespaces.of[NAMESPACE_USER].origin != NAMESPACE_HOST)
		oci_refuse(o, "a container with a user namespace needs a mount namespace of its own");
	if (!user && (engine->map.uid_count || engine->map.gid_count) && spec->namespaces.of[NAMESPACE_USER].origin == NAMESPACE_HOST)
		oci_refuse(o, "there are id mappings, but no user namespace");
}

static int read_all(json_t *config, const struct oci_setting *setting, struct spec *spec, struct err *err)
{
	struct oci_reader o = { .where = "config.json", .err = err };
	const char *version = oci_need_text(&o, config, "ociVersion");
	if (o.r == 0 && !str_starts(version, "1."))
		oci_refuse(&o, "ociVersion %s is not supported; xrun knows 1.x", version);
	read_root(&o, config, setting->bundle, spec);
	o.where = "config.json";
	json_t *process = oci_object(&o, config, "process");
	if (o.r == 0 && process)
		o.r = oci_read_process(process, spec, err);
	read_annotations(&o, config, spec->engine);
	read_linux(&o, config, setting, spec);
	o.where = "config.json";
	oci_read_mounts(&o, config, spec->engine);
	read_hooks(&o, config, spec->engine);
	read_names(&o, config, spec);
	check_sysctls(&o, spec);
	check_namespaces(&o, spec);
	o.where = "linux";
	json_t *resources = oci_object(&o, json_object_get(config, "linux"), "resources");
	if (o.r == 0)
		o.r = oci_read_resources(resources, spec, err);
	return o.r;
}

int oci_read(const char *text, size_t len, const struct oci_setting *setting, struct spec *ret_spec, struct err *err)
{
	struct spec spec = { .user = str_dup("") };
	spec.engine = mem_new(sizeof *spec.engine);
	spec.network.mode = NETWORK_HOST; /* what is in the network namespace is the engine's business */
	spec.engine->no_keyring = !setting->new_keyring;
	json_t *config = oci_parse(text, len, err);
	int r = config ? read_all(config, setting, &spec, err) : err->code;
	json_decref(config);
	if (r < 0)
		spec_done(&spec);
	else
		*ret_spec = spec;
	return r;
}
