/* SPDX-License-Identifier: GPL-2.0-or-later */
/* oci_read.h owns reading an engine's config.json, the OCI runtime specification's (config.md, config-linux.md of 1.2). */
#ifndef XRUN_PLAN_OCI_READ_H
#define XRUN_PLAN_OCI_READ_H

#include "src/base/err.h"
#include "src/plan/engine.h"
#include "src/plan/oci_json.h"
#include "src/plan/spec.h"

/* What the reader cannot know by itself. */
struct oci_setting {
	const char *bundle;  /* absolute: a relative root is below it */
	uint32_t kernel;     /* KERNEL_VERSION's number, for seccomp */
	bool new_keyring;
};

/*
 * The spec of config.json's text, with spec->engine set. What is asked for and cannot be done here is an error. annotations
 * are kept as they are; one, crun's run.oci.seccomp_fail_unknown_syscall, makes what it is about stricter, no other changes anything.
 */
int oci_read(const char *text, size_t len, const struct oci_setting *setting, struct spec *ret_spec, struct err *err);

/* config.json's "process", for another one in the container as well: replaces what the spec has of it. */
int oci_read_process(json_t *process, struct spec *spec, struct err *err);

/* linux.resources, for update as well: replaces the spec's limits, rules and settings. */
int oci_read_resources(json_t *resources, struct spec *spec, struct err *err);

/* Parts of oci_read, each in a file of its own. */
void oci_read_mounts(struct oci_reader *o, const json_t *config, struct spec_engine *engine);
void oci_read_map(struct oci_reader *o, const json_t *object, const char *uids, const char *gids, struct engine_map *ret_map);
/* Whether the word is a mount's idmap or ridmap, with the map behind "=" or not; `own` is the container's. */
bool oci_read_idmap(struct oci_reader *o, const char *word, const struct engine_map *own, struct engine_mount *m);
void oci_read_scheduler(struct oci_reader *o, const json_t *process, struct engine_scheduler *ret_scheduler);
void oci_read_links(struct oci_reader *o, const json_t *system, struct spec *spec);
void oci_read_seccomp(struct oci_reader *o, const json_t *system, uint32_t kernel, struct spec *spec);
void oci_read_affinity(struct oci_reader *o, const json_t *process, struct spec_engine *engine);
void oci_read_memory_policy(struct oci_reader *o, const json_t *system, struct engine_memory_policy *ret_policy);

#endif
