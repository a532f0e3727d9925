/* SPDX-License-Identifier: GPL-2.0-or-later */
/* probe.c owns what there is to say about this machine's emulation: the private instance, and each emulator. */
#include "binfmt/binfmt.h"
#include "binfmt/emulator.h"

#include <string.h>

static const char *const ways[] = { "natively", "by a private instance of binfmt_misc", "by the host's handler", "not" };

static void report_emulator(const struct arch *arch, const struct binfmt_answer *answer, struct findings *findings)
{
	struct err err = { 0 };
	struct emulator_facts facts = { 0 };
	const char *chosen = answer->where ? answer->where : "";
	if (emulator_ask(-1, arch, answer->emulator, &facts, &err) < 0)
		findings_add(findings, "emulation", arch->name, FINDING_LIMITED, "%s", err.text);
	else if (!*facts.version)
		findings_add(findings, "emulation", arch->name, FINDING_LIMITED, "%s does not say its version: is it an emulator?", answer->emulator);
	else
		findings_add(findings, "emulation", arch->name, FINDING_OK, "runs %s: %s%s%s, version %s", ways[answer->way], answer->emulator,
			*chosen ? " as named by " : "", chosen, facts.version);
}

static void report(const struct arch *arch, const struct binfmt_answer *answer, struct findings *findings)
{
	if (answer->way == BINFMT_NONE) {
		struct finding *f = findings_add(findings, "emulation", arch->name, FINDING_LIMITED, "%s", answer->why_not.text);
		const char *sudo = strstr(answer->why_not.text, "sudo ");
		if (sudo)
			finding_mend(f, "%.*s", (int)strcspn(sudo, ")"), sudo);
	} else if (answer->emulator) {
		report_emulator(arch, answer, findings);
	} else {
		findings_add(findings, "emulation", arch->name, FINDING_OK, "runs %s", ways[answer->way]);
	}
}

/* Architectures that share an emulator share a line. */
void binfmt_probe(struct findings *findings)
{
	size_t count;
	const struct arch *table = arch_table(&count);
	for (size_t i = 0; i < count; i++) {
		struct binfmt_answer answer = { 0 };
		struct err err = { 0 };
		if (i > 0 && str_eq(table[i].qemu, table[i - 1].qemu))
			continue;
		if (binfmt_ask(&table[i], NULL, &answer, &err) < 0)
			findings_add(findings, "emulation", table[i].name, FINDING_LIMITED, "%s", err.text);
		else
			report(&table[i], &answer, findings);
		binfmt_answer_done(&answer);
	}
}
