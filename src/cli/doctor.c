/* SPDX-License-Identifier: GPL-2.0-or-later */
/* doctor.c owns `xrun doctor`: it lets the probes run and prints what they found. */
#include "src/cli/doctor.h"

#include "binfmt/binfmt.h"
#include "src/base/fd.h"
#include "src/cli/listing.h"
#include "src/runtime/probe.h"

#include <errno.h>
#include <stdio.h>

const struct option doctor_options[] = {
	{ "arch", 0, OPTION_TEXT, offsetof(struct doctor_wish, arch), "ARCH", "what guests of that architecture cannot do, by running a program" },
	{ "emulator", 0, OPTION_TEXT, offsetof(struct doctor_wish, emulator), "FILE", "with --arch: this emulator" },
	{ "all", 0, OPTION_SWITCH, offsetof(struct doctor_wish, all), NULL, "with --arch: also what works as it does natively" },
	{ "format", 0, OPTION_TEXT, offsetof(struct doctor_wish, format), "json", "for programs" },
	{ "help", 'h', OPTION_SWITCH, offsetof(struct doctor_wish, help), NULL, "show this" },
	{ 0 },
};

static const struct column columns[] = {
	{ "TOPIC", "topic" }, { "NAME", "name" }, { "STATE", "state" }, { "DETAIL", "detail" }, { "MEND", "mend" }, { 0 },
};

static void examine_store(const struct globals *globals, struct findings *findings)
{
	struct err err = { 0 };
	struct idmap map = { 0 };
	if (idmap_plan(&map, &err) < 0)
		return; /* probe_ids has said it */
	probe_namespaces(&map, findings);
	cleanup_fd int store_fd = cli_open_store_dir(globals, &map, &err);
	if (store_fd < 0) {
		struct finding *f = findings_add(findings, "store", "directory", FINDING_BROKEN, "%s", err.text);
		finding_mend(f, "xrun --root DIR ... # a directory of yours");
		return;
	}
	probe_store(&map, store_fd, findings);
}

/* What rests on something broken is not tried: one cause is told once. */
static void examine(const struct globals *globals, struct findings *findings)
{
	probe_calls(findings);
	if (findings_worst(findings) == FINDING_BROKEN || !probe_user_namespaces(findings))
		return;
	probe_ids(findings);
	if (findings_worst(findings) == FINDING_BROKEN)
		return;
	examine_store(globals, findings);
	probe_limits(findings);
	probe_network(findings);
	binfmt_probe(findings);
}

static int print_json(const struct findings *findings, struct err *err)
{
	cleanup_listing struct listing listing = { .columns = columns };
	for (size_t i = 0; i < findings->len; i++) {
		const struct finding *f = &findings->items[i];
		listing_add(&listing, (const char *[]){ f->topic, f->name, finding_state_name(f->state), f->detail, f->mend });
	}
	return listing_print(&listing, "json", err);
}

static void print_text(const struct findings *findings)
{
	const char *topic = "";
	for (size_t i = 0; i < findings->len; i++) {
		const struct finding *f = &findings->items[i];
		if (!str_eq(topic, f->topic))
			printf("%s%s\n", *topic ? "\n" : "", f->topic);
		topic = f->topic;
		printf("  %-7s %-16s %s\n", finding_state_name(f->state), f->name, f->detail);
		if (f->mend)
			printf("          %-16s %s\n", "mend:", f->mend);
	}
	static const char *const verdicts[] = {
		"Containers run here.", "Containers run here, with the limits above.", "Containers cannot run here: see what is broken above.",
	};
	printf("\n%s\n", verdicts[findings_worst(findings)]);
}

int command_doctor(const struct globals *globals, int argc, char **argv, struct err *err)
{
	struct doctor_wish wish = { 0 };
	cleanup_strv struct strv operands = { 0 };
	cleanup_findings struct findings findings = { 0 };
	int r = options_parse(doctor_options, &wish, argc, argv, false, &operands, err);
	if (r == 0 && wish.help)
		return cli_print_help("doctor");
	if (r == 0 && operands.len)
		r = err_set(err, -EINVAL, "doctor takes no operand: %s", operands.items[0]);
	if (r == 0)
		r = listing_check_format(wish.format, err);
	if (r == 0 && !wish.arch && (wish.emulator || wish.all))
		r = err_set(err, -EINVAL, "--emulator and --all are about what guests can do: give --arch, too");
	if (r < 0 || wish.arch)
		return r < 0 ? r : doctor_compare(globals, &wish, err);
	examine(globals, &findings);
	if (wish.format)
		r = print_json(&findings, err);
	else
		print_text(&findings);
	return r < 0 ? r : findings_worst(&findings) == FINDING_BROKEN;
}
