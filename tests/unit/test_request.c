/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_request.c: what the user asked for and what the image says become a spec, and a spec config.json. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "src/plan/config.h"
#include "src/plan/limits.h"
#include "tests/unit/planned.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void check_list(const struct strv *list, const char *const *want)
{
	for (size_t i = 0; want[i]; i++) {
		assert_true(i < list->len);
		assert_string_equal(list->items[i], want[i]);
		assert_true(want[i + 1] || list->len == i + 1);
	}
}
#define assert_list(list, ...) check_list(list, (const char *const[]){ __VA_ARGS__, NULL })

/* The program and its arguments. */

static void the_image_alone_says_what_runs(void **state)
{
	struct fixture *f = *state;
	assert_list(&planned(f)->args, "bash");
	strv_add(&f->image.entrypoint, "/init");
	strv_add(&f->image.entrypoint, "--");
	assert_list(&planned(f)->args, "/init", "--", "bash");
}

static void a_command_replaces_cmd_and_keeps_the_entrypoint(void **state)
{
	struct fixture *f = *state;
	strv_add(&f->image.entrypoint, "/init");
	strv_add(&f->request.command, "echo");
	strv_add(&f->request.command, "");
	assert_list(&planned(f)->args, "/init", "echo", "");
}

static void an_entrypoint_option_replaces_both(void **state)
{
	struct fixture *f = *state;
	strv_add(&f->image.entrypoint, "/init");
	f->request.entrypoint = "/bin/ls";
	assert_list(&planned(f)->args, "/bin/ls");
	strv_add(&f->request.command, "-l");
	assert_list(&planned(f)->args, "/bin/ls", "-l");
}

static void an_empty_entrypoint_option_leaves_the_command_alone(void **state)
{
	struct fixture *f = *state;
	strv_add(&f->image.entrypoint, "/init");
	f->request.entrypoint = "";
	refused(f, "names no program to run");
	strv_add(&f->request.command, "/bin/ls");
	assert_list(&planned(f)->args, "/bin/ls");
}

static void nothing_to_run_is_refused_with_the_images_name(void **state)
{
	struct fixture *f = *state;
	strv_done(&f->image.cmd);
	refused(f, "docker.io/library/debian:12 names no program to run");
	strv_add(&f->image.cmd, "");
	refused(f, "names no program to run");
}

/* The environment. */

static void there_is_a_path_and_a_hostname_even_if_the_image_says_nothing(void **state)
{
	struct fixture *f = *state;
	const struct spec *spec = planned(f);
	assert_non_null(strv_env_get(&spec->env, "PATH"));
	assert_string_equal(strv_env_get(&spec->env, "HOSTNAME"), "0123456789ab");
	assert_null(strv_env_get(&spec->env, "TERM"));
	f->request.terminal = true;
	assert_non_null(strv_env_get(&planned(f)->env, "TERM"));
}

static int add_env_file(struct fixture *f, const char *text, size_t len)
{
	cleanup_free char *copy = mem_new(len + 1);
	memcpy(copy, text, len);
	return request_add_env_file(&f->request, "vars", copy, len, &f->err);
}
#define ENV_FILE(f, text) add_env_file(f, text, sizeof text - 1)

static void an_env_file_is_lines_in_any_systems_form(void **state)
{
	struct fixture *f = *state;
	static const char *const lines[] = { "A=1", "B= 2 ", "C", "D=e=f", "E=", "F=#" };
	assert_int_equal(ENV_FILE(f, "# all\r\nA=1\r\n\n  B= 2 \n \n\tC\n  # none\nD=e=f\nE=\nF=#"), 0);
	assert_int_equal(f->request.env_lines.len, COUNT(lines));
	for (size_t i = 0; i < COUNT(lines); i++)
		assert_string_equal(f->request.env_lines.items[i], lines[i]);
}

static void an_env_file_without_names_is_refused(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(ENV_FILE(f, "A=1\n=2\n"), -EINVAL);
	assert_int_equal(ENV_FILE(f, "A =1\n"), -EINVAL);
	assert_int_equal(ENV_FILE(f, "export A=1\n"), -EINVAL);
	assert_non_null(strstr(f->err.text, "--env-file vars"));
	assert_int_equal(ENV_FILE(f, "A=1\0B=2\nC=3"), -EINVAL);
}

