/* SPDX-License-Identifier: GPL-2.0-or-later */
/* emulators.h owns the emulators of a container: their files, and registering them in its private instance. */
#ifndef XRUN_RUNTIME_EMULATORS_H
#define XRUN_RUNTIME_EMULATORS_H

#include "src/base/err.h"
#include "src/plan/spec.h"
#include "src/runtime/stage.h"

/*
 * For each of the spec's emulators the file to register: its own path, or relative to the store's directory that of a
 * copy which starts with its options, made if need be. For the supervisor, which the store belongs to.
 */
int emulators_prepare(const struct spec *spec, int store_fd, struct strv *ret_files, struct err *err);

/* For the outer stage. The instance's descriptor, or -1 with no error when nothing is to be emulated. */
int emulators_register(const struct stage *stage, struct err *err);

#endif
