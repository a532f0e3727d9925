/* SPDX-License-Identifier: GPL-2.0-or-later */
/* untar.c owns reading a tar archive as a stream. */
#include "src/runtime/untar.h"


#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 512, CHUNK = 65536, MAX_HEADER = 65536 };

/* pax(1), "ustar Interchange Format". */
struct header {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], sum[8], type, link[100], magic[6], version[2], user[32], group[32],
		major[8], minor[8], prefix[155], rest[12];
};
_Static_assert(sizeof(struct header) == BLOCK, "a header is a block");

/* What headers before an entry's own say of it. */
struct extra {
	char *path, *link;
	bool has_size, has_uid, has_gid, has_mtime;
	uint64_t size, uid, gid;
	struct timespec mtime;
};

static void extra_done(struct extra *extra)
{
	free(extra->path);
	free(extra->link);
}
#define cleanup_extra __attribute__((cleanup(extra_done)))

static void entry_done(struct untar_entry *entry)
{
	free(entry->path);
	free(entry->link);
	*entry = (struct untar_entry){ 0 };
}

void untar_done(struct untar *untar)
{
	entry_done(&untar->entry);
}

static int damaged(struct err *err, const char *why)
{
	return err_set(err, -EBADMSG, "the archive is damaged: %s", why);
}

/* All of it, or 0 where the archive ends before the first byte of it. */
static int get(struct untar *untar, void *data, size_t len, struct err *err)
{
	for (size_t at = 0; at < len;) {
		ssize_t n = read(untar->fd, (char *)data + at, len - at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "cannot read the archive");
		if (n == 0)
			return at ? damaged(err, "it ends in the middle") : 0;
		at += n;
	}
	return 1;
}

static int pass_over(struct untar *untar, struct err *err)
{
	static char data[CHUNK];
	uint64_t left = untar->left + untar->padding;
	untar->left = untar->padding = 0;
	while (left > 0) {
		size_t n = left < CHUNK ? left : CHUNK;
		int r = get(untar, data, n, err);
		if (r <= 0)
			return r < 0 ? r : damaged(err, "it ends in the middle");
		left -= n;
	}
	return 0;
}

static int drain(struct untar *untar, struct err *err)
{
	static char data[CHUNK];
	ssize_t n;
	while ((n = read(untar->fd, data, sizeof data)) > 0 || (n < 0 && errno == EINTR))
		continue;
	return n < 0 ? err_sys(err, "cannot read the archive") : 0;
}

/* GNU's form for what octal digits cannot say: the first bit set, then a big-endian number in two's complement. */
static bool binary_number(const unsigned char *bytes, size_t size, uint64_t *ret_value)
{
	uint64_t value = bytes[0] & 0x40 ? UINT64_MAX << 6 | (bytes[0] & 0x3f) : bytes[0] & 0x3f;
	for (size_t at = 1; at < size; at++) {
		if (value >> 55 != 0 && value >> 55 != 0x1ff)
			return false;
		value = value << 8 | bytes[at];
	}
	*ret_value = value;
	return true;
}

/* Octal digits between blanks, or that. */
static bool number(const char *field, size_t size, uint64_t *ret_value)
{
	uint64_t value = 0;
	size_t at = 0;
	if (*field & 0x80)
		return binary_number((const unsigned char *)field, size, ret_value);
	while (at < size && field[at] == ' ')
		at++;
	for (; at < size && field[at] >= '0' && field[at] <= '7'; at++)
		value = value << 3 | (uint64_t)(field[at] - '0');
	*ret_value = value;
	return at == size || !field[at] || field[at] == ' ';
}

/* Some old programs added the bytes up as signed ones. */
static bool sum_is_right(const struct header *h)
{
	const char *bytes = (const char *)h;
	uint64_t said;
	int64_t plain = 0, with_sign = 0;
	for (size_t i = 0; i < sizeof *h; i++) {
		bool own = i >= offsetof(struct header, sum) && i < offsetof(struct header, type);
		plain += own ? ' ' : (unsigned char)bytes[i];
		with_sign += own ? ' ' : (signed char)bytes[i];
	}
	return number(h->sum, sizeof h->sum, &said) && ((int64_t)said == plain || (int64_t)said == with_sign);
}

