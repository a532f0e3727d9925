# xrun. `make` leaves build/xrun; `make demo` and `make check` also install what they need (see README.md).
#   make            build/xrun, build/xrun-fetch, build/xrun-oci
#   make SAN=1 ...  the same with AddressSanitizer and UBSan, in build-san/
#   make CROSS=aarch64-linux-gnu SYSROOT=DIR   the same for another machine, whose headers and libraries are in DIR, in build-aarch64-linux-gnu/
#   make demo       a foreign image from a real registry, run in a container; IMAGE=debian:12 for any other
#   make probes     what `xrun doctor --arch` runs, for the architectures that a cross compiler is here for
#   make check      every test; make bench: side by side with other tools (or bench-pull, bench-start, bench-exec, bench-emulation, bench-engines); make lint: shellcheck, clang-tidy
#   make conformance   the same container on every architecture there is a compiler for
#   make sweep      runs and pulls broken off at every system call; STEP=10: runs at one in ten, pulls at one of each kind and place
#   make check-many    500 containers at once; MANY=1000 for another number
#   make check-rounds  1000 lives of containers, 8 at a time, of which nothing may be left; ROUNDS=100 AT_ONCE=4 for others
#   make check-large   system calls and memory for an image of a million files; LARGE=250000 for another number
#   make check-power   the power failing while the store is changed; STEP=1: after each of the disk's writes, else one in 60
#   make check-kernels   some tests on older kernels, in virtual machines
#   make check-arm64   some tests on an arm64 machine, a virtual one
#   make deb        a Debian package, in build/deb
#   make fuzz       each fuzzer of tests/fuzz for FOR=30 seconds, in build-fuzz/; ONLY=layer: that one
SHELL := /bin/bash
comma := ,
PREFIX ?= /usr/local
BUILD := $(if $(FUZZ),build-fuzz,$(if $(SAN),build-san,build$(CROSS:%=-%)))
Q := $(if $(V),,@)

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wno-format-truncation -Wno-missing-field-initializers
SANITIZE := $(if $(SAN)$(FUZZ),-fsanitize=address$(comma)undefined -fno-sanitize-recover=undefined)
ifdef FUZZ
CC := clang
WARN += -Wno-unknown-warning-option
endif
ifdef CROSS
CC := $(CROSS)-gcc $(SYSROOT:%=--sysroot=%)
AR := $(CROSS)-ar
endif
CFLAGS ?= -g -O2
ALL_CFLAGS = -std=gnu11 $(WARN) $(CFLAGS) -fPIE -fstack-protector-strong -MMD -MP -D_GNU_SOURCE -I. -I$(BUILD) \
	$(if $(SANITIZE),-O1 -fno-omit-frame-pointer $(SANITIZE),-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2) \
	$(if $(FUZZ),-fsanitize=fuzzer-no-link) $(CPPFLAGS)
ALL_LDFLAGS = -pie -Wl,--as-needed,-z,relro,-z,now $(SANITIZE) $(LDFLAGS)

