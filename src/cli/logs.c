/* SPDX-License-Identifier: GPL-2.0-or-later */
/* logs.c owns `xrun logs`. */
#include "src/cli/place.h"

#include "src/base/base64.h"
#include "src/base/fd.h"
#include "src/cli/when.h"
#include "src/runtime/containers.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

struct wish {
	const char *since, *until, *tail;
	bool follow, timestamps, help;
	int64_t from, to;
	unsigned long long lines; /* of --tail */
};

const struct option logs_options[] = {
	{ "follow", 'f', OPTION_SWITCH, offsetof(struct wish, follow), NULL, "go on with what is written, until the container ends" },
	{ "since", 0, OPTION_TEXT, offsetof(struct wish, since), "TIME", "from a time on: 2026-11-25T10:00:00Z, or 10m ago" },
	{ "until", 0, OPTION_TEXT, offsetof(struct wish, until), "TIME", "up to a time" },
	{ "tail", 'n', OPTION_TEXT, offsetof(struct wish, tail), "NUMBER", "the last lines only; all" },
	{ "timestamps", 't', OPTION_SWITCH, offsetof(struct wish, timestamps), NULL, "begin each line with its time" },
	{ "help", 'h', OPTION_SWITCH, offsetof(struct wish, help), NULL, "show this" },
	{ 0 },
};

/* One entry of the log, as logfile.h describes it; `last` lines are put off until all are known. */
struct reader {
	const struct wish *wish;
	int log_fd;
	struct buf *tail;     /* a ring of wish->lines entries */
	size_t tail_at, tail_count;
	FILE *last;           /* the stream that the latest entry went to */
	bool goes_on[2];      /* whether standard output's last line is unfinished, and standard error's */
};

static int print_entry(struct reader *reader, const json_t *entry, struct err *err)
{
	const char *time = json_string_value(json_object_get(entry, "time"));
	const char *stream = json_string_value(json_object_get(entry, "stream"));
	const char *encoded = json_string_value(json_object_get(entry, "log64"));
	const json_t *plain = json_object_get(entry, "log");
	cleanup_buf struct buf data = { 0 };
	bool is_error = str_eq(stream, "stderr");
	FILE *out = is_error ? stderr : stdout;
	if (encoded && !base64_decode(encoded, &data))
		return err_set(err, -EBADMSG, "the log is damaged");
	if (!encoded)
		buf_add(&data, json_string_value(plain), json_string_length(plain));
	if (reader->last && reader->last != out)
		fflush(reader->last); /* both may lead to the same place: there they stay in order */
	reader->last = out;
	if (reader->wish->timestamps && !reader->goes_on[is_error])
		fprintf(out, "%s ", time ? time : "");
	if (fwrite(data.data, 1, data.len, out) != data.len)
		return err_sys(err, "cannot write the log");
	reader->goes_on[is_error] = !data.len || data.data[data.len - 1] != '\n';
	return 0;
}

static int take_line(struct reader *reader, const char *line, size_t len, struct err *err)
{
	int64_t time;
	json_t *entry = json_loadb(line, len, JSON_ALLOW_NUL, NULL);
	const char *text = json_string_value(json_object_get(entry, "time"));
	int r = 0;
	if (text && when_parse(text, &time) && time >= reader->wish->from && (!reader->wish->to || time <= reader->wish->to))
		r = print_entry(reader, entry, err);
	json_decref(entry); /* a line that is none was cut off when the machine went down */
	return r;
}

/* With --tail the last lines are kept until the end is reached; then they are said, and those that follow at once. */
static int put_line(struct reader *reader, const char *line, size_t len, struct err *err)
{
	if (!reader->tail)
		return take_line(reader, line, len, err);
	struct buf *place = &reader->tail[reader->tail_at];
	place->len = 0;
	buf_add(place, line, len);
	reader->tail_at = (reader->tail_at + 1) % reader->wish->lines;
	reader->tail_count += reader->tail_count < reader->wish->lines;
	return 0;
}

static int say_tail(struct reader *reader, struct err *err)
{
	struct buf *tail = reader->tail;
	size_t lines = reader->wish->lines, first = (reader->tail_at + lines - reader->tail_count) % (lines ? lines : 1);
	int r = 0;
	reader->tail = NULL;
	for (size_t i = 0; tail && i < reader->tail_count; i++) {
		struct buf *line = &tail[(first + i) % lines];
		if (r == 0)
			r = take_line(reader, line->data, line->len, err);
	}
	for (size_t i = 0; tail && i < lines; i++)
		buf_done(&tail[i]);
	free(tail);
	return r;
}

/* What is there of a file, from where we are; `rest` keeps a line that is not whole yet. */
static int read_file(struct reader *reader, int fd, struct buf *rest, struct err *err)
{
	char data[65536];
	for (ssize_t n; (n = read(fd, data, sizeof data)) != 0;) {
		if (n < 0)
			return errno == EINTR ? 0 : err_sys(err, "cannot read the log");
		for (const char *at = data, *end = data + n; at < end;) {
			const char *newline = memchr(at, '\n', end - at);
			buf_add(rest, at, (newline ? newline + 1 : end) - at);
			at = newline ? newline + 1 : end;
			int r = newline ? put_line(reader, rest->data, rest->len, err) : 0;
			if (newline)
				rest->len = 0;
			if (r < 0)
				return r;
		}
	}
	return 0;
}

