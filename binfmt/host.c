/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host.c owns the host-wide table under /proc/sys/fs/binfmt_misc: reading it, and, only when asked, writing it. */
#include "binfmt/binfmt.h"
#include "binfmt/emulator.h"
#include "binfmt/table.h"
#include "src/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ENTRY_LIMIT = 8192 };

static bool from_hex(const char *hex, uint8_t *ret_bytes, int room, int *ret_len)
{
	int len = 0;
	for (; sscanf(hex, "%2hhx", &ret_bytes[len]) == 1; hex += 2)
		if (++len == room)
			break;
	*ret_len = len;
	return len > 0;
}

/* An entry's text, as the kernel prints it (fs/binfmt_misc.c, entry_status). */
static void read_line(struct host_handler *handler, const char *line, uint8_t *magic, uint8_t *mask, int *len, int *offset)
{
	int ignored;
	if (str_eq(line, "enabled"))
		handler->enabled = true;
	else if (str_starts(line, "interpreter "))
		snprintf(handler->interpreter, sizeof handler->interpreter, "%s", line + strlen("interpreter "));
	else if (str_starts(line, "flags: "))
		snprintf(handler->flags, sizeof handler->flags, "%s", line + strlen("flags: "));
	else if (str_starts(line, "offset "))
		sscanf(line, "offset %d", offset);
	else if (str_starts(line, "magic "))
		from_hex(line + strlen("magic "), magic, 64, len);
	else if (str_starts(line, "mask "))
		from_hex(line + strlen("mask "), mask, 64, &ignored);
}

static bool would_run(const struct arch *arch, const uint8_t *magic, const uint8_t *mask, int len, int offset)
{
	if (offset != 0 || len < ARCH_MAGIC_SIZE)
		return false;
	for (int i = 0; i < ARCH_MAGIC_SIZE; i++)
		if ((arch->magic[i] & mask[i]) != (magic[i] & mask[i]))
			return false;
	return true;
}

static bool read_entry(int dir_fd, const char *name, const struct arch *arch, struct host_handler *ret_handler)
{
	struct err ignored;
	struct host_handler handler = { .registered = true };
	uint8_t magic[65] = { 0 }, mask[65];
	int len = 0, offset = 0;
	cleanup_buf struct buf text = { 0 };
	memset(mask, 0xff, sizeof mask);
	if (fd_read_file(dir_fd, name, ENTRY_LIMIT, &text, &ignored) < 0)
		return false;
	char *at = text.data;
	for (char *line; at && (line = strsep(&at, "\n"));)
		read_line(&handler, line, magic, mask, &len, &offset);
	if (!would_run(arch, magic, mask, len, offset))
		return false;
	snprintf(handler.name, sizeof handler.name, "%s", name);
	*ret_handler = handler;
	return true;
}