# One static archive a part, so that the linker keeps the walls of docs/design.md.
ARCHIVES := src/oci src/cli src/access src/runtime src/plan registry binfmt src/seccomp src/base
archive = $(BUILD)/lib$(notdir $(1)).a
sources = $(filter-out %/main.c,$(wildcard $(1)/*.c))
objects = $(patsubst %.c,$(BUILD)/%.o,$(call sources,$(1)))

# What starts containers stays light; what pulls images may load curl and the rest: see docs/design.md, "Two programs".
# It is linked statically: to find a library and its symbols takes a tenth of a start's time. STATIC= where there is no libc.a.
STATIC := $(if $(SANITIZE),,-static-pie)
XRUN_LDFLAGS = $(if $(STATIC),$(STATIC) $(filter-out -pie,$(ALL_LDFLAGS)),$(ALL_LDFLAGS))
DYNAMIC_LIBS := -Wl,-Bstatic -ljansson -Wl,-Bdynamic
XRUN_LIBS := $(if $(STATIC),-ljansson,$(DYNAMIC_LIBS))
FETCH_LIBS := -lcurl -ljansson -larchive -lisal -lzstd -lcrypto -pthread
PROGRAMS := $(BUILD)/xrun $(BUILD)/xrun-fetch $(BUILD)/xrun-oci

UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(wildcard tests/unit/test_*.c))
REPLAYS := $(patsubst tests/fuzz/%.c,$(BUILD)/tests/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_SHARED := $(patsubst %.c,$(BUILD)/%.o,$(filter-out tests/fuzz/fuzz_% %/replay.c,$(wildcard tests/fuzz/*.c)))

all: $(PROGRAMS) $(BUILD)/man/stamp

XRUN_PARTS := $(BUILD)/src/main.o $(foreach a,$(ARCHIVES),$(call archive,$(a)))
$(BUILD)/xrun: $(XRUN_PARTS)
	@echo "  LINK  $@"
	$(Q)$(CC) $(XRUN_LDFLAGS) -o $@ $^ $(XRUN_LIBS)

# For tests of what the dynamic loader makes possible, for the tests themselves and for who attacks.
$(BUILD)/xrun-dynamic: $(XRUN_PARTS)
	@echo "  LINK  $@"
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(DYNAMIC_LIBS)

$(BUILD)/xrun-fetch: $(BUILD)/registry/main.o $(call archive,registry) $(call archive,src/base)
	@echo "  LINK  $@"
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(FETCH_LIBS)

# For engines, which give it an image's files: it pulls none.
$(BUILD)/xrun-oci: $(BUILD)/src/oci/main.o $(foreach a,$(ARCHIVES),$(call archive,$(a)))
	@echo "  LINK  $@"
	$(Q)$(CC) $(XRUN_LDFLAGS) -o $@ $^ $(XRUN_LIBS)

# Runs on the machine that builds, for the one that CC compiles for: the tables of system calls, the built-in filters.
HOSTCC ?= gcc
FILTER_SOURCES := src/filter/main.c $(addprefix src/seccomp/,compile.c emit.c multiplex.c default.c) src/base/err.c src/base/shown.c src/base/str.c
$(BUILD)/filter: $(FILTER_SOURCES) $(wildcard src/seccomp/*.h)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) -std=gnu11 -D_GNU_SOURCE $(WARN) -O1 -I. -o $@ $(FILTER_SOURCES) -lseccomp

$(BUILD)/tables.inc $(BUILD)/programs.inc: $(BUILD)/%.inc: $(BUILD)/filter
	@echo "  GEN   $@"
	$(Q)$< "$$($(CC) -dumpmachine)" $* >$@.new && mv $@.new $@

$(BUILD)/src/seccomp/tables.o: $(BUILD)/tables.inc
$(BUILD)/src/seccomp/ready.o: $(BUILD)/programs.inc

# Manual pages and completions come out of the table of commands: src/manual. They are the same for every machine, but the
# program that writes them must run on this one.
ifdef CROSS
$(BUILD)/man/stamp: docs/xrun.1 $(wildcard $(addsuffix /*.c,$(ARCHIVES) src/manual))
	$(Q)$(MAKE) --no-print-directory CROSS= build/man/stamp
	$(Q)mkdir -p $(BUILD) && cp -r build/man $(BUILD)/
else
MANUAL := $(patsubst %.c,$(BUILD)/%.o,$(wildcard src/manual/*.c))
$(BUILD)/manual: $(MANUAL) $(foreach a,$(ARCHIVES),$(call archive,$(a)))
	@echo "  LINK  $@"
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(DYNAMIC_LIBS)

$(BUILD)/man/stamp: $(BUILD)/manual docs/xrun.1
	@echo "  GEN   $(@D)"
	$(Q)rm -rf $(@D) && mkdir -p $(@D)
	$(Q)$< list | sed '/the list: src.manual/r /dev/stdin' docs/xrun.1 >$(@D)/xrun.1
	$(Q)$< oci >$(@D)/xrun-oci.1
	$(Q)set -e; for name in $$($< commands); do $< page $$name >$(@D)/xrun-$$name.1; done
	$(Q)set -e; for shell in bash zsh fish; do $< completion $$shell >$(@D)/xrun.$$shell; done
	$(Q)touch $@
endif

# The code that a copy of an emulator gets, as bytes. Empty for machines that binfmt/stub/stub.c does not know.
STUB_MACHINES := x86_64% aarch64%
STUB_CC := $(if $(FUZZ),$(HOSTCC),$(CC))
STUB_CFLAGS := -std=gnu11 $(WARN) -Os -fPIE -ffreestanding -fno-builtin -fno-tree-loop-distribute-patterns \
	-fno-stack-protector -fno-asynchronous-unwind-tables -nostdlib -static -I. -Wl,-T,binfmt/stub/stub.ld \
	-Wl,--build-id=none

$(BUILD)/stub.bin: binfmt/stub/stub.c binfmt/stub/stub.ld binfmt/stub/data.h
	@mkdir -p $(@D)
ifneq ($(filter $(STUB_MACHINES),$(shell $(STUB_CC) -dumpmachine)),)
	$(Q)$(STUB_CC) $(STUB_CFLAGS) -o $@.elf $<
	$(Q)"$$($(STUB_CC) -print-prog-name=objcopy)" -O binary -j .text $@.elf $@
else
	$(Q): >$@
endif

$(BUILD)/stub.inc: $(BUILD)/stub.bin
	@echo "  GEN   $@"
	$(Q)od -An -v -tx1 $< | sed 's/ \(..\)/0x\1, /g' >$@.new && mv $@.new $@

$(BUILD)/binfmt/patch.o: $(BUILD)/stub.inc

define archive_rule
$(call archive,$(1)): $(call objects,$(1))
	@echo "  AR    $$@"
	$(Q)rm -f $$@ && $(AR) rcs $$@ $$^
endef
$(foreach a,$(ARCHIVES),$(eval $(call archive_rule,$(a))))

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o $(foreach a,$(ARCHIVES),$(call archive,$(a)))
	@echo "  LINK  $@"
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcmocka $(DYNAMIC_LIBS) $(FETCH_LIBS) $(if $(findstring seccomp,$@),-lseccomp)

# The fuzzers: with replay.c, which tries the same inputs every time, and with libFuzzer, which clang brings.
$(BUILD)/tests/fuzz/fuzz_%: $(BUILD)/tests/fuzz/fuzz_%.o $(BUILD)/tests/fuzz/replay.o $(FUZZ_SHARED) \
		$(foreach a,$(ARCHIVES),$(call archive,$(a)))
	@echo "  LINK  $@"
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(DYNAMIC_LIBS) $(FETCH_LIBS)

$(BUILD)/tests/fuzz/live_%: $(BUILD)/tests/fuzz/fuzz_%.o $(FUZZ_SHARED) $(foreach a,$(ARCHIVES),$(call archive,$(a)))
	@echo "  LINK  $@"
	$(Q)$(CC) -fsanitize=fuzzer $(ALL_LDFLAGS) -o $@ $^ $(DYNAMIC_LIBS) $(FETCH_LIBS)

# What `xrun doctor --arch` runs: a static program for each architecture that a compiler of Debian's gcc-*-linux-gnu* and
# its libc are here for. NAME is xrun's; the old arm ones share a compiler.
PROBE_COMPILERS := x86_64=x86_64-linux-gnu i386=i686-linux-gnu aarch64=aarch64-linux-gnu armv7=arm-linux-gnueabihf \
	armv6=arm-linux-gnueabi armv5=arm-linux-gnueabi riscv64=riscv64-linux-gnu ppc64le=powerpc64le-linux-gnu s390x=s390x-linux-gnu \
	mips64el=mips64el-linux-gnuabi64 mipsel=mipsel-linux-gnu loongarch64=loongarch64-linux-gnu ppc64=powerpc64-linux-gnu \
	mips64=mips64-linux-gnuabi64 mips=mips-linux-gnu
has_compiler = $(shell echo 'int main(void){return 0;}' | $(1)-gcc -static -x c -o /dev/null - 2>/dev/null && echo yes)
PROBE_SOURCES := $(wildcard src/probe/*.c)

define probe_rule
$(BUILD)/probe/$(1)/xrun-probe: $(PROBE_SOURCES) src/probe/probe.h
	@mkdir -p $$(@D)
	@echo "  PROBE $(1)"
	$(Q)$(2)-gcc -std=gnu11 -D_GNU_SOURCE $(WARN) -O1 -static -I. -o $$@ $(PROBE_SOURCES)
probes: $(if $(call has_compiler,$(2)),$(BUILD)/probe/$(1)/xrun-probe)
endef
ifneq ($(filter probes,$(MAKECMDGOALS)),)
$(foreach pair,$(PROBE_COMPILERS),$(eval $(call probe_rule,$(word 1,$(subst =, ,$(pair))),$(word 2,$(subst =, ,$(pair))))))
endif

unit-tests: $(UNIT_TESTS) $(REPLAYS) $(BUILD)/xrun-dynamic
fuzzers: $(REPLAYS) $(subst /fuzz_,/live_,$(REPLAYS))

check: ; $(Q)SAN=$(SAN) ci/check.sh
demo: ; $(Q)IMAGE=$(IMAGE) ci/demo.sh
bench: ; $(Q)ci/bench.sh
bench-pull bench-start bench-exec bench-emulation bench-engines: bench-%: ; $(Q)ci/bench.sh $*
check-many: ; $(Q)ONLY=many MANY=$(or $(MANY),500) ci/check.sh
check-rounds: all ; $(Q)tests/rounds.sh
check-large: ; $(Q)ONLY=large LARGE=$(or $(LARGE),1000000) ci/check.sh
check-power: ; $(Q)STEP=$(STEP) TYPES="$(TYPES)" ci/power.sh
check-kernels: ; $(Q)ci/kernels.sh
check-arm64: ; $(Q)ARCH=arm64 ci/kernels.sh
conformance: ; $(Q)ci/conformance.sh
sweep: ; $(Q)STEP=$(STEP) ci/sweep.sh
lint: ; $(Q)ci/lint.sh
deb: ; $(Q)ci/deb.sh
fuzz: ; $(Q)FOR=$(FOR) ONLY=$(ONLY) ci/fuzz.sh

install: all
	install -D -m 0755 $(BUILD)/xrun $(DESTDIR)$(PREFIX)/bin/xrun
	install -D -m 0755 $(BUILD)/xrun-oci $(DESTDIR)$(PREFIX)/bin/xrun-oci
	install -D -m 0755 $(BUILD)/xrun-fetch $(DESTDIR)$(PREFIX)/libexec/xrun/xrun-fetch
	for p in $(BUILD)/probe/*/xrun-probe; do [[ ! -e $$p ]] || install -D -m 0755 $$p $(DESTDIR)$(PREFIX)/libexec/xrun/$${p#$(BUILD)/}; done
	install -d $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 0644 $(BUILD)/man/*.1 $(DESTDIR)$(PREFIX)/share/man/man1/
	install -D -m 0644 $(BUILD)/man/xrun.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/xrun
	install -D -m 0644 $(BUILD)/man/xrun.zsh $(DESTDIR)$(PREFIX)/share/zsh/vendor-completions/_xrun
	install -D -m 0644 $(BUILD)/man/xrun.fish $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/xrun.fish

clean:
	rm -rf build build-*/

.PHONY: all probes unit-tests fuzzers check check-many check-rounds check-large check-power check-kernels check-arm64 conformance sweep demo bench bench-pull bench-start bench-exec bench-emulation bench-engines lint deb fuzz install clean
.SECONDARY:
-include $(shell find $(BUILD) -path $(BUILD)/deb -prune -o -name '*.d' -type f -print 2>/dev/null)
