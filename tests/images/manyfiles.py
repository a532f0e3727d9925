#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""manyfiles.py COUNT writes a tar of COUNT files of a line each to standard output, a thousand in a directory."""
import io, sys, tarfile

with tarfile.open(fileobj=sys.stdout.buffer, mode="w|", format=tarfile.USTAR_FORMAT) as tar:
    for number in range(int(sys.argv[1])):
        if number % 1000 == 0:
            info = tarfile.TarInfo(f"{number // 1000:04}")
            info.type, info.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(info)
        text = b"file %d\n" % number
        info = tarfile.TarInfo(f"{number // 1000:04}/{number % 1000:03}")
        info.size = len(text)
        tar.addfile(info, io.BytesIO(text))
