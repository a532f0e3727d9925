#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""power.py XRUN PLACE REGISTRY TYPE [STEP]: what a store is after the power fails, at any moment.

For root, in a mount namespace of its own. A store lies on a new file system (TYPE: ext4, xfs, btrfs) on a loop device on a disk
of qemu-storage-daemon's, which logs every write and every flush (blklogwrites). Commands that change the store run there, and each
leaves a mark in the log. Then the disk is made anew as the power would have left it after the Nth entry: with all writes up to
there, and once more with the writes since the last flush lost, kept, or torn, by chance. Such a disk must mount, its store must list the
images from before or after the command that was under way and nothing else, verify, and give the next pulls the same trees.

All of that is done three times: as it is; with a flush of the whole file system every 20 ms, which somebody else's sync is; and
with flushes that do nothing (noflush.c), which must be found out, or the test is none. With STEP n, every nth entry is tried,
and the end of each command.
Ends with "power: N passed, N failed".
"""
import contextlib, ctypes, hashlib, json, os, random, shutil, struct, subprocess, sys, threading, time

XRUN, PLACE, REGISTRY, TYPE = sys.argv[1:5]
STEP = int(sys.argv[5]) if len(sys.argv) > 5 else 1
MIB, SECTOR, BLOCK = 1 << 20, 512, 4096
SIZE = {"ext4": 96, "xfs": 384, "btrfs": 256}[TYPE] * MIB  # of the file system; behind it is one MiB for marks
MKFS = {"ext4": ["mkfs.ext4", "-q"], "xfs": ["mkfs.xfs", "-q"], "btrfs": ["mkfs.btrfs", "-q"]}[TYPE]
SMALL, LARGE = f"{REGISTRY}/power:small", f"{REGISTRY}/power:large"
FLUSH = 1  # drivers/md/dm-log-writes.c, LOG_FLUSH_FLAG; the others are FUA 2 and DISCARD 4
MOUNT, STORE = PLACE + "/mnt", PLACE + "/mnt/store"


def run(*words, **environment):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300,
                          env={**os.environ, **environment})
    return done.returncode, done.stdout.decode(errors="replace")


def must(*words, **environment):
    status, said = run(*words, **environment)
    assert status == 0, f"{words}: {said}"
    return said


def xrun(*words, **environment):
    return run(XRUN, "--root", STORE, *words, **environment)


def images():
    """What a store lists; or None and why that cannot be said."""
    status, said = xrun("images", "--format", "json")
    return (frozenset((i["name"], i["digest"]) for i in json.loads(said)), "") if status == 0 else (None, said.strip())


def trees():
    """Of both images' layers: names, kinds, modes, owners, content."""
    found = hashlib.sha256()
    for name in sorted(os.listdir(STORE + "/layers")):
        for top, directories, files in os.walk(f"{STORE}/layers/{name}"):
            directories.sort()
            for entry in sorted(directories + files):
                path = os.path.join(top, entry)
                status = os.lstat(path)
                plain = os.path.isfile(path) and not os.path.islink(path)
                found.update(repr([os.path.relpath(path, STORE), status.st_mode, status.st_uid, status.st_gid, plain and open(path, "rb").read(),
                                   os.path.islink(path) and os.readlink(path)]).encode())
    return found.hexdigest()


COMMANDS = [
    ("pull", "-q", SMALL), ("pull", "-q", LARGE), ("tag", LARGE, "localhost/other:1"), ("load", "-q", "-i", PLACE + "/archive"),
    ("rmi", SMALL), ("create", "--name", "made", LARGE, "sh"), ("commit", "made", "localhost/made:1"), ("rm", "made"),
    ("rmi", LARGE, "localhost/other:1"), ("pull", "-q", LARGE), ("store", "verify"), ("rmi", "--all"),
]


@contextlib.contextmanager
def logged_disk():
    """A block device whose writes are logged; the log is whole when it is gone."""
    for name in ("disk", "log", "seen"):
        open(f"{PLACE}/{name}", "w").close()
    os.truncate(PLACE + "/disk", SIZE)
    must(*MKFS, PLACE + "/disk")
    os.truncate(PLACE + "/disk", SIZE + MIB)
    shutil.copyfile(PLACE + "/disk", PLACE + "/new")
    daemon = subprocess.Popen([
        "qemu-storage-daemon", "--blockdev", f"driver=file,node-name=disk,filename={PLACE}/disk", "--blockdev",
        f"driver=file,node-name=log,filename={PLACE}/log", "--blockdev", "driver=blklogwrites,node-name=logged,file=disk,log=log", "--export",
        f"type=fuse,id=seen,node-name=logged,mountpoint={PLACE}/seen,writable=on"])
    loop = None
    try:
        end = time.monotonic() + 60
        while os.stat(PLACE + "/seen").st_size == 0:
            assert daemon.poll() is None and time.monotonic() < end, "qemu-storage-daemon did not come up"
            time.sleep(0.05)
        loop = must("losetup", "--find", "--show", PLACE + "/seen").strip()
        yield loop
    finally:
        if loop:
            must("losetup", "--detach", loop)
        daemon.terminate()
        daemon.wait()


@contextlib.contextmanager
def mounted(device, *options):
    must("mount", "-t", TYPE, *options, device, MOUNT)
    try:
        yield
    finally:
        must("umount", MOUNT)


def sync_often(stop):
    fd, libc = os.open(MOUNT, os.O_RDONLY), ctypes.CDLL(None)
    while not stop.wait(0.02):
        libc.syncfs(fd)
    os.close(fd)


