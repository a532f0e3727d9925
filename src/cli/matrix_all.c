/* SPDX-License-Identifier: GPL-2.0-or-later */
/* matrix_all.c owns `--arch all`: every platform that the image has, and which of them run here. */
#include "src/cli/run.h"

#include "binfmt/binfmt.h"
#include "registry/reference.h"
#include "src/base/fd.h"

#include <errno.h>
#include <stdio.h>

static int add_row(const struct arch *arch, struct matrix *matrix, struct err *err)
{
	struct binfmt_answer answer = { 0 };
	matrix_add(matrix, arch);
	struct matrix_row *row = &matrix->rows[matrix->count - 1];
	int r = binfmt_ask(arch, NULL, &answer, err);
	if (r == 0 && answer.way == BINFMT_NONE) {
		row->state = MATRIX_SKIPPED;
		row->err = answer.why_not;
	}
	binfmt_answer_done(&answer);
	return r;
}

/* In the order of the table of architectures, so that it is the same every time. */
static int add_rows(const struct images *images, const char *full, struct matrix *matrix, struct err *err)
{
	size_t count;
	const struct arch *table = arch_table(&count);
	int r = 0;
	for (size_t i = 0; r == 0 && i < count; i++) {
		bool has = false;
		for (size_t j = 0; j < images->count && !has; j++)
			has = str_eq(images->items[j].reference, full) &&
			      arch_by_platform(images->items[j].platform.arch, images->items[j].platform.variant) == &table[i];
		if (has)
			r = add_row(&table[i], matrix, err);
	}
	return r;
}

static int list_rows(int dir_fd, const char *full, struct matrix *matrix, struct err *err)
{
	cleanup_store struct store store = STORE_CLOSED;
	cleanup_images struct images images = { 0 };
	int r = store_open(&store, dir_fd, false, err);
	if (r == 0)
		r = store_list_images(&store, &images, err);
	if (r == 0)
		r = add_rows(&images, full, matrix, err);
	return r == -ENOENT ? 0 : r;
}

int run_add_all(const struct globals *globals, const struct request *q, const char *name, struct matrix *matrix, struct err *err)
{
	struct reference reference;
	struct idmap map = { 0 };
	struct err unreachable = { 0 };
	int r = reference_parse(name, &reference, err);
	if (r == 0)
		r = idmap_plan(&map, err);
	cleanup_fd int dir_fd = r < 0 ? r : cli_open_store_dir(globals, &map, err);
	if (dir_fd < 0)
		return dir_fd;
	struct fetch fetch = { .image = name, .all_platforms = true, .creds = q->creds, .tls_verify = q->tls_verify, .quiet = q->quiet,
		.progress = q->progress };
	if (!str_eq(q->pull, "never"))
		cli_fetch(&fetch, &map, dir_fd, &unreachable);
	cleanup_free char *full = reference_text(&reference);
	r = list_rows(dir_fd, full, matrix, err);
	if (r == 0 && matrix->count == 0 && unreachable.code) {
		*err = unreachable;
		return err->code;
	}
	if (r == 0 && unreachable.code)
		fprintf(stderr, "xrun: note: only the platforms in the store: %s\n", unreachable.text);
	if (r == 0 && matrix->count == 0)
		return err_set(err, -ENOENT, "%s is not in the store, and --pull never was given", full);
	return r;
}
