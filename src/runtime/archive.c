/* SPDX-License-Identifier: GPL-2.0-or-later */
/* archive.c owns writing a tree of files as a tar archive. */
#include "src/runtime/archive.h"

#include "src/base/fd.h"
#include "src/base/links.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { BLOCK = 512, CHUNK = 65536, LINK_MAX_BYTES = 4096, MAX_DEPTH = 2000 };

/* pax(1), "ustar Interchange Format". */
struct header {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], sum[8], type, link[100], magic[6], version[2], user[32], group[32],
		major[8], minor[8], prefix[155], rest[12];
};
_Static_assert(sizeof(struct header) == BLOCK, "a header is a block");

struct archive {
	int out_fd;
	const char *before;   /* what errors put before an entry's name */
	bool one_mount;       /* what is mounted below is not part of it */
	uint64_t mount_id;
	struct links links;
	unsigned left_out;    /* sockets */
};

struct item {
	const char *path;    /* without a slash before it */
	const char *link;
	char type;
	uint64_t size;
	const struct statx *st;
	struct buf capability; /* security.capability */
};

static int put(const struct archive *archive, const void *data, size_t len, struct err *err)
{
	int r = fd_write_all(archive->out_fd, data, len);
	return r < 0 ? err_code(err, r, "cannot write the archive") : 0;
}

static int pad(const struct archive *archive, uint64_t size, struct err *err)
{
	static const char zeros[BLOCK];
	return put(archive, zeros, (BLOCK - size % BLOCK) % BLOCK, err);
}

static void octal(char *field, size_t size, uint64_t value)
{
	snprintf(field, size, "%0*llo", (int)size - 1, (unsigned long long)value);
}

static void seal(struct header *h)
{
	unsigned sum = 0;
	memcpy(h->magic, "ustar", 6);
	memcpy(h->version, "00", 2);
	memset(h->sum, ' ', sizeof h->sum);
	for (size_t i = 0; i < sizeof *h; i++)
		sum += ((const unsigned char *)h)[i];
	snprintf(h->sum, sizeof h->sum, "%06o", sum);
	h->sum[7] = ' ';
}

/* "LENGTH KEY=VALUE\n", the length counting its own digits. */
static void add_record(struct buf *records, const char *key, const void *value, size_t len)
{
	size_t bare = strlen(key) + len + strlen(" =\n"), total = bare;
	for (int i = 0; i < 3; i++) { /* a digit more may take another one */
		cleanup_free char *number = str_fmt("%zu", total);
		total = bare + strlen(number);
	}
	buf_fmt(records, "%zu %s=", total, key);
	buf_add(records, value, len);
	buf_str(records, "\n");
}

static void add_number(struct buf *records, const char *key, uint64_t value, uint64_t limit)
{
	cleanup_free char *text = str_fmt("%llu", (unsigned long long)value);
	if (value > limit)
		add_record(records, key, text, strlen(text));
}

static int put_records(const struct archive *archive, const struct item *item, struct err *err)
{
	struct header h = { .type = 'x' };
	cleanup_buf struct buf records = { 0 };
	const size_t name_room = sizeof h.name, link_room = sizeof h.link;
	if (strlen(item->path) > name_room)
		add_record(&records, "path", item->path, strlen(item->path));
	if (strlen(item->link) > link_room)
		add_record(&records, "linkpath", item->link, strlen(item->link));
	add_number(&records, "size", item->size, 077777777777);
	add_number(&records, "uid", item->st->stx_uid, 07777777);
	add_number(&records, "gid", item->st->stx_gid, 07777777);
	if (item->capability.len)
		add_record(&records, "SCHILY.xattr.security.capability", item->capability.data, item->capability.len);
	if (!records.len)
		return 0;
	memcpy(h.name, "pax-header", sizeof "pax-header");
	octal(h.mode, sizeof h.mode, 0644);
	octal(h.size, sizeof h.size, records.len);
	octal(h.mtime, sizeof h.mtime, 0);
	seal(&h);
	int r = put(archive, &h, sizeof h, err);
	if (r == 0)
		r = put(archive, records.data, records.len, err);
	return r < 0 ? r : pad(archive, records.len, err);
}

static int put_header(const struct archive *archive, const struct item *item, struct err *err)
{
	const struct statx *st = item->st;
	struct header h = { .type = item->type };
	int r = put_records(archive, item, err);
	if (r < 0)
		return r;
	memcpy(h.name, item->path, strnlen(item->path, sizeof h.name));
	memcpy(h.link, item->link, strnlen(item->link, sizeof h.link));
	octal(h.mode, sizeof h.mode, st->stx_mode & 07777);
	octal(h.uid, sizeof h.uid, st->stx_uid <= 07777777 ? st->stx_uid : 0);
	octal(h.gid, sizeof h.gid, st->stx_gid <= 07777777 ? st->stx_gid : 0);
	octal(h.size, sizeof h.size, item->size <= 077777777777 ? item->size : 0);
	octal(h.mtime, sizeof h.mtime, st->stx_mtime.tv_sec > 0 ? st->stx_mtime.tv_sec : 0);
	if (item->type == '3' || item->type == '4') {
		octal(h.major, sizeof h.major, st->stx_rdev_major);
		octal(h.minor, sizeof h.minor, st->stx_rdev_minor);
	}
	seal(&h);
	return put(archive, &h, sizeof h, err);
}