static void an_option_beats_an_env_file_and_that_the_image(void **state)
{
	struct fixture *f = *state;
	strv_add(&f->image.env, "A=image");
	strv_add(&f->image.env, "B=image");
	strv_add(&f->image.env, "C=image");
	strv_add(&f->image.env, "PATH=/opt/bin");
	strv_add(&f->request.env_lines, "A=file");
	strv_add(&f->request.env_lines, "B=file");
	strv_add(&f->request.env, "A=option");
	const struct spec *spec = planned(f);
	assert_string_equal(strv_env_get(&spec->env, "A"), "option");
	assert_string_equal(strv_env_get(&spec->env, "B"), "file");
	assert_string_equal(strv_env_get(&spec->env, "C"), "image");
	assert_string_equal(strv_env_get(&spec->env, "PATH"), "/opt/bin");
}

static void of_two_values_the_last_one_counts(void **state)
{
	struct fixture *f = *state;
	strv_add(&f->request.env, "A=1");
	strv_add(&f->request.env, "A=2");
	const struct spec *spec = planned(f);
	size_t found = 0;
	for (size_t i = 0; i < spec->env.len; i++)
		found += str_starts(spec->env.items[i], "A=");
	assert_int_equal(found, 1);
	assert_string_equal(strv_env_get(&spec->env, "A"), "2");
}

static void a_name_without_a_value_passes_the_callers_on(void **state)
{
	struct fixture *f = *state;
	strv_add(&f->request.env, "HOME");
	strv_add(&f->request.env, "PASSED");
	strv_add(&f->request.env, "EMPTY=");
	strv_add(&f->request.env_lines, "LANG");
	const struct spec *spec = planned(f);
	assert_string_equal(strv_env_get(&spec->env, "HOME"), "/home/caller");
	assert_string_equal(strv_env_get(&spec->env, "PASSED"), "on=and on");
	assert_string_equal(strv_env_get(&spec->env, "EMPTY"), "");
	assert_string_equal(strv_env_get(&spec->env, "LANG"), "C");
}