int binfmt_host_find(const struct arch *arch, struct host_handler *ret_handler, struct err *err)
{
	*ret_handler = (struct host_handler){ 0 };
	if (!table_is_mounted())
		return 0;
	int fd = open(TABLE, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return err_sys(err, "cannot list " TABLE);
	for (struct dirent *entry; (entry = table_next(dir));)
		if (read_entry(fd, entry->d_name, arch, ret_handler) && ret_handler->enabled)
			return 0;
	return 0;
}

/*
 * Whoever can change the emulator's file, or put another in its place, would be every user who runs a foreign program.
 * `path` has no symlinks.
 */
static int check_owner(const char *path, struct err *err)
{
	struct stat st;
	cleanup_free char *part = str_dup(path);
	for (char *slash = part + strlen(part); slash; slash = strrchr(part, '/')) {
		*slash = 0;
		const char *name = *part ? part : "/";
		if (stat(name, &st) < 0)
			return err_sys(err, "cannot look at %s", name);
		if (st.st_uid != 0 || (st.st_mode & 022))
			return err_set(err, -EPERM, "%s is not root's alone to write: the emulator %s will not be registered for everybody",
				name, path);
	}
	return 0;
}

static int write_config(const struct arch *arch, const struct buf *rule, struct err *err)
{
	cleanup_free char *name = str_fmt("xrun-%s.conf", arch->qemu);
	int r = fd_mkdir_path("/etc/binfmt.d", 0755, err);
	cleanup_fd int dir_fd = r < 0 ? r : open("/etc/binfmt.d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		return r < 0 ? r : err_sys(err, "cannot open /etc/binfmt.d");
	cleanup_free char *text = str_fmt("%s\n", rule->data);
	r = fd_publish_file(dir_fd, name, text, strlen(text), 0644, err);
	return r < 0 ? err_prefix(err, "/etc/binfmt.d") : 0;
}

static int need_root(const char *verb, struct err *err)
{
	return geteuid() == 0 ? 0 : err_set(err, -EPERM, "the host's table is root's: sudo xrun binfmt %s", verb);
}

static int prepare_table(const struct arch *arch, const char *emulator, struct err *err)
{
	struct emulator_facts facts;
	int r = need_root("install", err);
	if (r == 0 && binfmt_is_native(arch))
		r = err_set(err, -EINVAL, "%s runs natively here: a handler for it would take over the host's own programs", arch->name);
	if (r == 0)
		r = check_owner(emulator, err);
	if (r == 0)
		r = emulator_ask(-1, arch, emulator, &facts, err);
	return r < 0 ? r : table_mount(err);
}

/* Ours is registered anew, with what is asked for now. */
static int register_ours(const struct arch *arch, const struct host_handler *before, const struct buf *rule, struct err *err)
{
	cleanup_free char *entry = str_fmt(TABLE "/%s", before->name);
	int r = before->registered ? fd_write_file(AT_FDCWD, entry, "-1", err) : 0;
	if (r == 0)
		r = fd_write_file(AT_FDCWD, TABLE "/register", rule->data, err);
	return r < 0 ? err_prefix(err, "%s", arch->name) : r;
}

static bool is_ours(const struct arch *arch, const struct host_handler *handler)
{
	return str_starts(handler->name, "xrun-") && str_eq(handler->name + strlen("xrun-"), arch->qemu);
}

static int unregister(const struct arch *arch, struct err *err)
{
	cleanup_free char *entry = str_fmt(TABLE "/xrun-%s", arch->qemu);
	return table_is_mounted() && access(entry, F_OK) == 0 ? fd_write_file(AT_FDCWD, entry, "-1", err) : 0;
}

/* A failure leaves no handler of ours. */
static int install(const struct arch *arch, const char *path, bool credentials, bool persistent, struct host_handler *ret_other,
	struct err *err)
{
	struct err ignored;
	struct host_handler before = { 0 };
	cleanup_buf struct buf rule = { 0 };
	int r = binfmt_host_find(arch, &before, err);
	if (r < 0)
		return r;
	if (before.registered && !before.enabled)
		return err_set(err, -EEXIST, "the host's handler %s for %s is disabled: echo 1 >" TABLE "/%s enables it", before.name,
			arch->name, before.name);
	*ret_other = before;
	if (before.registered && !is_ours(arch, &before))
		return 0;
	*ret_other = (struct host_handler){ 0 };
	binfmt_rule(&rule, arch, path, credentials ? "CF" : "F");
	r = register_ours(arch, &before, &rule, err);
	if (r < 0 || !persistent)
		return r;
	r = write_config(arch, &rule, err);
	if (r < 0)
		unregister(arch, &ignored);
	return r;
}

int binfmt_host_install(const struct arch *arch, const char *emulator, bool credentials, bool persistent,
	struct host_handler *ret_other, struct err *err)
{
	struct err ignored;
	cleanup_free char *path = realpath(emulator, NULL);
	int r = path ? prepare_table(arch, path, err) : err_sys(err, "cannot look at the emulator %s", emulator);
	if (r < 0)
		return r;
	r = install(arch, path, credentials, persistent, ret_other, err);
	if (r < 0)
		table_unmount(&ignored);
	return r;
}

int binfmt_host_remove(const struct arch *arch, struct err *err)
{
	cleanup_free char *config = str_fmt("/etc/binfmt.d/xrun-%s.conf", arch->qemu);
	int r = need_root("remove", err);
	if (r == 0)
		r = unregister(arch, err);
	if (r == 0 && unlink(config) < 0 && errno != ENOENT)
		r = err_sys(err, "cannot remove %s", config);
	return r < 0 ? r : table_unmount(err);
}
