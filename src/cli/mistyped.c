/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mistyped.c owns telling a command that was mistyped from an image. */
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
	const char *command = near_command(word);
	if (!command)
		return 0;
	int r = selection_open(globals, &selection, err);
	if (r < 0 || selection_find(&selection, word, NULL, &found, &nowhere) == 0)
		return r;
	return err_set(err, -EINVAL, "%s is no command, and no image in the store: if %s is meant, write xrun %s; else xrun run %s gets the image", word,
		command, command, word);
}
