/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run.h owns what the parts of `xrun run` share: its image, its emulation. */
#ifndef XRUN_CLI_RUN_H
#define XRUN_CLI_RUN_H

#include "src/cli/cli.h"
#include "src/cli/options.h"
#include "src/plan/matrix.h"
#include "src/plan/request.h"
#include "src/runtime/container.h"

/*
 * The image, pulled where --pull or its absence asks for that. The caller frees it with image_done, and keeps the store
 * open as long as the image must stay.
 */
int run_find_image(const struct request *request, const char *name, const struct platform *platform, const struct idmap *map,
	int store_dir_fd, struct store *ret_store, struct image *ret_image, struct err *err);

/*
 * A program of the caller's own in the place of an image's name: `name` begins with / or a dot, or leads to an ELF file.
 * program_prepare makes the request one for it, with --arch set to its architecture; *ret_image becomes the image
 * that it is to run in, --image's, or NULL and then program_fill_image makes one without files.
 */
bool program_is_meant(const char *name);
int program_prepare(struct request *request, const char *name, const char **ret_image, struct err *err);
void program_fill_image(const char *name, const struct platform *platform, struct image *ret_image);

/*
 * rootfs:DIR in the place of an image's name. rootfs_prepare makes the request one for that directory, with --arch set to its programs'
 * architecture; program_fill_image makes the image.
 */
bool rootfs_is_meant(const char *name);
int rootfs_prepare(struct request *request, const char *name, struct err *err);

/*
 * What the programs below root_fd are for (NULL: nothing there tells), which must be what --arch or --platform, `option`, says if that is not NULL. `name`
 * is for messages; `program` as in root_arch.h.
 */
struct root_program;
int rootfs_arch(int root_fd, const struct root_program *program, const char *option, const char *name, const struct arch **ret_arch,
	struct err *err);

/*
 * How the image's programs run here: emulators and their options, personality. An error where they cannot. What an emulator
 * is gets asked once and is kept in the store. To be called when spec->env is planned.
 */
int run_plan_emulation(const struct request *request, const struct image *image, int store_dir_fd, struct spec *spec,
	struct err *err);

/*
 * --userns keep-id. keep_check: an error where there are no ids for it. keep_unpack: spec->layers become those for its ids,
 * unpacked from the store's blobs where no container has asked for them yet.
 */
int keep_check(const struct request *request, const struct idmap *map, struct err *err);
int keep_unpack(const struct request *request, const struct image *image, const struct store *store, const struct idmap *map, int store_dir_fd,
	struct spec *spec, struct err *err);

/* Reads what --env-file names into env_lines. For exec, too. */
int cli_read_env_files(struct request *request, struct err *err);

/* Runs a spec to its end, or as far as its start where it is detached; what there is to say is said. An exit status. */
int run_spec(struct spec *spec, const struct idmap *map, int store_dir_fd, bool again, struct err *err);

/* One container: its image, its spec, and its life or, detached, its start. An exit status, or a negative errno. */
int run_container(const struct globals *globals, struct request *request, const char *image, struct err *err);

/* The request names several architectures, or asks for what only a matrix has (-j, --output, --report). */
bool run_is_matrix(const struct request *request);

/*
 * --arch all: a row for each platform that the image has, fetched unless --pull never was given; SKIPPED where it does not run
 * here. Where the registry cannot be reached, and the store has some, those, and a note.
 */
int run_add_all(const struct globals *globals, const struct request *request, const char *image, struct matrix *matrix, struct err *err);

/* A container for each architecture; see docs/matrix.md. */
int run_matrix(const struct globals *globals, struct request *request, const char *image, struct err *err);

/*
 * Why the container ended badly, where that is known: one line, put into err, or behind what stands there if its program
 * could not be executed.
 */
void run_explain(const struct spec *spec, int store_dir_fd, const struct container_result *result, struct err *err);

#endif
