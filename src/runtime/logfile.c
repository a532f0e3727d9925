/* SPDX-License-Identifier: GPL-2.0-or-later */
/* logfile.c owns writing a detached container's output to files of bounded size. */
#include "src/runtime/logfile.h"

#include "src/base/base64.h"
#include "src/base/fd.h"
#include "src/base/now.h"
#include "src/base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static const char file_name[] = "json.log";

static int open_file(struct logfile *log)
{
	struct stat st;
	log->fd = openat(log->dir_fd, file_name, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	log->size = log->fd >= 0 && fstat(log->fd, &st) == 0 ? (uint64_t)st.st_size : 0;
	return log->fd;
}

int logfile_open(struct logfile *ret_log, int container_fd, uint64_t max_size, unsigned max_files, struct err *err)
{
	struct rlimit limit = { .rlim_cur = RLIM_INFINITY };
	getrlimit(RLIMIT_FSIZE, &limit); /* a file that is full would keep what comes last from the log, which matters most */
	struct logfile log = { .max_size = limit.rlim_cur < max_size ? limit.rlim_cur : max_size, .max_files = max_files };
	if (mkdirat(container_fd, "log", 0700) < 0 && errno != EEXIST)
		return err_sys(err, "cannot make the container's directory log");
	log.dir_fd = openat(container_fd, "log", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (log.dir_fd < 0 || open_file(&log) < 0) {
		err_sys(err, "cannot open the container's log");
		fd_close(&log.dir_fd);
		return err->code;
	}
	*ret_log = log;
	return 0;
}

/* json.log.2 -> json.log.3, json.log.1 -> json.log.2, json.log -> json.log.1; the oldest one goes. */
static void rotate(struct logfile *log)
{
	for (unsigned i = log->max_files - 1; i > 0; i--) {
		cleanup_free char *from = i == 1 ? str_dup(file_name) : str_fmt("%s.%u", file_name, i - 1);
		cleanup_free char *to = str_fmt("%s.%u", file_name, i);
		renameat(log->dir_fd, from, log->dir_fd, to);
	}
	if (log->max_files == 1)
		unlinkat(log->dir_fd, file_name, 0);
	fd_close(&log->fd);
	open_file(log);
}

static void add_time(struct buf *entry)
{
	cleanup_free char *now = str_time(now_wall_ns());
	buf_fmt(entry, "{\"time\":\"%s\"", now);
}

static void add_escaped(struct buf *entry, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = data[i];
		if (c == '"' || c == '\\')
			buf_fmt(entry, "\\%c", c);
		else if (c == '\n')
			buf_str(entry, "\\n");
		else if (c < ' ')
			buf_fmt(entry, "\\u%04x", c);
		else
			buf_add(entry, &data[i], 1);
	}
}

static void write_entry(struct logfile *log, int stream, const char *data, size_t len)
{
	cleanup_buf struct buf entry = { 0 };
	bool is_text = utf8_is_valid(data, len);
	add_time(&entry);
	buf_fmt(&entry, ",\"stream\":\"%s\",\"%s\":\"", stream == 1 ? "stdout" : "stderr", is_text ? "log" : "log64");
	if (is_text) {
		add_escaped(&entry, data, len);
	} else {
		cleanup_free char *encoded = base64_encode(data, len);
		buf_str(&entry, encoded);
	}
	buf_str(&entry, "\"}\n");
	if (log->size && log->size + entry.len > log->max_size)
		rotate(log);
	if (log->fd >= 0 && fd_write_all(log->fd, entry.data, entry.len) == 0)
		log->size += entry.len;
}

static void end_line(struct logfile *log, int stream)
{
	struct buf *line = &log->lines[stream - 1];
	write_entry(log, stream, line->data, line->len);
	line->len = 0;
}

void logfile_add(struct logfile *log, int stream, const char *data, size_t len)
{
	struct buf *line = &log->lines[stream - 1];
	while (len) {
		const char *newline = memchr(data, '\n', len);
		size_t n = newline ? (size_t)(newline - data) + 1 : len;
		if (n > LOG_LINE - line->len)
			n = LOG_LINE - line->len;
		buf_add(line, data, n);
		if (line->len == LOG_LINE || line->data[line->len - 1] == '\n')
			end_line(log, stream);
		data += n;
		len -= n;
	}
}

void logfile_close(struct logfile *log)
{
	for (int stream = 1; stream <= 2; stream++) {
		if (log->lines[stream - 1].len)
			end_line(log, stream);
		buf_done(&log->lines[stream - 1]);
	}
	fd_close(&log->fd);
	fd_close(&log->dir_fd);
}
