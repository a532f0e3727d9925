#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""conformance.py XRUN STORE REGISTRY OUTPUT: the same program, on every architecture, finds the same container.

Runs the images REGISTRY/conformance:ARCH, whose only program is payload.c, and compares each architecture's answers with
the native one's. `expected` says what the native one's must be, `exceptions` which differences there are and why: a
difference that is not listed fails, and so does one that is listed and is not there. Writes the table to OUTPUT and ends
with "N passed, N failed", N behaviours of an architecture each.
"""
import os, pty, re, signal, struct, subprocess, sys, fcntl, termios, threading

HERE = os.path.dirname(os.path.abspath(__file__))
XRUN, STORE, REGISTRY, OUTPUT = sys.argv[1:5]
MACHINE = os.uname().machine


def lines(name):
    with open(os.path.join(HERE, name)) as file:
        return [line.rstrip("\n").split("\t") for line in file if line.strip() and not line.startswith("#")]


def command(arch, options, arguments):
    return [XRUN, "--root", STORE, "run", "--rm", "--network", "none", "--arch", arch, "--pull", "never", *options,
            f"{REGISTRY}/conformance:{arch}", "/payload", *arguments]


def run(arch, options, *arguments):
    return subprocess.run(command(arch, options, arguments), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)


def answers(text):
    found = {}
    for line in text.splitlines():
        key, _, value = line.partition("\t")
        found[key] = value
    return found


def inside(arch):
    host = {name: os.readlink(f"/proc/self/ns/{name}") for name in os.listdir("/proc/self/ns")}
    done = run(arch, ["--hostname", "box", "-e", "GREETING=hello"])
    found = answers(done.stdout)
    found["outcome: everything was asked"] = f"{done.returncode} {done.stderr.strip() if done.returncode else ''}".strip()
    for key in list(found):
        if key.startswith("namespace: "):
            found[key] = "the host's" if found[key] == host[key[11:]] else found[key].split(":")[0] + " of its own"
    return found


def outcome(arch, options, *arguments, errors=True):
    done = run(arch, options, *arguments)
    if not errors:
        done.stderr, done.stdout = "", "\n".join(line for line in done.stdout.splitlines() if "assertion failed" not in line)
    said = re.sub(r"its limit is .*", "", done.stderr.strip().splitlines()[-1]) if done.stderr.strip() else ""
    said = "" if "note:" in said else said
    return " ".join(filter(None, [str(done.returncode), done.stdout.strip().replace("\t", " ").replace("\n", "|"), said]))


def forwarded(arch):
    process = subprocess.Popen(command(arch, [], ["await"]), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    first = process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    timer = threading.Timer(60, process.kill)
    timer.start()
    rest = process.stdout.read()
    status = process.wait()
    timer.cancel()
    return f"{status} {first.strip()} {rest.strip()}".replace("\t", " ")


def terminal(arch):
    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 111, 0, 0))
    process = subprocess.Popen(command(arch, ["-it"], ["terminal"]), stdin=child, stdout=child, stderr=child, start_new_session=True)
    os.close(child)
    text = b""
    try:
        while True:
            piece = os.read(parent, 4096)
            if not piece:
                break
            text += piece
    except OSError:
        pass
    os.close(parent)
    found = answers(text.decode().replace("\r", ""))
    found["terminal: exit status"] = str(process.wait())
    return found


def limits(arch):
    found = {}
    if os.geteuid() == 0 or os.environ.get("LIMITS"):
        found["limit: too much memory"] = outcome(arch, ["--memory", "96m"], "eat", "200")
        found["limit: enough memory"] = outcome(arch, ["--memory", "96m"], "eat", "20")
        # qemu's children sometimes fail an assertion of their own when they are killed with the first process
        found["limit: processes"] = outcome(arch, ["--pids-limit", "30"], "breed", "60", errors=False)
    else:
        found["limit: without a delegated cgroup"] = re.sub("/sys/fs/cgroup/[^ ]*", "DIR", outcome(arch, ["--memory", "64m"], "exit", "0"))
    return found


def behaviours(arch):
    found = inside(arch)
    for status in (0, 1, 42, 255):
        found[f"outcome: exit {status}"] = outcome(arch, [], "exit", str(status))
    for number in (signal.SIGTERM, signal.SIGSEGV, signal.SIGKILL, signal.SIGABRT):
        found[f"outcome: killed by {number.name}"] = outcome(arch, ["--init"], "die", str(int(number)))
    found["outcome: a signal to xrun reaches the program"] = forwarded(arch)
    for label, options in (("another user", ["--user", "1000:1001"]), ("no capabilities", ["--cap-drop", "ALL"]),
                           ("no new privileges", ["--security-opt", "no-new-privileges"]), ("read-only", ["--read-only"])):
        wanted = ("who: user", "who: groups", "status: CapEff", "status: CapBnd", "status: CapInh", "status: CapAmb",
                  "status: NoNewPrivs", "status: Seccomp", "ids: chown to another user", "programs: a set-uid program's effective user")
        other = answers(run(arch, options).stdout)
        found.update({f"{label}: {key}": other.get(key, "missing") for key in wanted})
    found.update(terminal(arch))
    found.update(limits(arch))
    return found


def check_expected(native):
    failures = []
    for key, pattern in lines("expected"):
        if key.startswith("limit: ") and key not in native:
            continue
        if not re.fullmatch(pattern, native.get(key, "")):
            failures.append(f"{MACHINE}: {key}: \"{native.get(key, 'missing')}\" is not {pattern}")
    return failures


def explained(exceptions, arch, key, value, used):
    for arches, wanted, pattern, why in exceptions:
        if (arches == "*" or arch in arches.split(",")) and re.fullmatch(wanted, key) and re.fullmatch(pattern, value):
            used.add((arches, wanted, pattern, why))
            return why
    return None


def main():
    arches = [line[0] for line in lines("architectures") if not os.environ.get("ARCHES") or line[0] in os.environ["ARCHES"].split(",")]
    arches.sort(key=lambda arch: arch != MACHINE)
    tables = {}
    for arch in arches:
        print(f"{arch} ...", file=sys.stderr)
        tables[arch] = behaviours(arch)
    native, exceptions, used = tables[MACHINE], [tuple(line) for line in lines("exceptions")], set()
    failures = check_expected(native)
    passed = len(lines("expected")) - len(failures)
    keys = list(native) + sorted({key for table in tables.values() for key in table} - set(native))
    with open(OUTPUT, "w") as out:
        out.write("\t".join(["behaviour", *arches]) + "\n")
        for key in keys:
            own = native.get(key, "missing")
            row = [key, own]
            for arch in arches[1:]:
                value = tables[arch].get(key, "missing")
                why = None if value == own else explained(exceptions, arch, key, value, used)
                row.append("=" if value == own else f"{value} ({why})" if why else f"{value} (!)")
                if value == own or why:
                    passed += 1
                else:
                    failures.append(f"{arch}: {key}: \"{value}\", natively \"{own}\"")
            out.write("\t".join(row) + "\n")
    failures += [f"listed as an exception, and is none: {' '.join(line)}" for line in exceptions if line not in used and not os.environ.get("ARCHES")]
    for failure in failures:
        print(failure)
    print(f"{len(keys)} behaviours, {len(arches)} architectures")
    print(f"conformance: {passed} passed, {len(failures)} failed")
    sys.exit(bool(failures))


main()
