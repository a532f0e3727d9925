/* SPDX-License-Identifier: GPL-2.0-or-later */
/* options.c owns command-line options. */
#include "src/cli/options.h"

#include <errno.h>
#include <string.h>

struct cursor {
	int argc, at;
	char **argv;
};

static const struct option *find_long(const struct option *table, const char *name, size_t len)
{
	for (; table->name; table++)
		if (table->kind != OPTION_HEADING && strlen(table->name) == len && memcmp(table->name, name, len) == 0)
			return table;
	return NULL;
}

static const struct option *find_letter(const struct option *table, char letter)
{
	for (; table->name; table++)
		if (table->kind != OPTION_HEADING && table->letter == letter)
			return table;
	return NULL;
}

/* The words are those of docker and podman (Go's strconv.ParseBool). */
static int set_switch(const struct option *option, bool *field, const char *value, struct err *err)
{
	static const char *const words[][6] = {
		{ "0", "f", "F", "false", "FALSE", "False" }, { "1", "t", "T", "true", "TRUE", "True" },
	};
	if (!value)
		value = "true";
	for (size_t i = 0; i < 12; i++) {
		if (str_eq(value, words[i / 6][i % 6])) {
			*field = i / 6;
			return 0;
		}
	}
	return err_set(err, -EINVAL, "--%s=%s: it is true or false", option->name, value);
}

static int set(const struct option *option, void *target, const char *value, struct cursor *c, struct err *err)
{
	void *field = (char *)target + option->offset;
	if (option->kind == OPTION_SWITCH)
		return set_switch(option, field, value, err);
	if (option->kind == OPTION_MAYBE && !value)
		value = "";
	if (!value && ++c->at >= c->argc)
		return err_set(err, -EINVAL, "--%s needs an argument: %s", option->name, option->arg);
	if (!value)
		value = c->argv[c->at];
	if (option->kind == OPTION_LIST)
		strv_add(field, value);
	else
		*(const char **)field = value;
	return 0;
}

static int refuse_absent(const struct option *option, struct err *err)
{
	return err_set(err, -EINVAL, "there is no --%s: %s", option->name, option->help);
}

static int refuse_unknown(const char *name, int len, struct err *err)
{
	const char *program = program_invocation_short_name;
	return err_set(err, -EINVAL, "unknown option --%.*s; `%s COMMAND --help` lists them, `%s --help` those that stand before COMMAND", len, name, program,
		program);
}

static int take_long(const struct option *table, void *target, struct cursor *c, struct err *err)
{
	const char *text = c->argv[c->at] + 2;
	size_t len = strcspn(text, "=");
	const struct option *option = find_long(table, text, len);
	if (!option)
		return refuse_unknown(text, (int)len, err);
	if (option->kind == OPTION_ABSENT)
		return refuse_absent(option, err);
	return set(option, target, text[len] ? text + len + 1 : NULL, c, err);
}

/* "-it", "-eNAME=x", "-e NAME=x", and as docker and podman read them "-m=1g" and "-it=false". */
static int take_letters(const struct option *table, void *target, struct cursor *c, struct err *err)
{
	for (const char *letter = c->argv[c->at] + 1; *letter; letter++) {
		const struct option *option = find_letter(table, *letter);
		if (!option || (option->kind == OPTION_ABSENT && letter[1] && letter[1] != '=')) /* -arch is a slip, and not docker's -a */
			return err_set(err, -EINVAL, "unknown option -%c; `%s COMMAND --help` lists them", *letter, program_invocation_short_name);
		if (option->kind == OPTION_ABSENT)
			return refuse_absent(option, err);
		bool equals = letter[1] == '=';
		bool takes_rest = equals || (option->kind != OPTION_SWITCH && option->kind != OPTION_MAYBE);
		int r = set(option, target, takes_rest && letter[1] ? letter + 1 + equals : NULL, c, err);
		if (r < 0 || takes_rest)
			return r;
	}
	return 0;
}

int options_parse(const struct option *table, void *target, int argc, char **argv, bool first_operand_ends,
	struct strv *operands, struct err *err)
{
	struct cursor c = { .argc = argc, .argv = argv };
	for (; c.at < argc; c.at++) {
		const char *word = argv[c.at];
		if (str_eq(word, "--")) {
			c.at++;
			break;
		}
		if (word[0] != '-' || !word[1]) {
			if (first_operand_ends)
				break;
			strv_add(operands, word);
			continue;
		}
		int r = word[1] == '-' ? take_long(table, target, &c, err) : take_letters(table, target, &c, err);
		if (r < 0)
			return r;
	}
	for (; c.at < argc; c.at++)
		strv_add(operands, argv[c.at]);
	return 0;
}

enum { NAME_WIDTH = 24, HELP_COLUMN = 6 + NAME_WIDTH + 1 };

static void help_line(const struct option *option, struct buf *text)
{
	cleanup_free char *name = str_fmt("--%s%s%s", option->name, !option->arg || option->kind == OPTION_MAYBE ? "" : " ",
		option->arg ? option->arg : "");
	if (option->letter)
		buf_fmt(text, "  -%c, ", option->letter);
	else
		buf_str(text, "      ");
	if (strlen(name) <= NAME_WIDTH)
		buf_fmt(text, "%-*s %s\n", NAME_WIDTH, name, option->help);
	else /* too long for its column: the help stands below it */
		buf_fmt(text, "%s\n%*s%s\n", name, HELP_COLUMN, "", option->help);
}

bool option_is_real(const struct option *option)
{
	return option->kind != OPTION_HEADING && option->kind != OPTION_ABSENT;
}

void options_help(const struct option *table, struct buf *ret_text)
{
	for (const struct option *at = table; at->name; at++) {
		if (at->kind == OPTION_HEADING)
			buf_fmt(ret_text, "%s%s:\n", at == table ? "" : "\n", at->name);
		else if (option_is_real(at))
			help_line(at, ret_text);
	}
}