static int open_log(const struct reader *reader, unsigned number)
{
	cleanup_free char *name = number ? str_fmt("json.log.%u", number) : str_dup("json.log");
	return openat(reader->log_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
}

static bool same_file(int a, int b)
{
	struct stat first, second;
	return a >= 0 && b >= 0 && fstat(a, &first) == 0 && fstat(b, &second) == 0 && first.st_ino == second.st_ino;
}

/* New output is told by inotify(7); that the supervisor was killed by nothing, so we look once a second. */
static int follow(struct reader *reader, int dir_fd, int fd, struct err *err)
{
	cleanup_buf struct buf rest = { 0 };
	cleanup_fd int watch_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK), current_fd = fd;
	cleanup_free char *path = str_fmt("/proc/self/fd/%d", reader->log_fd);
	char events[4096];
	if (watch_fd < 0 || inotify_add_watch(watch_fd, path, IN_MODIFY | IN_CREATE | IN_MOVED_TO) < 0)
		return err_sys(err, "cannot watch the log");
	for (bool alive = true; alive;) {
		alive = containers_is_alive(dir_fd);
		int r = read_file(reader, current_fd, &rest, err);
		fflush(stdout);
		if (r < 0)
			return r;
		cleanup_fd int newest_fd = open_log(reader, 0);
		if (newest_fd >= 0 && !same_file(newest_fd, current_fd)) {
			r = read_file(reader, current_fd, &rest, err); /* it was still written to when we looked */
			fd_close(&current_fd);
			current_fd = fd_take(&newest_fd);
			alive = true;
			if (r < 0)
				return r;
			continue;
		}
		struct pollfd changed = { .fd = watch_fd, .events = POLLIN };
		if (alive && poll(&changed, 1, 1000) > 0)
			while (read(watch_fd, events, sizeof events) > 0)
				continue;
	}
	return 0;
}

static int read_all(struct reader *reader, int dir_fd, unsigned files, struct err *err)
{
	cleanup_fd int newest_fd = -1;
	int r = 0;
	if (reader->wish->tail && reader->wish->lines)
		reader->tail = mem_new(reader->wish->lines * sizeof *reader->tail);
	for (unsigned number = files; r == 0 && number-- > 0;) {
		cleanup_buf struct buf rest = { 0 };
		cleanup_fd int fd = open_log(reader, number);
		if (fd < 0)
			continue;
		r = reader->wish->tail && !reader->wish->lines ? 0 : read_file(reader, fd, &rest, err);
		if (number == 0)
			newest_fd = fd_take(&fd);
	}
	if (newest_fd >= 0 && reader->wish->tail && !reader->wish->lines)
		lseek(newest_fd, 0, SEEK_END);
	int said = say_tail(reader, err);
	if (r == 0)
		r = said;
	return r < 0 || !reader->wish->follow || newest_fd < 0 ? r : follow(reader, dir_fd, fd_take(&newest_fd), err);
}

static int run(const struct globals *globals, const struct wish *wish, const char *name, struct err *err)
{
	cleanup_place struct place place = PLACE_CLOSED;
	cleanup_subject struct subject subject = SUBJECT_NONE;
	int r = place_open(&place, globals, err);
	if (r == 0)
		r = subject_find(&place, name, &subject, err);
	if (r < 0)
		return r;
	cleanup_fd int log_fd = openat(subject.dir_fd, "log", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (log_fd < 0 && errno == ENOENT && subject.state.status == STATE_CREATED)
		return 0;
	if (log_fd < 0 && errno == ENOENT)
		return err_set(err, -ENOENT, "container %s has no log: its output went to the xrun that started it; logs are of detached ones (-d)", name);
	if (log_fd < 0)
		return err_sys(err, "cannot open the log of container %s", name);
	struct reader reader = { .wish = wish, .log_fd = log_fd };
	return read_all(&reader, subject.dir_fd, subject.spec.life.log_files, err);
}

static int check(struct wish *wish, struct err *err)
{
	if (wish->since && !when_parse(wish->since, &wish->from))
		return err_set(err, -EINVAL, "--since %s: write a time like 2026-11-25T10:00:00Z, or how long ago: 90s, 10m, 2h", wish->since);
	if (wish->until && !when_parse(wish->until, &wish->to))
		return err_set(err, -EINVAL, "--until %s: write a time like 2026-11-25T10:00:00Z, or how long ago: 90s, 10m, 2h", wish->until);
	if (str_eq(wish->tail, "all"))
		wish->tail = NULL;
	if (wish->tail && !str_to_u64(wish->tail, 1000000, &wish->lines))
		return err_set(err, -EINVAL, "--tail %s: not a number of lines up to 1000000", wish->tail);
	return 0;
}

int command_logs(const struct globals *globals, int argc, char **argv, struct err *err)
{
	struct wish wish = { 0 };
	cleanup_strv struct strv operands = { 0 };
	int r = options_parse(logs_options, &wish, argc, argv, false, &operands, err);
	if (r == 0 && wish.help)
		return cli_print_help("logs");
	if (r == 0 && operands.len != 1)
		return err_set(err, -EINVAL, "which container? see xrun logs --help");
	if (r == 0)
		r = check(&wish, err);
	return r < 0 ? r : run(globals, &wish, operands.items[0], err);
}
