#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""fixture.py DIR writes lower.tar, upper.tar and last.tar: three layers with everything that makes unpacking hard.

And told.tar and bare.tar, for on top of lower.tar: directories of all kinds, and a layer that has an entry for none of them.
"""
import io, sys, tarfile


class Layer:
    def __init__(self, path):
        self.tar = tarfile.open(path, "w", format=tarfile.PAX_FORMAT, encoding="utf-8", errors="surrogateescape")

    def add(self, name, kind=tarfile.REGTYPE, data=b"", mode=0o644, uid=0, gid=0, link="", mtime=1600000000, xattrs=()):
        info = tarfile.TarInfo(name)
        info.type, info.mode, info.uid, info.gid, info.linkname, info.mtime = kind, mode, uid, gid, link, mtime
        info.size = len(data)
        info.pax_headers = {f"SCHILY.xattr.{k}": v for k, v in xattrs}
        self.tar.addfile(info, io.BytesIO(data))

    def dir(self, name, mode=0o755, **more):
        self.add(name, tarfile.DIRTYPE, mode=mode, **more)

    def end(self):
        self.tar.close()


def lower(path):
    l = Layer(path)
    l.dir("./")
    for name in ("usr", "usr/lib", "many", "opaque", "opaque/deep", "gone-dir", "gone-dir/inner", "links", "odd", "becomes-file",
                 "becomes-dir-not", "proc", "sys", "dev"):
        l.dir(name)
    l.dir("tmp", mode=0o1777)
    l.dir("private", mode=0o700, uid=1000, gid=1000)
    l.dir("setgid", mode=0o2775, gid=50)
    l.add("lib", tarfile.SYMTYPE, link="usr/lib")
    l.add("absolute", tarfile.SYMTYPE, link="/usr/lib")
    l.add("dangling", tarfile.SYMTYPE, link="nowhere/at/all")
    for i in range(5):
        l.add(f"many/{i}", data=b"%d\n" % i, uid=i, gid=i * 7)
    l.add("opaque/x", data=b"x")
    l.add("opaque/deep/y", data=b"y")
    l.add("gone", data=b"gone")
    l.add("gone-dir/inner/z", data=b"z")
    l.add("becomes-file/a", data=b"a")
    l.add("was-file", data=b"f")
    l.add("links/original", data=b"linked\n", mode=0o640, uid=3)
    l.add("links/same", tarfile.LNKTYPE, link="links/original")
    l.add("links/absolute", tarfile.LNKTYPE, link="/links/original")
    l.add("links/symlink", tarfile.SYMTYPE, link="original")
    l.add("setuid", data=b"s", mode=0o4755)
    l.add("setuid-user", data=b"s", mode=0o6711, uid=1000, gid=1000)
    l.add("fifo", tarfile.FIFOTYPE, mode=0o600)
    l.add("attributed", data=b"a", xattrs=(("user.note", "a note"), ("user.overlay.opaque", "y"), ("trusted.overlay.opaque", "y")))
    l.add("old", data=b"o", mtime=-1000000.5)
    l.add("fraction", data=b"f", mtime=1600000000.123456789)
    l.add("odd/new\nline", data=b"1")
    l.add("odd/ space ", data=b"2")
    l.add("odd/-dash", data=b"3")
    l.add("odd/\udcff\udcfe", data=b"4")
    l.add("odd/" + "n" * 255, data=b"5")
    l.add("odd/\u00e9\u4e16", data=b"6")
    l.add("odd/..dots", data=b"7")
    l.dir("d" * 100 + "/" + "e" * 100)
    l.add("big", data=bytes(range(256)) * 5000)
    l.end()


def upper(path):
    u = Layer(path)
    u.add("./.wh.gone")
    u.add(".wh.gone-dir")
    u.add(".wh.never-was")
    u.add("many/.wh.2")
    u.add("opaque/first", data=b"before the marker")
    u.add("opaque/.wh..wh..opq")
    u.add("opaque/second", data=b"after the marker")
    u.add("links/across", tarfile.LNKTYPE, link="links/original")
    u.add("lib/through-symlink", data=b"in usr/lib")
    u.add("tmp/inside", data=b"the parent keeps its mode")
    u.add("new/parents/made", data=b"p")
    u.add("becomes-file", data=b"now a file")
    u.dir("was-file")
    u.add("was-file/inside", data=b"i")
    u.end()


def last(path):
    u = Layer(path)
    u.dir("many", mode=0o711)
    u.add("many/3", data=b"three\n", mode=0o600)
    u.add("many/.wh.4")
    u.dir("pure")
    u.add("pure/file", data=b"p")
    u.end()


def told(path):
    u = Layer(path)
    u.dir("told", mode=0o2751, uid=7, gid=8, mtime=1500000000.25, xattrs=(("user.note", "a directory"), ("user.more", "x")))
    u.dir("told/sticky", mode=0o1773, uid=9)
    u.add("told/sticky/left", data=b"l")
    u.dir("told/secret", mode=0o000)
    u.dir("told/emptied", mode=0o510, mtime=1750000000) # umoci does not keep it
    u.dir("told/emptied/gone", mode=0o500)
    u.add("told/emptied/gone/file", data=b"g")
    u.dir("told/again", mode=0o700)
    u.end()


def bare(path):
    u = Layer(path)
    u.add("private/new", data=b"n")
    u.add("setgid/new", data=b"d")
    u.add("fresh/deep/er/new", data=b"d")
    u.add("told/sticky/new", data=b"s", uid=5)
    u.add("told/secret/new", tarfile.SYMTYPE, link="elsewhere")
    u.add("told/.wh.none")
    u.add("told/emptied/.wh..wh..opq")
    u.add("told/emptied/gone/new", data=b"e")
    u.add("told/again/one", data=b"1")
    u.add("told/again/two", tarfile.LNKTYPE, link="told/again/one")
    u.dir("told/again", mode=0o711, uid=4)
    u.add("many/.wh.1")
    u.add("gone-dir/inner/.wh.z")
    u.add("opaque/deep/more", data=b"m")
    u.end()


lower(sys.argv[1] + "/lower.tar")
upper(sys.argv[1] + "/upper.tar")
last(sys.argv[1] + "/last.tar")
told(sys.argv[1] + "/told.tar")
bare(sys.argv[1] + "/bare.tar")
