/* SPDX-License-Identifier: GPL-2.0-or-later */
/* describe.h owns what `xrun inspect` says of a container. */
#ifndef XRUN_CLI_DESCRIBE_H
#define XRUN_CLI_DESCRIBE_H

#include "src/cli/place.h"

/* A JSON text with docker's names (Engine API, ContainerInspect) for what there is here; the caller's. */
char *describe_container(const struct subject *subject);

/* What docker calls HostConfig.NetworkMode; the caller's. */
char *describe_network_mode(const struct spec *spec);

/* The labels as a JSON object; the caller's. */
char *describe_labels(const struct spec *spec);

#endif
