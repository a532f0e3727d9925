/* SPDX-License-Identifier: GPL-2.0-or-later */
/* diff.c owns `xrun diff`: what a container has changed of its image's files. */
#include "src/cli/place.h"

#include "src/base/fd.h"
#include "src/base/split.h"
#include "src/runtime/changes.h"
#include "src/runtime/lower.h"
#include "src/runtime/userns.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

struct wish {
	bool help;
};

const struct option diff_options[] = {
	{ "help", 'h', OPTION_SWITCH, offsetof(struct wish, help), NULL, "show this" },
	{ 0 },
};

struct errand {
	int store_fd, layers_fd;
	const struct subject *subject;
	struct lower lower;
};

static void say(void *context, enum change change, const char *path)
{
	(void)context;
	cleanup_free char *line = str_fmt("%c %s", change, path);
	cli_puts(line);
}

/* As root of the id map: what a container writes belongs to its own ids. */
static int list(void *context, struct err *err)
{
	const struct errand *errand = context;
	const struct strv *layers = &errand->subject->spec.layers;
	cleanup_free char *path = str_fmt("containers/%s/upper", errand->subject->state.id);
	cleanup_free int *layer_fds = mem_new((layers->len + 1) * sizeof *layer_fds);
	cleanup_fd int upper_fd = openat(errand->store_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	size_t opened = 0;
	if (errand->lower.fd >= 0)
		layer_fds[opened++] = fcntl(errand->lower.fd, F_DUPFD_CLOEXEC, 3);
	int r = upper_fd < 0 && errno != ENOENT ? err_sys(err, "cannot open the container's own files") : 0;
	for (; r == 0 && opened < layers->len; opened++) {
		layer_fds[opened] = openat(errand->layers_fd, layers->items[opened], O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (layer_fds[opened] < 0)
			r = err_sys(err, "cannot open the image's layer %s", layers->items[opened]);
	}
	if (r == 0 && upper_fd >= 0) /* one that was only created has none */
		r = changes_list(upper_fd, layer_fds, opened, say, NULL, err);
	for (size_t i = 0; i < opened; i++)
		fd_close(&layer_fds[i]);
	return fflush(stdout) == 0 ? r : err_sys(err, "cannot write the list");
}

int command_diff(const struct globals *globals, int argc, char **argv, struct err *err)
{
	struct wish wish = { 0 };
	cleanup_strv struct strv operands = { 0 };
	cleanup_place struct place place = PLACE_CLOSED;
	cleanup_subject struct subject subject = SUBJECT_NONE;
	cleanup_store struct store store = STORE_CLOSED;
	int r = options_parse(diff_options, &wish, argc, argv, false, &operands, err);
	if (r == 0 && wish.help)
		return cli_print_help("diff");
	if (r == 0 && operands.len != 1)
		return err_set(err, -EINVAL, "which container? see xrun diff --help");
	if (r == 0)
		r = place_open(&place, globals, err);
	if (r == 0)
		r = subject_find(&place, operands.items[0], &subject, err);
	if (r == 0)
		r = cli_hold_store(place.store_fd, &store, err);
	cleanup_fd int layers_fd = r < 0 ? r : split_open_layers(place.store_fd, err);
	struct errand errand = { place.store_fd, layers_fd, &subject, LOWER_NONE };
	if (layers_fd < 0)
		return layers_fd;
	if (r == 0)
		r = lower_open(&subject.spec, &place.map, &errand.lower, err);
	if (r == 0)
		r = userns_call(&place.map, NULL, list, &errand, err);
	lower_close(&errand.lower);
	return r;
}
