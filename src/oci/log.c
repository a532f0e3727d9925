/* SPDX-License-Identifier: GPL-2.0-or-later */
/* log.c owns where xrun-oci's errors go: engines read --log. */
#include "src/oci/oci.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static char *format_line(const char *format, const char *text)
{
	struct timeval now;
	struct tm parts;
	char time_text[64];
	gettimeofday(&now, NULL);
	gmtime_r(&now.tv_sec, &parts);
	size_t len = strftime(time_text, sizeof time_text, "%Y-%m-%dT%H:%M:%S", &parts);
	snprintf(time_text + len, sizeof time_text - len, ".%06ldZ", (long)now.tv_usec);
	if (!str_eq(format, "json"))
		return str_fmt("time=\"%s\" level=error msg=\"%s\"\n", time_text, text);
	json_t *object = json_pack("{s:s, s:s, s:s}", "level", "error", "msg", text, "time", time_text);
	cleanup_free char *line = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	return str_fmt("%s\n", line ? line : "{\"level\":\"error\"}");
}

/* One write, so that lines of several processes do not mix. */
void oci_log_error(const struct oci_globals *globals, const struct err *err)
{
	const char *path = globals->log;
	fprintf(stderr, "xrun-oci: %s\n", err->text);
	if (path && str_starts(path, "file:"))
		path += strlen("file:");
	int fd = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644) : -1;
	if (fd < 0)
		return;
	cleanup_free char *line = format_line(globals->log_format, err->text);
	if (write(fd, line, strlen(line)) < 0)
		fprintf(stderr, "xrun-oci: cannot write to %s\n", path);
	close(fd);
}
