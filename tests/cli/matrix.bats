#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# One command on several architectures.

load lib

ALL=$PLAIN/test:matrix-$(id -u)

prepare() {
	python3 "$PLACE/tests/registry/index.py" "$PLAIN/test" "${ALL##*:}" amd64 arm64 riscv64 s390x
	xrun --arch x86_64,aarch64,riscv64,s390x -j 2 "$ALL" true
}

# on_all ARGUMENT...: on four architectures; what they say stays in $BATS_TEST_TMPDIR/out and err.
on_all() {
	status=0
	xrun --arch x86_64,aarch64,riscv64,s390x "$@" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" || status=$?
}

@test "each line says which architecture it is from" {
	on_all "$ALL" uname -m
	[ "$status" = 0 ]
	diff <(sort "$BATS_TEST_TMPDIR/out") <(printf 'aarch64 | aarch64\nriscv64 | riscv64\ns390x   | s390x\nx86_64  | x86_64\n')
}

@test "lines are never mixed, however they come" {
	on_all "$ALL" sh -c 'for i in $(seq 200); do printf a; printf b; echo c; done'
	[ "$(wc -l <"$BATS_TEST_TMPDIR/out")" = 800 ]
	[ "$(sort -u "$BATS_TEST_TMPDIR/out" | wc -l)" = 4 ]
}

@test "a line without an end is ended, and an endless one comes in pieces" {
	on_all --arch aarch64 --output prefix "$ALL" sh -c 'printf "a\rb\r\n\r\nc"'
	diff "$BATS_TEST_TMPDIR/out" <(printf 'aarch64 | a\naarch64 | b\naarch64 | \naarch64 | c\n')
	on_all --arch aarch64 --output prefix "$ALL" sh -c 'head -c 40000 /dev/zero | tr "\0" x'
	[ "$(cut -c 1-10 "$BATS_TEST_TMPDIR/out" | tr '\n' ',')" = "aarch64 | ,aarch64 + ,aarch64 + ," ]
	[ "$(cut -c 11- "$BATS_TEST_TMPDIR/out" | tr -d '\n' | wc -c)" = 40000 ]
}

@test "--output group keeps each one's output together, as it was, in the order asked for" {
	on_all --output group "$ALL" sh -c 'uname -m; printf "\001half"'
	diff "$BATS_TEST_TMPDIR/out" <(printf '== x86_64 ==\nx86_64\n\001half== aarch64 ==\naarch64\n\001half== riscv64 ==\nriscv64\n\001half== s390x ==\ns390x\n\001half')
}

@test "colours are for terminals" {
	script -qec "$XRUN --root $STORE --arch x86_64,aarch64 $ALL uname -m" /dev/null >"$BATS_TEST_TMPDIR/script"
	grep -q $'\033\\[3[0-9]maarch64 |' "$BATS_TEST_TMPDIR/script"
	on_all "$ALL" uname -m
	refute grep -q $'\033' "$BATS_TEST_TMPDIR/out"
}

@test "the status is the first failure's, and the table names each" {
	on_all "$ALL" sh -c 'case $(uname -m) in x86_64) ;; aarch64) exit 3 ;; riscv64) exit 4 ;; *) sh -c "kill -9 \$\$" ;; esac'
	[ "$status" = 3 ]
	grep -q '^x86_64  *ok ' "$BATS_TEST_TMPDIR/err"
	grep -q '^aarch64  *exit 3 ' "$BATS_TEST_TMPDIR/err"
	grep -q '^riscv64  *exit 4 ' "$BATS_TEST_TMPDIR/err"
	grep -q '^s390x  *exit 137 (SIGKILL) ' "$BATS_TEST_TMPDIR/err"
}

@test "the table says whose output differs, and where" {
	on_all "$ALL" sh -c 'echo one; [ $(uname -m) = s390x ] && echo zwei || echo two'
	grep -q "^s390x .* differs from $HOST at line 2$" "$BATS_TEST_TMPDIR/err"
	[ "$(grep -c "same as $HOST$" "$BATS_TEST_TMPDIR/err")" = 2 ]
}

@test "an architecture that the image has not is that one's failure, and the others run" {
	on_all --arch x86_64,ppc64le "$ALL" uname -m
	[ "$status" = 125 ]
	grep -q '^ppc64le | xrun: .*linux/ppc64le' "$BATS_TEST_TMPDIR/err"
	grep -q '^x86_64 .* x86_64$' "$BATS_TEST_TMPDIR/out"
}

@test "reports are valid, also of an output that XML cannot hold" {
	on_all --report "junit=$BATS_TEST_TMPDIR/r.xml" --report "json=$BATS_TEST_TMPDIR/r.json" "$ALL" \
		sh -c 'printf "\033[1m<\377&]]>\0\n"; uname -m >&2; [ $(uname -m) != riscv64 ]'
	xmllint --noout "$BATS_TEST_TMPDIR/r.xml"
	[ "$(xmllint --xpath 'string(/testsuites/@failures)' "$BATS_TEST_TMPDIR/r.xml")" = 1 ]
	[ "$(xmllint --xpath 'count(//testcase)' "$BATS_TEST_TMPDIR/r.xml")" = 4 ]
	[ "$(xmllint --xpath 'string(//testcase[failure]/@name)' "$BATS_TEST_TMPDIR/r.xml")" = riscv64 ]
	[ "$(jq -r '.results[] | select(.status == 1) | .platform' "$BATS_TEST_TMPDIR/r.json")" = linux/riscv64 ]
	[ "$(jq -r '.status, .reference, (.results | length)' "$BATS_TEST_TMPDIR/r.json" | tr '\n' ' ')" = "1 $HOST 4 " ]
	[ "$(jq -r '.results[3].stderr.text' "$BATS_TEST_TMPDIR/r.json")" = s390x ]
	[ "$(xrun --report json=- --arch aarch64 "$ALL" true 2>/dev/null | jq -r .results[0].arch)" = aarch64 ]
}

