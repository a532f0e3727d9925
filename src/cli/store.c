/* SPDX-License-Identifier: GPL-2.0-or-later */
/* store.c owns where the store is, and which platform an image is wanted for. */
#include "src/cli/cli.h"

#include "binfmt/arch.h"
#include "src/base/calls.h"
#include "src/base/fd.h"
#include "src/base/split.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *default_root(void)
{
	const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
	if (geteuid() == 0)
		return str_dup("/var/lib/xrun");
	if (data && *data == '/')
		return str_fmt("%s/xrun", data);
	return home && *home == '/' ? str_fmt("%s/.local/share/xrun", home) : NULL;
}

static char *default_runroot(void)
{
	const char *run = getenv("XDG_RUNTIME_DIR");
	if (geteuid() == 0)
		return str_dup("/run/xrun");
	return run && *run == '/' ? str_fmt("%s/xrun", run) : NULL;
}

/* Nothing is in it, but for what a new file system brings. */
static bool is_empty(int dir_fd)
{
	struct err ignored;
	cleanup_strv struct strv names = { 0 };
	return fd_list(dir_fd, "it", &names, &ignored) == 0 && names.len <= strv_has(&names, "lost+found");
}

/*
 * The directory changes hands, and nobody else enters it any more: /etc would be lost, be it by a slip, or because who may write beside
 * root's --root has put a symlink there.
 */
static bool may_become_store(int dir_fd)
{
	return is_empty(dir_fd) || faccessat(dir_fd, "oci-layout", F_OK, AT_SYMLINK_NOFOLLOW) == 0 ||
	       faccessat(dir_fd, "containers", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* A directory of ours, made if need be, that belongs to the containers' root afterwards. */
static int open_own(const char *path, const char *option, const struct idmap *map, struct err *err)
{
	struct stat st;
	int r = fd_mkdir_path(path, 0700, err);
	if (r < 0)
		return err_prefix(err, "the store");
	cleanup_fd int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(err, "cannot open the store %s", path);
	if (st.st_uid == map->uids.root_outside)
		return fd_take(&fd);
	if (geteuid() != 0 || st.st_uid != 0)
		return err_set(err, -EPERM, "the store %s belongs to user %u; give another with %s DIR", path, st.st_uid, option);
	if (!may_become_store(fd))
		return err_set(err, -ENOTEMPTY, "the directory %s has files of another kind in it, and would belong to the containers' root as a store; "
			"give another with %s DIR", path, option);
	if (fchmod(fd, 0700) < 0 || fchown(fd, map->uids.root_outside, map->gids.root_outside) < 0)
		return err_sys(err, "cannot give the store %s to the containers' root", path);
	return fd_take(&fd);
}

/* One directory for each store, called by what the store is, whatever path led there. */
static int open_beside(const struct globals *globals, const char *path, int store_fd, const struct idmap *map, struct err *err)
{
	struct stat st;
	cleanup_free char *real = realpath(path, NULL);
	cleanup_free char *root = globals->runroot ? str_dup(globals->runroot) : default_runroot();
	if (!real || fstat(store_fd, &st) < 0)
		return err_sys(err, "the store %s", path);
	if (!root)
		return err_set(err, -EROFS, "the store %s is read-only, and XDG_RUNTIME_DIR is not set: say where containers go with --runroot DIR", path);
	cleanup_free char *beside = str_fmt("%s/%llx-%llx", root, (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	cleanup_fd int fd = open_own(beside, "--runroot", map, err);
	int r = fd < 0 ? fd : split_link_images(fd, real, err);
	return r < 0 ? err_prefix(err, "the store %s is read-only", path) : fd_take(&fd);
}

int cli_open_store_dir(const struct globals *globals, const struct idmap *map, struct err *err)
{
	cleanup_free char *path = globals->root ? str_dup(globals->root) : default_root();
	if (!path)
		return err_set(err, -ENOENT, "neither XDG_DATA_HOME nor HOME is set; say where the store is with --root DIR");
	cleanup_fd int fd = open_own(path, "--root", map, err);
	if (fd < 0)
		return fd;
	return split_is_read_only(fd) ? open_beside(globals, path, fd, map, err) : fd_take(&fd);
}

void cli_forget_descriptors(int kept_fd)
{
	if (kept_fd > 3)
		calls_close_range(3, (unsigned)kept_fd - 1, 0);
	calls_close_range(kept_fd < 3 ? 3 : (unsigned)kept_fd + 1, ~0u, 0);
}

int cli_hold_store(int store_dir_fd, struct store *ret_store, struct err *err)
{
	return store_open(ret_store, store_dir_fd, false, err);
}

const struct arch *cli_arch(const char *name, struct err *err)
{
	const struct arch *arch = arch_by_name(name);
	if (!arch)
		err_set(err, -EINVAL, "unknown architecture %s; `xrun binfmt status` lists them", name);
	return arch;
}

static int bad_platform(const char *option, const char *text, struct err *err)
{
	bool has_slash = strchr(text, '/');
	if (strchr(text, ',') || str_eq(text, "all"))
		return err_set(err, -EINVAL, "%s %s: one architecture is wanted here", option, text);
	if (!*text || str_eq(text, "linux") || str_eq(text, "linux/"))
		return err_set(err, -EINVAL, "%s \"%s\": the architecture is missing; write it like %s", option, text,
			str_eq(option, "--arch") ? "arm64" : "linux/arm64");
	if (str_starts(text, "windows") || str_starts(text, "darwin") || (has_slash && !str_starts(text, "linux/")))
		return err_set(err, -EINVAL, "%s %s: only linux programs run here", option, text);
	cli_arch(text, err);
	return err->code;
}

int cli_platform(const char *arch, const char *platform, struct platform *ret_platform, struct err *err)
{
	const struct arch *found = arch_host();
	if (arch && platform)
		return err_set(err, -EINVAL, "--arch and --platform say the same thing: give one");
	const char *text = arch ? arch : platform;
	if (text)
		found = arch_by_name(text);
	if (text && !found)
		return bad_platform(arch ? "--arch" : "--platform", text, err);
	*ret_platform = (struct platform){ .os = "linux" };
	snprintf(ret_platform->arch, sizeof ret_platform->arch, "%s", found->oci_arch);
	snprintf(ret_platform->variant, sizeof ret_platform->variant, "%s", found->oci_variant);
	return 0;
}