static void nothing_else_of_the_callers_environment_gets_in(void **state)
{
	struct fixture *f = *state;
	strv_add(&f->request.env, "HOM");
	strv_add(&f->request.env, "UNSET");
	strv_add(&f->request.env, "");
	assert_list(&planned(f)->env, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOSTNAME=0123456789ab");
}

static void an_image_cannot_steer_the_emulator_but_the_user_can(void **state)
{
	struct fixture *f = *state;
	strv_add(&f->image.env, "QEMU_LD_PREFIX=/evil");
	strv_add(&f->image.env, "QEMU_LOG_FILENAME=/evil");
	strv_add(&f->image.env, "QEMUX=fine");
	strv_add(&f->request.env, "QEMU_CPU=max");
	const struct spec *spec = planned(f);
	assert_null(strv_env_get(&spec->env, "QEMU_LD_PREFIX"));
	assert_null(strv_env_get(&spec->env, "QEMU_LOG_FILENAME"));
	assert_string_equal(strv_env_get(&spec->env, "QEMUX"), "fine");
	assert_string_equal(strv_env_get(&spec->env, "QEMU_CPU"), "max");
}

static void what_an_image_gives_without_a_value_is_left_out(void **state)
{
	struct fixture *f = *state;
	strv_add(&f->image.env, "HOME");
	strv_add(&f->image.env, "");
	assert_null(strv_env_get(&planned(f)->env, "HOME"));
	assert_int_equal(f->spec.env.len, 2);
}

/* Where, as whom, under which name. */

static void the_working_directory_is_absolute_and_an_option_beats_the_image(void **state)
{
	struct fixture *f = *state;
	assert_string_equal(planned(f)->cwd, "/");
	free(f->image.working_dir);
	f->image.working_dir = str_dup("app");
	assert_string_equal(planned(f)->cwd, "/app");
	f->request.workdir = "/src";
	assert_string_equal(planned(f)->cwd, "/src");
}

static void the_user_is_the_options_or_the_images(void **state)
{
	struct fixture *f = *state;
	assert_string_equal(planned(f)->user, "");
	free(f->image.user);
	f->image.user = str_dup("app:staff");
	assert_string_equal(planned(f)->user, "app:staff");
	f->request.user = "0";
	assert_string_equal(planned(f)->user, "0");
}

static void the_hostname_is_the_ids_beginning_unless_one_is_given(void **state)
{
	struct fixture *f = *state;
	assert_string_equal(planned(f)->hostname, "0123456789ab");
	f->request.hostname = "builder";
	assert_string_equal(planned(f)->hostname, "builder");
	assert_string_equal(strv_env_get(&f->spec.env, "HOSTNAME"), "builder");
}

static void a_hostname_has_1_to_64_characters(void **state)
{
	struct fixture *f = *state;
	char name[66];
	memset(name, 'h', sizeof name);
	name[64] = 0;
	f->request.hostname = name;
	planned(f);
	name[64] = 'h';
	name[65] = 0;
	refused(f, "--hostname hhh");
	f->request.hostname = "";
	refused(f, "--hostname");
}

static void a_name_is_as_docker_allows_it(void **state)
{
	(void)state;
	static const char *const good[] = { "a", "0", "Build_1.x-y", "a..b" };
	static const char *const bad[] = { "", "_a", ".a", "-a", "..", "a/b", "a b", "a\n", "\xc3\xa4", "a:b" };
	struct err err = { 0 };
	char name[66] = { 0 };
	for (size_t i = 0; i < COUNT(good); i++)
		assert_int_equal(request_check_name(good[i], &err), 0);
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(request_check_name(bad[i], &err), -EINVAL);
	memset(name, 'n', 64);
	assert_int_equal(request_check_name(name, &err), 0);
	name[64] = 'n';
	assert_int_equal(request_check_name(name, &err), -EINVAL);
	assert_true(str_starts(err.text, "--name nnn"));
}

static void switches_go_through(void **state)
{
	struct fixture *f = *state;
	const struct spec *spec = planned(f);
	assert_false(spec->terminal || spec->interactive || spec->init || spec->read_only);
	f->request.terminal = f->request.interactive = f->request.init = f->request.read_only = true;
	spec = planned(f);
	assert_true(spec->terminal && spec->interactive && spec->init && spec->read_only);
	assert_string_equal(spec->image, "docker.io/library/debian:12");
}

/* Volumes and tmpfs. */

static void a_volume_is_a_host_path_a_container_path_and_perhaps_ro(void **state)
{
	struct fixture *f = *state;
	static const char *const volumes[] = { "/a:/b", "./x:/y:ro", ".:/z:rw", "..:/z2", "a/b c:/d e" };
	for (size_t i = 0; i < COUNT(volumes); i++)
		strv_add(&f->request.volumes, volumes[i]);
	const struct spec *spec = planned(f);
	assert_int_equal(spec->mount_count, COUNT(volumes));
	assert_string_equal(spec->mounts[0].source, "/a");
	assert_string_equal(spec->mounts[0].target, "/b");
	assert_false(spec->mounts[0].read_only);
	assert_string_equal(spec->mounts[1].source, "./x");
	assert_true(spec->mounts[1].read_only);
	assert_false(spec->mounts[2].read_only);
	assert_string_equal(spec->mounts[4].source, "a/b c");
	assert_string_equal(spec->mounts[4].target, "/d e");
}

static void malformed_volumes_are_refused_by_name(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *volume, *why;
	} cases[] = {
		{ "", "HOST-PATH:CONTAINER-PATH" }, { "a", "HOST-PATH:CONTAINER-PATH" }, { "/a:", "HOST-PATH:CONTAINER-PATH" },
		{ ":/b", "HOST-PATH:CONTAINER-PATH" }, { "/a:b", "HOST-PATH:CONTAINER-PATH" }, { "/a:ro", "HOST-PATH:CONTAINER-PATH" },
		{ "/a::ro", "HOST-PATH:CONTAINER-PATH" }, { "/a:/b:", "unknown option" }, { "/a:/b:y", "unknown option y" },
		{ "/a:/b:ro:rw", "unknown option ro:rw" }, { "data:/b", "named volumes do not exist here; give a path, ./data" },
		{ "/a:/", "the container's / is the image" }, { "/a://:ro", "the container's / is the image" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		cleanup_free char *option = str_fmt("-v %s: ", cases[i].volume);
		strv_add(&f->request.volumes, cases[i].volume);
		refused(f, cases[i].why);
		assert_true(str_starts(f->err.text, option));
		strv_done(&f->request.volumes);
	}
}

static void a_tmpfs_has_no_source_and_an_absolute_target(void **state)
{
	struct fixture *f = *state;
	strv_add(&f->request.tmpfs, "/run/x");
	const struct spec *spec = planned(f);
	assert_int_equal(spec->mount_count, 1);
	assert_null(spec->mounts[0].source);
	assert_string_equal(spec->mounts[0].target, "/run/x");
	static const char *const bad[] = { "", "run", "/", "/run:sizes=1m" };
	for (size_t i = 0; i < COUNT(bad); i++) {
		strv_done(&f->request.tmpfs);
		strv_add(&f->request.tmpfs, bad[i]);
		refused(f, "--tmpfs");
	}
}

/* Limits. */

static void without_options_nothing_is_limited(void **state)
{
	struct fixture *f = *state;
	const struct spec *spec = planned(f);
	assert_true(spec->limits.memory_bytes == 0 && spec->limits.cpu_milli == 0 && spec->limits.pids == 0);
}

static void limits_are_read_from_their_options(void **state)
{
	struct fixture *f = *state;
	f->request.limits.memory = "512m";
	f->request.limits.cpus = "1.5";
	f->request.limits.pids_limit = "100";
	const struct spec *spec = planned(f);
	assert_int_equal(spec->limits.memory_bytes, 512 << 20);
	assert_int_equal(spec->limits.cpu_milli, 1500);
	assert_int_equal(spec->limits.pids, 100);
}

static void a_size_is_a_number_and_perhaps_a_unit(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint64_t bytes;
	} cases[] = {
		{ "1", 1 }, { "1024", 1024 }, { "1b", 1 }, { "10B", 10 }, { "1k", 1024 }, { "1K", 1024 }, { "1kb", 1024 },
		{ "2MiB", 2 << 20 }, { "64m", 64 << 20 }, { "1.5g", 1536ULL << 20 }, { "0.5k", 512 }, { ".5m", 512 << 10 }, { "1.0009k", 1024 },
		{ "3T", 3ULL << 40 }, { "0016m", 16 << 20 },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint64_t bytes = 0;
		struct err err = { 0 };
		assert_int_equal(limits_parse_size("--memory", cases[i].text, &bytes, &err), 0);
		assert_int_equal(bytes, cases[i].bytes);
	}
}

