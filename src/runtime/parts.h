/* SPDX-License-Identifier: GPL-2.0-or-later */
/* parts.h owns handing what the outer stage has made to the inner stage, which is there before it. */
#ifndef XRUN_RUNTIME_PARTS_H
#define XRUN_RUNTIME_PARTS_H

#include "src/runtime/stage.h"

/* Over a SOCK_SEQPACKET pair: the root, the devices, and each mount that has a source. Those sent stay the sender's. */
int parts_send(struct stage *stage, int socket_fd, struct err *err);

/* Waits for them. An error when the outer stage has ended before; it has told the supervisor why, if it could. */
int parts_receive(struct stage *stage, int socket_fd, struct err *err);

#endif
