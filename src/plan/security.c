/* SPDX-License-Identifier: GPL-2.0-or-later */
/* security.c owns the options that say what a container may do. Pure. */
#include "src/plan/parts.h"

#include "src/plan/capability.h"

#include <errno.h>

static int plan_capabilities(const struct request *q, struct spec *spec, struct err *err)
{
	uint64_t bits;
	spec->capabilities = capability_default();
	for (size_t i = 0; i < q->cap_drop.len; i++) {
		if (!capability_by_name(q->cap_drop.items[i], &bits))
			return err_set(err, -EINVAL, "--cap-drop %s: no such capability", q->cap_drop.items[i]);
		spec->capabilities &= ~bits;
	}
	for (size_t i = 0; i < q->cap_add.len; i++) {
		if (!capability_by_name(q->cap_add.items[i], &bits))
			return err_set(err, -EINVAL, "--cap-add %s: no such capability", q->cap_add.items[i]);
		spec->capabilities |= bits;
	}
	return 0;
}

int plan_security(const struct request *q, struct spec *spec, struct err *err)
{
	spec->seccomp = true;
	for (size_t i = 0; i < q->security.len; i++) {
		const char *text = q->security.items[i];
		if (str_eq(text, "no-new-privileges") || str_eq(text, "no-new-privileges=true"))
			spec->no_new_privileges = true;
		else if (str_eq(text, "seccomp=unconfined"))
			spec->seccomp = false;
		else
			return err_set(err, -EINVAL, "--security-opt %s: there are no-new-privileges and seccomp=unconfined", text);
	}
	return plan_capabilities(q, spec, err);
}
