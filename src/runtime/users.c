/* SPDX-License-Identifier: GPL-2.0-or-later */
/* users.c owns a container's /etc/passwd and /etc/group. */
#include "src/runtime/users.h"

#include "src/base/fd.h"
#include "src/base/mark.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_LIMIT = 4 << 20 };

/* The image may have planted a fifo, a device or an endless file here: only a regular one of bounded size is read. 1, or 0 for none. */
static int read_file(int root_fd, const char *path, struct buf *ret_text, struct err *err)
{
	struct stat st;
	cleanup_fd int fd = fd_openat2(root_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, RESOLVE_IN_ROOT);
	if (fd == -ENOENT || fd == -ENOTDIR) {
		buf_str(ret_text, "");
		return 0;
	}
	if (fd < 0)
		return err_code(err, fd, "cannot open the image's /%s", path);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > FILE_LIMIT)
		return err_set(err, -EINVAL, "the image's /%s is not a regular file of at most 4 MiB", path);
	int r = fd_read_all(fd, FILE_LIMIT, ret_text);
	buf_str(ret_text, "");
	return r < 0 ? err_code(err, r, "cannot read the image's /%s", path) : 1;
}

int users_find(int root_fd, const char *wish, const struct strv *groups, struct user *ret_user, struct err *err)
{
	cleanup_buf struct buf passwd = { 0 }, group = { 0 };
	int r = read_file(root_fd, "etc/passwd", &passwd, err);
	if (r >= 0)
		r = read_file(root_fd, "etc/group", &group, err);
	if (r >= 0)
		r = user_resolve(wish, passwd.data, group.data, ret_user, err);
	for (size_t i = 0; r >= 0 && i < groups->len; i++)
		r = user_add_group(ret_user, groups->items[i], group.data, err);
	return r;
}

/* One of the two files. */
struct file {
	const char *path;
	struct buf text, more;
	bool there;
};

/* Its own number if there is no other name, or the image means another one by it. */
static char *choose_name(const struct file *file, const char *name, uint32_t number)
{
	return name && !user_has_name(file->text.data, name) ? str_dup(name) : str_fmt("%u", number);
}

/* podman's: what the environment says, else where the program begins. */
static const char *choose_home(const struct spec *spec)
{
	const char *home = strv_env_get(&spec->env, "HOME");
	home = home && *home ? home : spec->cwd;
	return home && !home[strcspn(home, ":\n")] ? home : "/";
}

static void want(const struct spec *spec, struct file *passwd, struct file *group, uint32_t uid, uint32_t gid)
{
	bool kept = uid == spec->kept_uid && gid == spec->kept_gid;
	cleanup_free char *user_name = choose_name(passwd, kept ? spec->kept_user : NULL, uid);
	cleanup_free char *group_name = choose_name(group, kept ? spec->kept_group : NULL, gid);
	if (passwd->there && !user_has_number(passwd->text.data, uid) && !user_has_number(passwd->more.data, uid))
		buf_fmt(&passwd->more, "%s:*:%u:%u:container user:%s:/bin/sh\n", user_name, uid, gid, choose_home(spec));
	if (group->there && !user_has_number(group->text.data, gid) && !user_has_number(group->more.data, gid))
		buf_fmt(&group->more, "%s:x:%u:\n", group_name, gid);
}

static int add(const struct spec *spec, struct file *file, int root_fd, int upper_fd, struct err *err)
{
	if (!file->more.len)
		return 0;
	cleanup_fd int etc_fd = fd_openat2(upper_fd, "etc", O_RDONLY | O_DIRECTORY, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
	bool had = etc_fd >= 0 && faccessat(etc_fd, strchr(file->path, '/') + 1, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	fd_close(&etc_fd);
	cleanup_fd int fd = fd_openat2(root_fd, file->path, O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY, 0, RESOLVE_IN_ROOT);
	if (fd < 0 && spec->rootfs) /* a directory of the host whose files are others' */
		return 0;
	int r = fd < 0 ? fd : 0;
	if (r == 0 && file->text.len && file->text.data[file->text.len - 1] != '\n')
		r = fd_write_all(fd, "\n", 1);
	if (r == 0)
		r = fd_write_all(fd, file->more.data, file->more.len);
	if (r < 0)
		return err_code(err, r, "cannot add the user to the container's /%s", file->path);
	etc_fd = had ? -1 : fd_openat2(upper_fd, "etc", O_RDONLY | O_DIRECTORY, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
	if (etc_fd >= 0)
		mark_copy(etc_fd, strchr(file->path, '/') + 1);
	return 0;
}

static int read_both(struct file *passwd, struct file *group, int root_fd, struct err *err)
{
	int r = read_file(root_fd, passwd->path, &passwd->text, err);
	passwd->there = r > 0;
	if (r >= 0)
		r = read_file(root_fd, group->path, &group->text, err);
	group->there = r > 0;
	buf_str(&passwd->more, "");
	buf_str(&group->more, "");
	return r;
}

static bool keeps_id(const struct spec *spec)
{
	return spec->kept_uid || spec->kept_gid;
}

static bool is_numbered(const struct spec *spec)
{
	return spec->user && isdigit((unsigned char)*spec->user);
}

bool users_are_wanted(const struct spec *spec)
{
	return keeps_id(spec) || is_numbered(spec);
}

int users_add(const struct spec *spec, int root_fd, int upper_fd, struct err *err)
{
	struct user user;
	struct err ignored;
	struct file passwd = { .path = "etc/passwd" }, group = { .path = "etc/group" };
	int r = read_both(&passwd, &group, root_fd, err);
	if (r >= 0 && keeps_id(spec))
		want(spec, &passwd, &group, spec->kept_uid, spec->kept_gid);
	/* A user that there is not is an error when the program starts. */
	if (r >= 0 && is_numbered(spec) && user_resolve(spec->user, passwd.text.data, group.text.data, &user, &ignored) == 0 && user.uid)
		want(spec, &passwd, &group, user.uid, user.gid);
	if (r >= 0)
		r = add(spec, &passwd, root_fd, upper_fd, err);
	if (r >= 0)
		r = add(spec, &group, root_fd, upper_fd, err);
	struct buf *all[] = { &passwd.text, &passwd.more, &group.text, &group.more };
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		buf_done(all[i]);
	return r < 0 ? r : 0;
}
