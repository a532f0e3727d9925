/* SPDX-License-Identifier: GPL-2.0-or-later */
/* commit.c owns `xrun commit`: an image made of a container. */
#include "src/cli/pause.h"

#include "src/base/fd.h"
#include "src/cli/selection.h"
#include "src/runtime/containers.h"

#include <errno.h>

struct wish {
	const char *message, *author;
	struct strv changes;
	bool pause, quiet, help;
};

const struct option commit_options[] = {
	{ "message", 'm', OPTION_TEXT, offsetof(struct wish, message), "TEXT", "what was done, for the image's history" },
	{ "author", 'a', OPTION_TEXT, offsetof(struct wish, author), "TEXT", "who did it" },
	{ "change", 'c', OPTION_LIST, offsetof(struct wish, changes), "INSTRUCTION",
		"CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, STOPSIGNAL, USER, VOLUME or WORKDIR, as a Dockerfile has it" },
	{ "pause", 'p', OPTION_SWITCH, offsetof(struct wish, pause), NULL, "pause a running container meanwhile" },
	{ "quiet", 'q', OPTION_SWITCH, offsetof(struct wish, quiet), NULL, "print the image's id and nothing else, as without it" },
	{ "help", 'h', OPTION_SWITCH, offsetof(struct wish, help), NULL, "show this" },
	{ 0 },
};

static void add_text(struct strv *argv, const char *option, const char *text)
{
	if (text)
		strv_take(argv, str_fmt("--%s=%s", option, text));
}

static int call_helper(const struct place *place, const struct subject *subject, const struct wish *wish, const char *name,
	struct err *err)
{
	cleanup_strv struct strv argv = { 0 };
	cleanup_free char *command = strv_join(&subject->spec.args, " ");
	const char *const words[] = { "xrun-fetch", "commit", subject->state.id, subject->spec.image, name };
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		strv_add(&argv, words[i]);
	add_text(&argv, "comment", wish->message);
	add_text(&argv, "author", wish->author);
	add_text(&argv, "created-by", command);
	for (size_t i = 0; i < wish->changes.len; i++)
		add_text(&argv, "change", wish->changes.items[i]);
	for (size_t i = 0; i < subject->spec.mount_count; i++)
		if (subject->spec.mounts[i].kind == MOUNT_OWN)
			add_text(&argv, "skip", subject->spec.mounts[i].target);
	if (place->map.single)
		strv_add(&argv, "--single-id");
	return cli_helper(argv.items, -1, &place->map, place->store_fd, err);
}

static int commit_paused(const struct place *place, struct subject *subject, const struct wish *wish, const char *name, struct err *err)
{
	struct err ignored;
	int r = pause_set(subject, true, err);
	if (r < 0)
		return r;
	r = call_helper(place, subject, wish, name, err);
	int thawed = pause_set(subject, false, r < 0 ? &ignored : err);
	return r < 0 ? r : thawed;
}

static int commit_stopped(const struct place *place, struct subject *subject, const struct wish *wish, const char *name, struct err *err)
{
	cleanup_fd int lock_fd = containers_lock(subject->dir_fd, LOCK_CHANGE, true, err);
	if (lock_fd < 0)
		return lock_fd;
	if (containers_is_alive(subject->dir_fd))
		return err_set(err, -EAGAIN, "container %s was just started; try again", subject->state.name);
	return call_helper(place, subject, wish, name, err);
}

static int commit(const struct place *place, struct subject *subject, const struct wish *wish, const char *name, struct err *err)
{
	const struct state *state = &subject->state;
	switch (state->status) {
	case STATE_CREATED:
	case STATE_EXITED:
		return commit_stopped(place, subject, wish, name, err);
	case STATE_PAUSED:
		return call_helper(place, subject, wish, name, err);
	case STATE_RUNNING:
		if (wish->pause)
			return commit_paused(place, subject, wish, name, err);
		break;
	case STATE_RESTARTING:
		break;
	}
	return err_set(err, -EBUSY, "container %s is %s and may write meanwhile: stop it first, or give --pause", state->name,
		state_status_text(state->status));
}

static int run(const struct globals *globals, const struct wish *wish, const struct strv *operands, struct err *err)
{
	cleanup_place struct place place = PLACE_CLOSED;
	cleanup_subject struct subject subject = SUBJECT_NONE;
	cleanup_free char *name = selection_new_name(operands->items[1], err);
	int r = name ? place_open(&place, globals, err) : err->code;
	if (r == 0)
		r = subject_find(&place, operands->items[0], &subject, err);
	if (r == 0 && subject.spec.rootfs)
		return err_set(err, -EINVAL, "container %s was made of a directory, not of an image; `xrun export %s` has its files", subject.state.name, subject.state.name);
	return r < 0 ? r : commit(&place, &subject, wish, name, err);
}

int command_commit(const struct globals *globals, int argc, char **argv, struct err *err)
{
	struct wish wish = { 0 };
	cleanup_strv struct strv operands = { 0 };
	int r = options_parse(commit_options, &wish, argc, argv, false, &operands, err);
	if (r == 0 && wish.help)
		r = cli_print_help("commit");
	else if (r == 0 && operands.len != 2)
		r = err_set(err, -EINVAL, "commit takes a container and the new image's name; see xrun commit --help");
	else if (r == 0)
		r = run(globals, &wish, &operands, err);
	strv_done(&wish.changes);
	return r;
}
