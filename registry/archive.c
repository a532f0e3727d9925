/* SPDX-License-Identifier: GPL-2.0-or-later */
/* archive.c owns the files of an image archive. */
#include "registry/archive.h"
#include "registry/hasher.h"
#include "registry/plain.h"
#include "registry/staging.h"
#include "registry/tar.h"

#include "src/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_ENTRIES = 10000, MAX_LINKS = 8 };
static const uint64_t MAX_BYTES = 64ULL << 30;

/* Names. */

/* Appends the components of `path` to `name`; false where ".." would leave the archive. */
static bool walk(struct buf *name, const char *path)
{
	for (const char *at = path; *at;) {
		size_t len = strcspn(at, "/");
		bool up = len == 2 && at[0] == '.' && at[1] == '.', stays = len == 0 || (len == 1 && *at == '.');
		if (up && !name->len)
			return false;
		if (up) {
			char *slash = strrchr(name->data, '/');
			name->len = slash ? (size_t)(slash - name->data) : 0;
			name->data[name->len] = 0;
		} else if (!stays) {
			buf_fmt(name, "%s%.*s", name->len ? "/" : "", (int)len, at);
		}
		at += len;
		at += strspn(at, "/");
	}
	return true;
}

/* Where a symlink at `name` leads, within the archive; NULL: out of it. */
static char *resolve(const char *name, const char *target)
{
	struct buf path = { 0 };
	const char *slash = strrchr(name, '/');
	buf_str(&path, "");
	if (*target == '/' || !(buf_add(&path, name, slash ? (size_t)(slash - name) : 0), walk(&path, target)) || !path.len) {
		buf_done(&path);
		return NULL;
	}
	return buf_take(&path);
}

/* The name without what means nothing, or NULL: it has "..", or is the archive's root. */
static char *plain_name(const char *name)
{
	struct buf path = { 0 };
	buf_str(&path, "");
	bool leaves = str_eq(name, "..") || str_starts(name, "../") || strstr(name, "/../") || str_ends(name, "/..");
	if (!leaves && walk(&path, name) && path.len)
		return buf_take(&path);
	buf_done(&path);
	return NULL;
}

static const struct archive_file *find_entry(const struct archive_files *files, const char *name)
{
	for (size_t i = 0; i < files->count; i++)
		if (str_eq(files->files[i].name, name))
			return &files->files[i];
	return NULL;
}

const struct archive_file *archive_find(const struct archive_files *files, const char *name)
{
	cleanup_free char *plain = plain_name(name);
	const struct archive_file *file = plain ? find_entry(files, plain) : NULL;
	for (int links = 0; file && file->link; links++)
		file = links < MAX_LINKS ? find_entry(files, file->link) : NULL;
	return file;
}

const struct archive_file *archive_find_digest(const struct archive_files *files, const struct digest *digest)
{
	for (size_t i = 0; i < files->count; i++)
		if (!files->files[i].link && digest_equal(&files->files[i].digest, digest))
			return &files->files[i];
	return NULL;
}

