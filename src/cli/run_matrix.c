/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run_matrix.c owns `xrun run` on several architectures: from the request to the table and the reports. */
#include "src/cli/run.h"

#include "src/base/fd.h"
#include "src/base/now.h"
#include "src/cli/matrix.h"
#include "src/cli/matrix_output.h"
#include "src/plan/report.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool run_is_matrix(const struct request *q)
{
	const char *named = q->arch ? q->arch : q->platform;
	return q->jobs || q->output || q->reports.len || (named && (strchr(named, ',') || str_eq(named, "all")));
}

/* What each row's process is given. */
struct call {
	const struct globals *globals;
	const struct request *request;
	const char *image;
};

/* The pull is not the program's time. */
static int fetch_image(const struct call *call, const struct request *q, struct err *err)
{
	struct platform platform;
	struct idmap map = { 0 };
	struct image image = { 0 };
	cleanup_store struct store store = STORE_CLOSED;
	int r = cli_platform(q->arch, q->platform, &platform, err);
	if (r == 0)
		r = idmap_plan(&map, err);
	cleanup_fd int dir_fd = r < 0 ? r : cli_open_store_dir(call->globals, &map, err);
	r = dir_fd < 0 ? dir_fd : run_find_image(q, call->image, &platform, &map, dir_fd, &store, &image, err);
	image_done(&image);
	return r < 0 ? r : 0;
}

static int run_row(void *context, const struct arch *arch, int64_t *ret_started_ms, struct err *err)
{
	const struct call *call = context;
	struct request request = *call->request; /* its lists stay the original's */
	cleanup_free char *name = request.name ? str_fmt("%s-%s", request.name, arch->name) : NULL;
	request.arch = arch->name;
	request.platform = NULL;
	request.name = name;
	int r = fetch_image(call, &request, err);
	if (r < 0)
		return r;
	*ret_started_ms = now_ms();
	request.pull = NULL;
	return run_container(call->globals, &request, call->image, err);
}

static int parse_jobs(const char *text, size_t *ret_jobs, struct err *err)
{
	unsigned long long jobs = 0;
	cpu_set_t cpus;
	if (!text) {
		*ret_jobs = sched_getaffinity(0, sizeof cpus, &cpus) == 0 ? (size_t)CPU_COUNT(&cpus) : 1;
		return 0;
	}
	if (!str_to_u64(text, 1024, &jobs) || jobs == 0)
		return err_set(err, -EINVAL, "-j %s: not a number of architectures to run at once", text);
	*ret_jobs = jobs;
	return 0;
}

static int parse_output(const char *text, bool *ret_grouped, struct err *err)
{
	*ret_grouped = str_eq(text, "group");
	if (text && !*ret_grouped && !str_eq(text, "prefix"))
		return err_set(err, -EINVAL, "--output %s: there are prefix and group", text);
	return 0;
}

/* Standard input to its end, since each program reads it from its start. */
static int spool_input(const struct request *q, struct err *err)
{
	char data[65536];
	ssize_t n;
	if (!q->interactive)
		return open("/dev/null", O_RDONLY | O_CLOEXEC);
	cleanup_fd int fd = matrix_spool(err);
	if (fd < 0)
		return fd;
	while ((n = read(0, data, sizeof data)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "cannot read standard input");
		int r = fd_write_all(fd, data, n);
		if (r < 0)
			return err_code(err, r, "cannot keep standard input for several programs");
	}
	return fd_take(&fd);
}

/* "junit=FILE" or "json=FILE": the file's name, NULL if it is neither. */
static const char *report_file(const char *text, bool *ret_junit)
{
	*ret_junit = str_starts(text, "junit=");
	const char *file = *ret_junit ? text + strlen("junit=") : str_starts(text, "json=") ? text + strlen("json=") : "";
	return *file ? file : NULL;
}

