/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_life.c tests the options that say how long a container lives, names of signals, times, and what is text. */
#include "src/base/signals.h"
#include "src/base/utf8.h"
#include "src/cli/when.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/planned.h"

#include <signal.h>
#include <string.h>

static void named_and_detached_ones_are_kept(void **state)
{
	struct fixture *f = *state;
	assert_false(planned(f)->life.keep);
	f->request.name = "box";
	assert_true(planned(f)->life.keep);
	f->request.remove = true;
	assert_false(planned(f)->life.keep);
	f->request.name = NULL;
	f->request.remove = false;
	f->request.detach = true;
	assert_true(planned(f)->life.keep && planned(f)->life.detach);
}

static void restart_is_read(void **state)
{
	struct fixture *f = *state;
	f->request.detach = true;
	assert_int_equal(planned(f)->life.restart, RESTART_NO);
	f->request.restart = "always";
	assert_int_equal(planned(f)->life.restart, RESTART_ALWAYS);
	f->request.restart = "on-failure";
	assert_int_equal(planned(f)->life.restart, RESTART_ON_FAILURE);
	assert_int_equal(planned(f)->life.restart_max, 0);
	f->request.restart = "on-failure:3";
	assert_int_equal(planned(f)->life.restart_max, 3);
	f->request.restart = "on-failure:x";
	refused(f, "--restart on-failure:x");
	f->request.restart = "on-failures";
	refused(f, "--restart on-failures");
}

static bool has_mount(const struct spec *spec, const char *target)
{
	for (size_t i = 0; i < spec->mount_count; i++)
		if (str_eq(spec->mounts[i].target, target))
			return spec->mounts[i].kind == MOUNT_TMPFS && !spec->mounts[i].no_exec;
	return false;
}

static void plan_command(struct fixture *f, const char *program)
{
	strv_done(&f->request.command);
	strv_add(&f->request.command, program);
}

static void a_first_program_called_as_systemd_gets_what_it_needs(void **state)
{
	struct fixture *f = *state;
	static const char *const names[] = { "/sbin/init", "/usr/sbin/init", "/usr/local/sbin/init", "/lib/systemd/systemd", "systemd" };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		plan_command(f, names[i]);
		const struct spec *spec = planned(f);
		assert_true(spec->systemd && has_mount(spec, "/run") && has_mount(spec, "/run/lock") && has_mount(spec, "/tmp"));
		assert_true(strv_has(&spec->env, "container=xrun"));
		assert_int_equal(spec->life.stop_signal, SIGRTMIN + 3);
	}
	f->request.stop_signal = "TERM";
	strv_add(&f->request.tmpfs, "/run:noexec");
	assert_int_equal(planned(f)->life.stop_signal, SIGTERM);
	assert_false(has_mount(&f->spec, "/run"));
	f->request.systemd = "false";
	assert_false(planned(f)->systemd || has_mount(&f->spec, "/tmp") || strv_has(&f->spec.env, "container=xrun"));
}

static void any_other_program_gets_it_when_that_is_asked_for(void **state)
{
	struct fixture *f = *state;
	plan_command(f, "/usr/bin/init");
	assert_false(planned(f)->systemd);
	f->request.systemd = "true";
	assert_false(planned(f)->systemd);
	f->request.systemd = "always";
	assert_true(planned(f)->systemd);
	f->request.systemd = "maybe";
	refused(f, "--systemd maybe: there are true, false and always");
}

static void what_keeps_systemd_from_being_the_first_process_is_an_error_where_it_was_asked_for(void **state)
{
	struct fixture *f = *state;
	plan_command(f, "/sbin/init");
	f->request.init = true;
	assert_false(planned(f)->systemd);
	f->request.systemd = "always";
	refused(f, "--systemd always does not go with --init");
	f->request.init = false;
	f->request.pid = "host";
	refused(f, "--systemd always does not go with --init, --pid");
	f->request.pid = NULL;
	f->request.userns = "keep-id";
	refused(f, "--userns keep-id does not go with systemd");
}

static void the_images_stop_signal_and_labels_count_unless_others_are_given(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(planned(f)->life.stop_signal, SIGTERM);
	assert_int_equal(planned(f)->life.stop_timeout, 10);
	free(f->image.stop_signal);
	f->image.stop_signal = str_dup("SIGQUIT");
	assert_int_equal(planned(f)->life.stop_signal, SIGQUIT);
	f->request.stop_signal = "usr1";
	assert_int_equal(planned(f)->life.stop_signal, SIGUSR1);
	f->request.stop_signal = "nonesuch";
	refused(f, "--stop-signal nonesuch");
	f->request.stop_signal = NULL;
	strv_add(&f->image.labels, "a=image");
	strv_add(&f->image.labels, "b=image");
	strv_add(&f->request.labels, "a=ours");
	strv_add(&f->request.labels, "bare");
	const struct spec_life *life = &planned(f)->life;
	assert_string_equal(strv_env_get(&life->labels, "a"), "ours");
	assert_string_equal(strv_env_get(&life->labels, "b"), "image");
	assert_string_equal(strv_env_get(&life->labels, "bare"), "");
	strv_add(&f->request.labels, "=x");
	refused(f, "--label =x");
}

