/* SPDX-License-Identifier: GPL-2.0-or-later */
/* file.c owns what is tried of files. It is compiled without large file support: 32-bit programs often are. */
#include "src/probe/probe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/xattr.h>
#include <unistd.h>

#define PLACE "/tmp/probe"

/* Into a directory of our own on the image's file system. */
static int enter_place(void)
{
	mkdir("/tmp", 01777);
	mkdir(PLACE, 0755);
	return result(chdir(PLACE));
}

static int new_file(const char *name, const char *text)
{
	int fd = enter_place() < 0 ? -1 : open(name, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0644);
	if (fd >= 0 && (write(fd, text, strlen(text)) < 0 || lseek(fd, 0, SEEK_SET) < 0))
		return -1;
	return fd;
}

/* EOVERFLOW: the file system's number of an entry, or its place in the directory, does not fit into 32 bits. */
static int list(void)
{
	enum { FILES = 100 };
	char name[32];
	int count = 0;
	for (int i = 0; i < FILES; i++) {
		snprintf(name, sizeof name, "list-%d", i);
		int fd = new_file(name, "");
		if (fd < 0)
			return -errno;
		close(fd);
	}
	DIR *dir = opendir(PLACE);
	errno = 0;
	for (struct dirent *entry; dir && (entry = readdir(dir));)
		count += strncmp(entry->d_name, "list-", 5) == 0;
	int error = errno;
	if (!dir || error)
		return -error;
	return count == FILES ? 0 : say("%d of %d files were listed", count, FILES);
}

static int list_again(void)
{
	DIR *dir = enter_place() < 0 ? NULL : opendir("/");
	if (!dir)
		return -errno;
	(void)readdir(dir);
	long place = telldir(dir);
	struct dirent *entry = readdir(dir);
	char name[256] = "";
	snprintf(name, sizeof name, "%s", entry ? entry->d_name : "");
	seekdir(dir, place);
	entry = readdir(dir);
	return entry && strcmp(entry->d_name, name) == 0 ? 0 : say("seekdir led elsewhere");
}

static int look(void)
{
	struct stat st;
	int fd = new_file("look", "1234");
	if (fd < 0 || fstat(fd, &st) < 0 || stat(program, &st) < 0 || stat("/", &st) < 0 || stat(PLACE "/look", &st) < 0)
		return -errno;
	return st.st_size == 4 ? 0 : say("the size is wrong");
}

static int look_closely(void)
{
	struct statx stx;
	return result(statx(AT_FDCWD, "/", 0, STATX_BASIC_STATS | STATX_BTIME, &stx));
}

static int resolve_inside(void)
{
	struct open_how how = { .flags = O_PATH, .resolve = RESOLVE_IN_ROOT };
	return result(syscall(SYS_openat2, AT_FDCWD, ".", &how, sizeof how));
}

static int copy_range(void)
{
	int from = new_file("from", "text"), to = new_file("to", "");
	return from < 0 || to < 0 ? -errno : result(copy_file_range(from, NULL, to, NULL, 4, 0));
}

static int send_file(void)
{
	int from = new_file("from", "text"), to = new_file("to", "");
	return from < 0 || to < 0 ? -errno : result(sendfile(to, from, NULL, 4));
}

static int splice_pipe(void)
{
	int ends[2], from = new_file("from", "text");
	return from < 0 || pipe(ends) < 0 ? -errno : result(splice(from, NULL, ends[1], NULL, 4, 0));
}

static int exchange(void)
{
	close(new_file("a", "a"));
	close(new_file("b", "b"));
	return result(syscall(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "b", RENAME_EXCHANGE));
}

static int punch(void)
{
	int fd = new_file("hole", "12345678");
	return fd < 0 ? -errno : result(fallocate(fd, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, 0, 4));
}

static int attribute(void)
{
	char value[8] = "";
	int fd = new_file("attribute", "");
	if (fd < 0 || fsetxattr(fd, "user.probe", "value", 5, 0) < 0 || fgetxattr(fd, "user.probe", value, sizeof value) < 0)
		return -errno;
	return strcmp(value, "value") == 0 ? 0 : say("another value came");
}

static int flags(void)
{
	int value = 0, fd = new_file("flags", "");
	return fd < 0 ? -errno : result(ioctl(fd, FS_IOC_GETFLAGS, &value));
}

static int lock_file(void)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = new_file("lock", "");
	return fd < 0 ? -errno : result(fcntl(fd, F_OFD_SETLK, &lock));
}

