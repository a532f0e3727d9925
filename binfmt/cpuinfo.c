/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cpuinfo.c owns the text of /proc/cpuinfo for emulated CPUs. */
/*
 * The forms are those of Linux, arch/ARCH/kernel (c_show and show_cpuinfo); the names of capabilities are in the order of their
 * bits, with "" for those that have none or that no file shows.
 */
#include "binfmt/cpuinfo.h"

static const char *const aarch64_names[] = { "fp", "asimd", "evtstrm", "aes", "pmull", "sha1", "sha2", "crc32", "atomics",
	"fphp", "asimdhp", "cpuid", "asimdrdm", "jscvt", "fcma", "lrcpc", "dcpop", "sha3", "sm3", "sm4", "asimddp", "sha512",
	"sve", "asimdfhm", "dit", "uscat", "ilrcpc", "flagm", "ssbs", "sb", "paca", "pacg", NULL };
static const char *const aarch64_names2[] = { "dcpodp", "sve2", "sveaes", "svepmull", "svebitperm", "svesha3", "svesm4",
	"flagm2", "frint", "svei8mm", "svef32mm", "svef64mm", "svebf16", "i8mm", "bf16", "dgh", "rng", "bti", "mte", "ecv", "afp",
	"rpres", NULL };
static const char *const arm_names[] = { "swp", "half", "thumb", "26bit", "fastmult", "fpa", "vfp", "edsp", "java", "iwmmxt",
	"crunch", "thumbee", "neon", "vfpv3", "vfpv3d16", "tls", "vfpv4", "idiva", "idivt", "vfpd32", "lpae", "evtstrm", NULL };
static const char *const arm_names2[] = { "aes", "pmull", "sha1", "sha2", "crc32", NULL };
static const char *const s390x_names[] = { "esan3", "zarch", "stfle", "msa", "ldisp", "eimm", "dfp", "edat", "etf3eh", "highgprs",
	"te", "vx", "vxd", "vxe", "gs", "vxe2", "vxp", "sort", "dflt", "vxp2", "nnpa", "pcimio", "sie", NULL };
static const char *const loongarch_names[] = { "cpucfg", "lam", "ual", "fpu", "lsx", "lasx", "crc32", "complex", "crypto", "lvz",
	"lbt_x86", "lbt_arm", "lbt_mips", NULL };

static const char *const x86_names[] = { "fpu", "vme", "de", "pse", "tsc", "msr", "pae", "mce", "cx8", "apic", "", "sep", "mtrr", "pge",
	"mca", "cmov", "pat", "pse36", "pn", "clflush", "", "dts", "acpi", "mmx", "fxsr", "sse", "sse2", "ss", "ht", "tm", "ia64", "pbe",
	"pni", "pclmulqdq", "dtes64", "monitor", "ds_cpl", "vmx", "smx", "est", "tm2", "ssse3", "cid", "sdbg", "fma", "cx16", "xtpr",
	"pdcm", "", "pcid", "dca", "sse4_1", "sse4_2", "x2apic", "movbe", "popcnt", "tsc_deadline_timer", "aes", "xsave", "", "avx",
	"f16c", "rdrand", "hypervisor", NULL };
static const char *const x86_names2[] = { "fsgsbase", "tsc_adjust", "sgx", "bmi1", "hle", "avx2", "", "smep", "bmi2", "erms", "invpcid",
	"rtm", "cqm", "", "mpx", "rdt_a", "avx512f", "avx512dq", "rdseed", "adx", "smap", "avx512ifma", "", "clflushopt", "clwb", "intel_pt",
	"avx512pf", "avx512er", "avx512cd", "sha_ni", "avx512bw", "avx512vl", "lahf_lm", "cmp_legacy", "svm", "extapic", "cr8_legacy", "abm",
	"sse4a", "misalignsse", "3dnowprefetch", "osvw", "ibs", "xop", "skinit", "wdt", "", "lwp", "fma4", "tce", NULL };

