/* SPDX-License-Identifier: GPL-2.0-or-later */
/* derive.h owns the configuration of an image that is made from another one (OCI image-spec, config.md). Pure. */
#ifndef XRUN_REGISTRY_DERIVE_H
#define XRUN_REGISTRY_DERIVE_H

#include "registry/digest.h"
#include "src/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

struct json_t;

/* What the other image's configuration says stays, also what is not understood, except for what is changed. */
struct derive {
	struct json_t *document, *config; /* the latter within the former */
	bool cmd_set;                     /* by a change */
};
int derive_read(const char *text, size_t len, struct derive *ret_derive, struct err *err);
void derive_done(struct derive *derive);

/*
 * One instruction of a Dockerfile, "ENV NAME=VALUE" or, as podman has it, "ENV=NAME=VALUE": CMD, ENTRYPOINT, ENV, EXPOSE,
 * HEALTHCHECK, LABEL, STOPSIGNAL, USER, VOLUME, WORKDIR. An ENTRYPOINT forgets the other image's CMD, as docker does.
 */
int derive_change(struct derive *derive, const char *instruction, struct err *err);

/* For instructions: what the object has of that name, or `fresh`, taken over, where it has nothing of that type. */
struct json_t *derive_child(struct json_t *object, const char *name, struct json_t *fresh);

/* The step that made it, for its history. Strings may be NULL; diff_id of the layer it added, or NULL if it added none. */
struct derive_step {
	time_t created;
	const char *created_by, *author, *comment;
	const struct digest *diff_id;
};

/* The text of the new configuration, the caller's. */
char *derive_write(struct derive *derive, const struct derive_step *step);

#endif
