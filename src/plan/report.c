/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report.c owns a matrix as JUnit's XML and as JSON. */
#include "src/plan/report.h"

#include <jansson.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd"

static double seconds(const struct matrix_row *row)
{
	return row->state == MATRIX_ENDED && row->started_ms ? (row->ended_ms - row->started_ms) / 1e3 : 0;
}

/* How long the UTF-8 character at `at` is, by RFC 3629; 0 if it is none. */
static size_t utf8_length(const unsigned char *at, size_t left)
{
	static const struct {
		unsigned char low, high, second_low, second_high;
		size_t len;
	} forms[] = {
		{ 0x00, 0x7f, 0, 0, 1 }, { 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		if (at[0] < forms[i].low || at[0] > forms[i].high || forms[i].len > left)
			continue;
		bool good = forms[i].len == 1 || (at[1] >= forms[i].second_low && at[1] <= forms[i].second_high);
		for (size_t j = 2; j < forms[i].len; j++)
			good = good && (at[j] & 0xc0) == 0x80;
		return good ? forms[i].len : 0;
	}
	return 0;
}

/* XML 1.0, "Char": of the control characters only tab, line feed and carriage return; U+FFFE and U+FFFF never. */
static bool is_xml(const unsigned char *at, size_t len)
{
	bool control = len == 1 && at[0] < 0x20 && !strchr("\t\n\r", at[0]);
	bool noncharacter = len == 3 && at[0] == 0xef && at[1] == 0xbf && at[2] >= 0xbe;
	return len && at[0] && !control && !noncharacter;
}

/* An attribute's line feeds must be written as references, or they are read as blanks; in text that does no harm. */
static void add_xml(struct buf *b, const char *text, size_t len)
{
	static const char special[] = "<>&\"'\t\n\r";
	static const char *const names[] = { "&lt;", "&gt;", "&amp;", "&quot;", "&#39;", "&#9;", "&#10;", "&#13;" };
	for (size_t i = 0; i < len;) {
		const unsigned char *at = (const unsigned char *)text + i;
		size_t n = utf8_length(at, len - i);
		const char *known = n == 1 && *at ? strchr(special, *at) : NULL;
		if (known)
			buf_str(b, names[known - special]);
		else if (is_xml(at, n))
			buf_add(b, at, n);
		else
			buf_str(b, REPLACEMENT);
		i += n ? n : 1;
	}
}

static void add_attribute(struct buf *b, const char *name, const char *value)
{
	buf_fmt(b, " %s=\"", name);
	add_xml(b, value, strlen(value));
	buf_str(b, "\"");
}

static void add_output(struct buf *b, const char *element, const struct matrix_output *output)
{
	size_t len;
	cleanup_free char *tail = matrix_output_tail(output, &len);
	if (!len)
		return;
	buf_fmt(b, "<%s>", element);
	if (output->bytes > len)
		buf_fmt(b, "[the last %zu of %llu bytes]\n", len, (unsigned long long)output->bytes);
	add_xml(b, tail, len);
	buf_fmt(b, "</%s>\n", element);
}

static void add_case(const struct matrix *m, const struct matrix_row *row, struct buf *b)
{
	cleanup_free char *status = matrix_say_status(row);
	cleanup_free char *difference = matrix_say_difference(m, row);
	buf_str(b, "<testcase");
	add_attribute(b, "classname", m->image);
	add_attribute(b, "name", row->arch->name);
	buf_fmt(b, " time=\"%.3f\">\n", seconds(row));
	bool error = row->err.code || (row->state != MATRIX_ENDED && row->state != MATRIX_SKIPPED);
	const char *element = row->state == MATRIX_SKIPPED ? "skipped" : error ? "error" : row->status ? "failure" : NULL;
	if (element) {
		buf_fmt(b, "<%s", element);
		add_attribute(b, "message", row->err.code ? row->err.text : status);
		buf_str(b, "/>\n");
	}
	if (row->err.code == 0 && row->state == MATRIX_ENDED)
		buf_fmt(b, "<properties><property name=\"difference\" value=\"%s\"/></properties>\n", difference);
	add_output(b, "system-out", &row->out);
	add_output(b, "system-err", &row->error_out);
	buf_str(b, "</testcase>\n");
}

void report_junit(const struct matrix *m, struct buf *ret_text)
{
	size_t failures = 0, errors = 0, skipped = 0;
	double time = 0;
	for (size_t i = 0; i < m->count; i++) {
		const struct matrix_row *row = &m->rows[i];
		bool error = row->err.code || row->state != MATRIX_ENDED;
		skipped += row->state == MATRIX_SKIPPED;
		errors += row->state != MATRIX_SKIPPED && error;
		failures += !error && row->status;
		time += seconds(row);
	}
	cleanup_buf struct buf counts = { 0 };
	buf_fmt(&counts, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"%.3f\"", m->count, failures, errors,
		skipped, time);
	buf_fmt(ret_text, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites%s>\n<testsuite", counts.data);
	add_attribute(ret_text, "name", m->command);
	buf_fmt(ret_text, "%s>\n", counts.data);
	for (size_t i = 0; i < m->count; i++)
		add_case(m, &m->rows[i], ret_text);
	buf_str(ret_text, "</testsuite>\n</testsuites>\n");
}

/* Bytes that are not UTF-8, and NUL, become U+FFFD, as in XML. */
static json_t *text(const char *s, size_t len)
{
	cleanup_buf struct buf clean = { 0 };
	buf_str(&clean, "");
	for (size_t i = 0; i < len;) {
		size_t n = utf8_length((const unsigned char *)s + i, len - i);
		if (n && s[i])
			buf_add(&clean, s + i, n);
		else
			buf_str(&clean, REPLACEMENT);
		i += n ? n : 1;
	}
	return json_stringn(clean.data, clean.len);
}

static json_t *output(const struct matrix_output *o)
{
	size_t len;
	cleanup_free char *tail = matrix_output_tail(o, &len);
	return json_pack("{s:I, s:b, s:o}", "bytes", (json_int_t)o->bytes, "cut", o->bytes > len, "text", text(tail, len));
}

static json_t *result(const struct matrix *m, const struct matrix_row *row)
{
	static const char *const states[] = { "not started", "not started", "ended", "skipped" };
	const struct matrix_row *reference = matrix_reference(m);
	uint64_t line = reference ? matrix_output_compare(&reference->out, &row->out) : 0;
	bool ended = row->state == MATRIX_ENDED;
	bool compared = ended && row->err.code == 0 && row != reference;
	json_t *object = json_pack("{s:s, s:s, s:o*, s:f, s:o*, s:o*, s:o*, s:o*}", "arch", row->arch->name, "state", states[row->state],
		"status", ended ? json_integer(row->status) : NULL, "seconds", seconds(row), "error",
		row->err.code ? text(row->err.text, strlen(row->err.text)) : NULL, "differs_at_line",
		compared && line ? json_integer((json_int_t)line) : NULL, "stdout", ended ? output(&row->out) : NULL, "stderr",
		ended ? output(&row->error_out) : NULL);
	json_object_set_new(object, "platform", json_sprintf("linux/%s%s%s", row->arch->oci_arch, *row->arch->oci_variant ? "/" : "",
							row->arch->oci_variant));
	return object;
}

void report_json(const struct matrix *m, struct buf *ret_text)
{
	const struct matrix_row *reference = matrix_reference(m);
	json_t *results = json_array();
	for (size_t i = 0; i < m->count; i++)
		json_array_append_new(results, result(m, &m->rows[i]));
	json_t *report = json_pack("{s:o, s:o, s:i, s:s?, s:o}", "image", text(m->image, strlen(m->image)), "command",
		text(m->command, strlen(m->command)), "status", matrix_status(m), "reference", reference ? reference->arch->name : NULL,
		"results", results);
	cleanup_free char *dump = json_dumps(report, JSON_INDENT(2) | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(15));
	json_decref(report);
	buf_fmt(ret_text, "%s\n", dump ? dump : "");
}
