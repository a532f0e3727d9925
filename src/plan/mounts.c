/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mounts.c owns the options that show files in a container. Pure. */
#include "src/plan/limits.h"
#include "src/plan/parts.h"

#include <errno.h>
#include <string.h>

static bool is_root(const char *target)
{
	return target[strspn(target, "/")] == 0;
}

static int check_target(const char *option, const char *text, const char *target, struct err *err)
{
	if (!target || *target != '/')
		return err_set(err, -EINVAL, "%s %s: the place in the container is to be an absolute path", option, text);
	if (is_root(target))
		return err_set(err, -EINVAL, "%s %s: the container's / is the image; give a directory below it", option, text);
	return 0;
}

/* 1777 and the like. */
static bool parse_mode(const char *text, unsigned *ret_mode)
{
	size_t len = strlen(text);
	if (len == 0 || len > 5 || strspn(text, "01234567") != len)
		return false;
	*ret_mode = 0;
	for (; *text; text++)
		*ret_mode = *ret_mode * 8 + (*text - '0');
	return *ret_mode <= 07777;
}

/* The last two are for binds alone. */
static bool apply_flag(const char *word, struct spec_mount *mount)
{
	const struct {
		const char *word;
		bool *field, value;
	} flags[] = {
		{ "ro", &mount->read_only, true }, { "rw", &mount->read_only, false }, { "noexec", &mount->no_exec, true },
		{ "exec", &mount->no_exec, false }, { "nosuid", &mount->no_suid, true }, { "suid", &mount->no_suid, false },
		{ "nodev", &mount->no_dev, true }, { "dev", &mount->no_dev, false },
		{ "bind", &mount->flat, true }, { "rbind", &mount->flat, false },
	};
	size_t count = sizeof flags / sizeof *flags - (mount->kind == MOUNT_BIND ? 0 : 2);
	for (size_t i = 0; i < count; i++) {
		if (str_eq(word, flags[i].word)) {
			*flags[i].field = flags[i].value;
			return true;
		}
	}
	return false;
}

/* Propagation, labels, and what there is nothing to do for: every copy is the same one. */
static int apply_bind_option(const char *option, const char *text, const char *word, struct spec_mount *mount, struct err *err)
{
	static const char *const without_effect[] = { "consistent", "cached", "delegated" };
	for (size_t i = 0; i < sizeof without_effect / sizeof *without_effect; i++)
		if (str_eq(word, without_effect[i]))
			return 0;
	if (str_eq(word, "z") || str_eq(word, "Z")) {
		mount->relabel = *word == 'z' ? RELABEL_SHARED : RELABEL_PRIVATE;
		return 0;
	}
	if (str_eq(word, "rprivate") || str_eq(word, "private") || str_eq(word, "rslave") || str_eq(word, "slave")) {
		mount->slave = str_ends(word, "slave");
		return 0;
	}
	if (str_eq(word, "rshared") || str_eq(word, "shared"))
		return err_set(err, -EINVAL, "%s %s: mounts made in a container cannot show on the host: it is in a user namespace; rslave "
			"shows the host's in the container", option, text);
	return err_set(err, -EINVAL, "%s %s: unknown option %s; there are ro, rw, noexec, nosuid, rprivate, rslave, z and Z", option, text,
		word);
}

static int apply_tmpfs_option(const char *option, const char *text, const char *word, struct spec_mount *mount, struct err *err)
{
	if (str_starts(word, "size="))
		return limits_parse_size(option, word + strlen("size="), &mount->size, err);
	if (str_starts(word, "mode=") && parse_mode(word + strlen("mode="), &mount->mode)) {
		mount->has_mode = true;
		return 0;
	}
	if (str_starts(word, "uid=") || str_starts(word, "gid=")) {
		unsigned long long id;
		if (!str_to_u64(word + strlen("uid="), UINT32_MAX - 1, &id))
			return err_set(err, -EINVAL, "%s %s: %s is no number of a user or group", option, text, word);
		*(*word == 'u' ? &mount->uid : &mount->gid) = id;
		return 0;
	}
	return err_set(err, -EINVAL, "%s %s: unknown option %s; there are size=, mode=, uid=, gid=, ro, rw, noexec, exec, nosuid, suid, nodev", option,
		text, word);
}