/* As many bytes as were announced: a file that shrinks meanwhile is filled up, one that grows cut. */
static int put_data(const struct archive *archive, int fd, const struct item *item, struct err *err)
{
	static char data[CHUNK];
	for (uint64_t left = item->size; left > 0;) {
		ssize_t n = read(fd, data, left < CHUNK ? left : CHUNK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "cannot read %s%s", archive->before, item->path);
		if (n == 0)
			memset(data, 0, n = (ssize_t)(left < CHUNK ? left : CHUNK));
		int r = put(archive, data, n, err);
		if (r < 0)
			return r;
		left -= n;
	}
	return pad(archive, item->size, err);
}

static bool is_ours(const struct archive *archive, const struct statx *st)
{
	return !archive->one_mount || st->stx_mnt_id == archive->mount_id;
}

static int put_file(struct archive *archive, int dir_fd, const char *name, struct item *item, struct err *err)
{
	const struct statx *st = item->st;
	const char *first;
	int r = links_first(&archive->links, makedev(st->stx_dev_major, st->stx_dev_minor), st->stx_ino, st->stx_nlink, item->path, &first, err);
	if (r < 0)
		return r;
	if (first) {
		item->type = '1';
		item->link = first;
		return put_header(archive, item, err);
	}
	cleanup_fd int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	char value[64];
	if (fd < 0)
		return err_sys(err, "cannot open %s%s", archive->before, item->path);
	ssize_t n = fgetxattr(fd, "security.capability", value, sizeof value);
	if (n > 0)
		buf_add(&item->capability, value, n);
	item->type = '0';
	item->size = item->st->stx_size;
	r = put_header(archive, item, err);
	buf_done(&item->capability);
	return r < 0 ? r : put_data(archive, fd, item, err);
}

static int put_entry(struct archive *archive, int dir_fd, const char *name, const char *path, int depth, struct err *err);

static int put_contents(struct archive *archive, int dir_fd, const char *path, int depth, struct err *err)
{
	cleanup_strv struct strv names = { 0 };
	cleanup_free char *shown = str_fmt("%s%s", archive->before, path);
	if (depth > MAX_DEPTH)
		return err_set(err, -ELOOP, "directories lie more than %d deep", MAX_DEPTH);
	int r = fd_list(dir_fd, shown, &names, err);
	for (size_t i = 0; r == 0 && i < names.len; i++) {
		cleanup_free char *below = fd_path_below(path, names.items[i], err);
		r = below ? put_entry(archive, dir_fd, names.items[i], below, depth + 1, err) : err->code;
	}
	return r;
}

static int put_directory(struct archive *archive, int dir_fd, const char *name, struct item *item, int depth, struct err *err)
{
	cleanup_free char *path = str_fmt("%s/", item->path);
	struct item directory = *item;
	directory.path = path;
	directory.type = '5';
	int r = put_header(archive, &directory, err);
	if (r < 0 || !is_ours(archive, item->st))
		return r;
	cleanup_fd int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_sys(err, "cannot open %s%s", archive->before, path) : put_contents(archive, fd, path, depth, err);
}

static int put_symlink(struct archive *archive, int dir_fd, const char *name, struct item *item, struct err *err)
{
	char target[LINK_MAX_BYTES + 1];
	ssize_t n = readlinkat(dir_fd, name, target, LINK_MAX_BYTES);
	if (n < 0)
		return err_sys(err, "cannot read the symlink %s%s", archive->before, item->path);
	target[n] = 0;
	item->type = '2';
	item->link = target;
	int r = put_header(archive, item, err);
	item->link = "";
	return r;
}

static int put_entry(struct archive *archive, int dir_fd, const char *name, const char *path, int depth, struct err *err)
{
	struct statx st;
	if (statx(dir_fd, name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS | STATX_MNT_ID, &st) < 0)
		return errno == ENOENT ? 0 : err_sys(err, "cannot look at %s%s", archive->before, path); /* deleted meanwhile */
	struct item item = { .path = path, .link = "", .st = &st };
	switch (st.stx_mode & S_IFMT) {
	case S_IFDIR:
		return put_directory(archive, dir_fd, name, &item, depth, err);
	case S_IFREG: /* a file of the host's that is mounted there is left out */
		return is_ours(archive, &st) ? put_file(archive, dir_fd, name, &item, err) : 0;
	case S_IFLNK:
		return put_symlink(archive, dir_fd, name, &item, err);
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
		item.type = (char)(S_ISCHR(st.stx_mode) ? '3' : S_ISBLK(st.stx_mode) ? '4' : '6');
		return put_header(archive, &item, err);
	default:
		archive->left_out++;
		return 0;
	}
}

static int put_end(const struct archive *archive, struct err *err)
{
	static const char end[2 * BLOCK];
	return put(archive, end, sizeof end, err);
}

int archive_write_entry(int dir_fd, const char *name, const char *as, int out_fd, unsigned *ret_left_out, struct err *err)
{
	struct archive archive = { .out_fd = out_fd, .before = "" };
	int r = faccessat(dir_fd, name, F_OK, AT_SYMLINK_NOFOLLOW);
	r = r < 0 ? err_sys(err, "cannot look at %s", name) : put_entry(&archive, dir_fd, name, as, 0, err);
	links_done(&archive.links);
	*ret_left_out = archive.left_out;
	return r < 0 ? r : put_end(&archive, err);
}

int archive_write_tree(int root_fd, int out_fd, struct err *err)
{
	struct statx st;
	struct archive archive = { .out_fd = out_fd, .before = "/", .one_mount = true };
	if (statx(root_fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_MNT_ID, &st) < 0)
		return err_sys(err, "cannot look at the container's root");
	archive.mount_id = st.stx_mnt_id;
	int r = put_contents(&archive, root_fd, "", 0, err);
	links_done(&archive.links);
	return r < 0 ? r : put_end(&archive, err);
}
