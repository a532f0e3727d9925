/* SPDX-License-Identifier: GPL-2.0-or-later */
/* oci.h owns the table of xrun-oci's commands and what they share. */
#ifndef XRUN_OCI_OCI_H
#define XRUN_OCI_OCI_H

#include "src/base/err.h"
#include "src/cli/options.h"
#include "src/plan/spec.h"
#include "src/runtime/engine.h"
#include "src/runtime/engine_ready.h"

/* Options that come before the command. */
struct oci_globals {
	const char *root, *log, *log_format, *log_level, *rootless, *cgroup_manager;
	bool systemd_cgroup, optional_labels, debug, version, help;
	int log_fd; /* of --log, or -1 */
	struct inherit inherited; /* looked at where --preserve-fds or LISTEN_FDS may ask for it */
};
extern const struct option oci_global_options[];

/* A command returns an exit status >= 0, or a negative errno with err filled. */
struct oci_command {
	const char *name;
	int (*run)(const struct oci_globals *globals, int argc, char **argv, struct err *err);
	const char *usage;            /* what follows "xrun-oci NAME" */
	const char *help;             /* one line */
	const struct option *options; /* NULL: none */
	const char *text;             /* prose and examples for the manual page, or NULL */
};
extern const struct oci_command oci_commands[]; /* a NULL name ends it */

extern const struct option oci_create_options[], oci_run_options[], oci_kill_options[], oci_delete_options[];
extern const struct option oci_exec_options[], oci_list_options[], oci_ps_options[], oci_update_options[], oci_spec_options[];
extern const struct option oci_events_options[];

int oci_create(const struct oci_globals *globals, int argc, char **argv, struct err *err);
int oci_start(const struct oci_globals *globals, int argc, char **argv, struct err *err);
int oci_state(const struct oci_globals *globals, int argc, char **argv, struct err *err);
int oci_kill(const struct oci_globals *globals, int argc, char **argv, struct err *err);
int oci_delete(const struct oci_globals *globals, int argc, char **argv, struct err *err);
int oci_run(const struct oci_globals *globals, int argc, char **argv, struct err *err);

int oci_exec(const struct oci_globals *globals, int argc, char **argv, struct err *err);
int oci_list(const struct oci_globals *globals, int argc, char **argv, struct err *err);
int oci_ps(const struct oci_globals *globals, int argc, char **argv, struct err *err);
int oci_pause(const struct oci_globals *globals, int argc, char **argv, struct err *err);
int oci_resume(const struct oci_globals *globals, int argc, char **argv, struct err *err);
int oci_update(const struct oci_globals *globals, int argc, char **argv, struct err *err);
int oci_events(const struct oci_globals *globals, int argc, char **argv, struct err *err);
int oci_features(const struct oci_globals *globals, int argc, char **argv, struct err *err);
int oci_spec(const struct oci_globals *globals, int argc, char **argv, struct err *err);

/*
 * Parses a command's words: its options into `target`, then between min and max operands. -ECANCELED without err where help
 * was asked for and printed. With SIZE_MAX the first operand ends the options: what follows it is another program's.
 */
int oci_parse_words(const char *command, void *target, int argc, char **argv, size_t min, size_t max, struct strv *ret_operands,
	struct err *err);

/* A container by its id, with its directory and what state.json says. */
struct oci_container {
	int root_fd, dir_fd;
	struct engine_state state;
};
int oci_container_open(const struct oci_globals *globals, const char *id, struct oci_container *ret_container, struct err *err);
void oci_container_close(struct oci_container *container);
#define cleanup_oci_container __attribute__((cleanup(oci_container_close)))

/* What create and run have in common. */
struct oci_create_words {
	const char *bundle, *config, *pid_file, *pidfd_socket, *console_socket, *preserve_fds;
	bool no_pivot, no_new_keyring, no_subreaper;
	bool detach, keep; /* run's */
};

#define OCI_CREATE_AT(field) offsetof(struct oci_create_words, field)
#define OCI_CREATE_OPTIONS \
	{ "bundle", 'b', OPTION_TEXT, OCI_CREATE_AT(bundle), "DIR", "where config.json is (default: the current directory)" }, \
	{ "config", 'f', OPTION_TEXT, OCI_CREATE_AT(config), "FILE", "another name of it, below the bundle or absolute" }, \
	{ "pid-file", 0, OPTION_TEXT, OCI_CREATE_AT(pid_file), "FILE", "write the first process' number there" }, \
	{ "pidfd-socket", 0, OPTION_TEXT, OCI_CREATE_AT(pidfd_socket), "SOCKET", "send a pidfd of the first process there" }, \
	{ "console-socket", 0, OPTION_TEXT, OCI_CREATE_AT(console_socket), "SOCKET", "send the terminal's descriptor there" }, \
	{ "preserve-fds", 0, OPTION_TEXT, OCI_CREATE_AT(preserve_fds), "N", "descriptors from 3 on that the program gets" }, \
	{ "no-pivot", 0, OPTION_SWITCH, OCI_CREATE_AT(no_pivot), NULL, "chroot instead of pivot_root, where the root is a RAM disk" }, \
	{ "no-new-keyring", 0, OPTION_SWITCH, OCI_CREATE_AT(no_new_keyring), NULL, "keep the caller's session keyring" }, \
	{ "no-subreaper", 0, OPTION_SWITCH, OCI_CREATE_AT(no_subreaper), NULL, "xrun-oci is none: taken for other runtimes' sake" }

/* config.json of the bundle, and a request of it. `ret_spec` and `ret_text` are the caller's, as is request->bundle. */
int oci_make_request(const struct oci_globals *globals, const struct oci_create_words *words, const char *id, struct spec *ret_spec,
	struct buf *ret_text, struct engine_request *ret_request, struct err *err);

/*
 * labels.c: whether the machine has the modules for the spec's AppArmor profile and SELinux label. An error where not; with
 * --optional-labels a warning, and the spec has none any more.
 */
int oci_check_labels(const struct oci_globals *globals, struct spec *spec, struct err *err);

/* Before a terminal of the container's is relayed to what is none: lines end there as lines of files do. */
void oci_relay_plainly(int terminal_fd);

/*
 * --preserve-fds and LISTEN_FDS: which of the caller's descriptors the program keeps. Warns of those that are not open. Sets the
 * spec's LISTEN_*.
 */
int oci_choose_descriptors(const struct oci_globals *globals, const char *text, struct spec *spec, struct inherit *ret_preserved, struct err *err);

/*
 * How the programs of its root run here: natively, by the host's handler, or by emulators that the spec then lists, with
 * *ret_cache_fd for engine_request.
 */
int oci_plan_emulation(struct spec *spec, int *ret_cache_fd, struct err *err);

/* log.c: --log, opened before there is anything to tell; then where an error goes: to stderr and there, in its format. */
int oci_log_open(struct oci_globals *globals, struct err *err);
void oci_log_error(const struct oci_globals *globals, const struct err *err);
/* Or to --log alone, where there is one. */
void oci_log_warnings(const struct oci_globals *globals, const struct strv *warnings);
/* A warning where a service manager could not be told. */
void oci_log_readiness(const struct oci_globals *globals, const struct engine_ready *ready);

#endif
