/* SPDX-License-Identifier: GPL-2.0-or-later */
/* finding.h owns what a probe found out about this machine: `xrun doctor` prints a list of them. */
#ifndef XRUN_BASE_FINDING_H
#define XRUN_BASE_FINDING_H

#include "src/base/err.h"

#include <stddef.h>

/* LIMITED: containers run, but something that a user may ask for does not work. BROKEN: none can run. */
enum finding_state { FINDING_OK, FINDING_LIMITED, FINDING_BROKEN };

struct finding {
	const char *topic;  /* static: "kernel", "ids", ... */
	char *name;         /* what was tried */
	enum finding_state state;
	char *detail;       /* what was found, or why it does not work */
	char *mend;         /* the one command that mends it; NULL when there is none */
};

struct findings {
	struct finding *items;
	size_t len;
};
void findings_done(struct findings *findings);
#define cleanup_findings __attribute__((cleanup(findings_done)))

/* Texts are copied. Gives the new one, valid until the next is added. */
struct finding *findings_add(struct findings *findings, const char *topic, const char *name, enum finding_state state,
	const char *format, ...) __attribute__((format(printf, 5, 6)));

void finding_mend(struct finding *finding, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "ok", "limits", "broken". */
const char *finding_state_name(enum finding_state state);

/* The worst state among them. */
enum finding_state findings_worst(const struct findings *findings);

#endif
