#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The ready-made CI jobs: they are YAML, and the commands in them do what they say, on a test image.

load lib

ALL=$PLAIN/test:examples-$(id -u)

prepare() {
	python3 "$PLACE/tests/registry/index.py" "$PLAIN/test" "${ALL##*:}" amd64 arm64 riscv64 s390x
}

# A repository whose tests fail on one architecture.
setup() {
	mkdir -p "$BATS_TEST_TMPDIR/repository/ci"
	cd "$BATS_TEST_TMPDIR/repository" || return
	printf '#!/bin/sh\necho "testing on $(uname -m)"\n[ "$(uname -m)" != s390x ]\n' >ci/tests.sh
	chmod +x ci/tests.sh
}

# runs_here SCRIPT: with xrun ours, and the image a small one. Without a store of the script's own it is the test's.
runs_here() {
	local script=${1//debian:trixie/$ALL}
	script=${script//xrun --arch/xrun --root "$STORE" --arch}
	script=${script//xrun --root/"$XRUN" --root}
	[[ $script == *"$ALL"* ]]
	run bash -euc "$script"
	echo "$output"
	[ "$status" = 1 ]
	[[ $output == *"== riscv64 =="*"testing on riscv64"* ]]
	xmllint --noout junit.xml
	[ "$(xmllint --xpath 'string(//testcase[failure]/@name)' junit.xml)" = s390x ]
	[ "$(xmllint --xpath 'string(/testsuites/@tests)' junit.xml)" = 4 ]
}

@test "the GitHub workflow's tests run" {
	runs_here "$(/usr/bin/python3 -c 'import sys, yaml
for step in yaml.safe_load(open(sys.argv[1]))["jobs"]["tests"]["steps"]:
    if step.get("name") == "Test":
        print(step["run"])' "$PLACE/ci/examples/github.yml")"
	/usr/bin/python3 -c 'import sys, yaml
job = yaml.safe_load(open(sys.argv[1]))["jobs"]["tests"]
assert job["runs-on"] and all("run" in step or "uses" in step for step in job["steps"])
assert job["steps"][-1]["with"]["path"] == "junit.xml"' "$PLACE/ci/examples/github.yml"
}

@test "the GitLab job's tests run" {
	export CI_BUILDS_DIR=$BATS_FILE_TMPDIR/builds
	mkdir -p "$CI_BUILDS_DIR"
	runs_here "$(/usr/bin/python3 -c 'import sys, yaml
print("\n".join(yaml.safe_load(open(sys.argv[1]))["tests"]["script"]))' "$PLACE/ci/examples/gitlab.yml")"
	[ "$(/usr/bin/python3 -c 'import sys, yaml
print(yaml.safe_load(open(sys.argv[1]))["tests"]["artifacts"]["reports"]["junit"])' "$PLACE/ci/examples/gitlab.yml")" = junit.xml ]
	"$XRUN" --root "$CI_BUILDS_DIR/.xrun" rmi --all
}
