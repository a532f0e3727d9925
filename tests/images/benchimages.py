#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""benchimages.py DEV-LAYOUT OUTPUT writes the tars of the benchmarks' other images, out of the development image's layer.

  OUTPUT/part-00.tar ... part-11.tar    the same tree in twelve layers of about the same size, each with the directories
                                        that lead to its files, as builders write them
  OUTPUT/bare-00.tar ... bare-11.tar    the same without those directories, as other builders write them
  OUTPUT/part-11-new.tar                the last of the former after a change
  OUTPUT/small.tar                      60,000 files of 1 to 4 KiB in 600 directories
"""
import gzip, io, json, os, random, sys, tarfile

PARTS = 12
layout, output = sys.argv[1:3]


def blob(digest):
    return os.path.join(layout, "blobs", *digest.split(":"))


def layer():
    with open(os.path.join(layout, "index.json")) as file:
        manifest = json.load(file)["manifests"][0]["digest"]
    with open(blob(manifest)) as file:
        return blob(json.load(file)["layers"][0]["digest"])


def add_text(tar, name, text):
    info = tarfile.TarInfo(name)
    info.size = len(text)
    tar.addfile(info, io.BytesIO(text))


def add_parents(tar, name, directories, added):
    """What leads to `name` and is not in this layer yet."""
    parts = name.split("/")[:-1]
    for path in ("/".join(parts[:n + 1]) for n in range(len(parts))):
        if path in directories and path not in added:
            added.add(path)
            tar.addfile(directories[path])


def split(prefix, with_parents):
    with tarfile.open(fileobj=gzip.open(layer())) as whole:
        members = whole.getmembers()
        share = sum(512 + member.size for member in members) // PARTS + 1
        parts = [tarfile.open(f"{output}/{prefix}-{n:02}.tar", "w", format=tarfile.PAX_FORMAT) for n in range(PARTS)]
        directories = {member.name: member for member in members if member.isdir()}
        added = [set() for _ in parts]
        place, done = {}, 0
        for member in members:
            # a hard link stays in the layer of what it links to
            place[member.name] = place.get(member.linkname, done // share) if member.islnk() else done // share
            part = place[member.name]
            if with_parents:
                add_parents(parts[part], member.name, directories, added[part])
            if member.isdir():
                added[part].add(member.name)
            parts[part].addfile(member, whole.extractfile(member) if member.isreg() else None)
            done += 512 + member.size
        for part in parts:
            part.close()


def change():
    with open(f"{output}/part-{PARTS - 1:02}.tar", "rb") as old, open(f"{output}/part-{PARTS - 1:02}-new.tar", "wb") as new:
        new.write(old.read())
    with tarfile.open(f"{output}/part-{PARTS - 1:02}-new.tar", "a", format=tarfile.PAX_FORMAT) as tar:
        add_text(tar, "changed", b"a change\n")


def small():
    chance = random.Random(1)
    with tarfile.open(f"{output}/small.tar", "w", format=tarfile.PAX_FORMAT) as tar:
        for directory in range(600):
            for number in range(100):
                text = chance.randbytes(32).hex().encode() * chance.randint(16, 64)
                add_text(tar, f"files/{directory:03}/{number:02}", text)


split("part", True)
split("bare", False)
change()
small()
