#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""pull.py XRUN STORE IMAGE [STEP]: what is left when a pull is broken off at a system call that changes the store.

For root, whose processes strace(1) can follow. First a trace of a whole pull: nothing gets its final name before it is on
disk, and index.json is last. Then a pull is killed, or a call of it fails, at the Nth such call of a thread. Afterwards the
store verifies, the next pull succeeds, and the tree is the one of an undisturbed pull. Last the Nth write of all, and then
every one, takes half of what it is given (short.c), which a pull gets over. With STEP n one call of each kind at each place
(its descriptors' paths, its flags) is tried, in one of these ways by turns, however rare it is; and every nth write is short.
Ends with "pull: N passed, N failed".
"""
import collections, hashlib, os, re, subprocess, sys, tempfile

XRUN, STORE, IMAGE = sys.argv[1:4]
STEP = int(sys.argv[4]) if len(sys.argv) > 4 else 1
CHANGES = ("mkdirat", "linkat", "renameat", "renameat2", "unlinkat", "fsync", "syncfs", "ftruncate", "symlinkat", "mknodat", "fchownat",
           "fchmod", "fchmodat", "fchown", "fsetxattr", "utimensat", "flock", "write", "pwrite64", "openat")
# what a call may fail with besides EIO
FAILS = {name: ("EIO", "ENOSPC") for name in ("write", "pwrite64", "openat", "mkdirat", "linkat", "renameat", "renameat2", "fsync",
                                               "syncfs", "symlinkat", "mknodat", "fsetxattr", "ftruncate", "utimensat")}
FAILS |= {name: ("EIO",) for name in ("unlinkat", "fchownat", "fchown", "fchmod", "fchmodat")} | {"flock": ("ENOLCK",)}
FAILS["openat"] += ("EMFILE",)


def xrun(*words, prefix=(), **environment):
    done = subprocess.run([*prefix, XRUN, "--root", STORE, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=120, env={**os.environ, **environment})
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


def place_of(call):
    """Where in the store, without what differs from file to file and from pull to pull, and by which flags."""
    call, places = call.rpartition(" = ")[0] or call, []
    for path in re.findall(r"<([^<>]*)>", call):
        if not path.startswith(STORE):
            places.append("elsewhere" if os.path.lexists(path) else "merged")
            continue
        below = re.sub(r"#\d+", "#", re.sub("^/staging/[^/]+", "/staging/*", path.removeprefix(STORE)))
        places.append("/".join(below.split("/")[:4 if below.startswith("/staging") else 2]))
    names = re.findall(r'"(index|\.index|oci-layout|lock|in-use|layers|blobs|staging|work|root)\b', call)
    flags = re.findall(r"\b(?:O_CREAT|O_TMPFILE|O_PATH|S_IF[A-Z]+|AT_REMOVEDIR|LOCK_[A-Z]+)", call)
    return " ".join([*places, *names, *flags])


def count_calls():
    """By kind the most that a thread makes; by kind and place which of a thread's calls they are; and how many writes all make."""
    with tempfile.NamedTemporaryFile("r") as log:
        status, said = xrun("pull", "-q", IMAGE, prefix=strace("-y", "-o", log.name, "-e", "trace=" + ",".join(CHANGES)))
        assert status == 0, said
        counts, places = collections.defaultdict(collections.Counter), collections.defaultdict(list)
        for pid, call in whole_calls(log):
            if match := re.match(r"(\w+)\(", call):
                counts[pid][match[1]] += 1
                places[match[1], place_of(call)].append(counts[pid][match[1]])
    most = {name: max(counter[name] for counter in counts.values()) for name in CHANGES if any(counter[name] for counter in counts.values())}
    return most, places, sum(counter["write"] + counter["pwrite64"] for counter in counts.values())


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


def ways(name, n):
    yield f"killed at {name} number {n}", f"inject={name}:signal=KILL:when={n}"
    for errno in FAILS.get(name, ()):
        yield f"{name} number {n} fails with {errno}", f"inject={name}:error={errno}:when={n}"


def disturbances(counts, places):
    if STEP == 1:
        for name, count in counts.items():
            for n in range(1, count + 1):
                yield from ways(name, n)
        return
    turn = collections.Counter()
    for (name, _), at in sorted(places.items()):
        choices = list(ways(name, at[STEP % len(at)]))
        turn[name] += 1
        yield choices[(turn[name] + STEP) % len(choices)]


def disturb(what, inject):
    """A pull in which that happens: what is wrong then. A reason is asked for, unless writing it is what failed."""
    name = re.match(r"inject=(\w+)", inject)[1]
    with tempfile.NamedTemporaryFile("r") as log:
        status, said = xrun("pull", "-q", IMAGE, prefix=strace("-o", log.name, "-e", "trace=" + name, "-e", inject))
        is_muted = re.search(r"write\(2, .*INJECTED", log.read())
    if status == 0 or is_muted or "fails with" not in what or re.search(r"^xrun: .", said, re.M):
        return []
    return [f"status {status} without a reason: {said.strip()!r}"]


def shorten(library, at):
    """A pull in which write number `at`, or for 0 every one, is cut short: what is wrong then."""
    status, said = xrun("pull", "-q", IMAGE, LD_PRELOAD=library, SHORT_AT=str(at), ASAN_OPTIONS="detect_leaks=0:verify_asan_link_order=0")
    return [] if status == 0 and not said else [f"status {status}: {said.strip()}"]


def shortenings(directory, total):
    library = directory + "/short.so"
    os.chmod(directory, 0o755)  # for who a pull runs as
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", library, os.path.dirname(os.path.abspath(__file__)) + "/short.c"], check=True)
    for n in [0, *range(1 + (STEP > 1) * (STEP // 2), total + 1, STEP)]:
        yield f"write number {n} is short" if n else "every write is short", shorten(library, n)


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
    counts, places, writes = count_calls()
    clean()
    passed, failed = (0, 1) if wrong else (1, 0)

    def judge(what, found):
        nonlocal passed, failed
        passed, failed = passed + (not found), failed + bool(found)
        if found:
            print(f"{what}: {'; '.join(found)}", flush=True)

    for what, inject in disturbances(counts, places):
        judge(what, disturb(what, inject) + after(want))
    with tempfile.TemporaryDirectory() as directory:
        for what, found in shortenings(directory, writes):
            judge(what, found + after(want))
    print(f"pull: {passed} passed, {failed} failed")
    sys.exit(bool(failed))


main()