static void the_images_health_check_counts_unless_another_is_given(void **state)
{
	struct fixture *f = *state;
	f->request.detach = true;
	assert_int_equal(planned(f)->life.health.test.len, 0);
	strv_add(&f->image.health.test, "CMD-SHELL");
	strv_add(&f->image.health.test, "curl localhost");
	f->image.health.interval = 5000000000;
	assert_string_equal(planned(f)->life.health.test.items[2], "curl localhost");
	assert_int_equal(planned(f)->life.health.interval, 5000);
	assert_int_equal(planned(f)->life.health.retries, 3);
	f->request.health_interval = "1m30s";
	f->request.health_timeout = "500ms";
	assert_int_equal(planned(f)->life.health.interval, 90000);
	assert_int_equal(planned(f)->life.health.timeout, 500);
	f->request.no_healthcheck = true;
	assert_int_equal(planned(f)->life.health.test.len, 0);
	f->request.no_healthcheck = false;
	f->request.health_cmd = "true";
	assert_string_equal(planned(f)->life.health.test.items[2], "true");
	f->request.health_interval = "1x";
	refused(f, "--health-interval 1x");
}

static void signals_have_names_and_numbers(void **state)
{
	(void)state;
	assert_int_equal(signal_by_name("TERM"), SIGTERM);
	assert_int_equal(signal_by_name("sigkill"), SIGKILL);
	assert_int_equal(signal_by_name("9"), 9);
	assert_int_equal(signal_by_name("RTMIN+3"), SIGRTMIN + 3);
	assert_int_equal(signal_by_name("SIGRTMAX-1"), SIGRTMAX - 1);
	assert_int_equal(signal_by_name("RTMIN"), SIGRTMIN);
	static const char *const none[] = { "", "0", "SIG", "TERMS", "99", "-1", "RTMIN+99", "RTMIN-1", "RTMAX+1", "RTMIN+" };
	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		if (signal_by_name(none[i]) != 0)
			fail_msg("\"%s\" is taken for a signal", none[i]);
	cleanup_free char *name = signal_name(SIGHUP);
	assert_string_equal(name, "SIGHUP");
}

static void times_are_read_as_they_are_written(void **state)
{
	(void)state;
	int64_t time;
	assert_true(when_parse("2026-11-25T10:00:00.25Z", &time));
	cleanup_free char *text = when_text(time);
	assert_string_equal(text, "2026-11-25T10:00:00.250000000Z");
	int64_t other;
	assert_true(when_parse("2026-11-25T12:00:00.25+02:00", &other) && other == time);
	assert_true(when_parse("2026-11-25", &other) && other < time);
	assert_true(when_parse("1795600800", &other));
	assert_true(when_parse("1h30m", &other));
	static const char *const none[] = { "", "yesterday", "10", "2026-13-01", "2026-11-25T", "2026-11-25T10:00:00X", "5d", "1m1h", "h" };
	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		if (!str_eq(none[i], "10") && when_parse(none[i], &other))
			fail_msg("\"%s\" is taken for a time", none[i]);
}

static void text_is_told_from_other_bytes(void **state)
{
	(void)state;
	static const struct { const char *bytes; bool valid; } cases[] = {
		{ "", true }, { "abc\n", true }, { "gr\xc3\xbcn", true }, { "\xe2\x82\xac", true }, { "\xf0\x9f\x98\x80", true }, { "\xff", false },
		{ "\xc3", false }, { "\xc0\xaf", false }, { "\xe0\x80\xaf", false }, { "\xed\xa0\x80", false }, { "\xf4\x90\x80\x80", false },
		{ "a\x80", false }, { "\xe2\x82", false }, { "\xf5\x80\x80\x80", false },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (utf8_is_valid(cases[i].bytes, strlen(cases[i].bytes)) != cases[i].valid)
			fail_msg("case %zu", i);
}

int main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		test(named_and_detached_ones_are_kept),
		test(restart_is_read),
		test(a_first_program_called_as_systemd_gets_what_it_needs),
		test(any_other_program_gets_it_when_that_is_asked_for),
		test(what_keeps_systemd_from_being_the_first_process_is_an_error_where_it_was_asked_for),
		test(the_images_stop_signal_and_labels_count_unless_others_are_given),
		test(the_images_health_check_counts_unless_another_is_given),
		cmocka_unit_test(signals_have_names_and_numbers),
		cmocka_unit_test(times_are_read_as_they_are_written),
		cmocka_unit_test(text_is_told_from_other_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
