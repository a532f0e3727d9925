/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pull.c owns `xrun pull`. */
#include "src/cli/local.h"

#include "src/base/fd.h"

#include <errno.h>
#include <string.h>

struct pull {
	const char *arch, *platform, *creds, *authfile, *progress;
	bool quiet, tls_verify, help;
};

const struct option pull_options[] = {
	{ "arch", 0, OPTION_TEXT, offsetof(struct pull, arch), "ARCH[,ARCH...]|all", "architectures, by any of their names: aarch64, armhf, riscv64, ..." },
	{ "platform", 0, OPTION_TEXT, offsetof(struct pull, platform), "OS/ARCH", "the same as docker writes it: linux/arm64" },
	{ "creds", 0, OPTION_TEXT, offsetof(struct pull, creds), "USER:PASSWORD", "log in to the registry" },
	{ "authfile", 0, OPTION_TEXT, offsetof(struct pull, authfile), "FILE", "the file with credentials, instead of those of docker and podman" },
	{ "tls-verify", 0, OPTION_SWITCH, offsetof(struct pull, tls_verify), NULL, "=false: accept plain HTTP and unknown certificates" },
	{ "progress", 0, OPTION_TEXT, offsetof(struct pull, progress), "auto|plain|json|none", "how to show progress: bars on a terminal, else lines (auto)" },
	{ "quiet", 'q', OPTION_SWITCH, offsetof(struct pull, quiet), NULL, "show no progress" },
	{ "help", 'h', OPTION_SWITCH, offsetof(struct pull, help), NULL, "show this" },
	{ 0 },
};

/* One after the other: each ends up whole, or is the one that the error is about. */
static int pull_each(const struct source *source, struct fetch *fetch, const char *archs, const struct idmap *map, int dir_fd,
	struct err *err)
{
	cleanup_free char *copy = str_dup(archs);
	char *rest = copy, *arch;
	int r = 0;
	while (r == 0 && (arch = strsep(&rest, ","))) {
		r = cli_platform(arch, NULL, &fetch->platform, err);
		if (r == 0)
			r = local_fetch(source, fetch, map, dir_fd, err);
	}
	return r;
}

static int check_archs(const struct pull *pull, struct fetch *fetch, struct err *err)
{
	cleanup_free char *copy = str_dup(pull->arch ? pull->arch : "");
	char *rest = copy, *arch;
	fetch->all_platforms = str_eq(pull->arch, "all") && !pull->platform;
	if (fetch->all_platforms)
		return 0;
	int r = cli_platform(pull->arch && strchr(pull->arch, ',') ? NULL : pull->arch, pull->platform, &fetch->platform, err);
	while (r == 0 && pull->arch && (arch = strsep(&rest, ","))) {
		struct platform ignored;
		r = cli_platform(arch, pull->platform, &ignored, err);
	}
	return r;
}

int command_pull(const struct globals *globals, int argc, char **argv, struct err *err)
{
	struct pull pull = { .tls_verify = true };
	cleanup_strv struct strv operands = { 0 };
	struct idmap map;
	int r = options_parse(pull_options, &pull, argc, argv, false, &operands, err);
	if (r < 0)
		return r;
	if (pull.help)
		return cli_print_help("pull");
	if (operands.len != 1)
		return err_set(err, -EINVAL, "pull takes one image; see xrun pull --help");
	cleanup_source struct source source = { 0 };
	if (source_parse(operands.items[0], &source, err) < 0)
		return err->code;
	struct fetch fetch = { .image = source.name, .creds = pull.creds, .tls_verify = pull.tls_verify,
		.quiet = pull.quiet, .authfile = pull.authfile, .progress = pull.progress };
	r = check_archs(&pull, &fetch, err);
	if (r == 0)
		r = idmap_plan(&map, err);
	cleanup_fd int dir_fd = r < 0 ? r : cli_open_store_dir(globals, &map, err);
	if (dir_fd < 0)
		return dir_fd;
	if (pull.arch && !fetch.all_platforms)
		return pull_each(&source, &fetch, pull.arch, &map, dir_fd, err);
	return local_fetch(&source, &fetch, &map, dir_fd, err);
}
