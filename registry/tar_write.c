/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tar_write.c owns writing tar archives: the only file that knows libarchive's writer. */
#include "registry/tar_write.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <sys/stat.h>

static ssize_t write_block(struct archive *archive, void *context, const void *data, size_t len)
{
	struct tar_writer *writer = context;
	int r = writer->over ? 0 : writer->put(writer->context, data, len);
	if (r == 0)
		return (ssize_t)len;
	writer->failure = r;
	archive_set_error(archive, -r, "write");
	return -1;
}

static int fail(const struct tar_writer *writer, struct err *err)
{
	if (writer->failure)
		return err_code(err, writer->failure, "cannot write the archive");
	const char *why = archive_error_string(writer->archive);
	return err_set(err, -EIO, "cannot write the archive: %s", why ? why : "unknown error");
}

int tar_writer_open(struct tar_writer *writer, int (*put)(void *context, const void *data, size_t len), void *context,
	struct err *err)
{
	*writer = (struct tar_writer){ .archive = archive_write_new(), .put = put, .context = context };
	if (!writer->archive)
		return err_set(err, -ENOMEM, "no memory to write an archive");
	if (archive_write_set_format_pax_restricted(writer->archive) == ARCHIVE_OK
		&& archive_write_set_format_option(writer->archive, "pax", "xattrheader", "SCHILY") == ARCHIVE_OK
		&& archive_write_set_bytes_in_last_block(writer->archive, 1) == ARCHIVE_OK
		&& archive_write_open(writer->archive, writer, NULL, write_block, NULL) == ARCHIVE_OK)
		return 0;
	return fail(writer, err);
}

/*
 * archive_write_fail: what is left of an entry is not filled up, however long. archive_write_close: else libarchive 3.6.2
 * keeps its block, as it does by itself where archive_write_free meets a failed archive. What it still writes goes nowhere.
 */
void tar_writer_done(struct tar_writer *writer)
{
	if (!writer->archive)
		return;
	writer->over = true;
	archive_write_fail(writer->archive);
	archive_write_close(writer->archive);
	archive_write_free(writer->archive);
	writer->archive = NULL;
}

static int write_header(struct tar_writer *writer, const char *name, mode_t type, mode_t mode, int64_t size, struct err *err)
{
	struct archive_entry *entry = archive_entry_new();
	archive_entry_set_pathname(entry, name);
	archive_entry_set_filetype(entry, type);
	archive_entry_set_perm(entry, mode);
	archive_entry_set_size(entry, size);
	archive_entry_set_mtime(entry, 0, 0);
	int r = archive_write_header(writer->archive, entry);
	archive_entry_free(entry);
	return r == ARCHIVE_OK ? 0 : fail(writer, err);
}

int tar_writer_file(struct tar_writer *writer, const char *name, int64_t size, struct err *err)
{
	return write_header(writer, name, S_IFREG, 0644, size, err);
}

int tar_writer_directory(struct tar_writer *writer, const char *name, struct err *err)
{
	return write_header(writer, name, S_IFDIR, 0755, 0, err);
}

int tar_writer_data(struct tar_writer *writer, const void *data, size_t len, struct err *err)
{
	return archive_write_data(writer->archive, data, len) == (la_ssize_t)len ? 0 : fail(writer, err);
}

int tar_writer_text(struct tar_writer *writer, const char *name, const void *text, size_t len, struct err *err)
{
	int r = tar_writer_file(writer, name, (int64_t)len, err);
	return r < 0 ? r : tar_writer_data(writer, text, len, err);
}

static void set_metadata(struct archive_entry *to, const struct metadata *m)
{
	archive_entry_set_perm(to, m->mode);
	archive_entry_set_uid(to, m->uid);
	archive_entry_set_gid(to, m->gid);
	archive_entry_set_mtime(to, m->mtime.tv_sec, m->mtime.tv_nsec);
	for (size_t i = 0; i < m->xattr_count; i++)
		archive_entry_xattr_add_entry(to, m->xattrs[i].name, m->xattrs[i].value, m->xattrs[i].len);
}

int tar_writer_entry(struct tar_writer *writer, const struct extract_entry *entry, struct err *err)
{
	struct archive_entry *to = archive_entry_new();
	archive_entry_set_pathname(to, entry->name);
	archive_entry_set_filetype(to, entry->type);
	archive_entry_set_size(to, S_ISREG(entry->type) && !entry->hardlink ? entry->size : 0);
	if (entry->hardlink)
		archive_entry_set_hardlink(to, entry->hardlink);
	if (entry->symlink)
		archive_entry_set_symlink(to, entry->symlink);
	if (S_ISCHR(entry->type) || S_ISBLK(entry->type)) {
		archive_entry_set_rdevmajor(to, entry->major);
		archive_entry_set_rdevminor(to, entry->minor);
	}
	set_metadata(to, &entry->metadata);
	int r = archive_write_header(writer->archive, to);
	archive_entry_free(to);
	return r == ARCHIVE_OK || r == ARCHIVE_WARN ? 0 : fail(writer, err); /* a warning: a name is no ASCII, and stays as it is */
}

int tar_writer_end(struct tar_writer *writer, struct err *err)
{
	if (archive_write_close(writer->archive) != ARCHIVE_OK)
		return fail(writer, err);
	archive_write_free(writer->archive);
	writer->archive = NULL;
	return 0;
}
