/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cli.h owns the table of commands and what they share. */
#ifndef XRUN_CLI_CLI_H
#define XRUN_CLI_CLI_H

#include "registry/endpoint.h"
#include "registry/image.h"
#include "registry/store.h"
#include "src/base/err.h"
#include "src/cli/options.h"
#include "src/runtime/idmap.h"

/* Options that come before the command. */
struct globals {
	const char *root;    /* the store; NULL: the default */
	const char *runroot; /* where the containers of a store are that is read-only; NULL: the default */
};

/*
 * What there is to know of a command: --help, its manual page and the shells' completions all come from here. It returns
 * an exit status >= 0, or a negative errno with err filled.
 */
struct command {
	const char *name;
	int (*run)(const struct globals *globals, int argc, char **argv, struct err *err);
	const char *usage;            /* what follows "xrun NAME" */
	const char *help;             /* one line */
	const struct option *options; /* the table that its parser uses */
	const char *text;             /* prose and examples; lines that begin with two blanks are literal */
};
extern const struct command cli_commands[]; /* a NULL name ends it */

int cli_main(int argc, char **argv, struct err *err);

/* What `xrun NAME --help` prints: for the command's own parser, when it meets --help. */
int cli_print_help(const char *name);

/*
 * What others chose (names of files, an image's texts) is shown on a terminal without what that would obey; a pipe or a file gets
 * it as it is. cli_for_terminal changes the text accordingly, cli_puts is puts(3) of that.
 */
void cli_for_terminal(char *text);
int cli_puts(char *text);

/* The commands' options; each stands in the command's own file. */
extern const struct option debug_options[], run_options[], pull_options[], images_options[], rmi_options[], binfmt_options[],
	doctor_options[];
extern const struct option load_options[], save_options[], store_options[], push_options[];
extern const struct option inspect_options[], history_options[], tag_options[], prune_options[];
extern const struct option login_options[], logout_options[];

extern const struct option ps_options[], exec_options[], start_options[], stop_options[], kill_options[], rm_options[], wait_options[],
	rename_options[], healthcheck_options[], logs_options[], attach_options[], top_options[], port_options[], cp_options[], diff_options[], export_options[], commit_options[];
extern const struct option stats_options[], pause_options[], update_options[];

int command_run(const struct globals *globals, int argc, char **argv, struct err *err);
int command_debug(const struct globals *globals, int argc, char **argv, struct err *err);
int command_pull(const struct globals *globals, int argc, char **argv, struct err *err);
int command_login(const struct globals *globals, int argc, char **argv, struct err *err);
int command_logout(const struct globals *globals, int argc, char **argv, struct err *err);
int command_images(const struct globals *globals, int argc, char **argv, struct err *err);
int command_tag(const struct globals *globals, int argc, char **argv, struct err *err);
int command_history(const struct globals *globals, int argc, char **argv, struct err *err);
int command_inspect(const struct globals *globals, int argc, char **argv, struct err *err);
int command_load(const struct globals *globals, int argc, char **argv, struct err *err);
int command_save(const struct globals *globals, int argc, char **argv, struct err *err);
int command_store(const struct globals *globals, int argc, char **argv, struct err *err);
int command_push(const struct globals *globals, int argc, char **argv, struct err *err);
int command_rmi(const struct globals *globals, int argc, char **argv, struct err *err);
int command_prune(const struct globals *globals, int argc, char **argv, struct err *err);
int command_binfmt(const struct globals *globals, int argc, char **argv, struct err *err);
int command_doctor(const struct globals *globals, int argc, char **argv, struct err *err);
int command_ps(const struct globals *globals, int argc, char **argv, struct err *err);
int command_create(const struct globals *globals, int argc, char **argv, struct err *err);
int command_start(const struct globals *globals, int argc, char **argv, struct err *err);
int command_stop(const struct globals *globals, int argc, char **argv, struct err *err);
int command_kill(const struct globals *globals, int argc, char **argv, struct err *err);
int command_restart(const struct globals *globals, int argc, char **argv, struct err *err);
int command_rm(const struct globals *globals, int argc, char **argv, struct err *err);
int command_wait(const struct globals *globals, int argc, char **argv, struct err *err);
int command_rename(const struct globals *globals, int argc, char **argv, struct err *err);
int command_healthcheck(const struct globals *globals, int argc, char **argv, struct err *err);
int command_logs(const struct globals *globals, int argc, char **argv, struct err *err);
int command_attach(const struct globals *globals, int argc, char **argv, struct err *err);
int command_top(const struct globals *globals, int argc, char **argv, struct err *err);
int command_port(const struct globals *globals, int argc, char **argv, struct err *err);
int command_cp(const struct globals *globals, int argc, char **argv, struct err *err);
int command_diff(const struct globals *globals, int argc, char **argv, struct err *err);
int command_commit(const struct globals *globals, int argc, char **argv, struct err *err);
int command_export(const struct globals *globals, int argc, char **argv, struct err *err);
int command_exec(const struct globals *globals, int argc, char **argv, struct err *err);
int command_stats(const struct globals *globals, int argc, char **argv, struct err *err);
int command_pause(const struct globals *globals, int argc, char **argv, struct err *err);
int command_unpause(const struct globals *globals, int argc, char **argv, struct err *err);
int command_update(const struct globals *globals, int argc, char **argv, struct err *err);

