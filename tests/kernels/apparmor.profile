# SPDX-License-Identifier: GPL-2.0-or-later
# What tests/kernels/apparmor.bats confines containers to: everything but one file.
profile xrun-test-confined flags=(attach_disconnected, mediate_deleted) {
  capability,
  network,
  mount,
  umount,
  pivot_root,
  ptrace,
  signal,
  unix,
  file,
  deny /tmp/forbidden w,
}
