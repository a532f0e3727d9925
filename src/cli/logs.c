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
	bool follow, timestamps, names, help;
	int64_t from, to;
	unsigned long long lines; /* of --tail */
};

const struct option logs_options[] = {
	{ "follow", 'f', OPTION_SWITCH, offsetof(struct wish, follow), NULL, "go on with what is written, until the container ends" },
	{ "since", 0, OPTION_TEXT, offsetof(struct wish, since), "TIME", "from a time on: 2026-11-25T10:00:00Z, or 10m ago" },
	{ "until", 0, OPTION_TEXT, offsetof(struct wish, until), "TIME", "up to a time" },
	{ "tail", 'n', OPTION_TEXT, offsetof(struct wish, tail), "NUMBER", "the last lines only; all" },
	{ "names", 0, OPTION_SWITCH, offsetof(struct wish, names), NULL, "of several, begin each line with the container's name, not its id" },
	{ "timestamps", 't', OPTION_SWITCH, offsetof(struct wish, timestamps), NULL, "begin each line with its time" },
	{ "help", 'h', OPTION_SWITCH, offsetof(struct wish, help), NULL, "show this" },
	{ 0 },
};

/* Where output goes, of all containers whose logs are read. */
struct output {
	FILE *last;                   /* the stream that the latest entry went to */
	const struct reader *writer[2]; /* whose line it was last, on standard output and on standard error */
	bool unfinished[2];             /* whether it has no end yet */
};

/* The log of one container: entries as logfile.h describes them; `last` lines are put off until all are known. */
struct reader {
	const struct wish *wish;
	struct output *output;
	char *prefix;         /* what each line begins with, or NULL */
	int dir_fd, log_fd;
	unsigned files;
	struct buf *tail;     /* a ring of wish->lines entries */
	size_t tail_at, tail_count;
	int current_fd;       /* the file that is followed, or -1 */
	struct buf rest;      /* of it: a line that is not whole yet */
};

static void reader_done(struct reader *reader)
{
	fd_close(&reader->current_fd);
	fd_close(&reader->log_fd);
	fd_close(&reader->dir_fd);
	buf_done(&reader->rest);
	free(reader->prefix);
}

/* What stands before an entry; a line of another container's that is unfinished is ended for it. */
static void begin_entry(struct reader *reader, FILE *out, bool is_error, const char *time)
{
	struct output *output = reader->output;
	if (output->last && output->last != out)
		fflush(output->last); /* both may lead to the same place: there they stay in order */
	output->last = out;
	if (output->unfinished[is_error] && output->writer[is_error] == reader)
		return;
	if (output->unfinished[is_error])
		fputc('\n', out);
	if (reader->prefix)
		fprintf(out, "%s ", reader->prefix);
	if (reader->wish->timestamps)
		fprintf(out, "%s ", time ? time : "");
}

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
	begin_entry(reader, out, is_error, time);
	if (fwrite(data.data, 1, data.len, out) != data.len)
		return err_sys(err, "cannot write the log");
	reader->output->unfinished[is_error] = !data.len || data.data[data.len - 1] != '\n';
	reader->output->writer[is_error] = reader;
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
	size_t lines = reader->wish->lines;
	if (!reader->tail || !lines)
		return take_line(reader, line, len, err);
	struct buf *place = &reader->tail[reader->tail_at];
	place->len = 0;
	buf_add(place, line, len);
	reader->tail_at = (reader->tail_at + 1) % lines;
	reader->tail_count += reader->tail_count < lines;
	return 0;
}

