/* SPDX-License-Identifier: GPL-2.0-or-later */
/* log.c owns where xrun-oci's errors and warnings go: engines read --log. */
#include "src/oci/oci.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static char *format_line(const char *format, const char *level, const char *text)
{
	struct timeval now;
	struct tm parts;
	char time_text[64];
	gettimeofday(&now, NULL);
	gmtime_r(&now.tv_sec, &parts);
	size_t len = strftime(time_text, sizeof time_text, "%Y-%m-%dT%H:%M:%S", &parts);
	snprintf(time_text + len, sizeof time_text - len, ".%06ldZ", (long)now.tv_usec);
	if (!str_eq(format, "json"))
		return str_fmt("time=\"%s\" level=%s msg=\"%s\"\n", time_text, level, text);
	json_t *object = json_pack("{s:s, s:s, s:s}", "level", level, "msg", text, "time", time_text);
	cleanup_free char *line = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	return str_fmt("%s\n", line ? line : "{\"level\":\"error\"}");
}

int oci_log_open(struct oci_globals *globals, struct err *err)
{
	const char *path = globals->log;
	if (globals->log_format && !str_eq(globals->log_format, "text") && !str_eq(globals->log_format, "json"))
		return err_set(err, -EINVAL, "--log-format %s: neither text nor json", globals->log_format);
	if (!path)
		return 0;
	if (str_starts(path, "file:"))
		path += strlen("file:");
	globals->log_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	return globals->log_fd < 0 ? err_sys(err, "--log %s", path) : 0;
}

/* One write, so that lines of several processes do not mix. */
static void write_log(const struct oci_globals *globals, const char *level, const char *text)
{
	if (globals->log_fd < 0)
		return;
	cleanup_free char *line = format_line(globals->log_format, level, text);
	if (write(globals->log_fd, line, strlen(line)) < 0)
		fprintf(stderr, "xrun-oci: cannot write to %s\n", globals->log);
}

void oci_log_error(const struct oci_globals *globals, const struct err *err)
{
	fprintf(stderr, "xrun-oci: %s\n", err->text);
	write_log(globals, "error", err->text);
}

/* stderr is the container's, too, where an engine keeps its output: with a --log that is none of its business. */
void oci_log_warnings(const struct oci_globals *globals, const struct strv *warnings)
{
	for (size_t i = 0; i < warnings->len; i++) {
		struct err warning = { 0 };
		err_set(&warning, 0, "%s", warnings->items[i]); /* without control characters */
		if (globals->log_fd < 0)
			fprintf(stderr, "xrun-oci: warning: %s\n", warning.text);
		write_log(globals, "warning", warning.text);
	}
}

void oci_log_readiness(const struct oci_globals *globals, const struct engine_ready *ready)
{
	cleanup_strv struct strv warnings = { 0 };
	if (ready->failure.code < 0)
		strv_add(&warnings, ready->failure.text);
	oci_log_warnings(globals, &warnings);
}
