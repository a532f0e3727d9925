#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""agent.py SOCKET RECORD: a seccomp agent (seccomp_unotify(2)), as engines have them.

Of each listener that comes it writes the state beside it to RECORD, a line each. To mkdir and mkdirat it answers ENOMEDIUM; other
calls go on. SOCKET appears when it listens.
"""
import array
import errno
import fcntl
import os
import socket
import struct
import sys
import threading

RECEIVE, SEND = 0xC0502100, 0xC0182101
MKDIR = {"x86_64": (83, 258)}.get(os.uname().machine, (34,))
CONTINUE = 1


def answer(listener):
    while True:
        call = bytearray(80)
        try:
            fcntl.ioctl(listener, RECEIVE, call)
            number, = struct.unpack_from("i", call, 16)
            error, flags = (-errno.ENOMEDIUM, 0) if number in MKDIR else (0, CONTINUE)
            fcntl.ioctl(listener, SEND, struct.pack("QqiI", *struct.unpack_from("Q", call), 0, error, flags))
        except OSError as problem:
            if problem.errno not in (errno.EINTR, errno.ENOENT):
                return
            if not os.path.exists(sys.argv[1]):
                return


def serve(connection, record):
    data, ancillary, _, _ = connection.recvmsg(1 << 20, socket.CMSG_SPACE(4))
    while more := connection.recv(1 << 20):
        data += more
    listener, = array.array("i", ancillary[0][2])
    record.write(data.decode() + "\n")
    record.flush()
    answer(listener)


def main():
    path, record = sys.argv[1], open(sys.argv[2], "w", encoding="utf-8")
    server = socket.socket(socket.AF_UNIX)
    server.bind(path + ".new")
    server.listen()
    os.rename(path + ".new", path)
    while True:
        connection, _ = server.accept()
        threading.Thread(target=serve, args=(connection, record), daemon=True).start()


main()
