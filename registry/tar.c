/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tar.c owns reading tar archives: the only file that knows libarchive's reader. */
#include "registry/tar.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

static ssize_t next_block(struct archive *archive, void *context, const void **ret_data)
{
	(void)archive;
	struct tar *tar = context;
	ssize_t n = stream_next(tar->plain, 0, ret_data);
	if (n < 0) {
		tar->aborted = n;
		return ARCHIVE_FATAL;
	}
	tar->bytes += n;
	return n;
}

static int fail_tar(struct tar *tar, struct err *err)
{
	if (tar->aborted)
		return tar->aborted;
	const char *why = archive_error_string(tar->archive);
	const char *name = tar->current ? archive_entry_pathname(tar->current) : NULL;
	if (!tar->entries)
		return err_set(err, -EBADMSG, "the %s is not a sound tar archive: %s", tar->what, why ? why : "unknown error");
	return err_set(err, -EBADMSG, "the %s's tar archive is damaged at or after %s: %s", tar->what, name ? name : "an entry",
		why ? why : "unknown error");
}

int tar_open(struct tar *tar, struct err *err)
{
	tar->c = newlocale(LC_ALL_MASK, "C", (locale_t)0); /* see is_harmless */
	tar->before = uselocale(tar->c);
	tar->archive = archive_read_new();
	if (!tar->archive)
		return err_set(err, -ENOMEM, "no memory to read a tar archive");
	/* "._NAME" is a file like any other, not macOS metadata of NAME. */
	if (archive_read_support_format_tar(tar->archive) == ARCHIVE_OK
		&& archive_read_set_format_option(tar->archive, "tar", "mac-ext", NULL) == ARCHIVE_OK
		&& archive_read_open(tar->archive, tar, NULL, next_block, NULL) == ARCHIVE_OK)
		return 1;
	return tar->bytes || tar->aborted ? fail_tar(tar, err) : 0;
}

void tar_close(struct tar *tar)
{
	archive_read_free(tar->archive);
	free(tar->xattrs);
	uselocale(tar->before);
	if (tar->c)
		freelocale(tar->c);
}

/*
 * In the C locale libarchive cannot convert a name that is not ASCII from UTF-8; it warns, and takes the bytes as they
 * are, which is what we want (in a UTF-8 locale it would normalise them, and NFD names would become others). All
 * other warnings mean that something was left out.
 */
static bool is_harmless(struct tar *tar)
{
	const char *why = archive_error_string(tar->archive);
	return why && strstr(why, "can't be converted from UTF-8 to current locale");
}

static int next_header(struct tar *tar, struct err *err)
{
	int r = archive_read_next_header(tar->archive, &tar->current);
	if (r == ARCHIVE_EOF)
		return 0;
	if (r != ARCHIVE_OK && !(r == ARCHIVE_WARN && is_harmless(tar)))
		return fail_tar(tar, err);
	if (++tar->entries > tar->max_entries)
		return err_set(err, -EFBIG, "the %s has more than %" PRIu64 " entries, which is the limit", tar->what,
			tar->max_entries);
	return 1;
}

static size_t read_xattrs(struct tar *tar)
{
	size_t count = archive_entry_xattr_reset(tar->current);
	if (count > tar->xattr_room) {
		tar->xattrs = mem_grow(tar->xattrs, count, sizeof *tar->xattrs);
		tar->xattr_room = count;
	}
	for (size_t i = 0; i < count; i++) {
		struct xattr *xattr = &tar->xattrs[i];
		if (archive_entry_xattr_next(tar->current, &xattr->name, &xattr->value, &xattr->len) != ARCHIVE_OK)
			return i;
	}
	return count;
}

/* libarchive 3.6 reads "-1.25" as one second before 1970 and a quarter after that: the fraction lacks its sign. */
static struct timespec read_time(struct archive_entry *e)
{
	struct timespec t = { archive_entry_mtime(e), archive_entry_mtime_nsec(e) };
	if (t.tv_sec < 0 && t.tv_nsec > 0) {
		t.tv_sec--;
		t.tv_nsec = 1000000000 - t.tv_nsec;
	}
	return t;
}

static int read_entry(struct tar *tar, struct extract_entry *ret_entry, struct err *err)
{
	struct archive_entry *e = tar->current;
	const char *name = archive_entry_pathname(e);
	if (!name)
		return err_set(err, -EBADMSG, "the %s has an entry without a name", tar->what);
	*ret_entry = (struct extract_entry){
		.name = name,
		.hardlink = archive_entry_hardlink(e),
		.symlink = archive_entry_symlink(e),
		.type = archive_entry_filetype(e),
		.size = archive_entry_size(e),
		.major = archive_entry_rdevmajor(e),
		.minor = archive_entry_rdevminor(e),
		.metadata = {
			.mode = archive_entry_perm(e),
			.uid = archive_entry_uid(e),
			.gid = archive_entry_gid(e),
			.mtime = read_time(e),
		},
	};
	ret_entry->metadata.xattr_count = read_xattrs(tar);
	ret_entry->metadata.xattrs = tar->xattrs;
	if (ret_entry->size < 0 || (uint64_t)ret_entry->size > tar->max_size)
		return err_set(err, -EFBIG, "%s in the %s is larger than %" PRIu64 " bytes, which is the limit", name,
			tar->what, tar->max_size);
	return 0;
}

int tar_next(struct tar *tar, struct extract_entry *ret_entry, struct err *err)
{
	int r = next_header(tar, err);
	if (r <= 0)
		return r;
	r = read_entry(tar, ret_entry, err);
	return r < 0 ? r : 1;
}

int tar_read(struct tar *tar, const void **ret_data, size_t *ret_len, int64_t *ret_offset, struct err *err)
{
	la_int64_t offset;
	int r = archive_read_data_block(tar->archive, ret_data, ret_len, &offset);
	*ret_offset = offset;
	return r == ARCHIVE_OK ? 1 : r == ARCHIVE_EOF ? 0 : fail_tar(tar, err);
}

int tar_rest(struct tar *tar)
{
	const void *data;
	ssize_t n;
	while ((n = stream_next(tar->plain, 0, &data)) > 0)
		tar->bytes += n;
	return n;
}