static int say_tail(struct reader *reader, struct err *err)
{
	struct buf *tail = reader->tail;
	size_t lines = reader->wish->lines;
	int r = 0;
	reader->tail = NULL;
	if (!tail || !lines)
		return 0;
	size_t first = (reader->tail_at + lines - reader->tail_count) % lines;
	for (size_t i = 0; i < reader->tail_count; i++) {
		struct buf *line = &tail[(first + i) % lines];
		if (r == 0)
			r = take_line(reader, line->data, line->len, err);
	}
	for (size_t i = 0; i < lines; i++)
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

/* Says what is new. 1: it goes on, 2: at once, as another file was begun; 0: the container has ended. */
static int step(struct reader *reader, struct err *err)
{
	bool alive = containers_is_alive(reader->dir_fd);
	int r = read_file(reader, reader->current_fd, &reader->rest, err);
	cleanup_fd int newest_fd = r < 0 ? -1 : open_log(reader, 0);
	if (newest_fd >= 0 && !same_file(newest_fd, reader->current_fd)) {
		r = read_file(reader, reader->current_fd, &reader->rest, err); /* it was still written to when we looked */
		fd_close(&reader->current_fd);
		reader->current_fd = fd_take(&newest_fd);
		return r < 0 ? r : 2;
	}
	return r < 0 ? r : alive;
}

static int watch_logs(const struct reader *readers, size_t count, struct err *err)
{
	cleanup_fd int watch_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	for (size_t i = 0; i < count; i++) {
		cleanup_free char *path = str_fmt("/proc/self/fd/%d", readers[i].log_fd);
		if (readers[i].current_fd >= 0 && (watch_fd < 0 || inotify_add_watch(watch_fd, path, IN_MODIFY | IN_CREATE | IN_MOVED_TO) < 0))
			return err_sys(err, "cannot watch the log");
	}
	return fd_take(&watch_fd);
}

/* New output is told by inotify(7); that the supervisor was killed by nothing, so we look once a second. */
static int follow(struct reader *readers, size_t count, struct err *err)
{
	char events[4096];
	cleanup_fd int watch_fd = watch_logs(readers, count, err);
	if (watch_fd < 0)
		return watch_fd;
	for (int most = 1; most > 0;) {
		most = 0;
		for (size_t i = 0; i < count; i++) {
			int r = readers[i].current_fd < 0 ? 0 : step(&readers[i], err);
			if (r < 0)
				return r;
			if (r == 0)
				fd_close(&readers[i].current_fd);
			most = r > most ? r : most;
		}
		fflush(stdout);
		struct pollfd changed = { .fd = watch_fd, .events = POLLIN };
		if (most == 1 && poll(&changed, 1, 1000) > 0)
			while (read(watch_fd, events, sizeof events) > 0)
				continue;
	}
	return 0;
}

/* What is there; the newest file stays open to be followed. */
static int read_all(struct reader *reader, struct err *err)
{
	int r = 0;
	if (reader->wish->tail && reader->wish->lines)
		reader->tail = mem_new(reader->wish->lines * sizeof *reader->tail);
	for (unsigned number = reader->files; r == 0 && number-- > 0;) {
		cleanup_buf struct buf rest = { 0 };
		cleanup_fd int fd = open_log(reader, number);
		if (fd < 0)
			continue;
		r = reader->wish->tail && !reader->wish->lines ? 0 : read_file(reader, fd, &rest, err);
		if (number == 0)
			reader->current_fd = fd_take(&fd);
	}
	if (reader->current_fd >= 0 && reader->wish->tail && !reader->wish->lines)
		lseek(reader->current_fd, 0, SEEK_END);
	int said = say_tail(reader, err);
	return r < 0 ? r : said;
}

/* One that was only created has no log, which is no error. */
static int open_reader(const struct place *place, const char *name, bool several, struct reader *reader, struct err *err)
{
	cleanup_subject struct subject subject = SUBJECT_NONE;
	int r = subject_find(place, name, &subject, err);
	if (r < 0)
		return r;
	reader->log_fd = openat(subject.dir_fd, "log", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (reader->log_fd < 0 && errno == ENOENT && subject.state.status != STATE_CREATED)
		return err_set(err, -ENOENT, "container %s has no log: its output went to the xrun that started it; logs are of detached ones (-d)", name);
	if (reader->log_fd < 0 && errno != ENOENT)
		return err_sys(err, "cannot open the log of container %s", name);
	reader->dir_fd = fd_take(&subject.dir_fd);
	reader->files = reader->log_fd < 0 ? 0 : subject.spec.life.log_files;
	if (several) /* as podman does */
		reader->prefix = reader->wish->names ? str_dup(subject.state.name) : str_ndup(subject.state.id, STATE_SHORT_ID_LENGTH);
	return 0;
}

static int run(const struct globals *globals, const struct wish *wish, const struct strv *names, struct err *err)
{
	cleanup_place struct place place = PLACE_CLOSED;
	struct output output = { 0 };
	struct reader *readers = mem_new(names->len * sizeof *readers);
	int r = place_open(&place, globals, err);
	for (size_t i = 0; i < names->len; i++)
		readers[i] = (struct reader){ .wish = wish, .output = &output, .dir_fd = -1, .log_fd = -1, .current_fd = -1 };
	for (size_t i = 0; r == 0 && i < names->len; i++)
		r = open_reader(&place, names->items[i], names->len > 1, &readers[i], err);
	for (size_t i = 0; r == 0 && i < names->len; i++)
		r = read_all(&readers[i], err);
	if (r == 0 && wish->follow)
		r = follow(readers, names->len, err);
	for (size_t i = 0; i < names->len; i++)
		reader_done(&readers[i]);
	free(readers);
	return r;
}

static int take_time(const char *option, const char *text, int64_t *ret_time, struct err *err)
{
	if (text && !when_parse(text, ret_time))
		return err_set(err, -EINVAL, "%s %s: write a time like 2026-11-25T10:00:00Z, or how long ago: 90s, 10m, 2h", option, text);
	return 0;
}

static int check(struct wish *wish, struct err *err)
{
	int r = take_time("--since", wish->since, &wish->from, err);
	if (r == 0)
		r = take_time("--until", wish->until, &wish->to, err);
	if (r < 0)
		return r;
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
	if (r == 0 && operands.len == 0)
		return err_set(err, -EINVAL, "which container? see xrun logs --help");
	if (r == 0)
		r = check(&wish, err);
	return r < 0 ? r : run(globals, &wish, &operands, err);
}