/* `words` with commas between them; they are cut apart. */
static int apply_options(const char *option, const char *text, char *words, struct spec_mount *mount, struct err *err)
{
	for (char *word; words && (word = strsep(&words, ","));) {
		int r = apply_flag(word, mount) ? 0 :
			mount->kind == MOUNT_TMPFS ? apply_tmpfs_option(option, text, word, mount, err) :
						     apply_bind_option(option, text, word, mount, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* With only a path, a directory of the container: as if the image had named it as a volume. */
static int plan_volume(const char *text, struct spec *spec, struct err *err)
{
	cleanup_free char *copy = str_dup(text);
	char *target = strchr(copy, ':');
	char *options = target ? strchr(target + 1, ':') : NULL;
	if (target)
		*target++ = 0;
	if (options)
		*options++ = 0;
	if (!target && *copy == '/' && !is_root(copy)) {
		spec_add_mount(spec, NULL, copy, false)->kind = MOUNT_OWN;
		return 0;
	}
	if (!target || *target != '/' || !*copy)
		return err_set(err, -EINVAL, "-v %s: write it as HOST-PATH:CONTAINER-PATH[:ro]", text);
	int r = check_target("-v", text, target, err);
	if (r < 0)
		return r;
	if (!strchr(copy, '/') && !str_eq(copy, ".") && !str_eq(copy, ".."))
		return err_set(err, -EINVAL, "-v %s: named volumes do not exist here; give a path, ./%s for example", text, copy);
	return apply_options("-v", text, options, spec_add_mount(spec, copy, target, false), err);
}

static int plan_tmpfs(const char *text, struct spec *spec, struct err *err)
{
	cleanup_free char *copy = str_dup(text);
	char *options = strchr(copy, ':');
	if (options)
		*options++ = 0;
	if (*copy != '/' || is_root(copy))
		return err_set(err, -EINVAL, "--tmpfs %s: write it as an absolute path below / in the container, and perhaps :size=64m", text);
	return apply_options("--tmpfs", text, options, spec_add_mount(spec, NULL, copy, false), err);
}

static bool take_key(char *word, const char *const *keys, char **ret_value)
{
	for (; *keys; keys++) {
		size_t n = strlen(*keys);
		if (strncmp(word, *keys, n) == 0 && word[n] == '=') {
			*ret_value = word + n + 1;
			return true;
		}
	}
	return false;
}

static bool is_one_of(const char *word, const char *const *words)
{
	while (*words && !str_eq(word, *words))
		words++;
	return *words;
}

/* Go's strconv.ParseBool, as of every switch. NULL for what is neither. */
static const char *access_word(const char *value)
{
	static const char *const yes[] = { "1", "t", "T", "true", "TRUE", "True", NULL }, *const no[] = { "0", "f", "F", "false", "FALSE", "False", NULL };
	return is_one_of(value, yes) ? "ro" : is_one_of(value, no) ? "rw" : NULL;
}

/* docker's words for what -v and --tmpfs call otherwise; one whose value is none of its own stays as it is, and is unknown. */
static const char *plain_word(char *word, char **ret_value)
{
	static const char *const flat[] = { "bind-nonrecursive", NULL }, *const recursive[] = { "bind-recursive", NULL };
	static const char *const size[] = { "tmpfs-size", NULL }, *const mode[] = { "tmpfs-mode", NULL }, *const read_only[] = { "readonly", "ro", NULL };
	static const struct {
		const char *keys[2], *values[7];
	} renamed[] = {
		{ { "bind-propagation" }, { "private", "rprivate", "slave", "rslave", "shared", "rshared" } },
		{ { "consistency" }, { "consistent", "cached", "delegated" } },
	};
	static const char *const relabel[] = { "relabel", NULL };
	*ret_value = NULL;
	if (str_eq(word, "readonly"))
		return "ro";
	if (str_eq(word, "bind-nonrecursive"))
		return "bind";
	if (take_key(word, flat, ret_value))
		return !access_word(*ret_value) ? word : str_eq(access_word(*ret_value), "ro") ? "bind" : "rbind";
	if (take_key(word, recursive, ret_value))
		return str_eq(*ret_value, "disabled") ? "bind" : str_eq(*ret_value, "enabled") ? "rbind" : word;
	if (take_key(word, read_only, ret_value))
		return access_word(*ret_value) ? access_word(*ret_value) : word;
	for (size_t i = 0; i < sizeof renamed / sizeof *renamed; i++)
		if (take_key(word, renamed[i].keys, ret_value))
			return is_one_of(*ret_value, renamed[i].values) ? *ret_value : word;
	if (take_key(word, relabel, ret_value))
		return str_eq(*ret_value, "shared") ? "z" : str_eq(*ret_value, "private") ? "Z" : word;
	if (take_key(word, size, ret_value))
		return "size=";
	return take_key(word, mode, ret_value) ? "mode=" : word;
}

/* docker-run(1): type=bind|tmpfs|volume, source, target, and options, with commas between. */
static int plan_mount(const char *text, struct spec *spec, struct err *err)
{
	static const char *const types[] = { "type", NULL }, *const sources[] = { "source", "src", NULL };
	static const char *const targets[] = { "target", "destination", "dst", NULL };
	cleanup_free char *copy = str_dup(text);
	cleanup_buf struct buf options = { 0 };
	char *rest = copy, *type = "volume", *source = NULL, *target = NULL, *value;
	for (char *word; (word = strsep(&rest, ","));) {
		if (take_key(word, types, &type) || take_key(word, sources, &source) || take_key(word, targets, &target))
			continue;
		const char *plain = plain_word(word, &value);
		buf_fmt(&options, "%s%s%s", options.len ? "," : "", plain, str_ends(plain, "=") ? value : "");
	}
	int r = check_target("--mount", text, target, err);
	if (r < 0)
		return r;
	if (!str_eq(type, "bind") && !str_eq(type, "tmpfs") && !str_eq(type, "volume"))
		return err_set(err, -EINVAL, "--mount %s: there are the types bind, tmpfs and volume", text);
	if (str_eq(type, "bind") != !!source || (source && !*source))
		return err_set(err, -EINVAL, "--mount %s: %s", text, str_eq(type, "bind") ? "a bind mount has a source" :
			str_eq(type, "tmpfs") ? "a tmpfs has no source" : "named volumes do not exist here; give type=bind and a path");
	struct spec_mount *mount = spec_add_mount(spec, source, target, false);
	if (str_eq(type, "volume"))
		mount->kind = MOUNT_OWN;
	return options.len ? apply_options("--mount", text, options.data, mount, err) : 0;
}

/* A user namespace makes no devices, so there is no m to give or refuse; r and w alone could not be enforced. */
static int plan_device(const char *text, struct spec *spec, struct err *err)
{
	cleanup_free char *copy = str_dup(text);
	char *target = strchr(copy, ':'), *access = NULL;
	if (target)
		*target++ = 0;
	if (target && *target != '/' && !strchr(target, ':')) {
		access = target;
		target = NULL;
	} else if (target && strchr(target, ':')) {
		access = strchr(target, ':');
		*access++ = 0;
	}
	if (*copy != '/' || !copy[1])
		return err_set(err, -EINVAL, "--device %s: write it as HOST-PATH[:CONTAINER-PATH], /dev/fuse", text);
	int r = check_target("--device", text, target ? target : copy, err);
	if (r < 0)
		return r;
	if (access && !str_eq(access, "rwm") && !str_eq(access, "rw") && !str_eq(access, "mrw") && !str_eq(access, "wrm"))
		return err_set(err, -EINVAL, "--device %s: reading and writing cannot be given apart here; write rw or nothing", text);
	spec_add_mount(spec, copy, target ? target : copy, false)->kind = MOUNT_DEVICE;
	return 0;
}

static struct spec_mount *find_mount(struct spec *spec, const char *target)
{
	for (size_t i = 0; i < spec->mount_count; i++)
		if (str_eq(spec->mounts[i].target, target))
			return &spec->mounts[i];
	return NULL;
}

/* An image's paths are resolved below its root when they are mounted; ".." and symlinks lead nowhere else. */
static int plan_image_volumes(const struct image *image, struct spec *spec, struct err *err)
{
	for (size_t i = 0; i < image->volumes.len; i++) {
		const char *path = image->volumes.items[i];
		cleanup_free char *target = *path == '/' ? str_dup(path) : str_fmt("/%s", path);
		if (is_root(target))
			return err_set(err, -EINVAL, "%s names its root directory as a volume", image->reference);
		if (!find_mount(spec, target))
			spec_add_mount(spec, NULL, target, false)->kind = MOUNT_OWN;
	}
	return 0;
}

/* As podman does: what programs expect to be able to write to where the rest is read-only, and what systemd expects to be empty. */
static void plan_writable(const struct request *q, struct spec *spec)
{
	bool read_only = q->read_only && q->read_only_tmpfs;
	const struct {
		const char *target;
		unsigned mode;
		bool wanted;
	} writable[] = {
		{ "/run", 0755, read_only || spec->systemd }, { "/run/lock", 01777, spec->systemd },
		{ "/tmp", 01777, read_only || spec->systemd }, { "/var/tmp", 01777, read_only },
	};
	for (size_t i = 0; i < sizeof writable / sizeof *writable; i++) {
		if (!writable[i].wanted || find_mount(spec, writable[i].target))
			continue;
		struct spec_mount *mount = spec_add_mount(spec, NULL, writable[i].target, false);
		mount->has_mode = true;
		mount->mode = writable[i].mode;
		mount->no_exec = false; /* build scripts run what they wrote to /tmp */
	}
}

static size_t depth(const char *path)
{
	size_t n = 0;
	for (; *path; path++)
		n += *path == '/' && path[1] && path[1] != '/';
	return n;
}

/* Parents before what is below them, otherwise as given: insertion keeps the order. */
static int sort_mounts(struct spec *spec, struct err *err)
{
	for (size_t i = 1; i < spec->mount_count; i++) {
		struct spec_mount mount = spec->mounts[i];
		size_t at = i;
		for (; at > 0 && depth(spec->mounts[at - 1].target) > depth(mount.target); at--)
			spec->mounts[at] = spec->mounts[at - 1];
		spec->mounts[at] = mount;
	}
	for (size_t i = 0; i < spec->mount_count; i++)
		for (size_t other = 0; other < i; other++)
			if (str_eq(spec->mounts[i].target, spec->mounts[other].target))
				return err_set(err, -EINVAL, "two mounts are to be at %s", spec->mounts[i].target);
	return 0;
}

static int plan_each(const struct strv *list, int (*plan)(const char *, struct spec *, struct err *), struct spec *spec,
	struct err *err)
{
	for (size_t i = 0; i < list->len; i++) {
		int r = plan(list->items[i], spec, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int plan_shm(const struct request *q, struct spec *spec, struct err *err)
{
	if (spec->isolation.shm_bytes == SPEC_NO_SHM)
		return err_set(err, -EINVAL, "--shm-size does not go with --ipc none: there is no /dev/shm");
	if (spec->namespaces.of[NAMESPACE_IPC].origin != NAMESPACE_NEW)
		return err_set(err, -EINVAL, "--shm-size does not go with --ipc %s: that memory is not the container's own", q->ipc);
	return limits_parse_size("--shm-size", q->shm_size, &spec->isolation.shm_bytes, err);
}

int plan_mounts(const struct request *q, const struct image *image, struct spec *spec, struct err *err)
{
	int r = plan_each(&q->volumes, plan_volume, spec, err);
	if (r == 0)
		r = plan_each(&q->mounts, plan_mount, spec, err);
	if (r == 0)
		r = plan_each(&q->tmpfs, plan_tmpfs, spec, err);
	if (r == 0)
		r = plan_each(&q->devices, plan_device, spec, err);
	if (r == 0)
		r = plan_image_volumes(image, spec, err);
	plan_writable(q, spec);
	if (r == 0 && q->shm_size)
		r = plan_shm(q, spec, err);
	return r < 0 ? r : sort_mounts(spec, err);
}
