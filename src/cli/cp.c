/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cp.c owns `xrun cp`. */
#include "src/cli/place.h"

#include "src/base/fd.h"
#include "src/runtime/copy.h"
#include "src/runtime/visit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct wish {
	bool archive, follow, help;
};

const struct option cp_options[] = {
	{ "archive", 'a', OPTION_SWITCH, offsetof(struct wish, archive), NULL, "keep owners; else files belong to who gets them" },
	{ "follow-link", 'L', OPTION_SWITCH, offsetof(struct wish, follow), NULL, "copy what the symlink SOURCE leads to" },
	{ "help", 'h', OPTION_SWITCH, offsetof(struct wish, help), NULL, "show this" },
	{ 0 },
};

/* "CONTAINER:PATH"; a path that begins with '/' or '.' is the host's, whatever it holds (docker-cp(1)). */
static const char *container_path(const char *text, char **ret_container)
{
	const char *colon = strchr(text, ':');
	if (*text == '/' || *text == '.' || !colon || colon == text)
		return NULL;
	*ret_container = str_ndup(text, colon - text);
	return colon + 1;
}

struct sides {
	struct copy sender, receiver;
	bool into_container, archive;
};

static int in_container(void *context, struct err *err)
{
	struct sides *sides = context;
	return sides->into_container ? copy_receive(&sides->receiver, err) : copy_send(&sides->sender, err);
}

static void say_left_out(unsigned count)
{
	if (count)
		fprintf(stderr, "xrun: note: %u devices and sockets were left out\n", count);
}

/* Both failed: the one without a broken pipe says why. */
static int judge(int ours, int theirs, const struct err *our_err, const struct err *their_err, struct err *err)
{
	bool first_ours = ours < 0 && (theirs >= 0 || (ours != -EPIPE));
	if (ours >= 0 && theirs >= 0)
		return 0;
	*err = first_ours ? *our_err : *their_err;
	return first_ours ? ours : theirs;
}

static int run(struct visit *visit, struct sides *sides, struct err *err)
{
	int ends[2];
	struct err our_err = { 0 }, their_err = { 0 };
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(err, "cannot make a pipe");
	sides->receiver.fd = ends[0];
	sides->sender.fd = ends[1];
	signal(SIGPIPE, SIG_IGN);
	visit->unused_fd = ends[sides->into_container]; /* or its end would never be seen */
	int r = visit_start(visit, in_container, sides, err);
	fd_close(r < 0 || !sides->into_container ? &sides->sender.fd : &sides->receiver.fd);
	int ours = r < 0 ? r : sides->into_container ? copy_send(&sides->sender, &our_err) : copy_receive(&sides->receiver, &our_err);
	fd_close(&sides->sender.fd);
	fd_close(&sides->receiver.fd);
	if (r < 0)
		return r;
	int theirs = visit_finish(visit, &their_err);
	say_left_out(sides->into_container ? sides->sender.left_out : sides->receiver.left_out);
	return judge(ours, theirs, &our_err, &their_err, err);
}

static int in_container_alone(void *context, struct err *err)
{
	struct sides *sides = context;
	return sides->into_container ? copy_receive_archive(&sides->receiver, err) : copy_send_archive(&sides->sender, err);
}

/* One side is a stream, which needs no process of its own. The memory is shared with the other one, which counts there. */
static int run_archive(struct visit *visit, const struct sides *given, struct err *err)
{
	struct sides *sides = mmap(NULL, sizeof *sides, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (sides == MAP_FAILED)
		return err_sys(err, "cannot get memory");
	*sides = *given;
	sides->receiver.fd = STDIN_FILENO;
	sides->sender.fd = STDOUT_FILENO;
	visit->unused_fd = -1;
	int r = visit_start(visit, in_container_alone, sides, err);
	if (r == 0)
		r = visit_finish(visit, err);
	say_left_out(r < 0 ? 0 : sides->into_container ? sides->receiver.left_out : sides->sender.left_out);
	munmap(sides, sizeof *sides);
	return r;
}

static int check_stream(const char *from, const char *to, struct err *err)
{
	if (str_eq(from, "-") && isatty(STDIN_FILENO))
		return err_set(err, -EINVAL, "cp - reads a tar archive, and standard input is a terminal: tar -c . | xrun cp - %s", to);
	if (str_eq(to, "-") && isatty(STDOUT_FILENO))
		return err_set(err, -EINVAL, "an archive is not for a terminal: let a pipe have it, as in xrun cp %s - | tar -x", from);
	return 0;
}

static int copy(const struct globals *globals, const struct wish *wish, const char *from, const char *to, struct err *err)
{
	cleanup_place struct place place = PLACE_CLOSED;
	cleanup_subject struct subject subject = SUBJECT_NONE;
	cleanup_store struct store store = STORE_CLOSED;
	cleanup_free char *name = NULL, *other = NULL, *inside = NULL;
	const char *source = container_path(from, &name), *target = container_path(to, name ? &other : &name);
	if (!source == !target)
		return err_set(err, -EINVAL, "one of the two is in a container: write it as CONTAINER:PATH");
	int r = check_stream(from, to, err);
	if (r < 0)
		return r;
	const char *path = source ? source : target;
	inside = *path == '/' ? str_dup(path) : str_fmt("/%s", path);
	struct copy side = { .source = source ? inside : from, .target = target ? inside : to, .follow = wish->follow,
		.keep_owners = wish->archive, .is_host = source };
	struct sides sides = { .sender = side, .receiver = side, .into_container = target, .archive = str_eq(from, "-") || str_eq(to, "-") };
	r = place_open(&place, globals, err);
	if (r == 0)
		r = subject_find(&place, name, &subject, err);
	if (r == 0)
		r = cli_hold_store(place.store_fd, &store, err);
	struct visit visit = { .state = &subject.state, .spec = &subject.spec, .map = &place.map, .store_fd = place.store_fd,
		.dir_fd = subject.dir_fd };
	return r < 0 ? r : (sides.archive ? run_archive(&visit, &sides, err) : run(&visit, &sides, err));
}

int command_cp(const struct globals *globals, int argc, char **argv, struct err *err)
{
	struct wish wish = { 0 };
	cleanup_strv struct strv operands = { 0 };
	int r = options_parse(cp_options, &wish, argc, argv, false, &operands, err);
	if (r == 0 && wish.help)
		return cli_print_help("cp");
	if (r == 0 && operands.len != 2)
		return err_set(err, -EINVAL, "what is to be copied, and where? see xrun cp --help");
	return r < 0 ? r : copy(globals, &wish, operands.items[0], operands.items[1], err);
}
