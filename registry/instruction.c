/* SPDX-License-Identifier: GPL-2.0-or-later */
/* instruction.c owns what a Dockerfile's instructions change in an image's configuration. */
#include "registry/derive.h"

#include "src/base/str.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

static int bad(const char *name, const char *rest, const char *why, struct err *err)
{
	return err_set(err, -EINVAL, "--change %s %.200s: %s", name, rest, why);
}

/* The next word, without its quotes and backslashes, as a shell takes it; NULL at the end. *ret_open: a quote has no end. */
static char *next_word(const char **at, bool *ret_open)
{
	struct buf word = { 0 };
	char quote = 0;
	const char *c = *at + strspn(*at, " \t");
	if (!*c)
		return NULL;
	buf_str(&word, "");
	for (; *c && (quote || !strchr(" \t", *c)); c++) {
		if (*c == quote)
			quote = 0;
		else if (!quote && strchr("\"'", *c))
			quote = *c;
		else if (*c == '\\' && quote != '\'' && c[1])
			buf_add(&word, ++c, 1);
		else
			buf_add(&word, c, 1);
	}
	*at = c;
	*ret_open = quote;
	return buf_take(&word);
}

static int split_words(const char *name, const char *rest, struct strv *words, struct err *err)
{
	bool is_open = false;
	const char *at = rest;
	for (char *word; (word = next_word(&at, &is_open));)
		strv_take(words, word);
	return is_open ? bad(name, rest, "a quote has no end", err) : words->len ? 0 : bad(name, rest, "there is nothing after it", err);
}

/* ["A", "B"]: a new array of strings, or NULL if it is none. */
static json_t *read_array(const char *rest)
{
	json_t *array = json_loads(rest, JSON_REJECT_DUPLICATES, NULL), *value;
	size_t i;
	bool is_good = json_is_array(array);
	json_array_foreach(array, i, value)
		is_good = is_good && json_is_string(value);
	if (is_good)
		return array;
	json_decref(array);
	return NULL;
}

/* An argv, or a line for the shell. */
static json_t *read_command(const char *rest)
{
	json_t *array = read_array(rest);
	return array ? array : json_pack("[s, s, s]", "/bin/sh", "-c", rest);
}

static int change_cmd(struct derive *d, const char *name, const char *rest, struct err *err)
{
	json_t *command = read_command(rest);
	if (!command)
		return bad(name, rest, "it is not UTF-8", err);
	bool is_cmd = str_eq(name, "CMD");
	json_object_set_new(d->config, is_cmd ? "Cmd" : "Entrypoint", command);
	if (!is_cmd && !d->cmd_set)
		json_object_del(d->config, "Cmd");
	d->cmd_set = d->cmd_set || is_cmd;
	return 0;
}

static void set_env(json_t *config, const char *assignment)
{
	size_t len = strcspn(assignment, "=") + 1, i;
	json_t *env = json_object_get(config, "Env"), *value;
	if (!json_is_array(env))
		json_object_set_new(config, "Env", env = json_array());
	json_array_foreach(env, i, value) {
		if (strncmp(json_is_string(value) ? json_string_value(value) : "", assignment, len) == 0) {
			json_array_set_new(env, i, json_string(assignment));
			return;
		}
	}
	json_array_append_new(env, json_string(assignment));
}

static bool is_utf8(const char *text)
{
	json_t *string = json_string(text);
	json_decref(string);
	return string;
}

static void set_pair(struct derive *d, const char *name, const char *pair)
{
	const char *value = strchr(pair, '=') + 1;
	cleanup_free char *key = str_ndup(pair, value - 1 - pair);
	if (str_eq(name, "ENV"))
		set_env(d->config, pair);
	else
		json_object_set_new(derive_child(d->config, "Labels", json_object()), key, json_string(value));
}

