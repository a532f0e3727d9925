/* SPDX-License-Identifier: GPL-2.0-or-later */
/* security.c owns the options that say what a container may do. Pure. */
#include "src/plan/parts.h"

#include "src/plan/capability.h"
#include "src/plan/seccomp.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>
#include <strings.h>

/* The containers' usual lists (moby, oci/defaults.go). */
static const char *const masked[] = {
	"/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/sched_debug",
	"/proc/scsi", "/proc/timer_list", "/proc/timer_stats", "/sys/devices/virtual/powercap", "/sys/firmware", NULL,
};
static const char *const read_only[] = { "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger", NULL };

struct capability_words {
	uint64_t bits; /* named one by one */
	bool all;
};

/* docker gives one each time, podman's commas are understood as well. */
static int read_capabilities(const char *option, const struct strv *words, struct capability_words *ret_read, struct err *err)
{
	for (size_t i = 0; i < words->len; i++) {
		cleanup_free char *copy = str_dup(words->items[i]);
		char *rest = copy;
		for (char *name; (name = strsep(&rest, ","));) {
			uint64_t bits;
			if (!capability_by_name(name, &bits))
				return err_set(err, -EINVAL, "%s %s: no such capability", option, words->items[i]);
			if (strcasecmp(name, "ALL") == 0)
				ret_read->all = true;
			else
				ret_read->bits |= bits;
		}
	}
	return 0;
}

/* One by name is an exception to ALL, whichever of the two it is given with. */
static int plan_capabilities(const struct request *q, struct spec *spec, struct err *err)
{
	struct capability_words add = { 0 }, drop = { 0 };
	int r = read_capabilities("--cap-drop", &q->cap_drop, &drop, err);
	if (r == 0)
		r = read_capabilities("--cap-add", &q->cap_add, &add, err);
	if (r < 0)
		return r;
	if (add.bits & drop.bits)
		return err_set(err, -EINVAL, "--cap-add %s: it is dropped as well (--cap-drop)",
			capability_name(__builtin_ctzll(add.bits & drop.bits)));
	if (add.all && drop.all)
		return err_set(err, -EINVAL, "--cap-add ALL: every one is dropped as well (--cap-drop ALL)");
	spec->capabilities = drop.all ? 0 : capability_default();
	if (add.all || (q->privileged && !drop.all))
		capability_by_name("ALL", &spec->capabilities);
	spec->capabilities = (spec->capabilities & ~drop.bits) | add.bits;
	return 0;
}

/* podman-run(1): paths with colons between them. */
static int mask(const char *paths, struct spec *spec, struct err *err)
{
	cleanup_free char *copy = str_dup(paths);
	char *rest = copy;
	for (char *path; (path = strsep(&rest, ":"));) {
		if (*path != '/')
			return err_set(err, -EINVAL, "--security-opt mask=%s: write absolute paths, with colons between them", paths);
		strv_add(&spec->isolation.masked, path);
	}
	return 0;
}

static void leave_out(struct strv *list, const char *pattern)
{
	struct strv kept = { 0 };
	for (size_t i = 0; i < list->len; i++)
		if (fnmatch(pattern, list->items[i], FNM_PATHNAME) != 0)
			strv_add(&kept, list->items[i]);
	strv_done(list);
	*list = kept;
}

static int unmask(const char *paths, struct spec *spec, struct err *err)
{
	cleanup_free char *copy = str_dup(paths);
	char *rest = copy;
	if (strcasecmp(paths, "ALL") == 0) {
		strv_done(&spec->isolation.masked);
		strv_done(&spec->isolation.read_only);
		return 0;
	}
	for (char *path; (path = strsep(&rest, ":"));) {
		if (*path != '/')
			return err_set(err, -EINVAL, "--security-opt unmask=%s: write ALL, or absolute paths with colons between them", paths);
		leave_out(&spec->isolation.masked, path);
		leave_out(&spec->isolation.read_only, path);
	}
	return 0;
}

static int plan_seccomp(const struct request *q, const char *value, struct spec *spec, struct err *err)
{
	spec->seccomp = !str_eq(value, "unconfined");
	if (!spec->seccomp || str_eq(value, "builtin") || str_eq(value, "default"))
		return 0;
	if (!q->seccomp_text)
		return err_set(err, -EINVAL, "--security-opt seccomp=%s: the file was not read", value);
	if (seccomp_is_known(q->seccomp_known, spec->capabilities, q->kernel)) {
		seccomp_take(q->seccomp_known, spec);
		return 0;
	}
	return seccomp_plan(value, q->seccomp_text, strlen(q->seccomp_text), q->kernel, spec, err);
}

static int plan_option(const struct request *q, const char *text, struct spec *spec, struct err *err)
{
	cleanup_free char *key = str_ndup(text, strcspn(text, "=:"));
	const char *value = text[strlen(key)] ? text + strlen(key) + 1 : "";
	if (str_eq(key, "no-new-privileges") && (!*value || str_eq(value, "true") || str_eq(value, "false"))) {
		spec->no_new_privileges = !str_eq(value, "false");
		return 0;
	}
	if (str_eq(key, "seccomp") && *value)
		return plan_seccomp(q, value, spec, err);
	if (str_eq(key, "apparmor") && *value) {
		free(spec->isolation.apparmor);
		spec->isolation.apparmor = str_eq(value, "unconfined") ? NULL : str_dup(value);
		return 0;
	}
	if (str_eq(key, "label"))
		return 0; /* plan_selinux */
	if (str_eq(key, "mask"))
		return mask(value, spec, err);
	if (str_eq(key, "unmask"))
		return unmask(value, spec, err);
	if (str_eq(key, "systempaths") && str_eq(value, "unconfined"))
		return unmask("ALL", spec, err);
	return err_set(err, -EINVAL, "--security-opt %s: there are no-new-privileges, seccomp=FILE|unconfined, apparmor=PROFILE, "
		"label=PART:VALUE, label=disable, mask=PATHS, unmask=PATHS|ALL, systempaths=unconfined", text);
}

int plan_security(const struct request *q, struct spec *spec, struct err *err)
{
	int r = plan_capabilities(q, spec, err);
	spec->seccomp = !q->privileged;
	spec->isolation.privileged = q->privileged;
	if (!q->privileged) {
		strv_copy(&spec->isolation.masked, (char *const *)masked);
		strv_copy(&spec->isolation.read_only, (char *const *)read_only);
	}
	for (size_t i = 0; r == 0 && i < q->security.len; i++)
		r = plan_option(q, q->security.items[i], spec, err);
	if (r == 0)
		r = plan_selinux(q, spec, err);
	if (r == 0)
		r = plan_ulimits(q, spec, err);
	return r < 0 ? r : plan_sysctls(q, spec, err);
}