int archive_open(const struct archive_files *files, const struct archive_file *file, struct err *err)
{
	char number[16];
	snprintf(number, sizeof number, "%td", file - files->files);
	int fd = openat(files->dir_fd, number, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_sys(err, "cannot open %s of the archive", file->name) : fd;
}

/* Staging. */

static int copy_content(struct tar *tar, struct archive_file *file, int fd, struct err *err)
{
	struct hasher hasher;
	const void *data;
	size_t len;
	int64_t offset;
	int r;
	hasher_init(&hasher);
	while ((r = tar_read(tar, &data, &len, &offset, err)) > 0) {
		if (offset != file->size) /* a sparse file: nobody writes images so */
			r = err_set(err, -EBADMSG, "%s in the archive is a sparse file", file->name);
		else if ((r = fd_write_all(fd, data, len)) < 0)
			err_code(err, r, "cannot write %s of the archive to the store", file->name);
		if (r < 0)
			break;
		hasher_add(&hasher, data, len);
		file->size += (int64_t)len;
	}
	if (r == 0)
		hasher_end(&hasher, &file->digest);
	hasher_done(&hasher);
	return r;
}

static int stage_file(struct archive_files *files, struct tar *tar, const struct extract_entry *entry, struct err *err)
{
	struct archive_file *file = &files->files[files->count - 1];
	char number[16];
	snprintf(number, sizeof number, "%zu", files->count - 1);
	cleanup_fd int fd = openat(files->dir_fd, number, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return err_sys(err, "cannot create a file in the store's staging directory");
	int r = copy_content(tar, file, fd, err);
	if (r == 0 && file->size != entry->size)
		r = err_set(err, -EBADMSG, "%s in the archive is a sparse file", file->name);
	return r;
}

static struct archive_file *add_file(struct archive_files *files, char *name)
{
	files->files = mem_grow(files->files, files->count + 1, sizeof *files->files);
	struct archive_file *file = &files->files[files->count++];
	*file = (struct archive_file){ .name = name };
	return file;
}

/* An image layout has neither links in its root nor among its blobs (image-layout.md knows none). */
static bool is_of_layout(const char *name)
{
	return str_eq(name, "blobs") || str_starts(name, "blobs/") || !strchr(name, '/');
}

static int add_link(struct archive_files *files, char *name, const struct extract_entry *entry, struct err *err)
{
	struct archive_file *file = add_file(files, name);
	file->is_symlink = !entry->hardlink;
	file->link = entry->hardlink ? plain_name(entry->hardlink) : resolve(name, entry->symlink);
	if (!file->link)
		return err_set(err, -EBADMSG, "%s in the archive is a link that leads out of it", name);
	if (is_of_layout(name))
		return err_set(err, -EBADMSG, "%s in the archive is a link; an image's files are not", name);
	return 0;
}

static int add_entry(struct archive_files *files, struct tar *tar, const struct extract_entry *entry, struct err *err)
{
	bool is_link = entry->hardlink || entry->symlink;
	if (!is_link && S_ISDIR(entry->type))
		return 0;
	if (!is_link && !S_ISREG(entry->type))
		return err_set(err, -EBADMSG, "%s in the archive is neither a file nor a directory", entry->name);
	char *name = plain_name(entry->name);
	if (!name)
		return err_set(err, -EBADMSG, "the archive has an entry with the name %s", entry->name);
	if (find_entry(files, name)) {
		err_set(err, -EBADMSG, "the archive has two entries with the name %s", name);
		free(name);
		return err->code;
	}
	if (is_link)
		return add_link(files, name, entry, err);
	add_file(files, name);
	return stage_file(files, tar, entry, err);
}

static int stage_entries(struct archive_files *files, struct stream *plain, struct err *err)
{
	struct tar tar = { .plain = plain, .what = "archive", .max_entries = MAX_ENTRIES, .max_size = MAX_BYTES };
	struct extract_entry entry;
	int r = tar_open(&tar, err);
	while (r > 0 && (r = tar_next(&tar, &entry, err)) > 0) {
		r = add_entry(files, &tar, &entry, err);
		if (r == 0)
			r = 1;
	}
	if (r == 0)
		r = tar_rest(&tar);
	tar_close(&tar);
	return r;
}

/* What other tools may have packed it with, and we do not read. */
static int refuse_others(const struct plain *plain, struct err *err)
{
	const char *packer = !memcmp(plain->head, "\xfd" "7zXZ", 6) ? "xz" : !memcmp(plain->head, "BZh", 3) ? "bzip2" : NULL;
	if (plain->head_len == 0)
		return err_set(err, -EBADMSG, "the archive is empty");
	return packer ? err_set(err, -ENOTSUP, "the archive is packed with %s; gzip and zstd are understood: unpack it and pipe it in",
				packer) : 0;
}

int archive_stage(const struct store *store, int fd, struct archive_files *ret_files, struct err *err)
{
	cleanup_archive struct archive_files files = { .store = store, .dir_fd = -1 };
	struct plain plain;
	int r = plain_sniff(&plain, fd, err);
	if (r == 0)
		r = refuse_others(&plain, err);
	if (r == 0)
		r = files.dir_fd = staging_make(store, "archive", files.dir, err);
	if (r < 0)
		return r;
	r = plain_open(&plain, MAX_BYTES, err);
	if (r == 0)
		r = stage_entries(&files, plain.stream, err);
	r = plain_close(&plain, r, err);
	if (r < 0)
		return r;
	*ret_files = files;
	files = (struct archive_files)ARCHIVE_NONE;
	return 0;
}

void archive_discard(struct archive_files *files)
{
	struct err ignored;
	for (size_t i = 0; i < files->count; i++) {
		free(files->files[i].name);
		free(files->files[i].link);
	}
	free(files->files);
	if (files->dir_fd >= 0)
		fd_remove_tree(files->store->staging_fd, files->dir, &ignored);
	fd_close(&files->dir_fd);
	*files = (struct archive_files)ARCHIVE_NONE;
}
