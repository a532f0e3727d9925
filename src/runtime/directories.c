/* SPDX-License-Identifier: GPL-2.0-or-later */
/* directories.c owns listing directories for 32-bit programs that run in a 64-bit emulator. */
/*
 * Theory of operation. getdents64(2) gives each entry a position in the directory. ext4's are hashes, of 63 bits for a 64-bit
 * caller and of 31 bits for a 32-bit one (fs/ext4/dir.c, is_32bit_api). A 64-bit emulator is a 64-bit caller, whatever its
 * guest, whose C library then says EOVERFLOW. So a seccomp filter hands these calls to a process of ours
 * (seccomp_unotify(2)): it takes the directory's descriptor out of the caller, has the call made as a 32-bit program makes it
 * (listing.h), and writes the entries into the caller's memory. The file's position is shared, so that whatever else the caller
 * does with the directory goes on from there.
 *
 * Whatever cannot be done so is left to the kernel, as if there were no filter: that is what the caller asked for. Nothing
 * more is reached than what the caller can reach itself: its own memory, and a directory that it has open.
 */
#include "src/runtime/directories.h"

#include "src/base/calls.h"
#include "src/base/fd.h"
#include "src/base/process.h"
#include "src/runtime/listing.h"
#include "src/runtime/shortage.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
enum { OUR_MACHINE = AUDIT_ARCH_X86_64 };
#elif defined(__aarch64__)
enum { OUR_MACHINE = AUDIT_ARCH_AARCH64 };
#else
enum { OUR_MACHINE = 0 };
#endif

/* <linux/seccomp.h> of Linux 6.6: who asks and who answers take turns on one processor, half the time; elsewhere an error. */
enum { NOTIF_SYNC_WAKE_UP = 1 };
#define NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)

int directories_listen(void)
{
	static struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OUR_MACHINE, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getdents64, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	/* Without WAIT_KILLABLE_RECV a signal would break a call off whose entries have been passed already. */
	const unsigned long flags = SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
	const struct sock_fprog program = { .len = sizeof code / sizeof *code, .filter = code };
	int fd = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
	return fd < 0 ? -1 : fd;
}

/* Calls come from threads; a pidfd is a process' (proc_pid_status(5), Tgid). */
static int open_process(pid_t thread)
{
	cleanup_buf struct buf status = { 0 };
	const char *line = process_status(thread, &status) ? strstr(status.data, "\nTgid:\t") : NULL;
	return line ? (int)syscall(SYS_pidfd_open, (pid_t)strtol(line + strlen("\nTgid:\t"), NULL, 10), 0) : -1;
}

/*
 * What is opened by a number is checked afterwards: while the call waits the number is the caller's, and what is open
 * stays the caller's, whoever has the number then. False where the kernel is to do it.
 */
static bool answer(int listener_fd, const struct seccomp_notif *call, const struct listing *listing, struct seccomp_notif_resp *response)
{
	const __u64 *args = call->data.args;
	size_t size = args[2] < LISTING_ROOM ? args[2] : LISTING_ROOM;
	cleanup_free char *path = str_fmt("/proc/%u/mem", call->pid);
	cleanup_fd int memory_fd = open(path, O_WRONLY | O_CLOEXEC), process_fd = open_process((pid_t)call->pid);
	cleanup_fd int dir_fd = process_fd < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, process_fd, (int)args[0], 0);
	if (memory_fd < 0 || dir_fd < 0 || ioctl(listener_fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &call->id) < 0)
		return false;
	long n = listing_read(listing, dir_fd, size);
	if (n == -ENOSYS)
		return false;
	if (n > 0 && pwrite(memory_fd, listing->room, n, (off_t)args[1]) != n)
		n = -EFAULT;
	response->error = n < 0 ? (int)n : 0;
	response->val = n < 0 ? 0 : n;
	return true;
}

static void answer_all(int listener_fd, const struct listing *listing)
{
	struct pollfd polled = { .fd = listener_fd, .events = POLLIN };
	ioctl(listener_fd, NOTIF_SET_FLAGS, NOTIF_SYNC_WAKE_UP);
	for (;;) {
		struct seccomp_notif call = { 0 };
		if (poll(&polled, 1, -1) < 0 && errno != EINTR)
			return;
		if (polled.revents & (POLLHUP | POLLERR)) /* nobody is left who could ask */
			return;
		if (ioctl(listener_fd, SECCOMP_IOCTL_NOTIF_RECV, &call) < 0)
			continue;
		struct seccomp_notif_resp response = { .id = call.id };
		if (!listing->room || !answer(listener_fd, &call, listing, &response))
			response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		ioctl(listener_fd, SECCOMP_IOCTL_NOTIF_SEND, &response);
	}
}

/* It has nothing of ours open, neither a terminal nor a pipe that somebody waits for. */
static void become_server(int listener_fd)
{
	sigset_t all;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	struct listing listing;
	if (setsid() < 0 || chdir("/") < 0 || dup2(listener_fd, 0) < 0 || calls_close_range(1, ~0u, 0) < 0)
		_exit(1);
	listing_open(&listing);
	answer_all(0, &listing);
	_exit(0);
}

int directories_serve(int listener_fd, struct err *err)
{
	pid_t child = fork();
	if (child < 0)
		return shortage_of_processes(err);
	if (child > 0)
		return process_wait(child) == 0 ? 0 : err_set(err, -EAGAIN, "cannot start the process that lists directories");
	pid_t server = fork();
	if (server == 0)
		become_server(listener_fd);
	_exit(server < 0);
}
