/* SPDX-License-Identifier: GPL-2.0-or-later */
/* relabel.c owns giving the host's files a container's SELinux label. */
/*
 * Theory of operation. Other containers may write to the same files meanwhile. So a name is one component, opened below its
 * directory's descriptor without following it, and the label is set to what was opened. What is to keep its label is known by
 * device and inode, whichever name or mount leads to it.
 */
#include "src/runtime/relabel.h"

#include "src/base/account.h"
#include "src/base/fd.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { MAX_DEPTH = 256, MAX_LABEL = 4096 };
static const char attribute[] = "security.selinux";

struct place {
	dev_t device;
	ino_t inode;
};

struct relabelling {
	const char *volume, *label;
	struct place *places;
	size_t place_count;
};

/* The place and all directories above it. One that is not there needs no protection. */
static void protect(struct relabelling *r, const char *path)
{
	struct stat st;
	cleanup_free char *real = path ? realpath(path, NULL) : NULL;
	for (bool more = real; more;) {
		if (stat(real, &st) == 0) {
			r->places = mem_grow(r->places, r->place_count + 1, sizeof *r->places);
			r->places[r->place_count++] = (struct place){ st.st_dev, st.st_ino };
		}
		char *slash = strrchr(real, '/');
		more = slash[1];
		slash[slash == real] = 0;
	}
}

static void protect_places(struct relabelling *r, int store_fd)
{
	static const char *const needed[] = { "/bin", "/boot", "/dev", "/etc/passwd", "/etc/pki", "/etc/shadow", "/home", "/lib", "/lib64", "/media",
		"/opt", "/proc", "/root", "/run", "/sbin", "/srv", "/sys", "/tmp", "/usr", "/var/lib", "/var/log" };
	char *name, *home;
	cleanup_free char *ours = account_home(), *store = str_fmt("/proc/self/fd/%d", store_fd), *images = str_fmt("%s/images", store);
	for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
		protect(r, needed[i]);
	account_find(getuid(), &name, &home);
	protect(r, home);
	protect(r, ours);
	protect(r, store);
	protect(r, images); /* base/split.h */
	free(name);
	free(home);
}

static bool is_protected(const struct relabelling *r, const struct stat *st)
{
	for (size_t i = 0; i < r->place_count; i++)
		if (r->places[i].device == st->st_dev && r->places[i].inode == st->st_ino)
			return true;
	return false;
}

static int set_label(const struct relabelling *r, int fd, const char *path, struct err *err)
{
	char now[MAX_LABEL] = "";
	cleanup_free char *name = str_fmt("/proc/self/fd/%d", fd); /* of an O_PATH descriptor: a symlink is not followed from here */
	if (getxattr(name, attribute, now, sizeof now - 1) > 0 && str_eq(now, r->label))
		return 0;
	if (setxattr(name, attribute, r->label, strlen(r->label) + 1, 0) == 0 || errno == EOPNOTSUPP)
		return 0;
	return err_sys(err, "volume %s: cannot give %s the SELinux label %s (its owner can; or leave out z and Z)", r->volume, path, r->label);
}

static int relabel(const struct relabelling *r, int fd, const char *path, int depth, struct err *err);

static int relabel_below(const struct relabelling *r, int dir_fd, const char *path, int depth, struct err *err)
{
	cleanup_strv struct strv names = { 0 };
	int result = fd_list(dir_fd, path, &names, err);
	if (result == 0 && depth > MAX_DEPTH)
		return err_set(err, -ELOOP, "volume %s: its directories lie more than %d deep; label them by chcon -R, and leave out z and Z", r->volume, MAX_DEPTH);
	for (size_t i = 0; result == 0 && i < names.len; i++) {
		cleanup_fd int fd = openat(dir_fd, names.items[i], O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0 && errno == ENOENT) /* removed meanwhile */
			continue;
		cleanup_free char *below = str_fmt("%s/%s", path, names.items[i]);
		result = fd < 0 ? err_sys(err, "volume %s: cannot open %s", r->volume, below) : relabel(r, fd, below, depth, err);
	}
	return result;
}

static int relabel(const struct relabelling *r, int fd, const char *path, int depth, struct err *err)
{
	struct stat st;
	if (fstat(fd, &st) < 0)
		return err_sys(err, "volume %s: cannot look at %s", r->volume, path);
	if (is_protected(r, &st))
		return err_set(err, -EPERM, "volume %s: %s keeps its SELinux label, which others than this container need; leave out z and Z, or give a directory below it",
			r->volume, path);
	int result = set_label(r, fd, path, err);
	return result < 0 || !S_ISDIR(st.st_mode) ? result : relabel_below(r, fd, path, depth + 1, err);
}

char *relabel_shared(const char *label)
{
	const char *end = label;
	for (int i = 0; i < 3; i++) {
		end += strcspn(end, ":");
		end += *end == ':';
	}
	while (isalnum((unsigned char)*end) || *end == '_')
		end++;
	return str_ndup(label, end - label);
}

static int relabel_volume(const struct spec_mount *mount, const char *label, struct relabelling *r, struct err *err)
{
	cleanup_free char *shared = mount->relabel == RELABEL_SHARED ? relabel_shared(label) : NULL;
	cleanup_fd int fd = open(mount->source, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "volume %s", mount->source);
	r->volume = mount->source;
	r->label = shared ? shared : label;
	return relabel(r, fd, mount->source, 0, err);
}

int relabel_volumes(const struct spec *spec, int store_fd, struct err *err)
{
	struct relabelling relabelling = { 0 };
	const char *label = spec->isolation.file_label;
	int r = 0;
	for (size_t i = 0; label && r == 0 && i < spec->mount_count; i++) {
		if (!spec->mounts[i].relabel)
			continue;
		if (!relabelling.place_count)
			protect_places(&relabelling, store_fd);
		r = relabel_volume(&spec->mounts[i], label, &relabelling, err);
	}
	free(relabelling.places);
	return r;
}
