/* SPDX-License-Identifier: GPL-2.0-or-later */
/* store.c owns the store on disk. */
#include "registry/store.h"

#include "src/base/fd.h"
#include "src/base/split.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { INDEX_LIMIT = JSON_LIMIT };

static const char empty_index[] = "{\"schemaVersion\": 2, \"mediaType\": \"" MEDIA_INDEX "\", \"manifests\": []}\n";

static int open_directory(int dir_fd, const char *name, bool create, struct err *err)
{
	if (create && mkdirat(dir_fd, name, 0700) < 0 && errno != EEXIST)
		return err_sys(err, "cannot make the store's directory %s", name);
	int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_sys(err, "cannot open the store's directory %s", name) : fd;
}

static int publish_missing(int dir_fd, const char *name, const char *text, struct err *err)
{
	if (faccessat(dir_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	return fd_publish_file(dir_fd, name, text, strlen(text), 0644, err);
}

static bool is_empty(int dir_fd)
{
	struct err ignored;
	cleanup_strv struct strv names = { 0 };
	return fd_list(dir_fd, "blobs", &names, &ignored) == 0 && names.len == 0;
}

static int lock_file(int dir_fd, const char *name, int operation, bool create, struct err *err)
{
	cleanup_fd int fd = openat(dir_fd, name, O_RDWR | (create ? O_CREAT : 0) | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 && errno == EROFS && !create) /* a lock is none on the file's content */
		fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	int r = fd;
	while (r >= 0 && flock(fd, operation) < 0)
		if (errno != EINTR)
			r = -1;
	return r < 0 ? err_sys(err, "cannot lock the store (%s)", name) : fd_take(&fd);
}

static int open_parts(struct store *store, bool create, struct err *err)
{
	static const char layout[] = "{\"imageLayoutVersion\": \"1.0.0\"}\n";
	store->use_fd = lock_file(store->dir_fd, "in-use", LOCK_SH, create, err);
	cleanup_fd int blobs_fd = store->use_fd < 0 ? store->use_fd : open_directory(store->dir_fd, "blobs", create, err);
	if (blobs_fd < 0)
		return blobs_fd;
	if ((store->blobs_fd = open_directory(blobs_fd, "sha256", create, err)) < 0)
		return store->blobs_fd;
	if ((store->layers_fd = open_directory(store->dir_fd, "layers", create, err)) < 0)
		return store->layers_fd;
	if ((store->staging_fd = open_directory(store->dir_fd, "staging", create, err)) < 0)
		return store->staging_fd;
	if (!create)
		return 0;
	fd_spread_directories(store->staging_fd);
	int r = publish_missing(store->dir_fd, "oci-layout", layout, err);
	/* Where there are blobs it was lost: with an empty one the next removal would take them for unused. */
	return r < 0 || !is_empty(store->blobs_fd) ? r : publish_missing(store->dir_fd, "index.json", empty_index, err);
}

static int refuse_read_only(struct err *err)
{
	return err_set(err, -EROFS, "the store is read-only: its images can be run, but none can be brought into it, changed or removed");
}

static int check_writable(int dir_fd, struct err *err)
{
	return split_is_read_only(dir_fd) ? refuse_read_only(err) : 0;
}

/* overlayfs notes in user.overlay.* what hides what. Found out before anything is put here, not when a file cannot go. */
static int check_xattrs(int dir_fd, struct err *err)
{
	static const char name[] = "user.overlay.xrun";
	int r = fsetxattr(dir_fd, name, "", 0, 0) < 0 ? -errno : 0;
	if (r == -EACCES || r == -EPERM) /* root of a user namespace may do this where both ids of a directory are the namespace's */
		return err_code(err, r, "the store's directory belongs to a user or group that the container's ids lack; give it to yourself and "
					"your own group, or choose another with --root DIR");
	if (r < 0)
		return err_code(err, r, "the store's file system takes no extended attributes of users (tmpfs: before Linux 6.6); "
				    "choose another with --root DIR");
	fremovexattr(dir_fd, name);
	return 0;
}

int store_open(struct store *ret_store, int dir_fd, bool create, struct err *err)
{
	struct store store = STORE_CLOSED;
	int r = store.dir_fd = split_open_images(dir_fd, err);
	if (r >= 0 && create)
		r = check_writable(store.dir_fd, err);
	if (r == 0 && create)
		r = check_xattrs(store.dir_fd, err);
	if (r >= 0)
		r = open_parts(&store, create, err);
	if (r < 0)
		store_close(&store);
	else
		*ret_store = store;
	return r;
}

void store_close(struct store *store)
{
	fd_close(&store->dir_fd);
	fd_close(&store->blobs_fd);
	fd_close(&store->layers_fd);
	fd_close(&store->staging_fd);
	fd_close(&store->use_fd);
}

int store_has_blob(const struct store *store, const struct digest *digest, int64_t *ret_size)
{
	struct stat st;
	if (fstatat(store->blobs_fd, digest_hex(digest), &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
		return 0;
	*ret_size = st.st_size;
	return 1;
}

int store_open_blob(const struct store *store, const struct digest *digest, struct err *err)
{
	int fd = openat(store->blobs_fd, digest_hex(digest), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_sys(err, "cannot open %s in the store", digest->text) : fd;
}

int store_read_blob(const struct store *store, const struct digest *digest, size_t limit, struct buf *ret, struct err *err)
{
	int r = fd_read_file(store->blobs_fd, digest_hex(digest), limit, ret, err);
	return r < 0 ? err_prefix(err, "the store") : r;
}

int store_put_blob(const struct store *store, const struct digest *digest, const void *data, size_t len, struct err *err)
{
	return fd_publish_file(store->blobs_fd, digest_hex(digest), data, len, 0644, err);
}

int store_has_layer(const struct store *store, const char *name)
{
	struct stat st;
	return fstatat(store->layers_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

int store_lock(const struct store *store, struct err *err)
{
	int r = check_writable(store->dir_fd, err);
	return r < 0 ? r : lock_file(store->dir_fd, "lock", LOCK_EX, true, err);
}

static int read_index(const struct store *store, const char *name, struct index *ret_index, struct err *err)
{
	cleanup_buf struct buf text = { 0 };
	int r = fd_read_file(store->dir_fd, name, INDEX_LIMIT, &text, err);
	return r < 0 ? r : json_read_index(text.data, text.len, ret_index, err);
}

int store_read_index(const struct store *store, struct index *ret_index, struct err *err)
{
	int r = read_index(store, "index.json", ret_index, err);
	if (r == 0)
		return 0;
	err_prefix(err, "the store's index.json");
	err_append(err, "; xrun store verify mends it");
	return err->code = r == -ENOENT ? -EBADMSG : r; /* not the absence of an image, which could be fetched */
}

/* The one before is kept as long as it takes until the next change. That costs nothing: it is on disk already. */
int store_write_index(const struct store *store, const struct index *index, struct err *err)
{
	cleanup_free char *text = json_write_index(index), *fresh = str_fmt("index.json.%d", getpid());
	if (linkat(store->dir_fd, "index.json", store->dir_fd, fresh, 0) == 0 && renameat(store->dir_fd, fresh, store->dir_fd, "index.json.old") < 0)
		unlinkat(store->dir_fd, fresh, 0);
	return fd_publish_file(store->dir_fd, "index.json", text, strlen(text), 0644, err);
}

int store_restore_index(const struct store *store, struct err *err)
{
	struct err ignored;
	struct index old = { 0 };
	int r = 0, restored = read_index(store, "index.json.old", &old, &ignored) == 0;
	cleanup_free char *text = restored ? json_write_index(&old) : str_dup(empty_index);
	r = fd_publish_file(store->dir_fd, "index.json", text, strlen(text), 0644, err);
	index_done(&old);
	return r < 0 ? r : restored;
}

/* The names of xrun.layers, each 64 hex digits and there; 0 if one is not. */
static int take_names(const struct store *store, const char *names, struct image *image)
{
	for (size_t i = 0; i < image->layer_count; i++) {
		char *name = image->layers[i].name;
		if (!names || strspn(names, "0123456789abcdef") != DIGEST_HEX)
			return 0;
		memcpy(name, names, DIGEST_HEX);
		name[DIGEST_HEX] = 0;
		if (!store_has_layer(store, name))
			return 0;
		names += DIGEST_HEX;
		names = *names == ',' ? names + 1 : NULL;
	}
	return 1;
}

/* 1: whole and unpacked; 0: known, but not unpacked; negative: not an image this store can read. */
static int load_image(const struct store *store, const struct descriptor *entry, struct image *ret_image, struct err *err)
{
	struct manifest manifest = { 0 };
	struct image image = { 0 };
	cleanup_buf struct buf text = { 0 };
	int r = store_read_blob(store, &entry->digest, JSON_LIMIT, &text, err);
	if (r == 0)
		r = json_read_manifest(text.data, text.len, &manifest, err);
	if (r == 0)
		r = store_read_blob(store, &manifest.config.digest, JSON_LIMIT, &text, err);
	if (r == 0)
		r = json_read_config(text.data, text.len, &manifest, &image, err);
	manifest_done(&manifest);
	if (r < 0)
		return r;
	image.reference = str_dup(entry->reference ? entry->reference : "");
	image.manifest = entry->digest;
	image.made_here = entry->made_here;
	*ret_image = image;
	return take_names(store, entry->layer_names, ret_image);
}

int store_find_image(const struct store *store, const char *reference, const struct platform *want, struct image *ret_image,
	struct err *err)
{
	struct index index = { 0 };
	const struct descriptor *best = NULL;
	int best_score = 0;
	int r = store_read_index(store, &index, err);
	for (size_t i = 0; r == 0 && i < index.count; i++) {
		const struct descriptor *entry = &index.entries[i];
		int score = str_eq(entry->reference, reference) ? platform_score(&entry->platform, want) : 0;
		if (score > best_score) {
			best = entry;
			best_score = score;
		}
	}
	if (r == 0)
		r = best ? load_image(store, best, ret_image, err) : -ENOENT;
	if (r == 0) { /* known but not unpacked */
		image_done(ret_image);
		r = -ENOENT;
	}
	if (r == -ENOENT)
		err_set(err, r, "%s is not in the store for %s", reference, platform_text(want).text);
	index_done(&index);
	return r < 0 ? r : 0;
}

int store_list_images(const struct store *store, struct images *ret_images, struct err *err)
{
	struct index index = { 0 };
	int r = store_read_index(store, &index, err);
	if (r < 0)
		return r;
	struct images images = { .items = mem_new((index.count + 1) * sizeof *images.items) };
	for (size_t i = 0; i < index.count; i++) {
		struct err ignored; /* another tool's entry may be an index, or an artifact */
		images.count += load_image(store, &index.entries[i], &images.items[images.count], &ignored) >= 0;
	}
	index_done(&index);
	*ret_images = images;
	return 0;
}

int store_list_names(const struct store *store, struct strv *names, struct err *err)
{
	struct index index = { 0 };
	int r = store_read_index(store, &index, err);
	for (size_t i = 0; r == 0 && i < index.count; i++) {
		bool seen = !index.entries[i].reference;
		for (size_t j = 0; j < names->len && !seen; j++)
			seen = str_eq(names->items[j], index.entries[i].reference);
		if (!seen)
			strv_add(names, index.entries[i].reference);
	}
	index_done(&index);
	return r;
}

/* arm64 and arm64/v8 are the same: which of the two an image writes may change with the tool that builds it. */
static bool same_platform(const struct platform *a, const struct platform *b)
{
	return platform_score(a, b) == 100;
}

static void copy_entry(struct descriptor *to, const struct descriptor *from)
{
	*to = *from;
	to->reference = str_dup(from->reference);
	to->image_name = str_dup(from->image_name);
	to->layer_names = str_dup(from->layer_names);
}

static void put_entry(struct index *index, const struct descriptor *entry)
{
	for (size_t i = index->count; i-- > 0;)
		if (str_eq(index->entries[i].reference, entry->reference) && same_platform(&index->entries[i].platform, &entry->platform))
			index_drop(index, i);
	index->entries = mem_grow(index->entries, index->count + 1, sizeof *index->entries);
	copy_entry(&index->entries[index->count++], entry);
}

int store_tag_image(const struct store *store, const struct descriptor *entry, struct err *err)
{
	struct index index = { 0 };
	cleanup_fd int lock_fd = store_lock(store, err);
	int r = lock_fd < 0 ? lock_fd : store_read_index(store, &index, err);
	if (r < 0)
		return r;
	put_entry(&index, entry);
	r = store_write_index(store, &index, err);
	index_done(&index);
	return r;
}

int store_copy_name(const struct store *store, const char *reference, const struct platform *platform, const char *name,
	struct err *err)
{
	struct index index = { 0 };
	struct descriptor copy = { 0 };
	cleanup_fd int lock_fd = store_lock(store, err);
	int r = lock_fd < 0 ? lock_fd : store_read_index(store, &index, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < index.count && !copy.reference; i++)
		if (str_eq(index.entries[i].reference, reference) && platform_score(&index.entries[i].platform, platform) == 100)
			copy_entry(&copy, &index.entries[i]);
	r = copy.reference ? 0 : err_set(err, -ENOENT, "%s is not in the store for %s", reference, platform_text(platform).text);
	if (r == 0 && !str_eq(reference, name)) {
		free(copy.reference);
		copy.reference = str_dup(name);
		put_entry(&index, &copy);
		r = store_write_index(store, &index, err);
	}
	free(copy.reference);
	free(copy.image_name);
	free(copy.layer_names);
	index_done(&index);
	return r;
}
