/* SPDX-License-Identifier: GPL-2.0-or-later */
/* doctor.h owns what the parts of `xrun doctor` share. */
#ifndef XRUN_CLI_DOCTOR_H
#define XRUN_CLI_DOCTOR_H

#include "src/cli/cli.h"

struct doctor_wish {
	const char *format, *arch, *emulator;
	bool all, help;
};

/*
 * `xrun doctor --arch`: runs the payload of src/probe in a container of that architecture and in a native one, and prints
 * where the former does worse.
 */
int doctor_compare(const struct globals *globals, const struct doctor_wish *wish, struct err *err);

#endif
