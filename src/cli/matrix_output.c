/* SPDX-License-Identifier: GPL-2.0-or-later */
/* matrix_output.c owns how the outputs of several architectures share one standard output and one standard error. */
#include "src/cli/matrix_output.h"

#include "src/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

int matrix_spool(struct err *err)
{
	const char *dir = getenv("TMPDIR");
	if (!dir || *dir != '/')
		dir = "/var/tmp";
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0)
		return fd;
	cleanup_free char *path = str_fmt("%s/xrun-XXXXXX", dir); /* a file system without O_TMPFILE */
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "cannot make a temporary file in %s; TMPDIR names another directory", dir);
	unlink(path);
	return fd;
}

void matrix_printer_init(struct matrix_printer *p)
{
	struct stat out, error_out;
	const char *no_color = getenv("NO_COLOR");
	bool wanted = !no_color || !*no_color;
	for (int fd = 1; fd <= 2; fd++)
		p->coloured[fd] = wanted && isatty(fd);
	p->shared = fstat(1, &out) == 0 && fstat(2, &error_out) == 0 && out.st_dev == error_out.st_dev && out.st_ino == error_out.st_ino;
}

int matrix_text_init(struct matrix_text *text, const struct matrix_printer *p, const char *name, size_t number, struct err *err)
{
	*text = (struct matrix_text){ .name = name, .number = number, .spool_fd = -1 };
	if (!p->grouped)
		return 0;
	text->spool_fd = matrix_spool(err);
	return text->spool_fd < 0 ? text->spool_fd : 0;
}

void matrix_text_done(struct matrix_text *text)
{
	fd_close(&text->spool_fd);
	free(text->halves[1].line);
	free(text->halves[2].line);
	text->halves[1].line = text->halves[2].line = NULL;
}

static int print_line(struct matrix_text *text, const struct matrix_printer *p, int to, bool whole, struct err *err)
{
	static const int colours[] = { 36, 33, 32, 35, 34, 31 };
	struct matrix_half *half = &text->halves[to];
	cleanup_buf struct buf line = { 0 };
	if (p->coloured[to])
		buf_fmt(&line, "\033[%dm", colours[text->number % (sizeof colours / sizeof *colours)]);
	buf_fmt(&line, "%-*s %c", (int)p->width, text->name, half->continues ? '+' : '|');
	buf_str(&line, p->coloured[to] ? "\033[0m " : " ");
	buf_add(&line, half->line, half->len);
	buf_str(&line, "\n");
	half->len = 0;
	half->continues = !whole;
	return p->put(p->context, to, line.data, line.len, err);
}

static int add_byte(struct matrix_text *text, const struct matrix_printer *p, int to, char byte, struct err *err)
{
	struct matrix_half *half = &text->halves[to];
	bool after_cr = half->after_cr;
	int r = 0;
	half->after_cr = byte == '\r';
	if (byte == '\n' || (after_cr && half->len))
		r = print_line(text, p, to, true, err);
	if (byte == '\n' || byte == '\r')
		return r;
	if (r == 0 && half->len == MATRIX_LINE)
		r = print_line(text, p, to, false, err);
	half->line[half->len++] = byte;
	return r;
}

/* Kept in the order in which it came: a head (descriptor, length), then the bytes. */
struct record {
	uint32_t to, len;
};

static int spool(const struct matrix_text *text, int to, const char *data, size_t len, struct err *err)
{
	struct record record = { to, len };
	int r = fd_write_all(text->spool_fd, &record, sizeof record);
	if (r == 0)
		r = fd_write_all(text->spool_fd, data, len);
	return r < 0 ? err_code(err, r, "cannot keep the output of %s", text->name) : 0;
}

int matrix_text_add(struct matrix_text *text, const struct matrix_printer *p, int to, const char *data, size_t len, struct err *err)
{
	struct matrix_half *half = &text->halves[to];
	int r = 0;
	if (p->grouped)
		return spool(text, to, data, len, err);
	if (!half->line)
		half->line = mem_new(MATRIX_LINE);
	for (size_t i = 0; r == 0 && i < len; i++)
		r = add_byte(text, p, to, data[i], err);
	return r;
}

static int print_group(struct matrix_text *text, const struct matrix_printer *p, struct err *err)
{
	struct record record;
	char data[65536];
	bool headed[3] = { 0 };
	cleanup_free char *head = str_fmt("== %s ==\n", text->name);
	int r = lseek(text->spool_fd, 0, SEEK_SET) < 0 ? err_sys(err, "cannot read back the output of %s", text->name) : 0;
	while (r == 0 && read(text->spool_fd, &record, sizeof record) == sizeof record) {
		if (!headed[record.to] && !(p->shared && headed[3 - record.to]))
			r = p->put(p->context, record.to, head, strlen(head), err);
		headed[record.to] = true;
		while (r == 0 && record.len) {
			ssize_t n = read(text->spool_fd, data, record.len < sizeof data ? record.len : sizeof data);
			if (n <= 0)
				return err_set(err, -EIO, "cannot read back the output of %s", text->name);
			r = p->put(p->context, record.to, data, n, err);
			record.len -= n;
		}
	}
	return r;
}

int matrix_text_end(struct matrix_text *text, const struct matrix_printer *p, struct err *err)
{
	int r = 0;
	if (p->grouped)
		return print_group(text, p, err);
	for (int to = 1; r == 0 && to <= 2; to++)
		if (text->halves[to].len)
			r = print_line(text, p, to, true, err);
	return r;
}