static int watch(void)
{
	char event[512];
	int fd = enter_place() < 0 ? -1 : inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (fd < 0 || inotify_add_watch(fd, ".", IN_CREATE) < 0)
		return -errno;
	unlink("seen");
	close(new_file("seen", ""));
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	if (poll(&wait, 1, 5000) != 1 || read(fd, event, sizeof event) <= 0)
		return say("no event came");
	return strcmp(((struct inotify_event *)event)->name, "seen") == 0 ? 0 : say("another event came");
}

/* Without privileges since Linux 5.13. */
static int watch_all(void)
{
	int fd = enter_place() < 0 ? -1 : fanotify_init(FAN_CLASS_NOTIF | FAN_REPORT_FID, 0);
	return fd < 0 ? -errno : result(fanotify_mark(fd, FAN_MARK_ADD, FAN_CREATE | FAN_ONDIR, AT_FDCWD, "."));
}

static int count_events(void)
{
	uint64_t value = 0;
	int fd = eventfd(3, EFD_CLOEXEC);
	return fd < 0 || read(fd, &value, sizeof value) < 0 ? -errno : value == 3 ? 0 : say("another value came");
}

static int time_events(void)
{
	uint64_t value = 0;
	struct itimerspec soon = { .it_value = { .tv_nsec = 1000000 } };
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	return fd < 0 || timerfd_settime(fd, 0, &soon, NULL) < 0 || read(fd, &value, sizeof value) < 0 ? -errno : 0;
}

static int ring(void)
{
	char parameters[256] = "";
	return result(syscall(425 /* io_uring_setup, everywhere but alpha */, 4, parameters));
}

static int old_ring(void)
{
	unsigned long context = 0;
	return result(syscall(SYS_io_setup, 4, &context));
}

static int handle(void)
{
	union {
		struct file_handle handle;
		char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} h = { .handle.handle_bytes = MAX_HANDLE_SZ };
	int id;
	return result(name_to_handle_at(AT_FDCWD, "/tmp", &h.handle, &id, 0));
}

/* 444: landlock_create_ruleset, which tells its version so. */
static int landlock(void)
{
	return result(syscall(444, NULL, 0, 1));
}

static int keyring(void)
{
	return result(syscall(SYS_keyctl, 0 /* KEYCTL_GET_KEYRING_ID */, -3, 0));
}

static int bpf(void)
{
	char attr[128] = { 1, 0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0, 1 };
	return result(syscall(SYS_bpf, 0 /* BPF_MAP_CREATE */, attr, sizeof attr));
}

static int counters(void)
{
	uint32_t attr[32] = { 1 /* PERF_TYPE_SOFTWARE */, sizeof attr };
	return result(syscall(SYS_perf_event_open, attr, 0, -1, -1, 0));
}

const struct probe file_probes[] = {
	{ "readdir", "every program that lists directories (32-bit ones: EOVERFLOW)", list },
	{ "seekdir", "telldir, Samba, NFS servers", list_again },
	{ "stat", "every program (32-bit ones: EOVERFLOW)", look },
	{ "statx", "new C libraries, Rust", look_closely },
	{ "openat2", "container tools, systemd", resolve_inside },
	{ "copy_file_range", "cp, Go, Rust, Python's shutil", copy_range },
	{ "sendfile", "web servers, cp", send_file },
	{ "splice", "socat, proxies", splice_pipe },
	{ "renameat2", "package managers that exchange files", exchange },
	{ "fallocate", "databases, disk images", punch },
	{ "extended attributes", "tar, rsync, systemd", attribute },
	{ "inode flags", "chattr, lsattr, btrfs tools", flags },
	{ "OFD locks", "SQLite's and Samba's forks, QEMU", lock_file },
	{ "inotify", "file watchers: webpack, tail -f, systemd", watch },
	{ "fanotify", "virus scanners, fatrace", watch_all },
	{ "eventfd", "event loops", count_events },
	{ "timerfd", "event loops, systemd", time_events },
	{ "io_uring", "liburing, newer databases and runtimes", ring },
	{ "libaio", "MySQL, Ceph, fio", old_ring },
	{ "file handles", "systemd, NFS servers, fatrace", handle },
	{ "Landlock", "sandboxes", landlock },
	{ "keyrings", "kerberos, cryptsetup, fscrypt", keyring },
	{ "bpf", "bcc, bpftool, systemd's firewall", bpf },
	{ "perf events", "perf, profilers", counters },
	{ 0 },
};
