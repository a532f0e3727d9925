#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""tiny.py ARCH FILE writes a static program that prints the machine's name, as uname(2) has it, and exits with status 42.

For architectures that Debian does not release, or whose programs its emulator is too old for. ARCH is one of xrun's names.
The code is by hand: uname(sp - 1024), write(1, machine, its length + 1), exit(42); a newline takes the place of the NUL.
"""
import os, struct, sys

NEW_UTSNAME_MACHINE = 65 * 4  # uname(2): six fields of 65 bytes


def loongarch64(length):
    """LoongArch Reference Manual, volume 1: addi.d, ori, st.b, syscall. Arguments a0.. are r4.., the number is in a7, r11."""
    addi = lambda rd, rj, imm: 0x02C00000 | (imm & 0xFFF) << 10 | rj << 5 | rd
    ori = lambda rd, imm: 0x03800000 | imm << 10 | rd
    store = lambda rd, rj, imm: 0x29000000 | imm << 10 | rj << 5 | rd
    return [addi(3, 3, -1024), addi(4, 3, 0), ori(11, 160), 0x002B0000,
            ori(12, 10), store(12, 3, NEW_UTSNAME_MACHINE + length),
            ori(4, 1), addi(5, 3, NEW_UTSNAME_MACHINE), ori(6, length + 1), ori(11, 64), 0x002B0000,
            ori(4, 42), ori(11, 93), 0x002B0000]


def ppc64(length):
    """Power ISA: addi, li, stb, sc. Arguments from r3, the number in r0."""
    addi = lambda rt, ra, imm: 14 << 26 | rt << 21 | ra << 16 | imm & 0xFFFF
    return [addi(1, 1, -1024), addi(3, 1, 0), addi(0, 0, 122), 0x44000002,
            addi(9, 0, 10), 38 << 26 | 9 << 21 | 1 << 16 | NEW_UTSNAME_MACHINE + length,
            addi(3, 0, 1), addi(4, 1, NEW_UTSNAME_MACHINE), addi(5, 0, length + 1), addi(0, 0, 4), 0x44000002,
            addi(3, 0, 42), addi(0, 0, 1), 0x44000002]


def mips(numbers, add):
    """MIPS32: (d)addiu, sb, syscall. Arguments from a0, r4, the number in v0, r2."""
    addi = lambda rt, rs, imm: add << 26 | rs << 21 | rt << 16 | imm & 0xFFFF

    def code(length):
        uname, write, leave = numbers
        return [addi(29, 29, -1024), addi(4, 29, 0), addi(2, 0, uname), 12,
                addi(8, 0, 10), 40 << 26 | 29 << 21 | 8 << 16 | NEW_UTSNAME_MACHINE + length,
                addi(4, 0, 1), addi(5, 29, NEW_UTSNAME_MACHINE), addi(6, 0, length + 1), addi(2, 0, write), 12,
                addi(4, 0, 42), addi(2, 0, leave), 12]
    return code


# code, machine's name, ELF class, byte order, e_machine, e_flags (elf(5), and the ABIs' supplements)
ARCHES = {
    "loongarch64": (loongarch64, "loongarch64", 2, "<", 258, 0x43),
    "ppc64": (ppc64, "ppc64", 2, ">", 21, 2),
    "mips64": (mips((5061, 5001, 5058), 25), "mips64", 2, ">", 8, 0x60000006),
    "mips": (mips((4122, 4004, 4001), 9), "mips", 1, ">", 8, 0x70001005),
}


def elf(name):
    code, machine, bits, order, number, flags = ARCHES[name]
    text = b"".join(struct.pack(order + "I", word) for word in code(len(machine)))
    word, base = "Q" if bits == 2 else "I", 0x400000
    ehsize, phsize = (64, 56) if bits == 2 else (52, 32)
    size = ehsize + phsize + len(text)
    head = b"\x7fELF" + bytes([bits, 1 if order == "<" else 2, 1]) + bytes(9)
    head += struct.pack(order + "HHI" + 3 * word + "IHHHHHH", 2, number, 1, base + ehsize + phsize, ehsize, 0, flags, ehsize,
                        phsize, 1, 0, 0, 0)
    if bits == 2:
        head += struct.pack(order + "IIQQQQQQ", 1, 5, 0, base, base, size, size, 0x10000)
    else:
        head += struct.pack(order + "IIIIIIII", 1, 0, base, base, size, size, 5, 0x10000)
    return head + text


with open(sys.argv[2], "wb") as f:
    f.write(elf(sys.argv[1]))
os.chmod(sys.argv[2], 0o755)