static void add_names(struct buf *text, uint64_t bits, const char *const *names)
{
	for (int i = 0; names[i]; i++)
		if (bits >> i & 1 && *names[i])
			buf_fmt(text, " %s", names[i]);
}

static void add_aarch64(struct buf *text, const struct cpu_capabilities *c, unsigned number)
{
	buf_fmt(text, "processor\t: %u\nBogoMIPS\t: 100.00\nFeatures\t:", number);
	add_names(text, c->hwcap, aarch64_names);
	add_names(text, c->hwcap2, aarch64_names2);
	buf_str(text, "\nCPU implementer\t: 0x00\nCPU architecture: 8\nCPU variant\t: 0x0\nCPU part\t: 0x051\nCPU revision\t: 0\n\n");
}

/* Linux calls an ARMv6 CPU with thread registers an ARMv7: the 32-bit Raspberry Pi Zero says so, too. */
static void add_arm(struct buf *text, const struct cpu_capabilities *c, unsigned number)
{
	enum { NEON = 1 << 12, VFPV3 = 1 << 13, TLS = 1 << 15 };
	bool v8 = c->hwcap2 != 0, v7 = c->hwcap & (NEON | VFPV3), v6 = c->hwcap & TLS;
	const char *name = v8 ? "ARMv8 Processor rev 0 (v8l)" : v7 ? "ARMv7 Processor rev 0 (v7l)" : v6 ? "ARMv6-compatible processor rev 0 (v6l)" :
												       "ARM926EJ-S rev 0 (v5l)";
	buf_fmt(text, "processor\t: %u\nmodel name\t: %s\nBogoMIPS\t: 100.00\nFeatures\t:", number, name);
	add_names(text, c->hwcap, arm_names);
	add_names(text, c->hwcap2, arm_names2);
	buf_fmt(text, "\nCPU implementer\t: 0x00\nCPU architecture: %s\nCPU variant\t: 0x0\nCPU part\t: 0x000\nCPU revision\t: 0\n\n",
		v8 ? "8" : v7 || v6 ? "7" : "5TEJ");
}

/* Bit N of the capabilities is the extension of the alphabet's letter N (Linux, uapi/asm/hwcap.h). */
static void add_riscv(struct buf *text, const struct cpu_capabilities *c, unsigned number)
{
	buf_fmt(text, "processor\t: %u\nhart\t\t: %u\nisa\t\t: rv64", number, number);
	for (const char *letter = "imafdqcbvh"; *letter; letter++)
		if (c->hwcap >> (*letter - 'a') & 1)
			buf_fmt(text, "%c", *letter);
	buf_str(text, "\nmmu\t\t: sv48\nuarch\t\t: qemu\n\n");
}

static void add_ppc64(struct buf *text, const struct cpu_capabilities *c, unsigned number)
{
	enum { V3_1 = 0x40000, V3_00 = 0x800000 };
	const char *name = c->hwcap2 & V3_1 ? "POWER10" : c->hwcap2 & V3_00 ? "POWER9" : "POWER8";
	buf_fmt(text, "processor\t: %u\ncpu\t\t: %s (architected), altivec supported\nclock\t\t: 1000.000000MHz\nrevision\t: 0.0\n\n", number, name);
}

static void add_loongarch(struct buf *text, const struct cpu_capabilities *c, unsigned number)
{
	buf_fmt(text, "processor\t\t: %u\npackage\t\t\t: 0\ncore\t\t\t: %u\nCPU Family\t\t: Loongson-64bit\nModel Name\t\t: qemu\n"
		      "ISA\t\t\t: loongarch32 loongarch64\nFeatures\t\t:", number, number);
	add_names(text, c->hwcap, loongarch_names);
	buf_str(text, "\n\n");
}

static void add_mips(struct buf *text, const struct cpu_capabilities *c, unsigned number)
{
	(void)c;
	buf_fmt(text, "processor\t\t: %u\ncpu model\t\t: qemu V0.0\nBogoMIPS\t\t: 100.00\n\n", number);
}

