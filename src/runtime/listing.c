/* SPDX-License-Identifier: GPL-2.0-or-later */
/* listing.c owns getdents64(2) as a 32-bit program of this machine makes it. */
/*
 * Theory of operation. The kernel tells a 32-bit caller from others by the way that a call came in. x86-64 kernels have that of
 * i386 for every program (int 0x80). arm64 kernels have none but for a process of 32-bit arm: so a tiny one is started, which
 * gets directories through a socket, one after the other, each with the size of what is wanted, and answers with the call's
 * result, and as many bytes.
 */
#include "src/runtime/listing.h"

#include "src/base/fd.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
enum { COMPAT_GETDENTS64 = 220 }; /* arch/x86/entry/syscalls/syscall_32.tbl */

const char *listing_by(void)
{
	return "i386";
}

/* `room` lies below 4 GiB, as all that a 32-bit call can name. */
void listing_open(struct listing *listing)
{
	void *room = mmap(NULL, LISTING_ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	*listing = (struct listing){ .room = room == MAP_FAILED ? NULL : room, .socket_fd = -1 };
}

long listing_read(const struct listing *listing, int dir_fd, size_t size)
{
	long r;
	__asm__ volatile("int $0x80" : "=a"(r) : "a"(COMPAT_GETDENTS64), "b"(dir_fd), "c"(listing->room), "d"(size)
			 : "memory", "r8", "r9", "r10", "r11");
	return (int)r;
}
#elif defined(__aarch64__)
enum { CODE_AT = 0x400000, MEMORY_AT = 0x500000, MEMORY_SIZE = 0x1000 + LISTING_ROOM, CODE_WORDS = 48 };

/* elf(5): code, and memory behind it that the kernel fills with zeros. */
static const struct {
	Elf32_Ehdr header;
	Elf32_Phdr segments[2];
	uint32_t code[CODE_WORDS];
} lister = {
	.header = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32, ELFDATA2LSB, EV_CURRENT }, .e_type = ET_EXEC, .e_machine = EM_ARM,
		.e_version = EV_CURRENT, .e_entry = CODE_AT + sizeof(Elf32_Ehdr) + 2 * sizeof(Elf32_Phdr), .e_phoff = sizeof(Elf32_Ehdr),
		.e_flags = 0x05000200, .e_ehsize = sizeof(Elf32_Ehdr), .e_phentsize = sizeof(Elf32_Phdr), .e_phnum = 2 },
	.segments = {
		{ .p_type = PT_LOAD, .p_vaddr = CODE_AT, .p_paddr = CODE_AT, .p_filesz = sizeof lister, .p_memsz = sizeof lister, .p_flags = PF_R | PF_X,
			.p_align = 0x10000 },
		{ .p_type = PT_LOAD, .p_vaddr = MEMORY_AT, .p_paddr = MEMORY_AT, .p_memsz = MEMORY_SIZE, .p_flags = PF_R | PF_W, .p_align = 0x10000 },
	},
	.code = {
		0xe59f40ac, 0xe59f60ac,             /* r4 = MEMORY_AT, r6 = where the answer is, less 4 */
		0xe3a00000, 0xe3a02018,             /* again: a msghdr at r4, its iovec at r4+64, its control message at r4+96 */
		0xe5840000, 0xe5840004, 0xe2841040, 0xe5841008, 0xe3a03001, 0xe584300c, 0xe2843060, 0xe5843010, 0xe5842014, 0xe5840018,
		0xe2843050, 0xe5843040, 0xe3a03004, 0xe5843044, /* the iovec: four bytes, the size, at r4+80 */
		0xe1a01004, 0xe3a02000, 0xe59f7064, 0xef000000, /* recvmsg(0, r4, 0) */
		0xe3500004, 0x1a000011,             /* not four bytes: end */
		0xe594506c, 0xe5942050,             /* r5 = the descriptor, r2 = the size */
		0xe1a00005, 0xe2861008, 0xe3a070d9, 0xef000000, /* getdents64(r5, r6+8, r2) */
		0xe5860004, 0xe3500000, 0xb3a00000, 0xe2802004, 0xe2861004, 0xe3a00000, 0xe3a07004, 0xef000000, /* write(0, result and bytes) */
		0xe1a00005, 0xe3a07006, 0xef000000, /* close(r5) */
		0xeaffffd7,                         /* again */
		0xe3a00000, 0xe3a07001, 0xef000000, /* end: exit(0) */
		MEMORY_AT, MEMORY_AT + 0xff8, 297,
	},
};

const char *listing_by(void)
{
	return "armv7";
}

/* Executes the lister with the socket as its standard input, and nothing else open. */
static void become_lister(int program_fd, int socket_fd)
{
	static char *const none[] = { NULL };
	char *const args[] = { "xrun-lister", NULL };
	if (dup2(socket_fd, 0) == 0)
		syscall(SYS_execveat, program_fd, "", args, none, AT_EMPTY_PATH);
	_exit(1);
}

void listing_open(struct listing *listing)
{
	int ends[2];
	*listing = (struct listing){ .socket_fd = -1 };
	cleanup_fd int program_fd = memfd_create("xrun-lister", MFD_CLOEXEC);
	if (program_fd < 0 || write(program_fd, &lister, sizeof lister) != sizeof lister)
		return;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return;
	cleanup_fd int its_fd = ends[1], our_fd = ends[0];
	void *room = mmap(NULL, LISTING_ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pid_t child = room == MAP_FAILED ? -1 : fork();
	if (child == 0)
		become_lister(program_fd, its_fd);
	if (child > 0)
		*listing = (struct listing){ .room = room, .socket_fd = fd_take(&our_fd) };
}

static bool receive(int fd, void *to, size_t size)
{
	return recv(fd, to, size, MSG_WAITALL) == (ssize_t)size;
}

long listing_read(const struct listing *listing, int dir_fd, size_t size)
{
	uint32_t wanted = size < LISTING_ROOM ? size : LISTING_ROOM;
	int32_t result;
	if (fd_send(listing->socket_fd, &wanted, sizeof wanted, &dir_fd, 1) < 0 || !receive(listing->socket_fd, &result, sizeof result))
		return -ENOSYS;
	if (result > 0 && ((uint32_t)result > wanted || !receive(listing->socket_fd, listing->room, result)))
		return -ENOSYS;
	return result;
}
#else
const char *listing_by(void)
{
	return NULL;
}

void listing_open(struct listing *listing)
{
	*listing = (struct listing){ .socket_fd = -1 };
}

long listing_read(const struct listing *listing, int dir_fd, size_t size)
{
	(void)listing, (void)dir_fd, (void)size;
	return -ENOSYS;
}
#endif
