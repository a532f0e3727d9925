/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stub.c owns the code that is added to a copy of an emulator: it gives it options, and its process its guest's command line. */
/*
 * It starts with the stack that the kernel made: argc, argv, NULL, environment, NULL, auxiliary vector. It moves all that
 * down, with the option words after argv[0], and goes on at the emulator's own entry point. It is linked at address 0 to a
 * flat file without relocations, see stub.ld; what it is to insert follows it, see binfmt/patch.h.
 *
 * Command lines, as /proc/PID/cmdline and with it ps show them, are the text between two addresses that the kernel keeps of a
 * process. binfmt_misc puts the interpreter and the program's path before the program's own argv[0]; PR_SET_MM_MAP (Linux 3.18,
 * with CONFIG_CHECKPOINT_RESTORE, which distributions have) lets the text begin behind those. It takes all such addresses at once,
 * so the others are told as the kernel has set them (fs/binfmt_elf.c). Where it fails, command lines are longer.
 */
#include <elf.h>
#include <linux/prctl.h>
#include <stdint.h>
#include <sys/syscall.h>

#include "binfmt/stub/data.h"

extern const struct stub_data stub_data __attribute__((visibility("hidden")));
extern const char stub_entry[] __attribute__((visibility("hidden")));

/* The room below the kernel's stack is where the new one goes: our own frames lie below that. */
#if defined(__x86_64__)
__asm__(".section .entry, \"ax\"\n"
	".globl stub_entry\n"
	"stub_entry:\n"
	"	mov %rsp, %rdi\n"
	"	lea -" STUB_ROOM_TEXT "(%rsp), %rsp\n"
	"	call stub_insert\n"
	"	mov %rax, %rsp\n"
	"	lea stub_entry(%rip), %rax\n"
	"	add stub_data(%rip), %rax\n"
	"	xor %edx, %edx\n" /* the function that _start would register with atexit */
	"	xor %ebp, %ebp\n"
	"	jmp *%rax\n"
	".previous\n");

static long call(long number, long a, long b, const void *c, long d)
{
	register long fourth __asm__("r10") = d, fifth __asm__("r8") = 0;
	long result;
	__asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth), "r"(fifth) : "rcx", "r11", "memory");
	return result;
}
#elif defined(__aarch64__)
__asm__(".section .entry, \"ax\"\n"
	".globl stub_entry\n"
	"stub_entry:\n"
	"	mov x0, sp\n"
	"	sub sp, sp, #" STUB_ROOM_TEXT "\n"
	"	bl stub_insert\n"
	"	mov sp, x0\n"
	"	adr x16, stub_data\n"
	"	ldr x16, [x16]\n"
	"	adr x17, stub_entry\n"
	"	add x16, x16, x17\n"
	"	mov x0, #0\n" /* the function that _start would register with atexit */
	"	mov x29, #0\n"
	"	mov x30, #0\n"
	"	br x16\n"
	".previous\n");

static long call(long number, long a, long b, const void *c, long d)
{
	register long x8 __asm__("x8") = number, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x3 __asm__("x3") = d, x4 __asm__("x4") = 0;
	register const void *x2 __asm__("x2") = c;
	__asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
	return x0;
}
#else
#error "this machine's code for entering the stub is missing; see STUB_MACHINES in the Makefile"
#endif

/* Copies words from *from up to and with the first 0. */
static void move_list(uintptr_t **to, uintptr_t **from)
{
	while (**from)
		*(*to)++ = *(*from)++;
	*(*to)++ = *(*from)++;
}

static uintptr_t end_of(uintptr_t text)
{
	while (*(const char *)text++)
		;
	return text;
}

enum { KEEPS_ARGV0 = 1 }; /* AT_FLAGS, AT_FLAGS_PRESERVE_ARGV0: binfmt_misc's flag P */

/* argv is: interpreter, the program's path, and what the program was called with. */
static void show_guest(uintptr_t *stack)
{
	uintptr_t count = stack[0], *argv = stack + 1, *env = argv + count + 1, *auxv = env, flags = 0;
	while (*auxv++)
		;
	for (uintptr_t *at = auxv; at[0] != AT_NULL; at += 2)
		if (at[0] == AT_FLAGS)
			flags = at[1];
	if (count < 3 || !(flags & KEEPS_ARGV0))
		return;
	uintptr_t here = (uintptr_t)stub_entry, heap = call(SYS_brk, 0, 0, 0, 0);
	struct prctl_mm_map map = { .start_code = here + stub_data.code, .end_code = here + stub_data.size, .start_data = here,
		.end_data = here + stub_data.size, .start_brk = heap, .brk = heap, .start_stack = (uintptr_t)stack, .arg_start = argv[2],
		.arg_end = end_of(argv[count - 1]), .exe_fd = -1 };
	map.env_start = map.arg_end;
	map.env_end = *env ? end_of(auxv[-2]) : map.arg_end;
	call(SYS_prctl, PR_SET_MM, PR_SET_MM_MAP, &map, sizeof map);
}

uintptr_t *stub_insert(uintptr_t *from);

/* Returns the new stack: lower than the old one, so that copying upwards never overtakes itself. */
uintptr_t *stub_insert(uintptr_t *from)
{
	show_guest(from);
	uint64_t count = stub_data.count;
	uintptr_t *stack = (uintptr_t *)((uintptr_t)(from - count) & ~(uintptr_t)15), *to = stack;
	const char *word = stub_data.words;
	*to++ = *from++ + count;
	*to++ = *from++;
	for (uint64_t i = 0; i < count; i++) {
		*to++ = (uintptr_t)word;
		while (*word++)
			;
	}
	move_list(&to, &from);
	move_list(&to, &from);
	for (uintptr_t type = 1; type; from += 2, to += 2) {
		type = to[0] = from[0];
		to[1] = from[1];
	}
	return stack;
}