static void what_is_no_size_is_refused_by_name(void **state)
{
	(void)state;
	static const char *const bad[] = { "", "m", "-1", "+1", " 1", "1 ", "1 m", "0", "0m", "1.", "1.2.3", "1,5g", "0x10",
		"1e3", "1p", "1mm", "1mib2", "1bb", "1ib", "9999999999999t", "99999999999999999999", "0.0001k", "\xb2" };
	for (size_t i = 0; i < COUNT(bad); i++) {
		uint64_t bytes = 42;
		struct err err = { 0 };
		if (limits_parse_size("--memory", bad[i], &bytes, &err) != -EINVAL)
			fail_msg("%s was taken for a size", bad[i]);
		assert_int_equal(bytes, 42);
		assert_true(str_starts(err.text, "--memory "));
	}
}

static void less_than_a_byte_is_not_unlimited_memory(void **state)
{
	(void)state;
	uint64_t bytes = 42;
	struct err err = { 0 };
	assert_int_equal(limits_parse_size("--memory", "0.5", &bytes, &err), -EINVAL);
	assert_int_equal(limits_parse_size("--memory", "0.999b", &bytes, &err), -EINVAL);
}

static void processors_are_counted_in_thousandths(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint64_t milli;
	} cases[] = { { "1", 1000 }, { "0.5", 500 }, { ".5", 500 }, { "0.01", 10 }, { "1.2345", 1234 }, { "1000", 1000000 } };
	static const char *const bad[] = { "", "0", ".", "0.009", "-1", "1.", "1.5.5", "half", "1 ", "1k", "1000.1", "1e1",
		"99999999999999999999" };
	struct err err = { 0 };
	uint64_t milli = 0;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(limits_parse_cpus(cases[i].text, &milli, &err), 0);
		assert_int_equal(milli, cases[i].milli);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		if (limits_parse_cpus(bad[i], &milli, &err) != -EINVAL)
			fail_msg("%s was taken for a number of processors", bad[i]);
		assert_true(str_starts(err.text, "--cpus "));
	}
}

