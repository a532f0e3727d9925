/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory.c owns what is tried of memory, and of what processes share. */
#include "src/probe/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

static char *new_page(void)
{
	return mmap(NULL, sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* Allocators count on it: given back, a page reads as zeros. */
static int give_back(void)
{
	char *page = new_page();
	memset(page, 7, 100);
	if (madvise(page, sysconf(_SC_PAGESIZE), MADV_DONTNEED) < 0)
		return -errno;
	return *(volatile char *)page == 0 ? 0 : say("the old content is still there");
}

static int map_beside(void)
{
	char *page = new_page();
	void *p = mmap(page, sysconf(_SC_PAGESIZE), PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	return p == MAP_FAILED && errno == EEXIST ? 0 : say("MAP_FIXED_NOREPLACE replaced a mapping");
}

static int grow(void)
{
	long size = sysconf(_SC_PAGESIZE);
	char *page = new_page();
	page[1] = 7;
	char *more = mremap(page, size, size * 512, MREMAP_MAYMOVE);
	return more == MAP_FAILED ? -errno : more[1] == 7 ? 0 : say("the content did not move along");
}

static int lock_memory(void)
{
	return result(mlock(new_page(), 4096));
}

/* A page in memory, written here, executed there: how some compilers at run time work. */
static int map_twice(void)
{
	long size = sysconf(_SC_PAGESIZE);
	int fd = memfd_create("probe", MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, size) < 0)
		return -errno;
	char *writable = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	char *executable = mmap(NULL, size, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
	if (writable == MAP_FAILED || executable == MAP_FAILED)
		return -errno;
	strcpy(writable, "both");
	return strcmp(executable, "both") == 0 ? 0 : say("the two mappings differ");
}

static int seal(void)
{
	int fd = memfd_create("probe", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) < 0)
		return -errno;
	return write(fd, "x", 1) < 0 && errno == EPERM ? 0 : say("a sealed file could be written");
}

static int share_segment(void)
{
	int id = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
	char *p = id < 0 ? (char *)-1 : shmat(id, NULL, 0);
	int error = errno;
	if (id >= 0)
		shmctl(id, IPC_RMID, NULL);
	if (p == (char *)-1)
		return -error;
	p[0] = 1;
	return result(shmdt(p));
}

static int semaphore(void)
{
	struct sembuf up = { 0, 1, 0 };
	int id = semget(IPC_PRIVATE, 1, IPC_CREAT | 0600);
	if (id < 0)
		return -errno;
	int r = result(semop(id, &up, 1));
	semctl(id, 0, IPC_RMID);
	return r;
}

static int send_message(void)
{
	struct { long type; char text[8]; } out = { 1, "hello" }, in = { 0 };
	int id = msgget(IPC_PRIVATE, IPC_CREAT | 0600);
	if (id < 0)
		return -errno;
	int r = msgsnd(id, &out, sizeof out.text, 0) < 0 || msgrcv(id, &in, sizeof in.text, 1, 0) < 0 ? -errno : 0;
	msgctl(id, IPC_RMID, NULL);
	return r < 0 || strcmp(in.text, "hello") == 0 ? r : say("another message came");
}

static int post_message(void)
{
	struct mq_attr attr = { .mq_maxmsg = 2, .mq_msgsize = 16 };
	char in[16] = "";
	mqd_t queue = mq_open("/xrun-probe", O_CREAT | O_RDWR | O_CLOEXEC, 0600, &attr);
	if (queue < 0)
		return -errno;
	mq_unlink("/xrun-probe");
	if (mq_send(queue, "hello", 6, 0) < 0 || mq_receive(queue, in, sizeof in, NULL) < 0)
		return -errno;
	return strcmp(in, "hello") == 0 ? 0 : say("another message came");
}

static int fault_to_user(void)
{
	return result(syscall(SYS_userfaultfd, O_CLOEXEC | 1 /* UFFD_USER_MODE_ONLY */));
}

const struct probe memory_probes[] = {
	{ "MADV_DONTNEED", "jemalloc, Go, JVMs: pages given back are zero", give_back },
	{ "MAP_FIXED_NOREPLACE", "loaders, sanitizers", map_beside },
	{ "mremap", "realloc of large blocks", grow },
	{ "mlock", "cryptography, real-time programs", lock_memory },
	{ "mapped twice", "compilers at run time: .NET, JVMs, libffi", map_twice },
	{ "memfd seals", "Wayland, D-Bus, systemd", seal },
	{ "System V shared memory", "PostgreSQL, X11", share_segment },
	{ "System V semaphores", "PostgreSQL, Apache, fakeroot", semaphore },
	{ "System V messages", "fakeroot", send_message },
	{ "POSIX message queues", "mq_open", post_message },
	{ "userfaultfd", "CRIU, garbage collectors", fault_to_user },
	{ 0 },
};
