/* SPDX-License-Identifier: GPL-2.0-or-later */
/* binfmt.c owns `xrun binfmt`. */
#include "src/cli/cli.h"

#include "binfmt/binfmt.h"
#include "binfmt/emulator.h"
#include "src/base/fd.h"
#include "src/cli/listing.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct wish {
	bool persistent, credentials, help;
	const char *format, *emulator;
};

const struct option binfmt_options[] = {
	{ "persistent", 0, OPTION_SWITCH, offsetof(struct wish, persistent), NULL, "install: also write /etc/binfmt.d, to survive a reboot" },
	{ "credentials", 0, OPTION_SWITCH, offsetof(struct wish, credentials), NULL, "install: let foreign set-uid programs gain privileges" },
	{ "emulator", 0, OPTION_TEXT, offsetof(struct wish, emulator), "FILE", "install, status: this one, for the architecture that is named" },
	{ "format", 0, OPTION_TEXT, offsetof(struct wish, format), "json", "status: for programs" },
	{ "help", 'h', OPTION_SWITCH, offsetof(struct wish, help), NULL, "show this" },
	{ 0 },
};

static const struct column columns[] = {
	{ "ARCH", "arch" }, { "PLATFORM", "platform" }, { "WAY", "way" }, { "EMULATOR", "emulator" },
	{ "VERSION", "version" }, { "CPU", "cpu" }, { "FROM", "from" }, { "REASON", "reason" }, { 0 },
};

static const char *const ways[] = { "native", "private", "host", "none" };

/* The emulator's version, and the CPU that a guest sees in a container. Of a handler of the host's we know neither. */
static void describe(const struct arch *arch, struct binfmt_answer *answer, struct emulator_facts *ret_facts)
{
	if (answer->way != BINFMT_PRIVATE || emulator_ask(-1, arch, answer->emulator, ret_facts, &answer->why_not) == 0)
		return;
	answer->way = BINFMT_NONE;
}

/* Who says that it is to be this emulator; NULL where there is none to choose. */
static const char *said_by(const struct binfmt_answer *answer, const struct wish *wish)
{
	if (answer->where || answer->way == BINFMT_NATIVE)
		return answer->where;
	return wish->emulator ? "--emulator" : answer->way == BINFMT_HOST ? "the host's handler" : answer->way == BINFMT_PRIVATE ? "found" : NULL;
}

static int status_of(const struct arch *arch, const struct wish *wish, struct listing *listing, struct err *err)
{
	struct binfmt_answer answer = { 0 };
	struct emulator_facts facts = { 0 };
	int r = binfmt_ask(arch, wish->emulator, &answer, err);
	if (r < 0)
		return r;
	describe(arch, &answer, &facts);
	bool asked = answer.way == BINFMT_PRIVATE;
	cleanup_free char *platform = str_fmt("linux/%s%s%s", arch->oci_arch, *arch->oci_variant ? "/" : "", arch->oci_variant);
	listing_add(listing, (const char *[]){ arch->name, platform, ways[answer.way], answer.emulator, *facts.version ? facts.version : NULL,
					*facts.model ? facts.model : asked ? "default" : NULL, said_by(&answer, wish),
					answer.way == BINFMT_NONE ? answer.why_not.text : NULL });
	binfmt_answer_done(&answer);
	return 0;
}

/* Another's handler stays as it is; what it does not do of what was asked for is said. */
static void print_installed(const struct arch *arch, const char *path, const struct host_handler *other, const struct wish *wish)
{
	if (!other->registered) {
		printf("%s: registered %s\n", arch->name, path);
		return;
	}
	printf("%s: already handled by %s (%s)%s%s\n", arch->name, other->name, other->interpreter,
		wish->credentials && !strchr(other->flags, 'C') ? ", without credentials" : "",
		wish->persistent ? ", so nothing was written to /etc/binfmt.d" : "");
}

/* install and remove go by emulator: arm's variants share one. */
static int install(const struct arch *arch, const struct wish *wish, bool named, struct err *err)
{
	struct host_handler other = { 0 };
	cleanup_free char *path = NULL, *where = NULL;
	if (!named && binfmt_is_native(arch))
		return 0;
	cleanup_fd int fd = emulator_open(arch, wish->emulator, &path, &where, err);
	if (fd == -ENOENT && !named && !where) {
		err_clear(err);
		return 0;
	}
	int r = fd < 0 ? fd : binfmt_host_install(arch, path, wish->credentials, wish->persistent, &other, err);
	if (r == 0)
		print_installed(arch, path, &other, wish);
	return r;
}

static int visit(const char *verb, const struct arch *arch, const struct wish *wish, bool named, struct listing *listing, struct err *err)
{
	if (str_eq(verb, "status"))
		return status_of(arch, wish, listing, err);
	return str_eq(verb, "install") ? install(arch, wish, named, err) : binfmt_host_remove(arch, err);
}

static int visit_all(const char *verb, const struct wish *wish, struct listing *listing, struct err *err)
{
	size_t count;
	int r = 0;
	const struct arch *table = arch_table(&count);
	for (size_t i = 0; r == 0 && i < count; i++) {
		bool shared = i > 0 && str_eq(table[i].qemu, table[i - 1].qemu);
		if (!shared || str_eq(verb, "status"))
			r = visit(verb, &table[i], wish, false, listing, err);
	}
	return r;
}

static int visit_named(const char *verb, const struct strv *names, const struct wish *wish, struct listing *listing, struct err *err)
{
	int r = 0;
	for (size_t i = 1; r == 0 && i < names->len; i++) {
		const struct arch *arch = cli_arch(names->items[i], err);
		r = arch ? visit(verb, arch, wish, true, listing, err) : err->code;
	}
	return r;
}

/* An option that would do nothing is a mistake. */
static int check_wish(const char *verb, const struct wish *wish, size_t names, struct err *err)
{
	bool install = str_eq(verb, "install"), status = str_eq(verb, "status");
	if (!status && !install && !str_eq(verb, "remove"))
		return err_set(err, -EINVAL, "binfmt %s: there are status, install and remove", verb);
	if (!install && (wish->persistent || wish->credentials))
		return err_set(err, -EINVAL, "binfmt %s: --persistent and --credentials are for install", verb);
	if (!status && wish->format)
		return err_set(err, -EINVAL, "binfmt %s: --format is for status", verb);
	if (wish->emulator && (names != 1 || (!install && !status)))
		return err_set(err, -EINVAL, "binfmt %s: --emulator is for install and status of one architecture", verb);
	return listing_check_format(wish->format, err);
}

int command_binfmt(const struct globals *globals, int argc, char **argv, struct err *err)
{
	(void)globals;
	struct wish wish = { 0 };
	cleanup_strv struct strv operands = { 0 };
	int r = options_parse(binfmt_options, &wish, argc, argv, false, &operands, err);
	if (r < 0)
		return r;
	if (wish.help)
		return cli_print_help("binfmt");
	const char *verb = operands.len ? operands.items[0] : "status";
	r = check_wish(verb, &wish, operands.len ? operands.len - 1 : 0, err);
	if (r < 0)
		return r;
	cleanup_listing struct listing listing = { .columns = columns };
	r = operands.len > 1 ? visit_named(verb, &operands, &wish, &listing, err) : visit_all(verb, &wish, &listing, err);
	return r == 0 && str_eq(verb, "status") ? listing_print(&listing, wish.format, err) : r;
}
