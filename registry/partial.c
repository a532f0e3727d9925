/* SPDX-License-Identifier: GPL-2.0-or-later */
/* partial.c owns what has come of a blob. */
#include "registry/partial.h"

#include "src/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define SUFFIX ".partial"

enum { WORTH_KEEPING = 1 << 20, NAME_SIZE = DIGEST_HEX + sizeof SUFFIX };

static void name_of(const struct digest *digest, char ret_name[NAME_SIZE])
{
	snprintf(ret_name, NAME_SIZE, "%s" SUFFIX, digest_hex(digest));
}

bool partial_is_name(const char *name)
{
	return str_ends(name, SUFFIX);
}

int partial_open(const struct store *store, const struct digest *digest, int64_t size, int64_t *ret_had, struct err *err)
{
	char name[NAME_SIZE];
	struct stat st;
	name_of(digest, name);
	cleanup_fd int fd = openat(store->staging_fd, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(err, "cannot create a blob in the store");
	if (!S_ISREG(st.st_mode))
		return err_set(err, -EINVAL, "staging/%s in the store is no file", name);
	if (st.st_size > size && ftruncate(fd, 0) < 0)
		return err_sys(err, "cannot begin a blob in the store anew");
	*ret_had = st.st_size > size ? 0 : st.st_size;
	return fd_take(&fd);
}

int partial_publish(const struct store *store, const struct digest *digest, struct err *err)
{
	char name[NAME_SIZE];
	name_of(digest, name);
	if (renameat(store->staging_fd, name, store->blobs_fd, digest_hex(digest)) < 0)
		return err_sys(err, "cannot publish layer %s", digest->text);
	return 0;
}

void partial_leave(const struct store *store, const struct digest *digest, int fd, bool keep)
{
	char name[NAME_SIZE];
	struct stat st;
	name_of(digest, name);
	if (!keep || fstat(fd, &st) < 0 || st.st_size < WORTH_KEEPING)
		unlinkat(store->staging_fd, name, 0);
}

int partial_clean(const struct store *store, int64_t *bytes, struct err *err)
{
	int copy = openat(store->staging_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_dir DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct stat st;
	if (!dir)
		return err_sys(err, "cannot list the store's staging directory");
	for (struct dirent *entry; (entry = readdir(dir));) {
		if (!partial_is_name(entry->d_name) || fstatat(store->staging_fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (unlinkat(store->staging_fd, entry->d_name, 0) < 0)
			return err_sys(err, "cannot remove %s", entry->d_name);
		*bytes += st.st_size;
	}
	return 0;
}
