/* SPDX-License-Identifier: GPL-2.0-or-later */
/* probe.c owns what there is to say about this machine's emulation: the private instance, and each emulator. */
#include "binfmt/binfmt.h"
#include "src/base/fd.h"
#include "src/base/process.h"

#include <string.h>

static const char *const ways[] = { "natively", "by a private instance of binfmt_misc", "by the host's handler", "not" };

/* "qemu-aarch64 version 7.2.22 (Debian ...)" gives "version 7.2.22"; NULL where it says nothing. */
static char *ask_version(const char *path)
{
	struct err ignored;
	pid_t pid;
	int output_fd;
	cleanup_buf struct buf output = { 0 };
	char *argv[] = { (char *)path, "--version", NULL };
	if (process_start(argv, &pid, &output_fd, &ignored) < 0)
		return NULL;
	if (process_finish(pid, output_fd, &output, &ignored) != 0 || !output.len)
		return NULL;
	const char *version = strstr(output.data, "version ");
	return version ? str_ndup(version, strlen("version ") + strcspn(version + strlen("version "), " \n")) : NULL;
}

static void report(const struct arch *arch, const struct binfmt_answer *answer, struct findings *findings)
{
	cleanup_free char *version = answer->emulator ? ask_version(answer->emulator) : NULL;
	if (answer->way == BINFMT_NONE) {
		struct finding *f = findings_add(findings, "emulation", arch->name, FINDING_LIMITED, "%s", answer->why_not.text);
		const char *sudo = strstr(answer->why_not.text, "sudo ");
		if (sudo)
			finding_mend(f, "%.*s", (int)strcspn(sudo, ")"), sudo);
	} else if (answer->emulator && !version) {
		findings_add(findings, "emulation", arch->name, FINDING_LIMITED, "%s does not say its version: is it an emulator?", answer->emulator);
	} else {
		findings_add(findings, "emulation", arch->name, FINDING_OK, "runs %s%s%s%s%s", ways[answer->way], answer->emulator ? ": " : "",
			answer->emulator ? answer->emulator : "", version ? ", " : "", version ? version : "");
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
		free(answer.emulator);
	}
}
