/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * explain.h owns why a container ended badly, where that can be known. Pure: rules over facts, each of which somebody has
 * looked up; a rule that would have to guess does not exist.
 */
#ifndef XRUN_PLAN_EXPLAIN_H
#define XRUN_PLAN_EXPLAIN_H

#include "binfmt/elf.h"
#include "src/base/str.h"

#include <stdbool.h>
#include <stdint.h>

/* The container's program, as its file is when the container has ended. */
enum program_kind { PROGRAM_UNKNOWN, PROGRAM_ELF, PROGRAM_SCRIPT, PROGRAM_TEXT, PROGRAM_EMPTY, PROGRAM_DIRECTORY };
struct program_facts {
	enum program_kind kind;
	bool executable;         /* it has an x in its mode */
	char path[256];          /* in the container */
	char interpreter[256];   /* the dynamic loader, or what stands behind #!; "" for none */
	bool interpreter_found;
	struct elf_needs needs;  /* of an ELF file */
};

struct explain_facts {
	int error;               /* the program could not be executed: a negative errno; 0: it ran */
	int status;              /* it ran: its exit status, or 128 + a signal */
	bool hidden;             /* it was asked: programs of the image's architecture find no handler in the container any more */
	bool out_of_memory;
	uint64_t memory_bytes;   /* the limit; 0: none */
	const char *arch;        /* of the image */
	const char *program_arch; /* of the program's ELF file; NULL where xrun knows none such */
	bool program_runs;       /* natively, or by an emulator that the container has */
	const char *emulator;    /* path; NULL: it runs natively */
	const char *emulator_name; /* what it calls itself, "qemu-aarch64"; NULL where that is not known */
	const char *emulator_version;
	const char *cpu_model;   /* that the emulator was given; NULL: its default */
	int x86_level;           /* of the processor that the program sees; 0: not known */
	uint64_t hwcap;          /* what an emulated program is told of its processor (getauxval(3)); 0: not known */
	struct program_facts program;
};

/* Why a container's programs find the emulators no more; for a program that is started later in it, too. The caller's. */
char *explain_hidden(const char *arch);

/* One line of cause and remedy, the caller's; NULL where nothing is known. */
char *explain(const struct explain_facts *facts);

/* The level (x86-64-v1 .. v4) of a CPU model of qemu-x86_64 of that version; 0 for models that are not in the table. */
int explain_model_level(const char *model, const char *version);

#endif
