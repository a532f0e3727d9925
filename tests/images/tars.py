#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""tars.py writes tar archives that readers may understand in different ways, one a file: tars.py DIR.

None has whiteouts, which only readers of layers know.
"""
import os, subprocess, sys, tempfile


def octal(value, size):
    return f"{value:0{size - 1}o}\0".encode()


def header(name, size=0, kind=b"0", link=b"", magic=b"ustar\x0000", prefix=b"", mode=0o644, mtime=octal(1000, 12), size_field=None, uid=0):
    block = (name.ljust(100, b"\0")[:100] + octal(mode, 8) + octal(uid, 8) + octal(0, 8) + (size_field or octal(size, 12)) + mtime
             + b" " * 8 + kind + link.ljust(100, b"\0")[:100] + magic + bytes(32 + 32) + octal(0, 8) * 2 + prefix.ljust(155, b"\0"))
    block = block.ljust(512, b"\0")
    return block[:148] + f"{sum(block):06o}\0 ".encode() + block[156:]


def padded(data):
    return data + bytes(-len(data) % 512)


def entry(name, data=b"", **more):
    return header(name, len(data), **more) + padded(data)


def record(key, value):
    size = len(key) + len(value) + 3
    while len(str(size)) + len(key) + len(value) + 3 != size:
        size = len(str(size)) + len(key) + len(value) + 3
    return f"{size} ".encode() + key + b"=" + value + b"\n"


def pax(kind=b"x", **records):
    return entry(b"PaxHeaders/x", b"".join(record(key.encode(), value) for key, value in records.items()), kind=kind)


def longname(name, kind=b"L"):
    return entry(b"././@LongLink", name + b"\0", kind=kind, magic=b"ustar  \0")


def sparse(form):
    """A file with a hole, as GNU tar writes it."""
    with tempfile.TemporaryDirectory() as place:
        with open(f"{place}/sparse", "wb") as file:
            file.truncate(1 << 20)
            file.seek(600000)
            file.write(b"in the middle")
        os.utime(f"{place}/sparse", (1000, 1000))
        return subprocess.run(["tar", "-C", place, "-S", *form, "--owner=0", "--group=0", "-cf", "-", "sparse"], check=True,
                              stdout=subprocess.PIPE).stdout


END = bytes(1024)
DIRECTORY = entry(b"d/", kind=b"5", mode=0o755)
LONG = b"long/" + b"n" * 180
HIDDEN = entry(b"hidden", b"was within another file's content\n")
TARS = {
    "plain": DIRECTORY + entry(b"d/file", b"text\n") + entry(b"link", kind=b"2", link=b"d/file") + entry(b"second", kind=b"1", link=b"d/file"),
    "v7": entry(b"file", b"text\n", magic=bytes(8), kind=b"\0"),
    "v7-directory": entry(b"dir/", magic=bytes(8), kind=b"\0", mode=0o755) + entry(b"dir/file", b"x", magic=bytes(8), kind=b"\0"),
    "contiguous": entry(b"file", b"text\n", kind=b"7"),
    "prefix": entry(b"file", b"text\n", prefix=b"some/where"),
    "modes": entry(b"suid", b"x", mode=0o4755) + entry(b"sticky/", kind=b"5", mode=0o1777) + entry(b"none", b"x", mode=0) + entry(b"fifo", kind=b"6"),
    "owner": entry(b"file", b"x", uid=1000),
    "pax-size": pax(size=b"1536") + header(b"outer", 0) + padded(b"x" * 1000 + b"y" * 536) + entry(b"after", b"z"),
    "pax-size-hides": pax(size=b"%d" % len(HIDDEN)) + header(b"outer", 0) + HIDDEN + entry(b"after", b"z"),
    "pax-over-longname": longname(LONG) + pax(path=b"from-pax") + entry(b"short", b"x"),
    "longname-over-pax": pax(path=b"from-pax") + longname(LONG) + entry(b"short", b"x"),
    "longname": longname(LONG) + entry(LONG, b"x", magic=b"ustar  \0"),
    "longlink": longname(b"t" * 300, b"K") + entry(b"link", kind=b"2", link=b"t" * 100, magic=b"ustar  \0"),
    "pax-path": pax(path=LONG) + entry(b"short", b"x"),
    "pax-twice": pax(path=b"first") + pax(path=b"second") + entry(b"short", b"x"),
    "pax-global": pax(b"g", mtime=b"2000") + entry(b"file", b"x") + entry(b"other", b"y"),
    "pax-time": pax(mtime=b"1234567890.123456789") + entry(b"file", b"x"),
    "pax-old": pax(mtime=b"-86400") + entry(b"file", b"x"),
    "bytes-name": entry(b"na\xefve", b"x") + pax(path=b"\xff\xfe") + entry(b"short", b"y"),
    "utf8-name": pax(path="naïve-文".encode()) + entry(b"short", b"y"),
    "base-256": entry(b"file", b"", size_field=b"\x80" + bytes(10) + b"\x05")[:512] + padded(b"text\n") + entry(b"after", b"z"),
    "size-of-blanks": header(b"file", size_field=b"          5 ") + padded(b"text\n") + entry(b"after", b"z"),
    "hardlink-size": entry(b"file", b"text\n") + header(b"second", 5, kind=b"1", link=b"file") + entry(b"after", b"z"),
    "directory-size": header(b"d/", 512, kind=b"5", mode=0o755) + entry(b"d/in", b"x"),
    "symlink-size": header(b"link", 5, kind=b"2", link=b"target") + entry(b"after", b"z"),
    "twice": entry(b"file", b"first\n") + entry(b"file", b"second\n"),
    "file-then-directory": entry(b"x/", kind=b"5", mode=0o755) + entry(b"x/in", b"x"),
    "dots": entry(b"./a/", kind=b"5", mode=0o755) + entry(b"./a//b", b"x") + entry(b"a/./c", b"y"),
    "no-parents": entry(b"a/b/c", b"x"),
    "after-the-end": entry(b"file", b"x") + END + entry(b"later", b"y"),
    "one-zero-block": entry(b"file", b"x") + bytes(512) + entry(b"later", b"y"),
    "cut-in-header": DIRECTORY + entry(b"file", b"x")[:300],
    "cut-in-content": entry(b"file", b"x" * 2000)[:1024],
    "bad-checksum": DIRECTORY + entry(b"file", b"x").replace(b"file", b"FILE", 1),
    "sparse-gnu": sparse(["--format=gnu"]),
    "sparse-0.1": sparse(["--format=pax", "--sparse-version=0.1"]),
    "sparse-1.0": sparse(["--format=pax", "--sparse-version=1.0"]),
}
CUT = ("cut-in-header", "cut-in-content")

for name, data in TARS.items():
    with open(f"{sys.argv[1]}/{name}.tar", "wb") as file:
        file.write(data if name in CUT or name.startswith("sparse") else data + END)
