/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ps.h owns which containers `xrun ps` lists, and in which order. */
#ifndef XRUN_CLI_PS_H
#define XRUN_CLI_PS_H

#include "src/cli/place.h"

/* What the options say. */
struct ps_choice {
	struct strv filters;      /* KEY=VALUE */
	const char *last, *sort;  /* a number; a field; or NULL */
	bool all, latest, size;
	unsigned long long limit; /* 0: none. Set by ps_check, like `all` where another option means it */
};
int ps_check(struct ps_choice *choice, struct err *err);

/* The containers, their directories closed. `bytes`: those of their own files, where choice->size wants them. */
struct ps_row {
	struct subject subject;
	uint64_t bytes;
	size_t at;                /* the youngest is 0 */
};
struct ps_rows {
	struct ps_row *items;
	size_t count;
};
int ps_collect(const struct place *place, const struct ps_choice *choice, struct ps_rows *ret_rows, struct err *err);
void ps_rows_done(struct ps_rows *rows);
#define cleanup_ps_rows __attribute__((cleanup(ps_rows_done)))

#endif
