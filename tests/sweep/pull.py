#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""pull.py XRUN STORE IMAGE [STEP]: what is left when a pull is broken off at a system call that changes the store.

For root, whose processes strace(1) can follow. First a trace of a whole pull: nothing gets its final name before it is on
disk, and index.json is last. Then a pull is killed, or a call of it fails, at the Nth such call of a thread. Afterwards the
store verifies, the next pull succeeds, and the tree is the one of an undisturbed pull. STEP n tries every nth call only.
Ends with "pull: N passed, N failed".
"""
import collections, hashlib, os, re, subprocess, sys, tempfile

XRUN, STORE, IMAGE = sys.argv[1:4]
STEP = int(sys.argv[4]) if len(sys.argv) > 4 else 1
CHANGES = ("mkdirat", "linkat", "renameat", "renameat2", "unlinkat", "fsync", "syncfs", "ftruncate", "symlinkat", "mknodat", "fchownat",
           "fchmod", "fchmodat", "fsetxattr", "utimensat", "flock", "write", "pwrite64", "openat")
FAILS = {"write": ("ENOSPC", "EIO"), "pwrite64": ("ENOSPC",), "openat": ("EMFILE", "ENOSPC"), "mkdirat": ("ENOSPC",), "linkat": ("ENOSPC",),
         "renameat": ("ENOSPC",), "renameat2": ("EIO",), "fsync": ("EIO",), "syncfs": ("EIO",), "symlinkat": ("ENOSPC",),
         "mknodat": ("ENOSPC",), "fsetxattr": ("ENOSPC",), "flock": ("ENOLCK",), "ftruncate": ("ENOSPC",)}


def xrun(*words, prefix=()):
    done = subprocess.run([*prefix, XRUN, "--root", STORE, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=120)
    return done.returncode, done.stdout.decode(errors="replace")


def strace(*flags):
    return ["strace", "-f", "-qq", *flags]


def tree():
    """Names, kinds, modes, owners, content, and times of what has a time of its own."""
    found = hashlib.sha256()
    for top, directories, files in os.walk(STORE + "/layers"):
        directories.sort()
        for name in sorted(directories + files):
            path = os.path.join(top, name)
            status = os.lstat(path)
            plain = os.path.isfile(path) and not os.path.islink(path)
            entry = [os.path.relpath(path, STORE), status.st_mode, status.st_uid, status.st_gid, plain and status.st_mtime_ns,
                     plain and open(path, "rb").read(), os.path.islink(path) and os.readlink(path)]
            found.update(repr(entry).encode())
    return found.hexdigest(), sorted(os.listdir(STORE + "/blobs/sha256"))


def clean():
    status, said = xrun("rmi", "--all")
    assert status == 0, said


def whole_calls(log):
    """strace cuts a call in two where that of another process comes in between; here it stands where it ended."""
    begun, calls = {}, []
    for line in log.read().splitlines():
        pid, _, call = line.partition(" ")
        call = call.strip()
        if call.endswith("<unfinished ...>"):
            begun[pid] = call.removesuffix("<unfinished ...>").rstrip()
            continue
        if match := re.match(r"<\.\.\. \w+ resumed>(.*)", call):
            call = begun.pop(pid, "") + match[1]
        calls.append((pid, call))
    return calls


def check_order():
    """Each name given, after the flush of what it names."""
    with tempfile.NamedTemporaryFile("r") as log:
        status, said = xrun("pull", "-q", IMAGE, prefix=strace("-y", "-o", log.name, "-e", "trace=linkat,renameat,renameat2,fsync,syncfs"))
        assert status == 0, said
        calls = [(pid, call) for pid, call in whole_calls(log) if " = 0" in call]
    flushed, synced, layers, found = set(), False, 0, []
    for at, (pid, call) in enumerate(calls):
        if match := re.match(r"fsync\(\d+<([^>]*)>", call):
            flushed.add(match[1].rsplit("/", 1)[-1])
        elif call.startswith("syncfs("):
            synced = True
        elif call.startswith("renameat2(") and "/layers>" in call:
            layers += 1
            if not synced:
                found.append(f"a layer is named before the flush: {call}")
        elif match := re.match(r'linkat\(AT_FDCWD<[^>]*>, "/proc/self/fd/\d+", \d+<([^>]*)>, "([^"]*)"', call):
            # the file has no name yet; its flush is the last thing before, in the same thread
            mine = [other for whose, other in calls[:at] if whose == pid]
            if not mine or not mine[-1].startswith("fsync("):
                found.append(f"a file is named before its flush: {call}")
            if match[2].startswith("index.json") or "index.json" in call:
                if not {"layers", "sha256"} <= flushed:
                    found.append("index.json is written before the directories are flushed")
    if not layers:
        found.append("no layer was named at all")
    return found


def count_calls():
    with tempfile.NamedTemporaryFile("r") as log:
        status, said = xrun("pull", "-q", IMAGE, prefix=strace("-o", log.name, "-e", "trace=" + ",".join(CHANGES)))
        assert status == 0, said
        counts = collections.defaultdict(collections.Counter)
        for line in log:
            if match := re.match(r"(\d+) +(\w+)\(", line):
                counts[match[1]][match[2]] += 1
    return {name: max(counter[name] for counter in counts.values()) for name in CHANGES if any(counter[name] for counter in counts.values())}


def after(want):
    """What is wrong in the store, now that a pull was disturbed; in the end the store is empty again."""
    found = []
    status, said = xrun("images", "-q")
    listed = bool(said.strip())
    if status != 0:
        found.append(f"images: {said.strip()}")
    status, said = xrun("store", "verify", "--repair=false")
    if status != 0:
        found.append(f"verify: {said.strip()}")
    status, said = xrun("pull", "-q", IMAGE)
    if status != 0:
        found.append(f"the next pull: {said.strip()}")
    elif tree() != want:
        found.append("the tree is another one" + (", and was listed" if listed else ""))
    left = os.listdir(STORE + "/staging")
    if left:
        found.append(f"left in staging: {left}")
    clean()
    left = os.listdir(STORE + "/layers") + os.listdir(STORE + "/blobs/sha256") + os.listdir(STORE + "/staging")
    return found + ([f"left after rmi: {left}"] if left else [])


def disturbances(counts):
    for name, count in counts.items():
        for n in range(1 + (STEP > 1) * (STEP // 2), count + 1, STEP):
            yield f"killed at {name} number {n}", f"inject={name}:signal=KILL:when={n}"
            for errno in FAILS.get(name, ()):
                yield f"{name} number {n} fails with {errno}", f"inject={name}:error={errno}:when={n}"


def main():
    clean()
    status, said = xrun("pull", "-q", IMAGE)
    assert status == 0, said
    want = tree()
    clean()
    wrong = check_order()
    for line in wrong:
        print("order:", line)
    clean()
    counts = count_calls()
    clean()
    passed, failed = (0, 1) if wrong else (1, 0)
    for what, inject in disturbances(counts):
        status, said = xrun("pull", "-q", IMAGE, prefix=strace("-o", "/dev/null", "-e", inject))
        found = after(want)
        if status != 0 and "fails with" in what and not re.search(r"^xrun: .", said, re.M):
            found.append(f"status {status} without a reason: {said.strip()!r}")
        if found:
            failed += 1
            print(f"{what}: {'; '.join(found)}", flush=True)
        else:
            passed += 1
    print(f"pull: {passed} passed, {failed} failed")
    sys.exit(bool(failed))


main()
