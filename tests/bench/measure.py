#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""measure.py ROUNDS[/N] [NAME PREPARE COMMAND]... times commands side by side; N is how often a command does its thing.

In each round every command runs once, in turn, so that what else the machine does hits all alike; PREPARE runs before
it, untimed, and then all goes to the disk: who flushes what it wrote (syncfs(2)) would flush what others wrote before as well.
After a round that does not count, prints medians, the best, and the ratio to the first one's median, which is taken round by
round. A command that fails ends it all. One that takes more than SLOW seconds (60) in the round that does not count runs once
more only, and its line says so.
"""
import os, statistics, subprocess, sys, time

SLOW = float(os.environ.get("SLOW", 60))


def shell(command):
    done = subprocess.run(["bash", "-c", command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        sys.exit(f"measure.py: this failed with status {done.returncode}: {command}\n{done.stdout.decode(errors='replace')}")


def main():
    rounds, _, repeats = sys.argv[1].partition("/")
    rest = sys.argv[2:]
    entries = [rest[i:i + 3] for i in range(0, len(rest), 3)]
    times = {name: [] for name, _, _ in entries}
    slow = set()
    for counted in [False] + [True] * int(rounds):
        for name, prepare, command in entries:
            if name in slow and times[name]:
                continue
            shell(prepare)
            os.sync()
            begin = time.monotonic()
            shell(command)
            taken = time.monotonic() - begin
            if counted:
                times[name].append(taken / int(repeats or 1))
            elif taken > SLOW:
                slow.add(name)
    first = times[entries[0][0]]
    for name, taken in times.items():
        ratio = statistics.median(own / other for own, other in zip(first, taken))
        median = statistics.median(taken)
        text = f"{median:8.2f} s  (best {min(taken):.2f})" if median > 1 else f"{median * 1e3:7.1f} ms  (best {min(taken) * 1e3:.1f})"
        print(f"  {name:44} {text:28}" + ("" if taken is first else f"  {entries[0][0]} takes {ratio:.2f} of it") +
              ("  (one round)" if name in slow else ""), flush=True)


main()