static const char *packer_of(const struct header *h)
{
	static const struct {
		const char *magic, *program;
	} packers[] = { { "\x1f\x8b", "gzip" }, { "\x28\xb5\x2f\xfd", "zstd" }, { "\xfd""7zXZ", "xz" }, { "BZh", "bzip2" } };
	for (size_t i = 0; i < sizeof packers / sizeof *packers; i++)
		if (memcmp(h, packers[i].magic, strlen(packers[i].magic)) == 0)
			return packers[i].program;
	return NULL;
}

static int no_header(const struct untar *untar, const struct header *h, struct err *err)
{
	const char *packer = untar->begun ? NULL : packer_of(h);
	if (packer)
		return err_set(err, -EBADMSG, "the archive is packed by %s: unpack it on the way, as in %s -dc FILE | xrun cp - CONTAINER:DIR", packer, packer);
	return untar->begun ? damaged(err, "there is no entry where one is due") : err_set(err, -EBADMSG, "that is no tar archive");
}

/* The name without what leads nowhere; NULL if it leads upwards. */
static char *plain_name(const char *raw)
{
	cleanup_buf struct buf name = { 0 };
	for (const char *at = raw; *at; at += strspn(at, "/")) {
		size_t n = strcspn(at, "/");
		if (n == 2 && memcmp(at, "..", 2) == 0)
			return NULL;
		if (n && !(n == 1 && *at == '.')) {
			buf_str(&name, name.len ? "/" : "");
			buf_add(&name, at, n);
		}
		at += n;
	}
	return buf_take(&name);
}

/* A decimal number as pax writes times: digits, and others after a point. */
static bool pax_time(const char *text, struct timespec *ret_time)
{
	char *end;
	bool before_1970 = *text == '-';
	errno = 0;
	long long seconds = strtoll(text, &end, 10);
	long nanoseconds = 0;
	if (errno || end == text)
		return false;
	if (*end == '.') {
		int digits = 0;
		for (end++; isdigit((unsigned char)*end); end++, digits++)
			nanoseconds = digits < 9 ? nanoseconds * 10 + (*end - '0') : nanoseconds;
		for (; digits < 9; digits++)
			nanoseconds *= 10;
	}
	if (before_1970 && nanoseconds)
		*ret_time = (struct timespec){ .tv_sec = seconds - 1, .tv_nsec = 1000000000 - nanoseconds };
	else
		*ret_time = (struct timespec){ .tv_sec = seconds, .tv_nsec = nanoseconds };
	return !*end;
}

static int take_record(struct extra *extra, const char *key, const char *value, size_t value_len, struct err *err)
{
	unsigned long long n = 0;
	bool is_path = str_eq(key, "path"), is_link = str_eq(key, "linkpath"), right = true;
	if ((is_path || is_link) && strlen(value) != value_len)
		return damaged(err, "a name has a NUL in it");
	if (is_path || is_link) {
		char **field = is_path ? &extra->path : &extra->link;
		free(*field);
		*field = str_dup(value);
	} else if (str_eq(key, "size")) {
		right = extra->has_size = str_to_u64(value, INT64_MAX, &n);
		extra->size = n;
	} else if (str_eq(key, "uid")) {
		right = extra->has_uid = str_to_u64(value, UINT32_MAX - 1, &n);
		extra->uid = n;
	} else if (str_eq(key, "gid")) {
		right = extra->has_gid = str_to_u64(value, UINT32_MAX - 1, &n);
		extra->gid = n;
	} else if (str_eq(key, "mtime")) {
		right = extra->has_mtime = pax_time(value, &extra->mtime);
	} else if (str_starts(key, "GNU.sparse.")) {
		return err_set(err, -EBADMSG, "the archive has a file with holes, which is not read here: make it without --sparse");
	}
	return right ? 0 : err_set(err, -EBADMSG, "the archive is damaged: its %s is %.40s", key, value);
}

