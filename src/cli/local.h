/* SPDX-License-Identifier: GPL-2.0-or-later */
/* local.h owns bringing images into the store out of files and directories of this machine. */
#ifndef XRUN_CLI_LOCAL_H
#define XRUN_CLI_LOCAL_H

#include "registry/source.h"
#include "src/cli/cli.h"

struct local {
	const struct source *source; /* a layout or an archive; its path is opened as ourselves */
	int fd;                      /* instead of the path: an archive that is open already; -1: none */
	struct platform platform;
	bool all_platforms;          /* every one for linux that there is, instead */
	const char *name;            /* what the image is called in the store; NULL: as the source names it */
	bool replace;                /* see load.h */
	bool quiet, brief;           /* see struct fetch */
	const char *progress;        /* --progress, or NULL */
};

/* Runs xrun-fetch for it in a user namespace; then cli_check_programs, where there is a `name`. */
int local_load(const struct local *local, const struct idmap *map, int store_dir_fd, struct err *err);

/* Brings what a user named, be it out of a registry: cli_fetch. What comes of a file is called local_name in the store, the caller's. */
int local_fetch(const struct source *source, const struct fetch *fetch, const struct idmap *map, int store_dir_fd, struct err *err);
char *local_name(const struct source *source, struct err *err);

#endif
