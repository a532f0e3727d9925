#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""treedump.py owns the text form of a directory tree, one sorted line a file, so that two unpackers can be compared.

    treedump.py DIR [--uid-base N] [--gid-base N] [--overlay] [--no-dir-times]

A line: path, type, mode, uid, gid, size and SHA-256 (files), target (symlinks), numbers (devices), extended attributes,
time in nanoseconds, and for files with several names the first of them. --overlay keeps user.overlay.*.
"""
import argparse
import hashlib
import os
import stat
import sys

KINDS = {stat.S_IFREG: "file", stat.S_IFDIR: "dir", stat.S_IFLNK: "symlink", stat.S_IFIFO: "fifo",
         stat.S_IFCHR: "char", stat.S_IFBLK: "block", stat.S_IFSOCK: "socket"}


def escape(raw):
    return "".join(chr(b) if 32 < b < 127 and b != 92 else f"\\x{b:02x}" for b in raw)


def digest(path):
    total = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            total.update(chunk)
    return total.hexdigest()


def xattrs(path, overlay):
    for name in sorted(os.listxattr(path, follow_symlinks=False)):
        if overlay or not name.startswith(("user.overlay.", "trusted.overlay.")):
            yield f"{escape(name.encode())}={os.getxattr(path, name, follow_symlinks=False).hex()}"


def describe(path, options):
    st = os.lstat(path)
    kind = KINDS[stat.S_IFMT(st.st_mode)]
    yield kind
    yield f"{stat.S_IMODE(st.st_mode):04o}"
    yield f"{st.st_uid - options.uid_base}:{st.st_gid - options.gid_base}"
    if kind == "file":
        yield f"{st.st_size} {digest(path)}"
    elif kind == "symlink":
        yield f"-> {escape(os.readlink(path))}"
    elif kind in ("char", "block"):
        yield f"{os.major(st.st_rdev)}:{os.minor(st.st_rdev)}"
    yield from xattrs(path, options.overlay)
    if kind != "dir" or not options.no_dir_times:
        yield f"@{st.st_mtime_ns}"


def walk(top):
    """Every path below top, bytes, without recursion."""
    pending = [top]
    while pending:
        path = pending.pop()
        yield path
        if stat.S_ISDIR(os.lstat(path).st_mode):
            pending.extend(os.path.join(path, name) for name in os.listdir(path))


def dump(top, options):
    first = {}
    for path in sorted(walk(top)):
        st = os.lstat(path)
        name = escape(os.path.relpath(path, top))
        line = [name, *describe(path, options)]
        if st.st_nlink > 1 and not stat.S_ISDIR(st.st_mode):
            line.append(f"={first.setdefault((st.st_dev, st.st_ino), name)}")
        print(*line)


def main():
    parser = argparse.ArgumentParser(description="Print a directory tree, one line a file.")
    parser.add_argument("dir")
    parser.add_argument("--uid-base", type=int, default=0)
    parser.add_argument("--gid-base", type=int, default=0)
    parser.add_argument("--overlay", action="store_true")
    parser.add_argument("--no-dir-times", action="store_true")
    options = parser.parse_args()
    dump(os.fsencode(options.dir), options)


if __name__ == "__main__":
    sys.exit(main())
