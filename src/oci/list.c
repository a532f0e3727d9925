/* SPDX-License-Identifier: GPL-2.0-or-later */
/* list.c owns `xrun-oci list` and `xrun-oci ps`. */
#include "src/oci/oci.h"

#include "src/base/account.h"
#include "src/base/fd.h"
#include "src/base/process.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct words {
	const char *format;
	bool quiet;
};
#define AT(field) offsetof(struct words, field)
const struct option oci_list_options[] = {
	{ "format", 'f', OPTION_TEXT, AT(format), "FORMAT", "table or json" },
	{ "quiet", 'q', OPTION_SWITCH, AT(quiet), NULL, "ids only" },
	{ 0 },
};
const struct option oci_ps_options[] = {
	{ "format", 'f', OPTION_TEXT, AT(format), "FORMAT", "table or json" },
	{ 0 },
};

static int check_format(const struct words *words, bool *ret_json, struct err *err)
{
	*ret_json = str_eq(words->format, "json");
	if (words->format && !*ret_json && !str_eq(words->format, "table"))
		return err_set(err, -EINVAL, "--format %s: neither table nor json", words->format);
	return 0;
}

static int print_json(json_t *value, struct err *err)
{
	cleanup_free char *text = json_dumps(value, JSON_COMPACT);
	json_decref(value);
	if (!text)
		return err_set(err, -EINVAL, "what there is to print is not UTF-8");
	puts(text);
	return 0;
}

/* An allocated string; the number where nobody knows a name. */
static char *owner_name(unsigned uid)
{
	char *name;
	cleanup_free char *home = NULL;
	return account_find(uid, &name, &home) ? name : str_fmt("%u", uid);
}

static void print_row(const struct oci_container *container, enum engine_status status)
{
	cleanup_free char *owner = owner_name(container->state.owner);
	const struct engine_state *state = &container->state;
	printf("%-40s %-10d %-10s %-40s %-30s %s\n", state->id, status == ENGINE_STOPPED ? 0 : state->pid, engine_status_text(status),
		state->bundle, state->created, owner);
}

static void list_one(const struct oci_container *container, const struct words *words, json_t *list)
{
	struct err ignored;
	struct spec spec = { 0 };
	enum engine_status status = engine_status(container->dir_fd, &container->state);
	if (words->quiet)
		puts(container->state.id);
	else if (!list)
		print_row(container, status);
	else if (engine_read_spec(container->dir_fd, &container->state, &spec, &ignored) == 0)
		json_array_append_new(list, engine_state_json(&container->state, status, &spec.engine->annotations, true));
	spec_done(&spec);
}

/* One that is being made has no state yet, one that is being removed has none any more: neither is there. */
static int list_all(int root_fd, const struct words *words, json_t *list, struct err *err)
{
	struct dirent **names;
	cleanup_free char *path = str_fmt("/proc/self/fd/%d", root_fd);
	int count = scandir(path, &names, NULL, alphasort);
	if (count < 0)
		return err_sys(err, "cannot list the containers");
	for (int i = 0; i < count; i++) {
		struct err ignored;
		cleanup_oci_container struct oci_container container = { -1, -1, { 0 } };
		if (names[i]->d_name[0] != '.')
			container.dir_fd = engine_open(root_fd, names[i]->d_name, &ignored);
		if (container.dir_fd >= 0 && engine_state_read(container.dir_fd, names[i]->d_name, &container.state, &ignored) == 0)
			list_one(&container, words, list);
		free(names[i]);
	}
	free(names);
	return 0;
}

