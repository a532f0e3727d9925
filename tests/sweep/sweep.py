#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""sweep.py XRUN STORE IMAGE [STEP]: what is left when a run is broken off at any of its system calls.

Runs a container again and again under strace(1). Each time it kills, or fails with an errno, the Nth call: of the
supervisor alone, or of every process of the run. Afterwards nothing may be left that a next run does not remove: no
mount, cgroup, process or directory; and the next run must work. A failed call must give one line that says so, or
change nothing; nothing may hang. STEP n tries every nth call only. Ends with "sweep: N passed, N failed".
"""
import collections, os, re, signal, subprocess, sys, tempfile, time

XRUN, STORE, IMAGE = sys.argv[1:4]
STEP = int(sys.argv[4]) if len(sys.argv) > 4 else 1
LIMIT = ["--pids-limit", "50"] if os.geteuid() == 0 else []
RUN = [XRUN, "--root", STORE, "run", "--rm", "--network", "none", "--pull", "never", *LIMIT, IMAGE, "sh", "-c", "echo $((40 + 2))"]
MARK = "XRUN_SWEEP=" + str(os.getpid())
# glibc aborts or loops by design where these fail, and an exit cannot; execve is what the program is started by
SPARED = {"exit_group", "exit", "rt_sigreturn", "restart_syscall", "brk", "arch_prctl", "set_tid_address", "set_robust_list",
          "rseq", "futex", "munmap", "close", "rt_sigaction", "rt_sigprocmask"}
ERRNO = collections.defaultdict(lambda: "EPERM", {
    "openat": "EMFILE", "mmap": "ENOMEM", "clone": "EAGAIN", "clone3": "EAGAIN", "write": "EIO", "read": "EIO", "mkdirat": "ENOSPC",
    "sendmsg": "ENOBUFS", "recvmsg": "ENOMEM", "fsconfig": "EIO", "fsmount": "ENOMEM", "getrandom": "EIO", "poll": "ENOMEM",
    "unlinkat": "EIO", "getdents64": "EIO", "flock": "ENOLCK", "socketpair": "EMFILE", "pipe2": "EMFILE", "wait4": "EINTR",
    "execve": "EIO", "rmdir": "EBUSY", "rename": "ENOSPC", "renameat": "ENOSPC", "renameat2": "ENOSPC"})


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def is_ours(path):
    try:
        return os.stat(path).st_uid == os.geteuid()
    except OSError:
        return False


def cgroups():
    """Those of `xrun run`, as whom we are. Other stores' containers come and go meanwhile: ours were there neither before nor later."""
    found = []
    for mount in read("/proc/self/mountinfo").decode().splitlines():
        place, kind = mount.split()[4], mount.split(" - ")[1].split()[0]
        if kind in ("cgroup", "cgroup2"):
            for top, directories, _ in os.walk(os.path.join(place, "xrun")):
                found += [os.path.join(top, name) for name in directories if re.fullmatch("[0-9a-f]{64}", name) and is_ours(os.path.join(top, name))]
    return set(found)


def mounts():
    return {line for line in read("/proc/self/mountinfo").decode().splitlines() if STORE in line}


def processes():
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        if MARK.encode() in read(f"/proc/{pid}/environ").split(b"\0") and int(pid) != os.getpid():
            found.append(pid)
    # what is in a container has no environment of ours: it is known by its store
    return found


def host():
    containers = os.path.join(STORE, "containers")
    names = sorted(name for name in os.listdir(containers) if not name.startswith(".")) if os.path.isdir(containers) else []
    return {"mounts": mounts(), "cgroups": cgroups(), "containers": set(names)}


def run(prefix=()):
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen([*prefix, *RUN], stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                                   env={**os.environ, "XRUN_SWEEP": str(os.getpid())}, start_new_session=True)
        try:
            status = process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            status = "hangs"
        out.seek(0)
        return status, out.read().decode(errors="replace")


def settled():
    """Processes that were killed take a moment to be gone."""
    for _ in range(100):
        left = processes()
        if not left:
            return []
        time.sleep(0.05)
    return left


def judge(status, said, whose):
    """A call of xrun's that failed gives a reason, or changes nothing. The program in the container may fail as it likes."""
    if status == "hangs":
        return ["it hangs"]
    if whose == "killed" or (whose == "all" and status != 125):
        return []
    if status == 0:
        return [] if said.strip().splitlines()[-1:] == ["42"] else [f"status 0 and said {said.strip()!r}"]
    return [] if re.search(r"^xrun: .", said, re.M) else [f"status {status} and no reason: {said.strip()!r}"]


def problems(before, status, said, whose):
    found = judge(status, said, whose)
    left = settled()
    if left:
        found.append(f"processes left: {left}")
    again = run()
    if again[0] != 0 or again[1].strip().splitlines()[-1:] != ["42"]:
        found.append(f"the next run: {again}")
    after = host()
    for what in before:
        left = after[what] - before[what]
        if left and what == "cgroups":
            time.sleep(2)
            left &= cgroups()
        if left:
            found.append(f"{what} left: {left}")
    return found


def calls(follow):
    """The calls of a whole run: of each process the sequence of names. A line is drawn where the loader hands over to xrun."""
    with tempfile.NamedTemporaryFile("r") as log:
        subprocess.run(["strace", *(["-f"] if follow else []), "-o", log.name, *RUN], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, check=True)
        sequences, loader = collections.defaultdict(list), None
        for line in log:
            match = re.match(r"(\d+ +)?(\w+)\(", line)
            if match:
                sequences[match[1]].append(match[2])
                if '"/dev/null", O_RDWR' in line:
                    loader = loader or collections.Counter(sequences[match[1]][:-1])
    return list(sequences.values()), loader


def plan():
    # traced, the set-uid newuidmap has no privilege: of an ordinary user's run the supervisor alone can be
    for follow in (False, True) if os.geteuid() == 0 else (False,):
        sequences, loader = calls(follow)
        flags = ["-f"] if follow else []
        who = "every process" if follow else "the supervisor"
        longest = max(map(len, sequences))
        for n in range(1, longest + 1, STEP):
            yield f"{who} killed at call {n}", ["strace", *flags, "-o", "/dev/null", "-e", f"inject=all:signal=KILL:when={n}"], "killed"
        most = collections.Counter()
        for sequence in sequences:
            for name, count in collections.Counter(sequence).items():
                most[name] = max(most[name], count)
        for name, count in sorted(most.items()):
            for n in range(1, count + 1, STEP):
                if name not in SPARED and n > loader[name] and not (follow and name == "mmap"): # the program's loader would loop
                    yield (f"{who}: {name} number {n} fails with {ERRNO[name]}",
                           ["strace", *flags, "-o", "/dev/null", "-e", f"inject={name}:error={ERRNO[name]}:when={n}"], "all" if follow else "ours")


def main():
    run()
    before = host()
    passed = failed = 0
    for what, prefix, whose in plan():
        status, said = run(prefix)
        found = problems(before, status, said, whose)
        if found:
            failed += 1
            print(f"{what}: {'; '.join(found)}", flush=True)
            before = host()
        else:
            passed += 1
    print(f"sweep: {passed} passed, {failed} failed")
    sys.exit(bool(failed))


main()
