/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pac owns a call-heavy program: built with -mbranch-protection=standard, each call signs and checks its return address. */
#include <stdio.h>
#include <stdlib.h>

static __attribute__((noinline)) unsigned fib(unsigned n)
{
	return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

int main(int argc, char **argv)
{
	printf("%u\n", fib(argc > 1 ? atoi(argv[1]) : 30));
	return 0;
}
