/* SPDX-License-Identifier: GPL-2.0-or-later */
/* labels.c owns what becomes of config.json's AppArmor profile and SELinux label on a machine that has no such module. */
/*
 * A protection that was asked for and cannot be had is an error. One config.json may be meant for machines of several kinds, though:
 * then --optional-labels, which whoever runs the machine says, makes a warning of it. It never passes over a profile or label that the
 * module, where it is there, does not take.
 */
#include "src/oci/oci.h"

#include "src/runtime/procfs.h"
#include "src/runtime/selinux.h"

#include <errno.h>
#include <stdlib.h>

static int do_without(const struct oci_globals *globals, const char *what, const char *module, char **label, struct err *err)
{
	cleanup_strv struct strv warnings = { 0 };
	if (!globals->optional_labels)
		return err_set(err, -EOPNOTSUPP, "%s %s: this machine has no %s; `xrun-oci --optional-labels` does without", what, *label, module);
	strv_take(&warnings, str_fmt("%s %s is left out: this machine has no %s", what, *label, module));
	oci_log_warnings(globals, &warnings);
	free(*label);
	*label = NULL;
	return 0;
}

int oci_check_labels(const struct oci_globals *globals, struct spec *spec, struct err *err)
{
	struct spec_isolation *isolation = &spec->isolation;
	int r = 0;
	if (isolation->apparmor && !procfs_knows_apparmor())
		r = do_without(globals, "the AppArmor profile", "AppArmor", &isolation->apparmor, err);
	if (r == 0 && isolation->label && !selinux_is_there())
		r = do_without(globals, "the SELinux label", "SELinux", &isolation->label, err);
	return r;
}
