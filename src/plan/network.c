/* SPDX-License-Identifier: GPL-2.0-or-later */
/* network.c owns the options of a container's network. Pure. */
#include "src/plan/parts.h"

#include <errno.h>

int plan_network(const struct request *q, struct spec *spec, struct err *err)
{
	if (!q->network || str_eq(q->network, "none"))
		spec->network = NETWORK_NONE;
	else if (str_eq(q->network, "host"))
		spec->network = NETWORK_HOST;
	else
		return err_set(err, -EINVAL, "--network %s: there are none and host", q->network);
	return 0;
}
