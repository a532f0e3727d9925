/* SPDX-License-Identifier: GPL-2.0-or-later */
/* finding.c owns lists of what probes found out. */
#include "src/base/finding.h"

#include "src/base/str.h"

#include <stdarg.h>
#include <stdio.h>

static char *format_text(const char *format, va_list args)
{
	char text[sizeof((struct err *)0)->text + 256];
	vsnprintf(text, sizeof text, format, args);
	return str_dup(text);
}

struct finding *findings_add(struct findings *findings, const char *topic, const char *name, enum finding_state state,
	const char *format, ...)
{
	va_list args;
	findings->items = mem_grow(findings->items, findings->len + 1, sizeof *findings->items);
	struct finding *finding = &findings->items[findings->len++];
	*finding = (struct finding){ .topic = topic, .name = str_dup(name), .state = state };
	va_start(args, format);
	finding->detail = format_text(format, args);
	va_end(args);
	return finding;
}

void finding_mend(struct finding *finding, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	free(finding->mend);
	finding->mend = format_text(format, args);
	va_end(args);
}

const char *finding_state_name(enum finding_state state)
{
	static const char *const names[] = { "ok", "limits", "broken" };
	return names[state];
}

enum finding_state findings_worst(const struct findings *findings)
{
	enum finding_state worst = FINDING_OK;
	for (size_t i = 0; i < findings->len; i++)
		if (findings->items[i].state > worst)
			worst = findings->items[i].state;
	return worst;
}

void findings_done(struct findings *findings)
{
	for (size_t i = 0; i < findings->len; i++) {
		free(findings->items[i].name);
		free(findings->items[i].detail);
		free(findings->items[i].mend);
	}
	free(findings->items);
	*findings = (struct findings){ 0 };
}