/* NAME=VALUE..., or the old form of one NAME VALUE. */
static int change_pairs(struct derive *d, const char *name, const char *rest, struct err *err)
{
	cleanup_strv struct strv words = { 0 };
	int r = split_words(name, rest, &words, err);
	if (r == 0 && !is_utf8(rest))
		r = bad(name, rest, "it is not UTF-8", err);
	if (r < 0)
		return r;
	if (!strchr(words.items[0], '=')) {
		const char *value = strpbrk(rest, " \t");
		cleanup_free char *pair = value ? str_fmt("%s=%s", words.items[0], value + strspn(value, " \t")) : NULL;
		if (!pair || strpbrk(words.items[0], "\"'\\"))
			return bad(name, rest, "NAME=VALUE is wanted", err);
		set_pair(d, name, pair);
		return 0;
	}
	for (size_t i = 0; i < words.len; i++)
		if (!strchr(words.items[i], '=') || *words.items[i] == '=')
			return bad(name, rest, "NAME=VALUE is wanted", err);
	for (size_t i = 0; i < words.len; i++)
		set_pair(d, name, words.items[i]);
	return 0;
}

static bool is_port(const char *text)
{
	unsigned long long number;
	cleanup_free char *digits = str_ndup(text, strcspn(text, "/"));
	const char *protocol = text + strlen(digits);
	return str_to_u64(digits, 65535, &number) && number &&
		(!*protocol || str_eq(protocol, "/tcp") || str_eq(protocol, "/udp"));
}

static int change_expose(struct derive *d, const char *name, const char *rest, struct err *err)
{
	cleanup_strv struct strv words = { 0 };
	int r = split_words(name, rest, &words, err);
	for (size_t i = 0; r == 0 && i < words.len; i++)
		if (!is_port(words.items[i]))
			r = bad(name, rest, "a port is a number, perhaps with /tcp or /udp", err);
	for (size_t i = 0; r == 0 && i < words.len; i++) {
		cleanup_free char *port = str_fmt("%s%s", words.items[i], strchr(words.items[i], '/') ? "" : "/tcp");
		json_object_set_new(derive_child(d->config, "ExposedPorts", json_object()), port, json_object());
	}
	return r;
}

static int change_volume(struct derive *d, const char *name, const char *rest, struct err *err)
{
	cleanup_strv struct strv words = { 0 };
	json_t *array = read_array(rest), *value;
	size_t i;
	json_array_foreach(array, i, value)
		strv_add(&words, json_string_value(value));
	json_decref(array);
	int r = words.len ? 0 : split_words(name, rest, &words, err);
	for (i = 0; r == 0 && i < words.len; i++)
		if (*words.items[i] != '/' || !is_utf8(words.items[i]))
			r = bad(name, rest, "a volume is an absolute path", err);
	for (i = 0; r == 0 && i < words.len; i++)
		json_object_set_new(derive_child(d->config, "Volumes", json_object()), words.items[i], json_object());
	return r;
}

static int change_text(struct derive *d, const char *name, const char *rest, struct err *err)
{
	static const char *const keys[][2] = { { "USER", "User" }, { "STOPSIGNAL", "StopSignal" } };
	if (!*rest || strpbrk(rest, " \t") || !is_utf8(rest))
		return bad(name, rest, "one word is wanted", err);
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (str_eq(keys[i][0], name))
			json_object_set_new(d->config, keys[i][1], json_string(rest));
	return 0;
}

/* One that is not absolute is below the one before. */
static int change_workdir(struct derive *d, const char *name, const char *rest, struct err *err)
{
	const char *before = json_string_value(json_object_get(d->config, "WorkingDir"));
	if (!*rest || !is_utf8(rest))
		return bad(name, rest, "a directory is wanted", err);
	if (!before || !*before)
		before = "/";
	cleanup_free char *path = *rest == '/' ? str_dup(rest) : str_fmt("%s%s%s", before, str_ends(before, "/") ? "" : "/", rest);
	json_object_set_new(d->config, "WorkingDir", json_string(path));
	return 0;
}

