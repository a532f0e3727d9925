/* SPDX-License-Identifier: GPL-2.0-or-later */
/* planned.h: an image that says little, a request that asks for nothing, and the spec that comes of the two. */
#ifndef XRUN_TESTS_PLANNED_H
#define XRUN_TESTS_PLANNED_H

#include "src/plan/request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct fixture {
	struct image image;
	struct request request;
	struct spec spec;
	struct err err;
};

static inline int set_up(void **state)
{
	struct fixture *f = mem_new(sizeof *f);
	f->image.reference = str_dup("docker.io/library/debian:12");
	f->image.created = str_dup("");
	f->image.user = str_dup("");
	f->image.working_dir = str_dup("");
	f->image.stop_signal = str_dup("");
	strv_add(&f->image.cmd, "bash");
	*state = f;
	return 0;
}

static inline int tear_down(void **state)
{
	struct fixture *f = *state;
	image_done(&f->image);
	request_done(&f->request);
	spec_done(&f->spec);
	free(f);
	return 0;
}

static char *const caller_env[] = { "LANG=C", "HOME=/home/caller", "PASSED=on=and on", "HOMER=no", NULL };

static inline int plan(struct fixture *f)
{
	spec_done(&f->spec);
	err_clear(&f->err);
	f->spec.id = str_dup("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
	return request_plan(&f->request, &f->image, caller_env, &f->spec, &f->err);
}

static inline const struct spec *planned(struct fixture *f)
{
	if (plan(f) < 0)
		fail_msg("%s", f->err.text);
	return &f->spec;
}

/* Refused, by a message that holds `why`. */
static inline void refused(struct fixture *f, const char *why)
{
	if (plan(f) != -EINVAL)
		fail_msg("it was accepted, or failed otherwise; it should have said: %s", why);
	if (!strstr(f->err.text, why))
		fail_msg("the message does not say %s: %s", why, f->err.text);
}

#endif
