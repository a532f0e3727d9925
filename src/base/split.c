/* SPDX-License-Identifier: GPL-2.0-or-later */
/* split.c owns where a store's images are. */
#include "src/base/split.h"

#include "src/base/fd.h"
#include "src/base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int split_open_images(int store_dir_fd, struct err *err)
{
	int fd = openat(store_dir_fd, "images", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT && faccessat(store_dir_fd, "images", F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		fd = fcntl(store_dir_fd, F_DUPFD_CLOEXEC, 3);
	return fd < 0 ? err_sys(err, "cannot open the store") : fd;
}

int split_open_layers(int store_dir_fd, struct err *err)
{
	cleanup_fd int images_fd = split_open_images(store_dir_fd, err);
	int fd = images_fd < 0 ? images_fd : openat(images_fd, "layers", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 && images_fd >= 0 ? err_sys(err, "cannot open the store's directory layers") : fd;
}

bool split_is_read_only(int dir_fd)
{
	struct stat st;
	return (faccessat(dir_fd, ".", W_OK, AT_EACCESS) < 0 && errno == EROFS) || (fstat(dir_fd, &st) == 0 && !(st.st_mode & S_IWUSR));
}

int split_link_images(int dir_fd, const char *path, struct err *err)
{
	char old[4096];
	ssize_t n = readlinkat(dir_fd, "images", old, sizeof old);
	if (n == (ssize_t)strlen(path) && memcmp(old, path, n) == 0)
		return 0;
	cleanup_free char *fresh = str_fmt("images.%d", getpid());
	unlinkat(dir_fd, fresh, 0);
	if (symlinkat(path, dir_fd, fresh) < 0 || renameat(dir_fd, fresh, dir_fd, "images") < 0)
		return err_sys(err, "cannot note where the store is");
	return 0;
}
