#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""deny.py ERRNO CALL... -- COMMAND: runs it in a seccomp filter that answers those system calls with that errno."""
import ctypes
import errno
import os
import struct
import sys

NUMBERS = {"open_tree": 428, "fsopen": 430, "clone3": 435, "openat2": 437, "mount_setattr": 442, "close_range": 436, "pidfd_open": 434, "move_mount": 429, "fsmount": 432, "fsconfig": 431}
OF_MACHINE = {"x86_64": {"timerfd_create": 283, "unshare": 272, "sethostname": 170, "mount": 165}}
GENERIC = {"timerfd_create": 85, "unshare": 97, "sethostname": 161, "mount": 40}
LOAD, JUMP_EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, ERRNO = 0x7fff0000, 0x00050000
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, FILTER = 38, 22, 2


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]


def main():
    split = sys.argv.index("--")
    code = getattr(errno, sys.argv[1])
    numbers = NUMBERS | OF_MACHINE.get(os.uname().machine, GENERIC)
    lines = [struct.pack("HBBI", LOAD, 0, 0, 0)]
    for name in sys.argv[2:split]:
        lines.append(struct.pack("HBBI", JUMP_EQUAL, 0, 1, numbers[name]))
        lines.append(struct.pack("HBBI", RETURN, 0, 0, ERRNO | code))
    lines.append(struct.pack("HBBI", RETURN, 0, 0, ALLOW))
    libc = ctypes.CDLL(None, use_errno=True)
    program = Program(len(lines), b"".join(lines))
    if os.geteuid() != 0:
        libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if libc.prctl(PR_SET_SECCOMP, FILTER, ctypes.byref(program)) != 0:
        sys.exit("deny.py: " + os.strerror(ctypes.get_errno()))
    os.execvp(sys.argv[split + 1], sys.argv[split + 1:])


main()
