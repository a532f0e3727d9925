/* SPDX-License-Identifier: GPL-2.0-or-later */
/* location.h owns what an address and a part of a body say about their place. Pure. */
#ifndef XRUN_REGISTRY_LOCATION_H
#define XRUN_REGISTRY_LOCATION_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Whether two http or https addresses have the same scheme, host and port, so that what one is told the other may know.
 * What is not clearly so (another spelling of the host, a user's name before it) is not.
 */
bool location_same_place(const char *a, const char *b);

/* Whether an http or https address clearly leads to this machine: 127.0.0.0/8, ::1 or localhost. */
bool location_is_loopback(const char *url);

/* Content-Range (RFC 9110 14.4), "bytes FROM-LAST/SIZE", or "*" for the size: *ret_to is LAST + 1, *ret_size 0 if not said. */
bool location_parse_range(const char *text, uint64_t *ret_from, uint64_t *ret_to, uint64_t *ret_size);

#endif