static void a_pids_limit_of_0_or_minus_1_is_none(void **state)
{
	struct fixture *f = *state;
	static const char *const bad[] = { "", "-2", "1.5", "many", "4194305" };
	f->request.limits.pids_limit = "-1";
	assert_int_equal(planned(f)->limits.pids, 0);
	f->request.limits.pids_limit = "0";
	assert_int_equal(planned(f)->limits.pids, 0);
	for (size_t i = 0; i < COUNT(bad); i++) {
		f->request.limits.pids_limit = bad[i];
		refused(f, "--pids-limit");
	}
}

static void a_bad_limit_is_refused_whichever_it_is(void **state)
{
	struct fixture *f = *state;
	f->request.limits.memory = "much";
	refused(f, "--memory much");
	f->request.limits.memory = "1g";
	f->request.limits.cpus = "all";
	refused(f, "--cpus all");
}

/* Isolation. */

static void system_calls_are_filtered_unless_that_is_turned_off(void **state)
{
	struct fixture *f = *state;
	assert_true(planned(f)->seccomp);
	assert_false(f->spec.no_new_privileges);
	strv_add(&f->request.security, "no-new-privileges");
	assert_true(planned(f)->seccomp && f->spec.no_new_privileges);
	strv_add(&f->request.security, "seccomp=unconfined");
	assert_false(planned(f)->seccomp);
	strv_add(&f->request.security, "seccomp=profile.json");
	refused(f, "--security-opt seccomp=profile.json");
}

/* config.json. */

static json_t *config_of(const struct spec *spec)
{
	cleanup_free char *text = config_text(spec);
	json_t *json = json_loads(text, 0, NULL);
	assert_non_null(json);
	return json;
}

