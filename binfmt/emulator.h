/* SPDX-License-Identifier: GPL-2.0-or-later */
/* emulator.h owns what is known of an emulator's program, and copies of it that start with options. */
#ifndef XRUN_BINFMT_EMULATOR_H
#define XRUN_BINFMT_EMULATOR_H

#include "binfmt/arch.h"
#include "src/base/err.h"
#include "src/base/str.h"

/*
 * Both are kept in a directory, <store>/emulators, under names made of the emulator's name, device, inode, size and
 * time of change, so that an emulator that was exchanged is asked anew. Facts are symbolic links whose target is the text:
 * made and read in one system call. Returns its descriptor; it is made if need be.
 */
int emulator_cache_open(int store_dir_fd, struct err *err);

/* A name for the file as it is now: "qemu-aarch64-static.PATH.DEVICE.INODE.SIZE.TIME" in hex digits, the caller's. */
int emulator_identity(const char *path, char **ret_text, struct err *err);

/* Of options and the code that gives them, for names. */
uint64_t emulator_hash(const struct strv *words);

/* What an emulator was found to be for a guest of some architecture. */
struct emulator_facts {
	char name[32];         /* what it calls itself: "qemu-aarch64", "FEX", "box64"; "" if it does not say */
	char version[32];      /* "7.2.22", or "" */
	char model[64];        /* the CPU model that cpu_models prefers and it accepts; "" for its default */
	bool takes_options;    /* whether patch_plan can change it */
	bool fixed_address;    /* linked to run at one address (ET_EXEC) rather than anywhere */
};

/*
 * Answers from the cache, or asks the emulator, running it as nobody if we are root. cache_fd may be -1: then nothing is
 * kept. An emulator that does not run here, or is for another architecture, is an error that says so.
 */
int emulator_ask(int cache_fd, const struct arch *arch, const char *path, struct emulator_facts *ret_facts, struct err *err);

/* Why programs crash under it at random unless addresses are not randomized; NULL for an emulator that is sound. Pure. */
const char *emulator_randomization_trouble(const struct emulator_facts *facts);

/*
 * What a guest of arch is told of its CPU where the emulator starts with these options, asked by running a small program and
 * then kept. Zeros where it did not run: that is no error.
 */
struct cpu_capabilities;
void emulator_ask_capabilities(int cache_fd, const struct arch *arch, const char *path, const struct strv *options,
	struct cpu_capabilities *ret_capabilities);

/* Whether the emulator accepts a CPU model: 0, or -EINVAL with what it says about it. Runs it. */
int emulator_check_model(const char *path, const char *model, struct err *err);

/*
 * The name, below cache_fd, of a copy of the emulator that starts with these words after its argv[0], and "--", so that no
 * program's name is taken for one more; made if it is not there. The name is the caller's. Copies of emulators that were exchanged are removed on the way.
 */
int emulator_copy(int cache_fd, const char *path, const struct strv *words, char **ret_name, struct err *err);

/*
 * A copy in memory of a program of the machine's own architecture, which a handler for that leaves to the kernel (PATCH_MARK): for
 * helpers in a user namespace where such programs are emulated. A descriptor, for execveat(2).
 */
int emulator_spare(const char *path, struct err *err);

/* Whether it is there: then these options were found good before. */
bool emulator_has_copy(int cache_fd, const char *path, const struct strv *words);

#endif
