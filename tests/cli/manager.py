#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""manager.py SOCKET RECORD: a service manager, as far as sd_notify(3) goes, for at most two minutes.

Of each message it writes to RECORD how many descriptors came with it, and its lines, with spaces between them. SOCKET is a path or,
after "@", an abstract name. RECORD appears when it is there.
"""
import array
import os
import signal
import socket
import sys


def main():
    path, record = sys.argv[1:]
    signal.alarm(120)
    server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    server.bind("\0" + path[1:] if path[0] == "@" else path)
    with open(record, "w", encoding="utf-8") as lines:
        while True:
            data, ancillary, _, _ = server.recvmsg(1 << 16, socket.CMSG_SPACE(64))
            numbers = array.array("i")
            for _, _, some in ancillary:
                numbers.frombytes(some)
            print(len(numbers), *data.decode(errors="replace").splitlines(), file=lines, flush=True)
            for number in numbers:
                os.close(number)


main()