int oci_list(const struct oci_globals *globals, int argc, char **argv, struct err *err)
{
	struct words words = { 0 };
	cleanup_strv struct strv operands = { 0 };
	bool as_json = false;
	int r = oci_parse_words("list", &words, argc, argv, 0, 0, &operands, err);
	if (r == 0)
		r = check_format(&words, &as_json, err);
	cleanup_fd int root_fd = r < 0 ? r : engine_root_open(globals->root, err);
	if (root_fd < 0)
		return root_fd;
	json_t *list = as_json && !words.quiet ? json_array() : NULL;
	if (!as_json && !words.quiet)
		printf("%-40s %-10s %-10s %-40s %-30s %s\n", "ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER");
	r = list_all(root_fd, &words, list, err);
	if (r == 0 && list)
		return print_json(list, err);
	json_decref(list);
	return r;
}

enum { PS_LIMIT = 64 << 20 };

/* Which of the columns of ps(1) has the number. */
static int find_column(const char *header)
{
	cleanup_free char *copy = str_dup(header);
	int i = 0;
	for (char *rest = copy, *word; (word = strsep(&rest, " "));) {
		if (str_eq(word, "PID"))
			return i;
		i += *word != 0;
	}
	return -1;
}

static bool is_listed(const char *line, int column, const struct strv *pids)
{
	cleanup_free char *copy = str_dup(line);
	int i = 0;
	for (char *rest = copy, *word; (word = strsep(&rest, " "));) {
		for (size_t n = 0; *word && i == column && n < pids->len; n++)
			if (str_eq(pids->items[n], word))
				return true;
		i += *word != 0;
	}
	return false;
}

/* The host's ps(1), with the options that were given: its header, and the lines of these processes. */
static int print_table(const struct strv *pids, const struct strv *operands, struct err *err)
{
	cleanup_strv struct strv argv = { 0 };
	cleanup_buf struct buf output = { 0 };
	pid_t pid;
	int output_fd;
	strv_add(&argv, "ps");
	for (size_t i = 1; i < operands->len; i++)
		strv_add(&argv, operands->items[i]);
	if (operands->len < 2)
		strv_add(&argv, "-ef");
	int r = process_start(argv.items, &pid, &output_fd, err);
	if (r == -ENOENT)
		return err_set(err, r, "there is no ps on this machine; use --format json");
	int read_all = r < 0 ? r : fd_read_all(output_fd, PS_LIMIT, &output); /* process_finish keeps 64 KiB: less than many machines have */
	int status = r < 0 ? r : process_finish(pid, output_fd, NULL, err);
	if (status == 0 && read_all < 0)
		return err_code(err, read_all, "cannot read what ps prints");
	if (status != 0)
		return status < 0 ? status : err_set(err, -EINVAL, "ps failed: %s", output.len ? output.data : "");
	char *rest = output.data ? output.data : (char[]){ "" }, *line = strsep(&rest, "\n");
	int column = find_column(line);
	if (column < 0)
		return err_set(err, -EINVAL, "what ps prints has no column PID");
	puts(line);
	while ((line = strsep(&rest, "\n")))
		if (is_listed(line, column, pids))
			puts(line);
	return 0;
}

int oci_ps(const struct oci_globals *globals, int argc, char **argv, struct err *err)
{
	struct words words = { 0 };
	cleanup_strv struct strv operands = { 0 }, pids = { 0 };
	cleanup_oci_container struct oci_container container = { -1, -1, { 0 } };
	bool as_json = false;
	int r = oci_parse_words("ps", &words, argc, argv, 1, SIZE_MAX, &operands, err);
	if (r == 0)
		r = check_format(&words, &as_json, err);
	if (r == 0)
		r = oci_container_open(globals, operands.items[0], &container, err);
	if (r < 0)
		return r;
	if (engine_cgroup_list(&container.state.cgroup, &pids) < 0)
		return err_set(err, -ENOTSUP, "container %s has no cgroup, so its processes are not known", container.state.id);
	if (!as_json)
		return print_table(&pids, &operands, err);
	json_t *list = json_array();
	for (size_t i = 0; i < pids.len; i++)
		json_array_append_new(list, json_integer(atoi(pids.items[i])));
	return print_json(list, err);
}
