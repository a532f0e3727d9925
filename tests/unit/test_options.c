/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_options.c: command lines as people type them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "src/cli/mistyped.h"
#include "src/cli/options.h"

#include <errno.h>
#include <string.h>

struct target {
	bool interactive, terminal, quiet;
	const char *arch, *memory;
	struct strv env, volumes;
};

#define FIELD(name) offsetof(struct target, name)
static const struct option table[] = {
	{ "interactive", 'i', OPTION_SWITCH, FIELD(interactive), NULL, "keep standard input open" },
	{ "tty", 't', OPTION_SWITCH, FIELD(terminal), NULL, "give a terminal" },
	{ "quiet", 0, OPTION_SWITCH, FIELD(quiet), NULL, "say nothing" },
	{ "arch", 0, OPTION_TEXT, FIELD(arch), "ARCH", "architecture" },
	{ "memory", 'm', OPTION_TEXT, FIELD(memory), "SIZE", "limit memory" },
	{ "env", 'e', OPTION_LIST, FIELD(env), "NAME[=VALUE]", "set a variable" },
	{ "volume", 'v', OPTION_LIST, FIELD(volumes), "HOST:CONTAINER", "show a directory" },
	{ "attach", 'a', OPTION_ABSENT, 0, NULL, "it always is" },
	{ 0 },
};

struct fixture {
	struct target target;
	struct strv operands;
	struct err err;
};

static int set_up(void **state)
{
	*state = mem_new(sizeof(struct fixture));
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	strv_done(&f->target.env);
	strv_done(&f->target.volumes);
	strv_done(&f->operands);
	free(f);
	return 0;
}

static int parse_words(struct fixture *f, bool first_operand_ends, const char *const *words)
{
	int count = 0;
	while (words[count])
		count++;
	return options_parse(table, &f->target, count, (char **)words, first_operand_ends, &f->operands, &f->err);
}

/* As `xrun run` reads them, and as the commands do that take operands among the options. */
#define PARSE_RUN(f, ...) parse_words(f, true, (const char *const[]){ __VA_ARGS__, NULL })
#define PARSE_ALL(f, ...) parse_words(f, false, (const char *const[]){ __VA_ARGS__, NULL })

static void check_list(const struct strv *list, const char *const *want)
{
	size_t count = 0;
	for (; want[count]; count++) {
		assert_true(count < list->len);
		assert_string_equal(list->items[count], want[count]);
	}
	assert_int_equal(list->len, count);
}
#define assert_list(list, ...) check_list(list, (const char *const[]){ __VA_ARGS__, NULL })

static void no_words_are_no_options(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(options_parse(table, &f->target, 0, NULL, true, &f->operands, &f->err), 0);
	assert_null(f->target.arch);
	assert_int_equal(f->operands.len, 0);
}

static void an_argument_follows_as_the_next_word_or_after_an_equals_sign(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(PARSE_RUN(f, "--arch", "aarch64", "--memory=512m"), 0);
	assert_string_equal(f->target.arch, "aarch64");
	assert_string_equal(f->target.memory, "512m");
}

static void everything_after_the_first_equals_sign_is_the_argument(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(PARSE_RUN(f, "--env=A=b=c", "--env=D=", "--arch="), 0);
	assert_list(&f->target.env, "A=b=c", "D=");
	assert_string_equal(f->target.arch, "");
}

static void a_letter_stands_for_its_option(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(PARSE_RUN(f, "-m", "1g", "-i"), 0);
	assert_string_equal(f->target.memory, "1g");
	assert_true(f->target.interactive);
	assert_false(f->target.terminal);
}

static void letters_may_stand_together(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(PARSE_RUN(f, "-it"), 0);
	assert_true(f->target.interactive && f->target.terminal);
}

static void a_letters_argument_may_follow_at_once(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(PARSE_RUN(f, "-eA=1", "-m64m", "-v/a:/b"), 0);
	assert_list(&f->target.env, "A=1");
	assert_string_equal(f->target.memory, "64m");
	assert_list(&f->target.volumes, "/a:/b");
}

static void the_last_letter_of_several_may_take_an_argument(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(PARSE_RUN(f, "-ite", "A=1", "-tm2g"), 0);
	assert_true(f->target.interactive && f->target.terminal);
	assert_list(&f->target.env, "A=1");
	assert_string_equal(f->target.memory, "2g");
}

