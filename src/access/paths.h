/* SPDX-License-Identifier: GPL-2.0-or-later */
/* paths.h owns where a user's files about registries are. Nothing here is read. */
#ifndef XRUN_ACCESS_PATHS_H
#define XRUN_ACCESS_PATHS_H

#include "src/base/err.h"
#include "src/base/str.h"

/* XDG_CONFIG_HOME/containers, or ~/.config/containers; the caller's, or NULL. */
char *paths_containers(void);

/*
 * Files with credentials, in the order in which they are asked. FILE (or, where that is NULL, REGISTRY_AUTH_FILE) is
 * the only one, if given; else XDG_RUNTIME_DIR/containers/auth.json (/run/containers/UID/auth.json without that
 * variable), ~/.config/containers/auth.json, and docker's DOCKER_CONFIG/config.json, ~/.docker/config.json.
 */
void paths_auth(const char *file, struct strv *paths);

/* Where a login goes: FILE, REGISTRY_AUTH_FILE, or the first of containers' files whose directory can be had. */
char *paths_login(const char *file);

/* A file of at most a MiB. 1: there it is; 0: there is none, or none that this user could find. */
int paths_read(const char *path, struct buf *text, struct err *err);

#endif
