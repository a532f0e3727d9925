/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rootfs.c owns `xrun rootfs:DIR`: a directory tree that is there already, in the place of an image. */
#include "src/cli/run.h"

#include "registry/source.h"
#include "src/base/fd.h"
#include "src/runtime/root_arch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

bool rootfs_is_meant(const char *name)
{
	return str_starts(name, "rootfs:");
}

int rootfs_arch(int root_fd, const struct root_program *program, const char *option, const char *name, const struct arch **ret_arch,
	struct err *err)
{
	const struct arch *asked = option ? cli_arch(option, err) : NULL, *found = root_arch_find(root_fd, program);
	if (option && !asked)
		return err->code;
	if (asked && found && memcmp(asked->magic, found->magic, sizeof asked->magic) != 0)
		return err_set(err, -EINVAL, "%s has programs for %s, not for %s", name, found->name, asked->name);
	*ret_arch = found;
	return 0;
}

/* The architecture asked for, or else that of the programs there, or else our own. */
static int choose_arch(struct request *q, int root_fd, const char *name, struct err *err)
{
	const char *option = q->arch ? q->arch : q->platform;
	const char *program = q->entrypoint && *q->entrypoint ? q->entrypoint : q->command.len ? q->command.items[0] : "";
	const struct root_program wanted = { program, q->workdir ? q->workdir : "/", NULL };
	const struct arch *found = NULL;
	int r = rootfs_arch(root_fd, &wanted, option, name, &found, err);
	if (r == 0 && !option && found)
		q->arch = found->name;
	return r;
}

static int check_options(const struct request *q, const char *name, struct err *err)
{
	if (q->program_image)
		return err_set(err, -EINVAL, "--image %s is for a program of yours, and %s has files of its own", q->program_image, name);
	if (request_keeps_id(q))
		return err_set(err, -EINVAL, "--userns keep-id wants files that belong to other ids, and those of %s stay as they are", name);
	return 0;
}

int rootfs_prepare(struct request *q, const char *name, struct err *err)
{
	cleanup_source struct source source = { 0 };
	int r = check_options(q, name, err);
	if (r == 0)
		r = source_parse(name, &source, err);
	if (r < 0)
		return r;
	cleanup_free char *real = realpath(source.path, NULL);
	cleanup_fd int root_fd = real ? open(real, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	if (root_fd < 0)
		return err_sys(err, "%s", name);
	r = choose_arch(q, root_fd, name, err);
	if (r == 0)
		q->rootfs = str_dup(real);
	return r;
}