/* "LENGTH KEY=VALUE\n" one after the other, each length counting all of its record. */
static int take_records(struct extra *extra, char *data, size_t len, struct err *err)
{
	for (size_t at = 0; at < len;) {
		char *end;
		size_t total = isdigit((unsigned char)data[at]) ? strtoul(data + at, &end, 10) : 0;
		if (!total || total > len - at || *end != ' ' || data[at + total - 1] != '\n')
			return damaged(err, "a pax header has no proper form");
		char *key = end + 1, *last = data + at + total - 1;
		char *equals = key < last ? memchr(key, '=', last - key) : NULL;
		if (!equals)
			return damaged(err, "a pax header has no proper form");
		*equals = *last = 0;
		int r = take_record(extra, key, equals + 1, last - equals - 1, err);
		if (r < 0)
			return r;
		at += total;
	}
	return 0;
}

/* A header that is about the next one: pax(1)'s x and g, GNU tar's L (a long name) and K (a long link). */
static int take_extra(struct untar *untar, char type, struct extra *extra, struct err *err)
{
	size_t len = untar->left;
	if (len > MAX_HEADER)
		return damaged(err, "a header is longer than 64 KiB");
	cleanup_free char *data = mem_new(len + 1);
	int r = len ? get(untar, data, len, err) : 1;
	if (r <= 0)
		return r < 0 ? r : damaged(err, "it ends in the middle");
	untar->left = 0;
	if (type == 'x')
		return take_records(extra, data, len, err);
	if (type == 'g') /* of all entries, and nothing of a file's that anybody writes */
		return 0;
	char **field = type == 'L' ? &extra->path : &extra->link;
	free(*field);
	*field = str_dup(data);
	return 0;
}

static int kind_of(char type, const char *raw_path, enum untar_kind *ret_kind, struct err *err)
{
	static const enum untar_kind kinds[] = { UNTAR_FILE, UNTAR_LINK, UNTAR_SYMLINK, UNTAR_DEVICE, UNTAR_DEVICE, UNTAR_DIRECTORY, UNTAR_FIFO, UNTAR_FILE };
	bool plain = !type || type == '0';
	if (type && (type < '0' || type > '7'))
		return type == 'S' ? err_set(err, -EBADMSG, "the archive has a file with holes, which is not read here: make it without --sparse") :
				     err_set(err, -EBADMSG, "the archive has an entry of a kind that is not known, %d: make it with tar --format=pax", type);
	*ret_kind = plain && str_ends(raw_path, "/") ? UNTAR_DIRECTORY : kinds[type ? type - '0' : 0];
	return 0;
}

static char *field_text(const char *field, size_t size)
{
	return str_ndup(field, strnlen(field, size));
}

static int take_names(const struct header *h, const struct extra *extra, struct untar_entry *entry, struct err *err)
{
	cleanup_free char *name = field_text(h->name, sizeof h->name), *prefix = field_text(h->prefix, sizeof h->prefix);
	bool has_prefix = *prefix && memcmp(h->magic, "ustar", 6) == 0;
	cleanup_free char *raw = extra->path ? str_dup(extra->path) : has_prefix ? str_fmt("%s/%s", prefix, name) : str_dup(name);
	cleanup_free char *raw_link = extra->link ? str_dup(extra->link) : field_text(h->link, sizeof h->link);
	int r = kind_of(h->type, raw, &entry->kind, err);
	if (r < 0)
		return r;
	bool is_link = entry->kind == UNTAR_LINK, is_symlink = entry->kind == UNTAR_SYMLINK;
	entry->path = plain_name(raw);
	entry->link = is_link ? plain_name(raw_link) : is_symlink ? str_dup(raw_link) : NULL;
	if (!*raw)
		return damaged(err, "an entry has no name");
	if (strlen(raw) >= PATH_MAX || strlen(raw_link) >= PATH_MAX)
		return err_set(err, -ENAMETOOLONG, "the archive has a name of more than %d bytes: %.100s...", PATH_MAX - 1, raw);
	if (!entry->path || (is_link && !entry->link))
		return err_set(err, -EBADMSG, "the archive's name %.200s leads upwards", entry->path ? raw_link : raw);
	if (!*entry->path && entry->kind != UNTAR_DIRECTORY)
		return err_set(err, -EBADMSG, "the archive's name %.200s is a directory's, and what it is for is none", raw);
	return 0;
}

