/* SPDX-License-Identifier: GPL-2.0-or-later */
/* export.c owns `xrun export`: a container's files as an archive. */
#include "src/cli/place.h"

#include "src/base/fd.h"
#include "src/runtime/archive.h"
#include "src/runtime/visit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

struct wish {
	const char *output;
	bool help;
};

const struct option export_options[] = {
	{ "output", 'o', OPTION_TEXT, offsetof(struct wish, output), "FILE", "write it there instead of to standard output" },
	{ "help", 'h', OPTION_SWITCH, offsetof(struct wish, help), NULL, "show this" },
	{ 0 },
};

static int in_container(void *context, struct err *err)
{
	const int *out_fd = context;
	cleanup_fd int root_fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return root_fd < 0 ? err_sys(err, "cannot open the container's root") : archive_write_tree(root_fd, *out_fd, err);
}

static int export(const struct globals *globals, const char *name, int out_fd, struct err *err)
{
	cleanup_place struct place place = PLACE_CLOSED;
	cleanup_subject struct subject subject = SUBJECT_NONE;
	cleanup_store struct store store = STORE_CLOSED;
	int r = place_open(&place, globals, err);
	if (r == 0)
		r = subject_find(&place, name, &subject, err);
	if (r == 0)
		r = cli_hold_store(place.store_fd, &store, err);
	struct visit visit = { .state = &subject.state, .spec = &subject.spec, .map = &place.map, .store_fd = place.store_fd,
		.dir_fd = subject.dir_fd, .unused_fd = -1 };
	if (r == 0)
		r = visit_start(&visit, in_container, &out_fd, err);
	return r < 0 ? r : visit_finish(&visit, err);
}

int command_export(const struct globals *globals, int argc, char **argv, struct err *err)
{
	struct wish wish = { 0 };
	cleanup_strv struct strv operands = { 0 };
	int r = options_parse(export_options, &wish, argc, argv, false, &operands, err);
	if (r == 0 && wish.help)
		return cli_print_help("export");
	if (r == 0 && operands.len != 1)
		return err_set(err, -EINVAL, "which container? see xrun export --help");
	if (r == 0 && !wish.output && isatty(1))
		return err_set(err, -EINVAL, "an archive is not for a terminal: give -o FILE, or let a pipe have it");
	cleanup_fd int file_fd = r == 0 && wish.output ? open(wish.output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : -1;
	if (r == 0 && wish.output && file_fd < 0)
		return err_sys(err, "cannot write %s", wish.output);
	if (r == 0)
		r = export(globals, operands.items[0], wish.output ? file_fd : 1, err);
	struct stat st;
	if (r < 0 && file_fd >= 0 && fstat(file_fd, &st) == 0 && S_ISREG(st.st_mode)) /* not a device that it was to go to */
		unlink(wish.output);
	return r;
}