def record(busy, **environment):
    """Runs the commands; afterwards the states that the store went through, one more than there are commands, and the trees of both images."""
    states, tree, stop = [frozenset()], None, threading.Event()
    with logged_disk() as loop:
        seen_fd = os.open(PLACE + "/seen", os.O_WRONLY)  # closed when all is over, for that would flush
        with mounted(loop):
            must("sync", "-f", MOUNT)
            os.pwrite(seen_fd, struct.pack("<Q", 0).ljust(SECTOR, b"\0"), SIZE)
            other = threading.Thread(target=sync_often, args=(stop,))
            other.start() if busy else None
            for number, command in enumerate(COMMANDS):
                status, said = xrun(*command, **environment)
                assert status == 0, f"{command}: {said}"
                os.pwrite(seen_fd, struct.pack("<Q", number + 1).ljust(SECTOR, b"\0"), SIZE)
                states.append(images()[0])
                if number == 1:
                    tree = trees()
            stop.set()
            other.join() if busy else None
        os.close(seen_fd)
    return states, tree


def entries():
    """The log's: (offset, data, whether it is a flush)."""
    with open(PLACE + "/log", "rb") as log:
        magic, _, count, size = struct.unpack("<QQQI", log.read(28))
        assert magic == 0x6a736677736872, "not a log of dm-log-writes' form"
        log.seek(size)
        for _ in range(count):
            sector, sectors, flags, _ = struct.unpack("<QQQQ", log.read(32))
            log.seek(size - 32, 1)
            data = log.read(sectors * size) if not flags & 4 else bytes(sectors * size)
            yield sector * size, data, bool(flags & FLUSH)


def write_disk(disk, changes):
    """Where there is nothing but zeros the file has a hole, as memory is what it is kept in."""
    zeros = bytes(1 << 16)
    with open(PLACE + "/after", "wb") as after:
        for offset in range(0, len(disk), len(zeros)):
            part = disk[offset:offset + len(zeros)]
            if part != zeros:
                after.seek(offset)
                after.write(part)
        after.truncate(len(disk))
        for offset, data in changes:
            after.seek(offset)
            after.write(data)


def lose(writes, chance):
    """What may be left of writes that were not flushed. A block is written or not, as on today's disks: superblocks rely on it."""
    for offset, data in writes:
        kept = chance.choice((0, len(data), BLOCK * chance.randint(0, len(data) // BLOCK)))
        if kept:
            yield offset, data[:kept]


def look(before, after, want):
    """What is wrong with the disk. A command that removes several names does one after the other."""
    try:
        with mounted(PLACE + "/after", "-o", "loop"):
            if not os.path.exists(STORE) and not before:
                return []
            listed, why = images()
            if listed is None or not before & after <= listed <= before | after:
                return [f"it lists {sorted(name for name, _ in listed) if listed is not None else why}"]
            found = []
            for words in (("store", "verify", "--repair=false"), ("prune",), ("pull", "-q", SMALL), ("pull", "-q", LARGE)):
                status, said = xrun(*words)
                if status != 0:
                    found.append(f"{' '.join(words[:2])}: {said.strip()}")
            xrun("rm", "-f", "made")
            for name, _ in images()[0] or ():
                if name not in (SMALL, LARGE):
                    xrun("rmi", name)
            if not found and trees() != want:
                found.append("its trees are others")
            return found
    except AssertionError as failure:
        return [str(failure)]


def crashes():
    """(entry, how many commands had ended, the disk, what is written to it besides), one after the other; the disk is used again."""
    with open(PLACE + "/new", "rb") as new:
        disk = bytearray(new.read())
    ended, lost = -1, []  # until the first mark there is no store to look at
    for number, (offset, data, is_flush) in enumerate(entries()):
        if offset >= SIZE and data:
            ended = struct.unpack_from("<Q", data)[0]
        elif is_flush:
            for at, part in lost:
                disk[at:at + len(part)] = part
            lost = []
        elif data:
            lost.append((offset, data))
        if ended >= 0 and (number % STEP == 0 or offset >= SIZE):
            yield number, ended, disk, lost


def judge(what, states, want, only_until_wrong=False):
    passed = failed = 0
    for number, ended, disk, lost in crashes():
        ways = {"the power fails": lost}
        if lost:
            ways["and takes writes along"] = list(lose(lost, random.Random(number)))
        for how, changes in ways.items():
            write_disk(disk, changes)
            found = look(states[ended], states[min(ended + 1, len(COMMANDS))], want)
            passed, failed = passed + (not found), failed + bool(found)
            if found and only_until_wrong:
                return passed, failed
            if found:
                now = " ".join(COMMANDS[ended]) if ended < len(COMMANDS) else "the end"
                print(f"{what}, {how} after entry {number}, in {now}: {'; '.join(found)}", flush=True)
    return passed, failed


def main():
    must("mount", "-t", "tmpfs", "tmpfs", PLACE)  # flushes take their time on a disk that others use
    os.mkdir(MOUNT)
    must("skopeo", "copy", "-q", "--src-tls-verify=false", f"docker://{SMALL}", f"docker-archive:{PLACE}/archive:loaded:1")
    library = PLACE + "/noflush.so"
    must("cc", "-O2", "-shared", "-fPIC", "-o", library, os.path.dirname(os.path.abspath(__file__)) + "/noflush.c")
    passed = failed = 0
    for what, busy in (("as it is", False), ("with somebody else's sync", True)):
        good, bad = judge(what, *record(busy))
        passed, failed = passed + good, failed + bad
        print(f"{TYPE}, {what}: {good} passed, {bad} failed", flush=True)
    _, bad = judge("without flushes", *record(False, LD_PRELOAD=library), only_until_wrong=True)
    if not bad:
        print("a pull that flushes nothing was not found out")
    print(f"power: {passed + bool(bad)} passed, {failed + (not bad)} failed")
    sys.exit(bool(failed or not bad))


main()