/*
 * The store's directory, made if need be and owned by the id map's root; for a store that is read-only the directory for its
 * containers (src/base/split.h). A descriptor.
 */
int cli_open_store_dir(const struct globals *globals, const struct idmap *map, struct err *err);

/* Opens the store so that no image's files go meanwhile: for who starts what was planned before. */
int cli_hold_store(int store_dir_fd, struct store *ret_store, struct err *err);

/*
 * Closes what our caller left open: who outlives us must not keep the other end of its pipes waiting. Before anything of
 * ours is opened, and after files that the caller may have meant by descriptor, /dev/fd/N, are read. kept_fd: but for this one; or -1.
 */
void cli_forget_descriptors(int kept_fd);

/* The architecture of that name (arch_by_name), or NULL with err. */
struct arch;
const struct arch *cli_arch(const char *name, struct err *err);

/* --arch or --platform as an OCI platform; neither: the host's. */
int cli_platform(const char *arch, const char *platform, struct platform *ret_platform, struct err *err);

/* What to do about an image that is, or is not, in the store. */
struct fetch {
	const char *image;        /* as typed */
	struct platform platform;
	const char *creds;        /* USER:PASSWORD or NULL */
	bool tls_verify, quiet;
	bool brief;               /* of a file or directory: no progress if all of it is in the store */
	bool all_platforms;       /* every one for linux that there is, instead of platform */
	const char *authfile;     /* the only file with credentials, or NULL */
	const char *progress;     /* --progress, or NULL */
};

/* Runs xrun-fetch for it in a user namespace; then cli_check_programs. */
int cli_fetch(const struct fetch *fetch, const struct idmap *map, int store_dir_fd, struct err *err);

/* The same for a push, whose arguments are these; fetch->image is where to. */
int cli_push(char **argv, const struct fetch *fetch, const struct idmap *map, int store_dir_fd, struct err *err);

/* Runs xrun-fetch with a command of its own; source_fd, unless -1, is its descriptor 5 (registry/main.c). */
int cli_helper(char **argv, int source_fd, const struct idmap *map, int store_dir_fd, struct err *err);

/*
 * Looks at some programs of the images that the store has by this full name (platform NULL: all platforms), and says on
 * stderr where they are for another architecture than the image claims to be.
 */
int cli_check_programs(const char *name, const struct platform *platform, const struct idmap *map, int store_dir_fd,
	struct err *err);

/* Whether --progress makes sense; NULL: it was not given. */
int cli_check_progress(const char *progress, struct err *err);

/* The option for xrun-fetch; an allocated string. */
int cli_choose_progress(const struct fetch *fetch, char **ret_option, struct err *err);

/* Runs xrun-fetch to ask the one endpoint whether it lets us in. */
int cli_try_login(const struct endpoints *endpoints, const struct idmap *map, struct err *err);

#endif