static void an_absent_option_says_what_to_do_instead_and_is_not_listed(void **state)
{
	struct fixture *f = *state;
	cleanup_buf struct buf help = { 0 };
	static const char *const ways[] = { "--attach", "--attach=stdout", "-a", "-a=stdout", "-ita" };
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		assert_int_equal(PARSE_RUN(f, ways[i], "stdout"), -EINVAL);
		assert_string_equal(f->err.text, "there is no --attach: it always is");
	}
	options_help(table, &help);
	assert_null(strstr(help.data, "attach"));
}

static void an_argument_may_look_like_an_option(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(PARSE_RUN(f, "--env", "--arch", "-e", "--", "-e", "-"), 0);
	assert_list(&f->target.env, "--arch", "--", "-");
	assert_null(f->target.arch);
}

static void a_list_keeps_all_in_order_and_a_text_the_last(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(PARSE_RUN(f, "-e", "B", "-m", "1g", "--env", "A", "-e", "B", "--memory=2g"), 0);
	assert_list(&f->target.env, "B", "A", "B");
	assert_string_equal(f->target.memory, "2g");
}

static void a_switch_may_be_said_to_be_true_or_false(void **state)
{
	struct fixture *f = *state;
	f->target.quiet = true;
	assert_int_equal(PARSE_RUN(f, "--quiet=false", "--tty=true", "-i", "--interactive=false"), 0);
	assert_false(f->target.quiet);
	assert_true(f->target.terminal);
	assert_false(f->target.interactive);
	assert_int_equal(PARSE_RUN(f, "--quiet=maybe"), -EINVAL);
	assert_string_equal(f->err.text, "--quiet=maybe: it is true or false");
	assert_int_equal(PARSE_RUN(f, "--quiet="), -EINVAL);
}

static void a_switch_takes_every_word_that_docker_takes(void **state)
{
	static const char *const words[] = { "0", "1", "f", "t", "F", "T", "false", "true", "FALSE", "TRUE", "False", "True" };
	struct fixture *f = *state;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		cleanup_free char *option = str_fmt("--quiet=%s", words[i]);
		assert_int_equal(PARSE_RUN(f, option), 0);
		assert_int_equal(f->target.quiet, i % 2);
	}
	assert_int_equal(PARSE_RUN(f, "--quiet=yes"), -EINVAL);
}

static void a_letters_argument_may_follow_an_equals_sign(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(PARSE_RUN(f, "-m=512m", "-e=A=b", "-v=", "-i=true", "-ti=false"), 0);
	assert_string_equal(f->target.memory, "512m");
	assert_list(&f->target.env, "A=b");
	assert_list(&f->target.volumes, "");
	assert_true(f->target.terminal);
	assert_false(f->target.interactive);
	assert_int_equal(PARSE_RUN(f, "-i=maybe"), -EINVAL);
	assert_string_equal(f->err.text, "--interactive=maybe: it is true or false");
}

static void a_switch_takes_no_next_word(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(PARSE_RUN(f, "--quiet", "false"), 0);
	assert_true(f->target.quiet);
	assert_list(&f->operands, "false");
}

static void options_end_at_the_image(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(PARSE_RUN(f, "-i", "debian:12", "ls", "-l", "--arch=x", "--", "-t"), 0);
	assert_list(&f->operands, "debian:12", "ls", "-l", "--arch=x", "--", "-t");
	assert_true(f->target.interactive);
	assert_false(f->target.terminal);
	assert_null(f->target.arch);
}

static void options_may_follow_operands_where_these_do_not_end_them(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(PARSE_ALL(f, "a", "--quiet", "b", "--arch", "c", "d"), 0);
	assert_list(&f->operands, "a", "b", "d");
	assert_true(f->target.quiet);
	assert_string_equal(f->target.arch, "c");
}

static void two_dashes_end_the_options(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(PARSE_ALL(f, "a", "--", "--quiet", "--", "-x"), 0);
	assert_list(&f->operands, "a", "--quiet", "--", "-x");
	assert_false(f->target.quiet);
	strv_done(&f->operands);
	assert_int_equal(PARSE_RUN(f, "--", "-x"), 0);
	assert_list(&f->operands, "-x");
}