static const char *member(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static void config_json_says_what_runs_and_where(void **state)
{
	struct fixture *f = *state;
	f->request.workdir = "/src";
	f->request.user = "app";
	f->request.read_only = true;
	json_t *config = config_of(planned(f)), *process = json_object_get(config, "process");
	assert_string_equal(member(config, "ociVersion"), "1.0.2");
	assert_string_equal(member(config, "hostname"), "0123456789ab");
	assert_true(json_is_true(json_object_get(json_object_get(config, "root"), "readonly")));
	assert_string_equal(json_string_value(json_array_get(json_object_get(process, "args"), 0)), "bash");
	assert_string_equal(member(process, "cwd"), "/src");
	assert_string_equal(member(json_object_get(process, "user"), "username"), "app");
	assert_string_equal(member(json_object_get(config, "annotations"), "xrun.image"), "docker.io/library/debian:12");
	json_decref(config);
}

static void config_json_lists_mounts(void **state)
{
	struct fixture *f = *state;
	strv_add(&f->request.volumes, "/a:/b:ro");
	strv_add(&f->request.tmpfs, "/t");
	json_t *config = config_of(planned(f)), *mounts = json_object_get(config, "mounts");
	assert_int_equal(json_array_size(mounts), 2);
	const json_t *volume = json_array_get(mounts, 0), *tmpfs = json_array_get(mounts, 1);
	assert_string_equal(member(volume, "source"), "/a");
	assert_string_equal(member(volume, "destination"), "/b");
	assert_string_equal(member(volume, "type"), "bind");
	assert_string_equal(json_string_value(json_array_get(json_object_get(volume, "options"), 0)), "ro");
	assert_string_equal(member(tmpfs, "type"), "tmpfs");
	json_decref(config);
}

static json_int_t number(const json_t *object, const char *group, const char *key)
{
	return json_integer_value(json_object_get(json_object_get(object, group), key));
}

static void config_json_has_the_limits_that_were_set_and_no_others(void **state)
{
	struct fixture *f = *state;
	f->request.limits.memory = "1g";
	json_t *config = config_of(planned(f)), *resources = json_object_get(json_object_get(config, "linux"), "resources");
	assert_int_equal(number(resources, "memory", "limit"), 1 << 30);
	assert_int_equal(json_object_size(resources), 1);
	json_decref(config);
	f->request.limits.cpus = "1.5";
	f->request.limits.pids_limit = "7";
	config = config_of(planned(f));
	resources = json_object_get(json_object_get(config, "linux"), "resources");
	assert_int_equal(number(resources, "cpu", "quota"), 150000);
	assert_int_equal(number(resources, "cpu", "period"), 100000);
	assert_int_equal(number(resources, "pids", "limit"), 7);
	json_decref(config);
}

static bool has_namespace(const json_t *config, const char *type)
{
	const json_t *list = json_object_get(json_object_get(config, "linux"), "namespaces"), *value;
	size_t i;
	json_array_foreach(list, i, value)
		if (str_eq(member(value, "type"), type))
			return true;
	return false;
}

static void config_json_has_no_network_namespace_with_the_hosts_network(void **state)
{
	struct fixture *f = *state;
	json_t *config = config_of(planned(f));
	assert_true(has_namespace(config, "user") && has_namespace(config, "network"));
	json_decref(config);
	f->request.network = "host";
	config = config_of(planned(f));
	assert_true(has_namespace(config, "user"));
	assert_false(has_namespace(config, "network"));
	json_decref(config);
}

static void config_json_names_the_emulators(void **state)
{
	struct fixture *f = *state;
	planned(f);
	spec_add_emulator(&f->spec, "aarch64", "/usr/bin/qemu-aarch64-static");
	json_t *config = config_of(&f->spec);
	assert_string_equal(member(json_object_get(config, "annotations"), "xrun.emulator.aarch64"), "/usr/bin/qemu-aarch64-static");
	json_decref(config);
}

static void config_json_is_json_whatever_bytes_come_in(void **state)
{
	struct fixture *f = *state;
	strv_add(&f->request.command, "\xff\xfe");
	strv_add(&f->request.command, "\"quoted\"\\\n");
	json_t *config = config_of(planned(f)), *args = json_object_get(json_object_get(config, "process"), "args");
	assert_string_equal(json_string_value(json_array_get(args, 0)), "\xef\xbf\xbd");
	assert_string_equal(json_string_value(json_array_get(args, 1)), "\"quoted\"\\\n");
	json_decref(config);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(the_image_alone_says_what_runs),
		test(a_command_replaces_cmd_and_keeps_the_entrypoint),
		test(an_entrypoint_option_replaces_both),
		test(an_empty_entrypoint_option_leaves_the_command_alone),
		test(nothing_to_run_is_refused_with_the_images_name),
		test(there_is_a_path_and_a_hostname_even_if_the_image_says_nothing),
		test(an_env_file_is_lines_in_any_systems_form),
		test(an_env_file_without_names_is_refused),
		test(an_option_beats_an_env_file_and_that_the_image),
		test(of_two_values_the_last_one_counts),
		test(a_name_without_a_value_passes_the_callers_on),
		test(nothing_else_of_the_callers_environment_gets_in),
		test(an_image_cannot_steer_the_emulator_but_the_user_can),
		test(what_an_image_gives_without_a_value_is_left_out),
		test(the_working_directory_is_absolute_and_an_option_beats_the_image),
		test(the_user_is_the_options_or_the_images),
		test(the_hostname_is_the_ids_beginning_unless_one_is_given),
		test(a_hostname_has_1_to_64_characters),
		test(a_name_is_as_docker_allows_it),
		test(switches_go_through),
		test(a_volume_is_a_host_path_a_container_path_and_perhaps_ro),
		test(malformed_volumes_are_refused_by_name),
		test(a_tmpfs_has_no_source_and_an_absolute_target),
		test(without_options_nothing_is_limited),
		test(limits_are_read_from_their_options),
		test(a_size_is_a_number_and_perhaps_a_unit),
		test(what_is_no_size_is_refused_by_name),
		test(less_than_a_byte_is_not_unlimited_memory),
		test(processors_are_counted_in_thousandths),
		test(a_pids_limit_of_0_or_minus_1_is_none),
		test(a_bad_limit_is_refused_whichever_it_is),
		test(system_calls_are_filtered_unless_that_is_turned_off),
		test(config_json_says_what_runs_and_where),
		test(config_json_lists_mounts),
		test(config_json_has_the_limits_that_were_set_and_no_others),
		test(config_json_has_no_network_namespace_with_the_hosts_network),
		test(config_json_names_the_emulators),
		test(config_json_is_json_whatever_bytes_come_in),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
