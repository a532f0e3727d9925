#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""tell.py SOCKET [-d] TEXT: sends a datagram, as a service tells its manager something; with -d and a descriptor of ours.

SOCKET is a path or, after "@", an abstract name.
"""
import array
import socket
import sys

path, *options, text = sys.argv[1:]
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
    client.connect("\0" + path[1:] if path[0] == "@" else path)
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [2]))] if options else []
    client.sendmsg([text.encode()], rights)