/* Whether the file can be written is better known before an hour's tests than after. */
static int check_reports(const struct request *q, struct err *err)
{
	for (size_t i = 0; i < q->reports.len; i++) {
		bool junit;
		const char *file = report_file(q->reports.items[i], &junit);
		if (!file)
			return err_set(err, -EINVAL, "--report %s: write it as junit=FILE or json=FILE", q->reports.items[i]);
		cleanup_fd int fd = str_eq(file, "-") ? -1 : open(file, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0666);
		if (fd < 0 && !str_eq(file, "-"))
			return err_sys(err, "--report %s", q->reports.items[i]);
	}
	return 0;
}

static int write_report(const char *file, const struct buf *text, struct err *err)
{
	cleanup_fd int fd = str_eq(file, "-") ? dup(1) : open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666);
	int r = fd < 0 ? -errno : fd_write_all(fd, text->data, text->len);
	return r < 0 ? err_code(err, r, "--report: cannot write %s", file) : 0;
}

static int report(const struct matrix *matrix, const struct request *q, struct err *err)
{
	cleanup_buf struct buf table = { 0 };
	int r = 0;
	for (size_t i = 0; r == 0 && i < q->reports.len; i++) {
		cleanup_buf struct buf text = { 0 };
		bool junit;
		const char *file = report_file(q->reports.items[i], &junit);
		(junit ? report_junit : report_json)(matrix, &text);
		r = write_report(file, &text, err);
	}
	matrix_table(matrix, &table);
	fputs(table.data, stderr);
	return r;
}

static int check(const struct request *q, const char *image, struct err *err)
{
	if (program_is_meant(image))
		return err_set(err, -EINVAL, "%s is a program, of one architecture; several, and -j, --output and --report, are for images", image);
	if (rootfs_is_meant(image))
		return err_set(err, -EINVAL, "%s has programs of one architecture; several, and -j, --output and --report, are for images", image);
	if (q->terminal)
		return err_set(err, -EINVAL, "--tty: several programs cannot share a terminal; leave -t out, or name one architecture");
	if (q->detach || q->create || q->cidfile)
		return err_set(err, -EINVAL, "%s is for one container; name one architecture", q->cidfile ? "--cidfile" : q->create ? "create" : "-d");
	if (q->dry_run)
		return err_set(err, -EINVAL, "--dry-run shows one container's config.json; name one architecture");
	return check_reports(q, err);
}

static int add_rows(const struct globals *globals, const struct request *q, const char *image, struct matrix *matrix, struct err *err)
{
	if (q->arch && q->platform)
		return err_set(err, -EINVAL, "--arch and --platform say the same thing: give one");
	if (str_eq(q->arch, "all") || str_eq(q->platform, "all"))
		return run_add_all(globals, q, image, matrix, err);
	if (q->arch || q->platform)
		return matrix_add_archs(matrix, q->arch ? "--arch" : "--platform", q->arch ? q->arch : q->platform, err);
	matrix_add(matrix, arch_host());
	return 0;
}

/* What a report calls the whole. */
static char *command_text(const struct request *q, const char *image)
{
	cleanup_buf struct buf text = { 0 };
	buf_str(&text, image);
	for (size_t i = 0; i < q->command.len; i++)
		buf_fmt(&text, " %s", q->command.items[i]);
	return buf_take(&text);
}

int run_matrix(const struct globals *globals, struct request *q, const char *image, struct err *err)
{
	struct matrix matrix = { .image = image };
	struct call call = { globals, q, image };
	struct matrix_options options = { .call = run_row, .context = &call };
	cleanup_free char *command = command_text(q, image);
	matrix.command = command;
	int r = check(q, image, err);
	if (r == 0)
		r = parse_jobs(q->jobs, &options.jobs, err);
	if (r == 0)
		r = parse_output(q->output, &options.grouped, err);
	if (r == 0)
		r = add_rows(globals, q, image, &matrix, err);
	cleanup_fd int input_fd = options.input_fd = r < 0 ? r : spool_input(q, err);
	if (input_fd >= 0)
		r = matrix_execute(&matrix, &options, err);
	else
		r = input_fd;
	if (r >= 0) {
		int reported = report(&matrix, q, err);
		r = reported < 0 ? reported : r > 0 ? 128 + r : matrix_status(&matrix);
	}
	matrix_done(&matrix);
	return r;
}
