/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_seccomp.c: what a seccomp profile says, and the program it becomes. */
#include "src/plan/seccomp.h"
#include "tests/fuzz/fuzz.h"

#include <linux/seccomp.h>
#include <string.h>

#define RULE(text) "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":1,\"architectures\":[\"SCMP_ARCH_X86_64\"],\"syscalls\":[" text "]}"

const unsigned fuzz_rounds = 20000;
FUZZ_SEEDS(SEED("{\"defaultAction\":\"SCMP_ACT_ALLOW\"}"),
	SEED(RULE("{\"names\":[\"read\",\"socket\"],\"action\":\"SCMP_ACT_ALLOW\"}")),
	SEED(RULE("{\"name\":\"socket\",\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,\"value\":40,\"op\":\"SCMP_CMP_NE\"}]}")),
	SEED(RULE("{\"names\":[\"ipc\",\"shmget\"],\"action\":\"SCMP_ACT_TRAP\",\"includes\":{\"caps\":[\"CAP_CHOWN\"],\"arches\":[\"amd64\"]}}")),
	SEED(RULE("{\"names\":[\"clone\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":38,\"args\":[{\"index\":0,\"value\":2114060288,"
		  "\"valueTwo\":0,\"op\":\"SCMP_CMP_MASKED_EQ\"},{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_GT\"}],"
		  "\"excludes\":{\"minKernel\":\"4.8\"}}")))

/* Every jump leads forward to an instruction, and every way ends in a return: what the kernel asks for, too. */
static void check_program(const struct sock_filter *code, size_t len)
{
	CHECK(len >= 2 && len <= BPF_MAXINSNS);
	for (size_t i = 0; i < len; i++) {
		if (code[i].code == (BPF_RET | BPF_K))
			continue;
		CHECK(i + 1 < len);
		if (code[i].code == (BPF_JMP | BPF_JA))
			CHECK(i + 1 + code[i].k < len);
		else if (BPF_CLASS(code[i].code) == BPF_JMP)
			CHECK(i + 1 + code[i].jt < len && i + 1 + code[i].jf < len);
		else if (BPF_CLASS(code[i].code) == BPF_LD)
			CHECK(code[i].k % 4 == 0 && code[i].k < sizeof(struct seccomp_data));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = { 0 };
	struct spec spec = { .capabilities = 1 };
	cleanup_free char *text = str_ndup((const char *)data, size);
	int r = seccomp_plan("fuzz", text, strlen(text), 0x060100, &spec, &err);
	CHECK(r <= 0 && r == err.code && (r == 0) == !!spec.isolation.profile.code);
	if (r == 0) {
		check_program(spec.isolation.profile.code, spec.isolation.profile.len);
		struct spec again = { .capabilities = 1 };
		CHECK(seccomp_plan("again", spec.isolation.profile.text, strlen(spec.isolation.profile.text), 0x060100, &again, &err) == 0);
		CHECK(strcmp(again.isolation.profile.text, spec.isolation.profile.text) == 0);
		CHECK(again.isolation.profile.len == spec.isolation.profile.len);
		CHECK(memcmp(again.isolation.profile.code, spec.isolation.profile.code, again.isolation.profile.len * sizeof(struct sock_filter)) == 0);
		spec_done(&again);
	}
	spec_done(&spec);
	return 0;
}
