/* SPDX-License-Identifier: GPL-2.0-or-later */
/* debug.h owns looking into emulated programs: --strace and --gdb. */
#ifndef XRUN_CLI_DEBUG_H
#define XRUN_CLI_DEBUG_H

#include "src/cli/forward.h"
#include "src/cli/run.h"

/* Where the container sees the directory below; in its own /dev, so that nothing of it is in the image's files. */
#define DEBUG_DIRECTORY "/dev/xrun"

/*
 * Of gdb: no scripts but the machine's own, whatever the user's files allow otherwise (gdb's manual, "Security restriction for auto-loading"):
 * those in a container's programs are for whoever made the image.
 */
#define DEBUG_NO_SCRIPTS " -iex 'set auto-load safe-path $debugdir:$datadir/auto-load'"

/* What was set up for one container. */
struct debug {
	char *directory;       /* private to the user; its subdirectory "shared" is what the container sees */
	pid_t tracer;          /* writes what the programs' emulators say into --strace=FILE; 0: none */
	int tracer_fd;         /* closed: the tracer writes the rest and ends */
	pid_t announcer;       /* tells how to reach the program that waits for gdb, and forwards to it; 0: none */
	struct forward forward;
};
#define DEBUG_NONE { .tracer_fd = -1, .forward = FORWARD_NONE }

/* Plans what --strace and --gdb ask for: the emulator's options, the environment, a volume. After run_plan_emulation. */
int debug_plan(const struct request *request, struct spec *spec, struct debug *ret_debug, struct err *err);

/* Lets the first program's emulator wait for gdb at DEBUG_DIRECTORY/gdb, and keeps what says so from the program. */
void debug_wait_for_gdb(struct spec *spec);

/* Starts the helpers, which end with the container or with us. */
int debug_start(const struct request *request, const struct spec *spec, int store_dir_fd, struct debug *debug, struct err *err);

/* The command that prints the stacks of a debuggable container's program; the caller's. NULL: there is no gdb-multiarch. */
char *debug_stacks_command(const struct spec *spec, int store_dir_fd);

/* The command that connects gdb to a running container that was started with --gdb; the caller's. NULL: to no other. */
char *debug_gdb_command(const struct spec *spec, int store_dir_fd);

/* The command that opens a collected core, by its path: with the program where it is the container's own; the caller's. */
char *debug_core_command(const struct spec *spec, const char *core, int store_dir_fd);

/* Ends them, and removes the directory. */
void debug_finish(struct debug *debug);

#endif