static int take_entry(const struct header *h, const struct extra *extra, struct untar_entry *entry, struct err *err)
{
	uint64_t mode = 0, uid = 0, gid = 0, mtime = 0;
	int r = take_names(h, extra, entry, err);
	if (r < 0)
		return r;
	bool right = number(h->mode, sizeof h->mode, &mode) && (extra->has_mtime || number(h->mtime, sizeof h->mtime, &mtime)) &&
		     (extra->has_uid || number(h->uid, sizeof h->uid, &uid)) && (extra->has_gid || number(h->gid, sizeof h->gid, &gid));
	uid = extra->has_uid ? extra->uid : uid;
	gid = extra->has_gid ? extra->gid : gid;
	if (!right || uid >= UINT32_MAX || gid >= UINT32_MAX)
		return damaged(err, "a number in a header is none");
	entry->mode = mode & 07777;
	entry->uid = uid;
	entry->gid = gid;
	entry->mtime = extra->has_mtime ? extra->mtime : (struct timespec){ .tv_sec = (time_t)mtime };
	return 0;
}

static bool is_extra(char type)
{
	return type == 'x' || type == 'g' || type == 'L' || type == 'K';
}

/* 1 and the header, 0 at the archive's end. */
static int next_header(struct untar *untar, struct header *h, const struct extra *extra, struct err *err)
{
	static const struct header end;
	int r = pass_over(untar, err);
	if (r == 0)
		r = get(untar, h, sizeof *h, err);
	if (r < 0)
		return r == -EBADMSG && !untar->begun ? no_header(untar, h, err) : r;
	if (r == 0)
		return untar->begun ? damaged(err, "it ends without an end") : err_set(err, -EBADMSG, "that is no tar archive: it is empty");
	if (memcmp(h, &end, sizeof end) == 0)
		return drain(untar, err);
	uint64_t size;
	if (!sum_is_right(h))
		return no_header(untar, h, err);
	untar->begun = true;
	if (!number(h->size, sizeof h->size, &size) || size > INT64_MAX)
		return damaged(err, "a size is no number");
	if (!is_extra(h->type) && extra->has_size)
		size = extra->size;
	bool has_data = is_extra(h->type) || !h->type || h->type == '0' || h->type == '7'; /* others may say a size, and have no data all the same */
	untar->left = has_data ? size : 0;
	untar->padding = (BLOCK - untar->left % BLOCK) % BLOCK;
	return 1;
}

int untar_next(struct untar *untar, struct err *err)
{
	cleanup_extra struct extra extra = { 0 };
	struct header h = { 0 };
	int r;
	entry_done(&untar->entry);
	while ((r = next_header(untar, &h, &extra, err)) == 1 && is_extra(h.type))
		if ((r = take_extra(untar, h.type, &extra, err)) < 0)
			break;
	if (r == 1)
		r = take_entry(&h, &extra, &untar->entry, err) < 0 ? err->code : 1;
	if (r <= 0)
		return r;
	if (untar->entry.kind != UNTAR_FILE) { /* a directory by its name alone may come with some, which is nobody's */
		untar->padding += untar->left;
		untar->left = 0;
	}
	untar->entry.size = untar->left;
	return 1;
}

ssize_t untar_data(struct untar *untar, void *ret_data, size_t room, struct err *err)
{
	size_t n = untar->left < room ? untar->left : room;
	int r = n ? get(untar, ret_data, n, err) : 1;
	if (r <= 0)
		return r < 0 ? r : damaged(err, "it ends in the middle");
	untar->left -= n;
	return (ssize_t)n;
}