static void add_x86(struct buf *text, const struct cpu_capabilities *c, unsigned number, const char *always)
{
	buf_fmt(text, "processor\t: %u\nvendor_id\t: unknown\ncpu family\t: 15\nmodel\t\t: 0\nmodel name\t: qemu\nstepping\t: 0\nfpu\t\t: yes\n"
		      "fpu_exception\t: yes\nwp\t\t: yes\nflags\t\t:", number);
	add_names(text, c->hwcap, x86_names);
	buf_str(text, always);
	add_names(text, c->hwcap2, x86_names2);
	buf_str(text, "\nbugs\t\t:\nbogomips\t: 100.00\nclflush size\t: 64\ncache_alignment\t: 64\npower management:\n\n");
}

/* Every CPU of 64 bits has these. */
static void add_x86_64(struct buf *text, const struct cpu_capabilities *c, unsigned number)
{
	add_x86(text, c, number, " syscall nx lm");
}

static void add_i386(struct buf *text, const struct cpu_capabilities *c, unsigned number)
{
	add_x86(text, c, number, "");
}

static void add_s390x_head(struct buf *text, const struct cpu_capabilities *c, unsigned processors)
{
	buf_fmt(text, "vendor_id       : IBM/S390\n# processors    : %u\nbogomips per cpu: 100.00\nmax thread id   : 0\nfeatures\t:", processors);
	add_names(text, c->hwcap, s390x_names);
	buf_str(text, " \n");
}

static void add_s390x(struct buf *text, const struct cpu_capabilities *c, unsigned number)
{
	(void)c;
	buf_fmt(text, "processor %u: version = 00,  identification = 000000,  machine = 0000\n", number);
}

/* Blocks below the list, each behind an empty line, without which ps of procps 4.0.2 fails. */
static void add_s390x_block(struct buf *text, unsigned number)
{
	buf_fmt(text, "\ncpu number      : %u\nversion         : 00\nidentification  : 000000\nmachine         : 0000\n", number);
}

static const struct form {
	const char *qemu; /* as in the table of architectures */
	void (*head)(struct buf *text, const struct cpu_capabilities *c, unsigned processors);
	void (*processor)(struct buf *text, const struct cpu_capabilities *c, unsigned number);
	void (*again)(struct buf *text, unsigned number); /* for each processor, below all of them */
	const char *tail;
	bool unknown_without; /* capabilities */
} forms[] = {
	{ "aarch64", NULL, add_aarch64, NULL, "" },
	{ "arm", NULL, add_arm, NULL, "Hardware\t: qemu\nRevision\t: 0000\nSerial\t\t: 0000000000000000\n" },
	{ "riscv64", NULL, add_riscv, NULL, "" },
	{ "ppc64le", NULL, add_ppc64, NULL, "timebase\t: 512000000\nplatform\t: qemu\n" },
	{ "ppc64", NULL, add_ppc64, NULL, "timebase\t: 512000000\nplatform\t: qemu\n" },
	{ "s390x", add_s390x_head, add_s390x, add_s390x_block, "" },
	{ "loongarch64", NULL, add_loongarch, NULL, "" },
	{ "mips64el", NULL, add_mips, NULL, "" },
	{ "mipsel", NULL, add_mips, NULL, "" },
	{ "mips64", NULL, add_mips, NULL, "" },
	{ "mips", NULL, add_mips, NULL, "" },
	{ "x86_64", NULL, add_x86_64, NULL, "", true },
	{ "i386", NULL, add_i386, NULL, "", true },
};

bool cpuinfo_text(const struct arch *arch, const struct cpu_capabilities *capabilities, unsigned processors, struct buf *ret_text)
{
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		const struct form *form = &forms[i];
		if (!str_eq(form->qemu, arch->qemu) || (form->unknown_without && !capabilities->hwcap))
			continue;
		if (form->head)
			form->head(ret_text, capabilities, processors);
		for (unsigned number = 0; number < processors; number++)
			form->processor(ret_text, capabilities, number);
		for (unsigned number = 0; form->again && number < processors; number++)
			form->again(ret_text, number);
		buf_str(ret_text, form->tail);
		return true;
	}
	return false;
}
