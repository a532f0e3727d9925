/* SPDX-License-Identifier: GPL-2.0-or-later */
/* jail.h owns a directory for hostile layers to be unpacked in, and noticing when one reaches out of it. */
#ifndef XRUN_TESTS_JAIL_H
#define XRUN_TESTS_JAIL_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Makes a user namespace and, below /tmp, what is / for the code under test:
 *
 *   /in/root/                         the layer's, empty each time
 *   /outside/file, /outside/dir/file  what must stay as it is, as must / and /in
 *
 * To be called once, from LLVMFuzzerInitialize: before there are threads.
 */
int jail_init(void);
bool jail_single_id(void);

/* Shows /proc in it, for code that names descriptors by it. After jail_init, before there are threads. */
int jail_show_proc(void);

/* Runs `work` with /in/root, then fails if anything outside of it is not what it was, or anything in it is bad. */
void jail_run(void (*work)(int root_fd, void *context), void *context, uint64_t max_size);

#endif
