/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * parts.h owns how a request becomes a spec, part by part: each function turns its options into its part of the spec.
 * Pure: no I/O. 0, or a negative errno with a message that names the option. For request.c alone.
 */
#ifndef XRUN_PLAN_PARTS_H
#define XRUN_PLAN_PARTS_H

#include "src/plan/request.h"

int plan_life(const struct request *request, const struct image *image, struct spec *spec, struct err *err);
int plan_health(const struct request *request, const struct image *image, struct spec *spec, struct err *err);
int plan_limits(const struct request *request, struct spec *spec, struct err *err);
int plan_mounts(const struct request *request, const struct image *image, struct spec *spec, struct err *err);
int plan_namespaces(const struct request *request, struct spec *spec, struct err *err);
/* Whose ids are whose: --userns. Before spec->user is asked for. */
int plan_ids(const struct request *request, struct spec *spec, struct err *err);
/* --systemd. After the arguments and namespaces, before what is added for it: stop signal, mounts, environment. */
int plan_systemd(const struct request *request, struct spec *spec, struct err *err);
/* --group-add. */
int plan_groups(const struct request *request, struct spec *spec, struct err *err);
/* container:NAME as the value of an option of this kind of namespace; NULL is not it. */
bool plan_is_shared(const char *value);
int plan_shared(const char *option, const char *value, enum namespace_kind kind, struct spec *spec, struct err *err);
int plan_network(const struct request *request, const struct strv *exposed, struct spec *spec, struct err *err);
int plan_sysctls(const struct request *request, struct spec *spec, struct err *err);
int plan_ulimits(const struct request *request, struct spec *spec, struct err *err);
/* A program of the caller's own: its mounts, before those that were asked for; its environment, before -e. */
void plan_program(const struct request *request, struct spec *spec);
void plan_program_env(char *const *caller_env, struct spec *spec);
/* --security-opt label=. After spec->id, if there is to be one, and plan_mounts. */
int plan_selinux(const struct request *request, struct spec *spec, struct err *err);
int plan_security(const struct request *request, struct spec *spec, struct err *err);

#endif
