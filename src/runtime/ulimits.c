/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ulimits.c owns a container's setrlimit(2) limits and its score for the out-of-memory killer. */
#include "src/runtime/ulimits.h"

#include "src/base/fd.h"
#include "src/plan/ulimit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>

/* Where it was asked for: on xrun's command line, or in an engine's config.json. */
static const char *said(const struct spec *spec, const char *option, const char *key)
{
	return spec->engine ? key : option;
}

static int raise_hard(const struct spec *spec, const struct spec_ulimit *ulimit, struct err *err)
{
	const char *where = said(spec, "--ulimit", "process.rlimits:");
	struct rlimit now;
	const char *name = ulimit_name(ulimit->resource);
	if (getrlimit(ulimit->resource, &now) < 0)
		return err_sys(err, "%s %s: this kernel has no such limit", where, name);
	if (ulimit->hard <= now.rlim_max)
		return 0;
	rlim_t had = now.rlim_max;
	now.rlim_max = ulimit->hard;
	if (setrlimit(ulimit->resource, &now) == 0)
		return 0;
	return err_sys(err, "%s %s: it cannot be raised above our own hard limit, %lld", where, name,
		had == RLIM_INFINITY ? -1ll : (long long)had);
}

int ulimits_raise(const struct spec *spec, struct err *err)
{
	char score[16];
	const struct spec_isolation *isolation = &spec->isolation;
	for (size_t i = 0; i < isolation->ulimit_count; i++) {
		int r = raise_hard(spec, &isolation->ulimits[i], err);
		if (r < 0)
			return r;
	}
	if (!isolation->has_oom_score)
		return 0;
	snprintf(score, sizeof score, "%d", isolation->oom_score_adj);
	int r = fd_write_file(AT_FDCWD, "/proc/self/oom_score_adj", score, err);
	return r < 0 ? err_prefix(err, "%s %s (less than our own takes CAP_SYS_RESOURCE)", said(spec, "--oom-score-adj", "process.oomScoreAdj"), score) : 0;
}

int ulimits_set(const struct spec *spec, struct err *err)
{
	for (size_t i = 0; i < spec->isolation.ulimit_count; i++) {
		const struct spec_ulimit *ulimit = &spec->isolation.ulimits[i];
		const struct rlimit limit = { .rlim_cur = ulimit->soft, .rlim_max = ulimit->hard };
		if (setrlimit(ulimit->resource, &limit) < 0)
			return err_sys(err, "cannot set the limit %s", ulimit_name(ulimit->resource));
	}
	return 0;
}
