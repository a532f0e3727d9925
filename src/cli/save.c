/* SPDX-License-Identifier: GPL-2.0-or-later */
/* save.c owns `xrun save`. */
#include "src/cli/cli.h"

#include "registry/source.h"
#include "src/base/fd.h"
#include "src/cli/selection.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct wish {
	const char *output, *format, *arch, *platform;
	bool help;
};

const struct option save_options[] = {
	{ "output", 'o', OPTION_TEXT, offsetof(struct wish, output), "FILE", "the archive; standard output if this is not given" },
	{ "format", 0, OPTION_TEXT, offsetof(struct wish, format), "FORM", "docker-archive (if this is not given) or oci-archive" },
	{ "arch", 0, OPTION_TEXT, offsetof(struct wish, arch), "ARCH|all", "the images for this architecture; all: oci-archive only" },
	{ "platform", 0, OPTION_TEXT, offsetof(struct wish, platform), "OS/ARCH", "the same as docker writes it" },
	{ "help", 'h', OPTION_SWITCH, offsetof(struct wish, help), NULL, "show this" },
	{ 0 },
};

/* Beside the file, under a name that says what it is, until it is whole. What is no file (a pipe, /dev/null) is opened as it is. */
static int open_output(const char *path, char **ret_unfinished, struct err *err)
{
	struct stat st;
	bool is_other = stat(path, &st) == 0 && !S_ISREG(st.st_mode);
	char *unfinished = is_other ? NULL : str_fmt("%s.unfinished-%d", path, getpid());
	int fd = is_other ? open(path, O_WRONLY | O_CLOEXEC) : open(unfinished, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0) {
		free(unfinished);
		return err_sys(err, "cannot write %s", path);
	}
	*ret_unfinished = unfinished;
	return fd;
}

static int save_to_file(const struct selection *s, struct strv *argv, const char *path, struct err *err)
{
	cleanup_free char *unfinished = NULL;
	cleanup_fd int fd = open_output(path, &unfinished, err);
	int r = fd < 0 ? fd : cli_helper(argv->items, fd, &s->map, s->dir_fd, err);
	if (r == 0 && unfinished && (fsync(fd) < 0 || rename(unfinished, path) < 0))
		r = err_sys(err, "cannot write %s", path);
	if (r < 0 && unfinished)
		unlink(unfinished);
	return r;
}

static int save(const struct selection *s, const struct wish *wish, const struct strv *words, struct err *err)
{
	cleanup_strv struct strv argv = { 0 };
	const char *format = wish->format ? wish->format : "docker-archive";
	int r = 0;
	strv_add(&argv, "xrun-fetch");
	strv_add(&argv, "save");
	strv_add(&argv, format);
	for (size_t i = 0; r == 0 && i < words->len; i++)
		r = selection_add(s, words->items[i], wish->arch, wish->platform, &argv, err);
	if (r < 0)
		return r;
	return wish->output ? save_to_file(s, &argv, wish->output, err) : cli_helper(argv.items, STDOUT_FILENO, &s->map, s->dir_fd, err);
}

static int check(const struct wish *wish, const struct strv *words, struct err *err)
{
	enum source_kind kind = SOURCE_DOCKER_ARCHIVE;
	if (words->len == 0)
		return err_set(err, -EINVAL, "which image? see xrun save --help");
	if (wish->output && !*wish->output)
		return err_set(err, -EINVAL, "--output needs a file's name, and it is empty");
	if (wish->format && (!source_kind_by_form(wish->format, &kind) || (kind != SOURCE_DOCKER_ARCHIVE && kind != SOURCE_OCI_ARCHIVE)))
		return err_set(err, -EINVAL, "--format %s: there are docker-archive and oci-archive", wish->format);
	if (str_eq(wish->arch, "all") && kind != SOURCE_OCI_ARCHIVE)
		return err_set(err, -EINVAL, "a docker-archive has one platform of each image; add --format oci-archive");
	if (!wish->output && isatty(STDOUT_FILENO))
		return err_set(err, -EINVAL, "an archive is nothing for a terminal: give a file with --output, or pipe it on");
	return 0;
}

int command_save(const struct globals *globals, int argc, char **argv, struct err *err)
{
	struct wish wish = { 0 };
	cleanup_strv struct strv words = { 0 };
	cleanup_selection struct selection selection = SELECTION_CLOSED;
	int r = options_parse(save_options, &wish, argc, argv, false, &words, err);
	if (r == 0 && wish.help)
		return cli_print_help("save");
	if (r == 0)
		r = check(&wish, &words, err);
	if (r == 0)
		r = selection_open(globals, &selection, err);
	return r < 0 ? r : save(&selection, &wish, &words, err);
}
