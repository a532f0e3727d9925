/* SPDX-License-Identifier: GPL-2.0-or-later */
/* certs.h owns the certificates that a user or a machine has for one registry (containers-certs.d(5)). */
#ifndef XRUN_ACCESS_CERTS_H
#define XRUN_ACCESS_CERTS_H

#include "registry/endpoint.h"

/*
 * Of the directories HOST[:PORT] below ~/.config/containers/certs.d, /etc/containers/certs.d and /etc/docker/certs.d the
 * first that is there: its *.crt vouch for the registry, beside those who vouch for everybody; a NAME.cert with its
 * NAME.key says who we are. One without the other, or two of them, is an error.
 */
int certs_read(struct endpoint *endpoint, struct err *err);

#endif
