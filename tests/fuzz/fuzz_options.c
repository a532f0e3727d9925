/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_options.c: command lines. What was understood, written out in full, is understood the same. */
#include "src/cli/options.h"
#include "tests/fuzz/fuzz.h"

struct target {
	bool interactive, terminal;
	const char *arch, *memory;
	struct strv env, volumes;
};

#define FIELD(name) offsetof(struct target, name)
static const struct option table[] = {
	{ "interactive", 'i', OPTION_SWITCH, FIELD(interactive), NULL, "" },
	{ "tty", 't', OPTION_SWITCH, FIELD(terminal), NULL, "" },
	{ "arch", 0, OPTION_TEXT, FIELD(arch), "ARCH", "" },
	{ "memory", 'm', OPTION_TEXT, FIELD(memory), "SIZE", "" },
	{ "env", 'e', OPTION_LIST, FIELD(env), "NAME", "" },
	{ "volume", 'v', OPTION_LIST, FIELD(volumes), "DIR", "" },
	{ 0 },
};

/* Words end with a NUL; the first byte is odd if the first operand ends the options. */
const unsigned fuzz_rounds = 40000;
FUZZ_SEEDS(SEED("\1-it\0--arch\0arm64\0debian:12\0uname\0-m\0"), SEED("\1--env=A=b\0-eC=d\0-e\0E\0--\0-x\0"),
	SEED("\0a\0-v\0.:/src\0b\0-im1g\0--tty=false\0-\0--interactive=true\0"), SEED("\1--volume=\0-m\0--\0x\0"), SEED("\0--none\0"),
	SEED("\0-ti\0--interactive=maybe\0--arch"))

static void add_list(struct strv *words, const char *name, const struct strv *values)
{
	for (size_t i = 0; i < values->len; i++)
		strv_take(words, str_fmt("--%s=%s", name, values->items[i]));
}

static void check_list(const struct strv *a, const struct strv *b)
{
	CHECK(a->len == b->len);
	for (size_t i = 0; i < a->len; i++)
		CHECK(str_eq(a->items[i], b->items[i]));
}

static void done(struct target *target, struct strv *operands)
{
	strv_done(&target->env);
	strv_done(&target->volumes);
	strv_done(operands);
}

static void check_written_again(const struct target *t, const struct strv *operands)
{
	struct err err = { 0 };
	struct target again = { 0 };
	struct strv again_operands = { 0 };
	cleanup_strv struct strv words = { 0 };
	strv_add(&words, t->interactive ? "--interactive" : "--interactive=false");
	strv_add(&words, t->terminal ? "-t" : "--tty=false");
	if (t->arch)
		strv_take(&words, str_fmt("--arch=%s", t->arch));
	if (t->memory) {
		strv_add(&words, "-m");
		strv_add(&words, t->memory);
	}
	add_list(&words, "env", &t->env);
	add_list(&words, "volume", &t->volumes);
	strv_add(&words, "--");
	strv_extend(&words, operands);
	CHECK(options_parse(table, &again, (int)words.len, words.items, true, &again_operands, &err) == 0);
	CHECK(again.interactive == t->interactive && again.terminal == t->terminal);
	CHECK(str_eq(again.arch, t->arch) && str_eq(again.memory, t->memory));
	check_list(&again.env, &t->env);
	check_list(&again.volumes, &t->volumes);
	check_list(&again_operands, operands);
	done(&again, &again_operands);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = { 0 };
	struct target target = { 0 };
	struct strv operands = { 0 };
	cleanup_strv struct strv words = { 0 };
	bool first_operand_ends = fuzz_byte(&data, &size) & 1;
	while (size)
		strv_take(&words, fuzz_text(&data, &size));
	int r = options_parse(table, &target, (int)words.len, words.items, first_operand_ends, &operands, &err);
	CHECK(r <= 0 && r == err.code && (r == 0 || *err.text));
	CHECK(operands.len + target.env.len + target.volumes.len <= words.len);
	if (r == 0)
		check_written_again(&target, &operands);
	done(&target, &operands);
	return 0;
}
