/* SPDX-License-Identifier: GPL-2.0-or-later */
/* programs.c owns comparing an image's claim of an architecture with its programs' ELF headers. */
/*
 * Theory of operation. Some images say "amd64" and hold arm64 programs: they were built on another machine, or copied from
 * another base. A few programs that most images have are looked up layer by layer, from the top down; a link that leads
 * into another layer is not followed. The claim is doubted only when every program that was found contradicts it.
 */
#include "src/cli/cli.h"

#include "binfmt/arch.h"
#include "src/base/fd.h"
#include "src/runtime/userns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct check {
	const struct store *store;
	const struct image *image;
	const struct arch *claimed, *found; /* found: what a program is for that contradicts; NULL: none did */
	char *program;                      /* that one */
	bool agrees;                        /* a program is what the image says */
};

static bool is_same(const struct arch *a, const struct arch *b)
{
	return a->elf_machine == b->elf_machine && a->elf_class == b->elf_class && a->elf_data == b->elf_data;
}

/* The program at `path` in the uppermost layer that has it. */
static const struct arch *read_arch(const struct check *check, const char *path)
{
	unsigned char header[ARCH_MAGIC_SIZE];
	for (size_t i = check->image->layer_count; i-- > 0;) {
		cleanup_fd int layer_fd = openat(check->store->layers_fd, check->image->layers[i].name, O_PATH | O_DIRECTORY | O_CLOEXEC);
		cleanup_fd int fd = layer_fd < 0 ? -1 : fd_openat2(layer_fd, path, O_RDONLY | O_NONBLOCK, 0, RESOLVE_IN_ROOT);
		if (fd >= 0)
			return pread(fd, header, sizeof header, 0) == sizeof header ? arch_by_elf(header, sizeof header) : NULL;
	}
	return NULL;
}

static void look_at(struct check *check, const char *path)
{
	const struct arch *arch = read_arch(check, path);
	if (!arch)
		return;
	if (is_same(arch, check->claimed)) {
		check->agrees = true;
	} else if (!check->found) {
		check->found = arch;
		check->program = str_dup(path);
	}
}

static void look_at_command(struct check *check, const char *command)
{
	static const char *const directories[] = { "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin" };
	if (strchr(command, '/')) {
		look_at(check, command);
		return;
	}
	for (size_t i = 0; i < sizeof directories / sizeof *directories; i++) {
		cleanup_free char *path = str_fmt("%s/%s", directories[i], command);
		look_at(check, path);
	}
}

static void look(struct check *check)
{
	static const char *const usual[] = { "/bin/sh", "/bin/busybox", "/usr/bin/env", "/bin/ls", "/usr/bin/perl", "/sbin/init" };
	const struct image *image = check->image;
	if (image->entrypoint.len)
		look_at_command(check, image->entrypoint.items[0]);
	if (image->cmd.len && !image->entrypoint.len)
		look_at_command(check, image->cmd.items[0]);
	for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
		look_at(check, usual[i]);
}

static void warn(const struct check *check)
{
	if (!check->found || check->agrees)
		return;
	struct err warning;
	err_set(&warning, 0, "%s says that it is for %s, but its %s is a program for %s; whoever made the image may have "
		"named the wrong architecture", check->image->reference, platform_text(&check->image->platform).text, check->program,
		check->found->name);
	fprintf(stderr, "xrun: warning: %s\n", warning.text);
}

struct call {
	const struct store *store;
	struct images images;
	const char *name;
	const struct platform *platform;
};

/* Runs as root of the id map, who can read every file of a layer. */
static int check_images(void *context, struct err *err)
{
	const struct call *call = context;
	(void)err;
	for (size_t i = 0; i < call->images.count; i++) {
		const struct image *image = &call->images.items[i];
		struct check check = { .store = call->store, .image = image };
		check.claimed = arch_by_platform(image->platform.arch, image->platform.variant);
		bool meant = str_eq(image->reference, call->name) &&
			     (!call->platform || platform_score(&image->platform, call->platform) > 0);
		if (!meant || !check.claimed)
			continue;
		look(&check);
		warn(&check);
		free(check.program);
	}
	return 0;
}

int cli_check_programs(const char *name, const struct platform *platform, const struct idmap *map, int store_dir_fd,
	struct err *err)
{
	cleanup_store struct store store = STORE_CLOSED;
	struct call call = { .store = &store, .name = name, .platform = platform };
	int r = store_open(&store, store_dir_fd, false, err);
	if (r == 0)
		r = store_list_images(&store, &call.images, err);
	if (r == 0)
		r = userns_call(map, NULL, check_images, &call, err);
	images_done(&call.images);
	return r;
}