@test "a report that cannot be written is an error before anything runs" {
	fails_with 125 "/no/such/dir" xrun --report junit=/no/such/dir/r.xml --arch aarch64 "$ALL" true
	fails_with 125 "--report tap=x" xrun --report tap=x --arch aarch64 "$ALL" true
}

@test "each program reads all of standard input with -i, and nothing without" {
	seq 5000 | on_all -i "$ALL" md5sum
	[ "$(cut -d' ' -f 2- "$BATS_TEST_TMPDIR/out" | sed 's/^ *| //' | sort -u)" = "$(seq 5000 | md5sum)" ]
	seq 5 | on_all "$ALL" wc -l
	[ "$(grep -c '| 0$' "$BATS_TEST_TMPDIR/out")" = 4 ]
}

@test "-j says how many run at once" {
	mkdir -m 777 "$BATS_TEST_TMPDIR/v"
	on_all -j 1 -v "$BATS_TEST_TMPDIR/v:/v" "$ALL" sh -c 'mkdir /v/lock && sleep 0.2 && rmdir /v/lock'
	[ "$status" = 0 ]
	on_all -j 4 -v "$BATS_TEST_TMPDIR/v:/v" "$ALL" sh -c 'touch /v/$(uname -m); while [ $(ls /v | wc -l) -lt 4 ]; do sleep 0.1; done'
	[ "$status" = 0 ]
	fails_with 125 "-j 0" xrun -j 0 --arch aarch64 "$ALL" true
}

@test "a signal ends all, also programs that ignore it, and leaves no container" {
	"$XRUN" --root "$STORE" --arch x86_64,aarch64 -j 1 "$ALL" sh -c 'trap "" INT TERM; echo ready; while :; do sleep 1; done' \
		>"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" &
	await_text ready "$BATS_TEST_TMPDIR/out"
	kill -INT $!
	await_end $!
	[ "$status" = 130 ]
	grep -q '^aarch64  *not started ' "$BATS_TEST_TMPDIR/err"
	[ -z "$(ls "$STORE/containers")" ]
}

@test "a reader that goes away ends the programs" {
	"$XRUN" --root "$STORE" --arch x86_64,aarch64 --init "$ALL" yes 2>/dev/null | head -n 3 >"$BATS_TEST_TMPDIR/head"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/head")" = 3 ]
}

@test "output of any size passes through little memory" {
	"$XRUN" --root "$STORE" --arch x86_64,aarch64 --output group "$ALL" sh -c 'head -c 60000000 /dev/zero' 2>/dev/null | wc -c >"$BATS_TEST_TMPDIR/count"
	[ "$(cat "$BATS_TEST_TMPDIR/count")" = $((120000000 + 13 + 14)) ]
	(sanitized || ulimit -v 200000; "$XRUN" --root "$STORE" -j 2 --arch x86_64 "$ALL" sh -c 'head -c 60000000 /dev/zero') 2>/dev/null | tr -d '\0' | wc -l >"$BATS_TEST_TMPDIR/count"
	[ "$(cat "$BATS_TEST_TMPDIR/count")" = $(((60000000 + 16383) / 16384)) ]
}

@test "--name gives each its own; -t and -d are refused" {
	"$XRUN" --root "$STORE" --arch x86_64,s390x --init --name box "$ALL" sh -c 'echo ready; sleep 100' >"$BATS_TEST_TMPDIR/out" 2>&1 &
	await_text "s390x  | ready" "$BATS_TEST_TMPDIR/out"
	xrun ps | grep -q box-s390x
	kill -TERM $!
	await_end $!
	[ "$status" = 143 ]
	fails_with 125 "--tty" xrun -t --arch x86_64,aarch64 "$ALL" true
	fails_with 125 "-d is for one container" xrun -d --arch x86_64,aarch64 "$ALL" true
}

@test "--arch all is every platform that the image has" {
	run "$XRUN" --root "$BATS_TEST_TMPDIR/new" --arch all -q --network none "$ALL" uname -m
	[ "$status" = 0 ]
	for machine in x86_64 aarch64 riscv64 s390x; do
		[[ $output == *"| $machine"* ]]
	done
	"$XRUN" --root "$BATS_TEST_TMPDIR/new" rmi --arch riscv64 "$ALL"
	run "$XRUN" --root "$BATS_TEST_TMPDIR/new" --arch all --pull never --network none "$ALL" uname -m
	[ "$status" = 0 ]
	[[ $output == *"| s390x"* && $output != *riscv64* ]]
	"$XRUN" --root "$BATS_TEST_TMPDIR/new" rmi --all
}


@test "--arch all of an image that nobody has is an error" {
	fails_with 125 "nonesuch" xrun --arch all "$PLAIN/nonesuch:1" true
	fails_with 125 "never" xrun --arch all --pull never "$PLAIN/nonesuch:1" true
}

@test "a name twice, and one that nobody knows, are errors" {
	fails_with 125 "aarch64 is named twice" xrun --arch arm64,aarch64 "$ALL" true
	fails_with 125 "vax" xrun --arch arm64,vax "$ALL" true
	fails_with 125 "--output" xrun --output quiet --arch arm64 "$ALL" true
}
