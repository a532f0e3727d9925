/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mistyped.c owns telling a command that was mistyped, or is another program's, from an image. */
#include "src/cli/mistyped.h"

#include "src/cli/selection.h"

#include <errno.h>
#include <string.h>

bool mistyped_is_near(const char *a, const char *b)
{
	size_t same = 0;
	while (a[same] && a[same] == b[same])
		same++;
	a += same;
	b += same;
	if (!*a && !*b)
		return false;
	bool more = *a && str_eq(a + 1, b), less = *b && str_eq(a, b + 1), other = *a && *b && str_eq(a + 1, b + 1);
	bool places = *a && *b && a[0] == b[1] && a[1] == b[0] && str_eq(a + 2, b + 2);
	return more || less || other || places;
}

/* docker's and podman's; not those that are images' names as well, as node is. */
static const struct absent {
	const char *word, *instead;
} absent[] = {
#define MAKES "images are made by docker build, podman build or buildah; docker save IMAGE | xrun load brings one here"
	{ "build", MAKES },
	{ "buildx", MAKES },
	{ "builder", MAKES },
#undef MAKES
	{ "compose", "each container is started by xrun run -d" },
	{ "container", "what is done to containers stands without that word: xrun ps, xrun rm; xrun --help lists it" },
	{ "events", "xrun ps tells how containers are, xrun wait and xrun logs -f what becomes of one" },
	{ "image", "what is done to images stands without that word: xrun images, xrun rmi; xrun --help lists it" },
	{ "import", "xrun load rootfs:DIR NAME makes an image of a directory tree" },
	{ "info", "xrun doctor tells what works on this machine, xrun binfmt status which architectures" },
	{ "manifest", "xrun pull --arch all, and xrun push --arch all, take all platforms of an image" },
	{ "network", "networks have no names here: xrun run --network private, none, host or container:NAME" },
	{ "pod", "xrun run --network container:NAME, with --ipc and --pid, shares a container's namespaces" },
	{ "search", "a registry's own pages list its images" },
	{ "system", "xrun prune removes what nothing uses, xrun store verify looks for damage, xrun doctor tells what works" },
	{ "volume", "volumes have no names here: xrun run -v ./DIR:/DIR shows a directory of the host" },
};

static const struct absent *find_absent(const char *word)
{
	for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
		if (str_eq(word, absent[i].word))
			return &absent[i];
	return NULL;
}

static const char *near_command(const char *word)
{
	const struct command *command = cli_commands;
	while (command->name && !mistyped_is_near(word, command->name))
		command++;
	return strlen(word) > 1 ? command->name : NULL;
}

int mistyped_check(const struct globals *globals, const char *word, struct err *err)
{
	cleanup_selection struct selection selection = SELECTION_CLOSED;
	cleanup_free const struct image **found = NULL;
	struct err nowhere = { 0 };
	const struct absent *other = find_absent(word);
	const char *command = other ? NULL : near_command(word);
	if (!command && !other)
		return 0;
	int r = selection_open(globals, &selection, err);
	if (r < 0 || selection_find(&selection, word, NULL, &found, &nowhere) == 0)
		return r;
	if (other)
		return err_set(err, -EINVAL, "there is no command %s, and no image of that name in the store: %s; xrun run %s gets the image", word,
			other->instead, word);
	return err_set(err, -EINVAL, "%s is no command, and no image in the store: if %s is meant, write xrun %s; else xrun run %s gets the image", word,
		command, command, word);
}
