/* SPDX-License-Identifier: GPL-2.0-or-later */
/* collect.c owns removing from the store: names, then what no image uses, and what dead pulls left. */
#include "registry/store.h"
#include "registry/partial.h"

#include "src/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* What the images that are left still use. */
struct used {
	struct strv blobs, layers;
};

static void mark_layers(const char *names, struct used *used)
{
	for (; names && *names; names += strcspn(names, ",")) {
		names += strspn(names, ",");
		strv_take(&used->layers, str_ndup(names, strcspn(names, ",")));
	}
}

static void mark(const struct store *store, const struct descriptor *entry, struct used *used)
{
	struct err ignored;
	struct manifest manifest = { 0 };
	cleanup_buf struct buf text = { 0 };
	strv_add(&used->blobs, digest_hex(&entry->digest));
	mark_layers(entry->layer_names, used);
	if (store_read_blob(store, &entry->digest, JSON_LIMIT, &text, &ignored) < 0 ||
		json_read_manifest(text.data, text.len, &manifest, &ignored) < 0)
		return;
	strv_add(&used->blobs, digest_hex(&manifest.config.digest));
	for (size_t i = 0; i < manifest.layer_count; i++)
		strv_add(&used->blobs, digest_hex(&manifest.layers[i].digest));
	manifest_done(&manifest);
}

/*
 * What stopped containers are made of: their config.json says it, in the same annotation as index.json. It is not flushed when it is
 * written: where the power fails it may be empty or begin with zeros, and nobody can start the container again.
 */
static int mark_container(int containers_fd, const char *id, struct used *used, struct err *err)
{
	cleanup_free char *path = str_fmt("%s/config.json", id);
	cleanup_buf struct buf text = { 0 };
	if (faccessat(containers_fd, path, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : err_sys(err, "cannot look at container %s", id);
	int r = fd_read_file(containers_fd, path, JSON_LIMIT, &text, err);
	cleanup_free char *names = NULL;
	if (r == 0 && (!text.len || !*text.data))
		return 0;
	if (r == 0 && (r = json_read_layer_names(text.data, text.len, &names, err)) < 0)
		err_append(err, "; `xrun rm` removes the container");
	if (r < 0)
		return err_prefix(err, "container %.12s", id);
	mark_layers(names, used);
	return 0;
}

static int mark_containers(const struct store *store, struct used *used, struct err *err)
{
	int fd = openat(store->dir_fd, "containers", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), r = 0;
	if (fd < 0 && errno == ENOENT)
		return 0;
	cleanup_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return err_sys(err, "cannot list the store's containers");
	for (struct dirent *entry; r == 0 && (entry = readdir(dir));)
		if (entry->d_name[0] != '.')
			r = mark_container(fd, entry->d_name, used, err);
	return r;
}

/* A layer for other ids is used as long as the layer itself. */
static bool is_used(const struct strv *used, const char *name)
{
	cleanup_free char *plain = str_ndup(name, strcspn(name, "."));
	return strv_has(used, name) || strv_has(used, plain);
}

static int sweep(int dir_fd, const struct strv *used, size_t *count, int64_t *bytes, struct err *err)
{
	int copy = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	cleanup_dir DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct stat st;
	if (!dir)
		return err_sys(err, "cannot list the store");
	for (struct dirent *entry; r == 0 && (entry = readdir(dir));) {
		if (entry->d_name[0] == '.' || is_used(used, entry->d_name))
			continue;
		if (fstatat(dir_fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode))
			*bytes += st.st_size;
		r = fd_remove_tree(dir_fd, entry->d_name, err);
		*count += r == 0;
	}
	return r;
}

/* An index that another tool nested in this one would not be followed: then nothing is deleted. */
static int mark_images(const struct store *store, const struct index *index, struct used *used)
{
	for (size_t i = 0; i < index->count; i++) {
		bool is_manifest = str_eq(index->entries[i].media_type, MEDIA_MANIFEST) ||
				   str_eq(index->entries[i].media_type, MEDIA_DOCKER_MANIFEST);
		if (!is_manifest)
			return -1;
		mark(store, &index->entries[i], used);
	}
	return 0;
}

static int collect(const struct store *store, const struct index *index, struct store_freed *freed, struct err *err)
{
	struct used used = { 0 };
	int r = 0;
	if (flock(store->use_fd, LOCK_EX | LOCK_NB) < 0) {
		freed->is_busy = true;
	} else if (mark_images(store, index, &used) == 0) {
		r = mark_containers(store, &used, err);
		if (r == 0)
			r = sweep(store->layers_fd, &used.layers, &freed->layers, &freed->bytes, err);
		if (r == 0)
			r = sweep(store->blobs_fd, &used.blobs, &freed->blobs, &freed->bytes, err);
		if (r == 0)
			r = partial_clean(store, &freed->bytes, err);
	}
	flock(store->use_fd, LOCK_SH); /* flock(2): a failed attempt took the shared lock away */
	strv_done(&used.blobs);
	strv_done(&used.layers);
	return r;
}

int store_remove_image(const struct store *store, const char *reference, const struct platform *platform, struct err *err)
{
	struct index index = { 0 };
	struct store_freed freed = { 0 };
	int removed = 0;
	cleanup_fd int lock_fd = store_lock(store, err);
	int r = lock_fd < 0 ? lock_fd : store_read_index(store, &index, err);
	if (r < 0)
		return r;
	for (size_t i = index.count; i-- > 0;) {
		const struct descriptor *entry = &index.entries[i];
		if (str_eq(entry->reference, reference) && (!platform || platform_score(&entry->platform, platform) == 100)) {
			index_drop(&index, i);
			removed++;
		}
	}
	r = removed ? store_write_index(store, &index, err) : err_set(err, -ENOENT, "%s is not in the store", reference);
	if (r == 0)
		r = collect(store, &index, &freed, err);
	index_done(&index);
	return r < 0 ? r : removed;
}

int store_clean(const struct store *store, struct store_freed *ret_freed, struct err *err)
{
	struct index index = { 0 };
	struct store_freed freed = { 0 };
	cleanup_fd int lock_fd = store_lock(store, err);
	int r = lock_fd < 0 ? lock_fd : store_read_index(store, &index, err);
	if (r == 0)
		r = collect(store, &index, &freed, err);
	if (r == 0)
		*ret_freed = freed;
	index_done(&index);
	return r;
}

int store_reclaim_staging(const struct store *store, struct err *err)
{
	int copy = openat(store->staging_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	cleanup_dir DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	if (!dir)
		return err_sys(err, "cannot list the store's staging directory");
	for (struct dirent *entry; r == 0 && (entry = readdir(dir));) {
		if (entry->d_name[0] == '.' || partial_is_name(entry->d_name))
			continue;
		cleanup_fd int fd = openat(store->staging_fd, entry->d_name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
			r = fd_remove_tree(store->staging_fd, entry->d_name, err);
	}
	return r;
}