/* "1m30s", "500ms" as nanoseconds; -1: it is none. */
static int64_t read_time(const char *text)
{
	static const struct {
		const char *unit;
		double ns;
	} units[] = { { "ns", 1 }, { "us", 1e3 }, { "ms", 1e6 }, { "s", 1e9 }, { "m", 60e9 }, { "h", 3600e9 } };
	double sum = 0;
	while (*text >= '0' && *text <= '9') {
		char *end;
		double number = strtod(text, &end), ns = 0;
		size_t len = strcspn(end, "0123456789.");
		for (size_t i = 0; i < sizeof units / sizeof *units; i++)
			if (strlen(units[i].unit) == len && strncmp(units[i].unit, end, len) == 0)
				ns = units[i].ns;
		if (ns == 0)
			return -1;
		sum += number * ns;
		text = end + len;
	}
	return *text || sum > 1e18 ? -1 : (int64_t)sum;
}

/* "--interval=30s" and its kin. 1: taken; 0: it is none of these. */
static int take_health_option(json_t *health, const char *word)
{
	static const char *const names[][2] = { { "--interval=", "Interval" }, { "--timeout=", "Timeout" },
		{ "--start-period=", "StartPeriod" } };
	unsigned long long retries;
	if (str_starts(word, "--retries=") && str_to_u64(word + strlen("--retries="), 1000, &retries)) {
		json_object_set_new(health, "Retries", json_integer((json_int_t)retries));
		return 1;
	}
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		int64_t ns = str_starts(word, names[i][0]) ? read_time(word + strlen(names[i][0])) : -1;
		if (ns >= 0) {
			json_object_set_new(health, names[i][1], json_integer(ns));
			return 1;
		}
	}
	return 0;
}

static int change_health(struct derive *d, const char *name, const char *rest, struct err *err)
{
	json_t *health = json_object(), *test = NULL;
	const char *at = rest;
	for (size_t len; (len = strcspn(at, " \t")) && str_starts(at, "--"); at += len + strspn(at + len, " \t")) {
		cleanup_free char *word = str_ndup(at, len);
		if (!take_health_option(health, word))
			break;
	}
	if (str_eq(at, "NONE"))
		test = json_pack("[s]", "NONE");
	else if (str_starts(at, "CMD ")) {
		at += strspn(at + 4, " \t") + 4;
		test = read_array(at);
		if (test)
			json_array_insert_new(test, 0, json_string("CMD"));
		else if (*at)
			test = json_pack("[s, s]", "CMD-SHELL", at);
	}
	if (!test) {
		json_decref(health);
		return bad(name, rest, "it is [--interval=TIME] [--timeout=TIME] [--start-period=TIME] [--retries=N] CMD COMMAND, or NONE", err);
	}
	json_object_set_new(health, "Test", test);
	json_object_set_new(d->config, "Healthcheck", health);
	return 0;
}

static const struct {
	const char *name;
	int (*change)(struct derive *d, const char *name, const char *rest, struct err *err);
} instructions[] = {
	{ "CMD", change_cmd },
	{ "ENTRYPOINT", change_cmd },
	{ "ENV", change_pairs },
	{ "EXPOSE", change_expose },
	{ "HEALTHCHECK", change_health },
	{ "LABEL", change_pairs },
	{ "STOPSIGNAL", change_text },
	{ "USER", change_text },
	{ "VOLUME", change_volume },
	{ "WORKDIR", change_workdir },
};

int derive_change(struct derive *derive, const char *instruction, struct err *err)
{
	size_t len = strcspn(instruction, " \t=");
	const char *rest = instruction + len + (instruction[len] != 0);
	rest += strspn(rest, " \t");
	for (size_t i = 0; i < sizeof instructions / sizeof *instructions; i++) {
		const char *name = instructions[i].name;
		if (strlen(name) != len || strncasecmp(name, instruction, len) != 0)
			continue;
		return *rest ? instructions[i].change(derive, name, rest, err) : bad(name, rest, "there is nothing after it", err);
	}
	return err_set(err, -EINVAL, "--change %.200s: there are CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, STOPSIGNAL, USER, "
				     "VOLUME and WORKDIR", instruction);
}