static void a_single_dash_and_an_empty_word_are_operands(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(PARSE_ALL(f, "-", "", "-i"), 0);
	assert_list(&f->operands, "-", "");
	assert_true(f->target.interactive);
}

static void an_unknown_option_is_refused_by_name(void **state)
{
	static const struct {
		const char *word, *message;
	} cases[] = {
		{ "--frobnicate", "unknown option --frobnicate;" }, { "--frobnicate=1", "unknown option --frobnicate;" },
		{ "--arc", "unknown option --arc;" }, { "--archs", "unknown option --archs;" }, { "--Arch=x", "unknown option --Arch;" },
		{ "--=x", "unknown option --;" }, { "---arch", "unknown option ---arch;" }, { "-x", "unknown option -x;" },
		{ "-ix", "unknown option -x;" }, { "-arch", "unknown option -a;" },
	};
	struct fixture *f = *state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(PARSE_RUN(f, cases[i].word), -EINVAL);
		assert_true(str_starts(f->err.text, cases[i].message));
	}
}

static void a_missing_argument_is_told_with_what_is_wanted(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(PARSE_RUN(f, "--arch"), -EINVAL);
	assert_string_equal(f->err.text, "--arch needs an argument: ARCH");
	assert_int_equal(PARSE_RUN(f, "-i", "-e"), -EINVAL);
	assert_string_equal(f->err.text, "--env needs an argument: NAME[=VALUE]");
	assert_int_equal(PARSE_RUN(f, "-im"), -EINVAL);
	assert_string_equal(f->err.text, "--memory needs an argument: SIZE");
}

static void help_lists_every_option_with_its_letter_and_argument(void **state)
{
	(void)state;
	cleanup_buf struct buf text = { 0 };
	options_help(table, &text);
	assert_string_equal(text.data,
		"  -i, --interactive            keep standard input open\n"
		"  -t, --tty                    give a terminal\n"
		"      --quiet                  say nothing\n"
		"      --arch ARCH              architecture\n"
		"  -m, --memory SIZE            limit memory\n"
		"  -e, --env NAME[=VALUE]       set a variable\n"
		"  -v, --volume HOST:CONTAINER  show a directory\n");
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static void what_is_near_a_command_is_one_slip_away(void **state)
{
	static const char *const near[] = { "rn", "runn", "rnu", "run1", "ran", "xrun", "un" }, *const far[] = { "run", "", "r", "unr", "rune1", "debian", "rum1" };
	(void)state;
	for (size_t i = 0; i < sizeof near / sizeof *near; i++)
		assert_true(mistyped_is_near(near[i], "run"));
	for (size_t i = 0; i < sizeof far / sizeof *far; i++)
		assert_false(mistyped_is_near(far[i], "run"));
	assert_true(mistyped_is_near("isnpect", "inspect"));
	assert_false(mistyped_is_near("docker", "doctor"));
	assert_false(mistyped_is_near("perl", "pull"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_near_a_command_is_one_slip_away),
		test(no_words_are_no_options),
		test(an_argument_follows_as_the_next_word_or_after_an_equals_sign),
		test(everything_after_the_first_equals_sign_is_the_argument),
		test(a_letter_stands_for_its_option),
		test(letters_may_stand_together),
		test(a_letters_argument_may_follow_at_once),
		test(the_last_letter_of_several_may_take_an_argument),
		test(an_absent_option_says_what_to_do_instead_and_is_not_listed),
		test(an_argument_may_look_like_an_option),
		test(a_list_keeps_all_in_order_and_a_text_the_last),
		test(a_switch_may_be_said_to_be_true_or_false),
		test(a_switch_takes_every_word_that_docker_takes),
		test(a_letters_argument_may_follow_an_equals_sign),
		test(a_switch_takes_no_next_word),
		test(options_end_at_the_image),
		test(options_may_follow_operands_where_these_do_not_end_them),
		test(two_dashes_end_the_options),
		test(a_single_dash_and_an_empty_word_are_operands),
		test(an_unknown_option_is_refused_by_name),
		test(a_missing_argument_is_told_with_what_is_wanted),
		test(help_lists_every_option_with_its_letter_and_argument),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
