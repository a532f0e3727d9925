/* SPDX-License-Identifier: GPL-2.0-or-later */
/* matrix.c owns one command on several architectures, as far as no process is needed. */
#include "src/plan/matrix.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define FNV_BASIS 0xcbf29ce484222325ULL
#define FNV_PRIME 0x100000001b3ULL

static void end_line(struct matrix_output *o)
{
	if (!o->line_hashes)
		o->line_hashes = mem_new(MATRIX_LINES * sizeof *o->line_hashes);
	if (o->lines < MATRIX_LINES)
		o->line_hashes[o->lines] = o->line_hash;
	o->lines++;
	o->line_hash = FNV_BASIS;
}

void matrix_output_add(struct matrix_output *o, const void *data, size_t len)
{
	const unsigned char *bytes = data;
	if (len && !o->tail) {
		o->tail = mem_new(MATRIX_TAIL);
		o->hash = o->line_hash = FNV_BASIS;
	}
	for (size_t i = 0; i < len; i++) {
		o->hash = (o->hash ^ bytes[i]) * FNV_PRIME;
		o->line_hash = (o->line_hash ^ bytes[i]) * FNV_PRIME;
		o->tail[o->bytes++ % MATRIX_TAIL] = (char)bytes[i];
		if (bytes[i] == '\n')
			end_line(o);
	}
}

void matrix_output_done(struct matrix_output *o)
{
	free(o->line_hashes);
	free(o->tail);
	*o = (struct matrix_output){ 0 };
}

char *matrix_output_tail(const struct matrix_output *o, size_t *ret_len)
{
	size_t len = o->bytes < MATRIX_TAIL ? o->bytes : MATRIX_TAIL;
	size_t start = o->bytes < MATRIX_TAIL ? 0 : o->bytes % MATRIX_TAIL;
	char *text = mem_new(len + 1);
	for (size_t i = 0; i < len; i++)
		text[i] = o->tail[(start + i) % MATRIX_TAIL];
	*ret_len = len;
	return text;
}

uint64_t matrix_output_compare(const struct matrix_output *a, const struct matrix_output *b)
{
	uint64_t common = a->lines < b->lines ? a->lines : b->lines;
	if (a->bytes == b->bytes && a->hash == b->hash)
		return 0;
	for (uint64_t i = 0; i < common && i < MATRIX_LINES; i++)
		if (a->line_hashes[i] != b->line_hashes[i])
			return i + 1;
	return (common < MATRIX_LINES ? common : MATRIX_LINES) + 1;
}

void matrix_done(struct matrix *m)
{
	for (size_t i = 0; i < m->count; i++) {
		matrix_output_done(&m->rows[i].out);
		matrix_output_done(&m->rows[i].error_out);
	}
	free(m->rows);
	*m = (struct matrix){ 0 };
}

void matrix_add(struct matrix *m, const struct arch *arch)
{
	m->rows = mem_grow(m->rows, m->count + 1, sizeof *m->rows);
	m->rows[m->count++] = (struct matrix_row){ .arch = arch };
}

int matrix_add_archs(struct matrix *m, const char *option, const char *text, struct err *err)
{
	cleanup_free char *copy = str_dup(text);
	for (char *at = copy, *name; (name = strsep(&at, ","));) {
		const struct arch *arch = arch_by_name(name);
		if (!arch)
			return err_set(err, -EINVAL, "%s %s: unknown architecture \"%s\"; `xrun binfmt status` lists them", option, text, name);
		for (size_t i = 0; i < m->count; i++)
			if (m->rows[i].arch == arch)
				return err_set(err, -EINVAL, "%s %s: %s is named twice", option, text, arch->name);
		matrix_add(m, arch);
	}
	return 0;
}

int matrix_status(const struct matrix *m)
{
	for (size_t i = 0; i < m->count; i++) {
		if (m->rows[i].state == MATRIX_WAITING || m->rows[i].state == MATRIX_RUNNING)
			return STATUS_FAILED;
		if (m->rows[i].state == MATRIX_ENDED && m->rows[i].status)
			return m->rows[i].status;
	}
	return 0;
}

static bool has_run(const struct matrix_row *row)
{
	return row->state == MATRIX_ENDED && row->err.code == 0;
}

const struct matrix_row *matrix_reference(const struct matrix *m)
{
	const struct matrix_row *first = NULL;
	for (size_t i = 0; i < m->count; i++) {
		const struct matrix_row *row = &m->rows[i];
		if (has_run(row) && row->arch == arch_host())
			return row;
		if (has_run(row) && !first)
			first = row;
	}
	return first;
}

char *matrix_say_status(const struct matrix_row *row)
{
	const char *name = row->status > 128 && row->status < 128 + NSIG ? sigabbrev_np(row->status - 128) : NULL;
	if (row->state == MATRIX_SKIPPED)
		return str_dup("skipped");
	if (row->state != MATRIX_ENDED)
		return str_dup("not started");
	if (row->err.code)
		return str_fmt("failed (%d)", row->status);
	if (row->status == 0)
		return str_dup("ok");
	return name ? str_fmt("exit %d (SIG%s)", row->status, name) : str_fmt("exit %d", row->status);
}

char *matrix_say_difference(const struct matrix *m, const struct matrix_row *row)
{
	const struct matrix_row *reference = matrix_reference(m);
	if (row->err.code)
		return str_dup(row->err.text);
	if (!has_run(row))
		return str_dup("-");
	if (row == reference)
		return str_dup("the others are compared with this");
	uint64_t line = matrix_output_compare(&reference->out, &row->out);
	if (line == 0)
		return str_fmt("same as %s", reference->arch->name);
	return str_fmt("differs from %s %s line %d", reference->arch->name, line > MATRIX_LINES ? "after" : "at",
		line > MATRIX_LINES ? MATRIX_LINES : (int)line);
}

static void add_row(const struct matrix *m, const struct matrix_row *row, struct buf *ret_text)
{
	cleanup_free char *status = matrix_say_status(row);
	cleanup_free char *difference = matrix_say_difference(m, row);
	cleanup_free char *seconds = row->state == MATRIX_ENDED && row->started_ms ?
					     str_fmt("%.1f s", (row->ended_ms - row->started_ms) / 1e3) :
					     str_dup("-");
	buf_fmt(ret_text, "%-12s  %-19s  %8s  %s\n", row->arch->name, status, seconds, difference);
}

void matrix_table(const struct matrix *m, struct buf *ret_text)
{
	buf_fmt(ret_text, "%-12s  %-19s  %8s  %s\n", "ARCH", "STATUS", "TIME", "STANDARD OUTPUT");
	for (size_t i = 0; i < m->count; i++)
		add_row(m, &m->rows[i], ret_text);
}
