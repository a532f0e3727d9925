/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stub.c owns the code that is added to a copy of an emulator and gives it options before its own first instruction. */
/*
 * It starts with the stack that the kernel made: argc, argv, NULL, environment, NULL, auxiliary vector. It moves all that
 * down, with the option words after argv[0], and goes on at the emulator's own entry point. It is linked at address 0 to a
 * flat file without relocations, see stub.ld; what it is to insert follows it, see binfmt/patch.h.
 */
#include <stdint.h>

#include "binfmt/stub/data.h"

extern const struct stub_data stub_data __attribute__((visibility("hidden")));

/* The room below the kernel's stack is where the new one goes: our own frames lie below that. */
#if defined(__x86_64__)
__asm__(".section .entry, \"ax\"\n"
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
#elif defined(__aarch64__)
__asm__(".section .entry, \"ax\"\n"
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

uintptr_t *stub_insert(uintptr_t *from);

/* Returns the new stack: lower than the old one, so that copying upwards never overtakes itself. */
uintptr_t *stub_insert(uintptr_t *from)
{
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
