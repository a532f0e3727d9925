#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Logins that a user has: docker's and podman's files, credential helpers, xrun login and logout.

load lib
load scripted

ANN=$(printf ann:secret | base64)

setup() {
	sentinel >"$BATS_TEST_TMPDIR/sentinel"
	export HOME=$BATS_TEST_TMPDIR/home
	mkdir -p "$HOME/.docker" "$HOME/.config/containers" "$BATS_TEST_TMPDIR/run/containers" "$BATS_TEST_TMPDIR/bin"
	export PATH=$BATS_TEST_TMPDIR/bin:$PATH
}

# config FILE REGISTRY [AUTH]: FILE has a login for REGISTRY.
config() {
	printf '{"auths": {"%s": {"auth": "%s"}}}\n' "$2" "${3:-$ANN}" >"$1"
}

# helper NAME SCRIPT: the program docker-credential-NAME; $1 is the command, its standard input the question.
helper() {
	printf '#!/bin/sh\n%s\n' "$2" >"$BATS_TEST_TMPDIR/bin/docker-credential-$1"
	chmod 755 "$BATS_TEST_TMPDIR/bin/docker-credential-$1"
}

pulled() {
	pull password
	xrun rmi --all
}

# at_terminal COMMAND...: with a terminal, which answers each question of standard input's lines QUESTION=ANSWER. What it shows
# is printed.
at_terminal() {
	python3 -c '
import os, pty, sys
answers = [line.rstrip("\n").split("=", 1) for line in sys.stdin]
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
shown = b""
while True:
    try:
        piece = os.read(fd, 4096)
    except OSError:
        break
    if not piece:
        break
    shown += piece
    if answers and answers[0][0].encode() in shown:
        shown += b"|"
        os.write(fd, answers.pop(0)[1].encode().decode("unicode_escape").encode() + b"\n")
sys.stdout.buffer.write(shown)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))' "$@"
}

@test "docker's login is used" {
	refused password "wants a login (401)"
	config "$HOME/.docker/config.json" "$SCRIPTED"
	pulled
	config "$HOME/.docker/config.json" "https://$SCRIPTED/v1/"
	pulled
	mkdir "$BATS_TEST_TMPDIR/elsewhere"
	mv "$HOME/.docker/config.json" "$BATS_TEST_TMPDIR/elsewhere"
	DOCKER_CONFIG=$BATS_TEST_TMPDIR/elsewhere pulled
}

@test "podman's login is used, and comes before docker's" {
	config "$HOME/.config/containers/auth.json" "$SCRIPTED"
	config "$HOME/.docker/config.json" "$SCRIPTED" "$(printf ann:wrong | base64)"
	pulled
	config "$HOME/.config/containers/auth.json" "$SCRIPTED" "$(printf ann:wrong | base64)"
	config "$BATS_TEST_TMPDIR/run/containers/auth.json" "$SCRIPTED"
	XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR/run pulled
	refused password "does not let ann in"
}

@test "REGISTRY_AUTH_FILE and --authfile name the only file, --creds does without any" {
	config "$BATS_TEST_TMPDIR/only" "$SCRIPTED"
	REGISTRY_AUTH_FILE=$BATS_TEST_TMPDIR/only pulled
	pull password --authfile "$BATS_TEST_TMPDIR/only"
	xrun rmi --all
	config "$HOME/.docker/config.json" "$SCRIPTED"
	REGISTRY_AUTH_FILE=/dev/null refused password "wants a login (401)"
	echo oops >"$HOME/.docker/config.json"
	pull password --creds ann:secret
}

@test "a login is for one host and port, and nobody else gets to see it" {
	local host
	for host in 127.0.0.1 "localhost:${SCRIPTED#*:}" "$HTPASSWD" 127.0.0.1:1 docker.io https://index.docker.io/v1/; do
		config "$HOME/.docker/config.json" "$host"
		asked password >/dev/null
		refused password "wants a login (401)"
		refute grep -v ' -$' <(asked password)
	done
}

@test "of logins for parts of a registry the longest is used" {
	printf '{"auths": {"%s": {"auth": "eDp5"}, "%s/password": {"auth": "%s"}}}\n' "$SCRIPTED" "$SCRIPTED" "$ANN" \
		>"$HOME/.config/containers/auth.json"
	pulled
}

@test "a credential helper is asked for its registry alone" {
	printf '{"credHelpers": {"%s": "one"}}\n' "$SCRIPTED" >"$HOME/.docker/config.json"
	helper one 'echo "$1 $(cat)" >>"$HOME/asked"; echo "{\"Username\": \"ann\", \"Secret\": \"secret\"}"'
	pulled
	[ "$(cat "$HOME/asked")" = "get $SCRIPTED" ]
	fails_with 125 "does not have it" xrun pull -q "$PLAIN/nonesuch"
	[ "$(wc -l <"$HOME/asked")" = 1 ]
}

@test "a helper for all registries may not know one, and then the file does" {
	printf '{"credsStore": "all", "auths": {"%s": {"auth": "%s"}}}\n' "$SCRIPTED" "$ANN" >"$HOME/.docker/config.json"
	helper all 'echo "credentials not found in native keychain"; exit 1'
	pulled
}

@test "a broken helper is an error, and leads to no login for anybody (CVE-2021-41092)" {
	local auths what
	auths='"auths": {"https://index.docker.io/v1/": {"auth": "eDp5"}, "docker.io": {"auth": "eDp5"}, "'$SCRIPTED'": {"auth": "eDp5"}}'
	printf '{"credHelpers": {"%s": "broken"}, %s}\n' "$SCRIPTED" "$auths" >"$HOME/.docker/config.json"
	asked password >/dev/null
	fails_with 125 "cannot start the credential helper docker-credential-broken" xrun pull -q "$SCRIPTED/password:v1"
	helper broken 'echo "no keyring"; exit 1'
	fails_with 125 "docker-credential-broken failed (status 1): no keyring" xrun pull -q "$SCRIPTED/password:v1"
	# shellcheck disable=SC2154 # fails_with sets it
	[[ $said == *"$HOME/.docker/config.json names it for $SCRIPTED"* ]]
	for what in 'exit 0' 'echo hello' 'echo "{}"' 'kill -9 $$' 'cat /dev/zero' 'yes 1234567 | head -c 100000'; do
		helper broken "$what"
		fails_with 125 "docker-credential-broken" xrun pull -q "$SCRIPTED/password:v1"
	done
	[ -z "$(asked password)" ]
	fails_with 125 "does not have it" xrun pull -q "$PLAIN/nonesuch" # other registries do without it
}

@test "a helper's name cannot be a path" {
	printf '{"credsStore": "../../bin/sh"}\n' >"$HOME/.docker/config.json"
	fails_with 125 "cannot be a credential helper's name" xrun pull -q "$SCRIPTED/good:v1"
}

@test "a file with credentials that makes no sense is named, with its line" {
	printf '{\n"auths": oops\n}\n' >"$HOME/.docker/config.json"
	fails_with 125 "$HOME/.docker/config.json: line 2" xrun pull -q "$SCRIPTED/good:v1"
	head -c 2000000 /dev/zero >"$HOME/.docker/config.json"
	fails_with 125 "cannot read $HOME/.docker/config.json" xrun pull -q "$SCRIPTED/good:v1"
}

@test "an image in the store runs without a look at any of these files" {
	echo oops >"$HOME/.docker/config.json"
	xrun pull -q --creds a:b "$NATIVE"
	in_native true
	printf '{"credsStore": "loud"}' >"$HOME/.docker/config.json"
	helper loud 'touch "$HOME/asked"; exit 1'
	in_native true
	[ ! -e "$HOME/asked" ]
}

@test "an identity token gets a token by a form, which no redirect sends elsewhere" {
	local name
	for name in token-identity token-identity-moved; do
		printf '{"auths": {"%s": {"auth": "MDo=", "identitytoken": "s/me"}}}\n' "$SCRIPTED" >"$HOME/.docker/config.json"
		asked good >/dev/null
		if [ "$name" = token-identity ]; then pull $name; else refused $name "gave no token (status 307)"; fi
		[ ! -e "$STORE" ] || xrun rmi --all
		[ -z "$(asked good)" ]
	done
	printf '{"auths": {"%s": {"auth": "MDo=", "identitytoken": "other"}}}\n' "$SCRIPTED" >"$HOME/.docker/config.json"
	refused token-identity "refused"
}

@test "login tries the password, and keeps it where others cannot read it" {
	fails_with 125 "does not let ann in" xrun login -u ann --password-stdin "$HTPASSWD" <<<wrong
	[ ! -e "$HOME/.config/containers/auth.json" ]
	xrun login -u ann --password-stdin "$HTPASSWD" <<<secret
	[ "$(stat -c %a "$HOME/.config/containers/auth.json")" = 600 ]
	xrun pull -q "$HTPASSWD/test:empty"
	XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR/run xrun login -u ann --password-stdin "$TOKEN" <<<secret
	[ -s "$BATS_TEST_TMPDIR/run/containers/auth.json" ]
	XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR/run xrun pull -q "$TOKEN/test:empty"
	fails_with 125 "refused ann" xrun login -u ann --password-stdin "$TOKEN" <<<wrong
	xrun login -u ann --password-stdin --authfile "$BATS_TEST_TMPDIR/own" "$HTPASSWD/" <<<secret
	skopeo inspect --tls-verify=false --authfile "$BATS_TEST_TMPDIR/own" "docker://$HTPASSWD/test:empty" >/dev/null
}

@test "a login can be for a part of a registry, as podman's" {
	xrun login -u ann --password-stdin "$HTPASSWD/test" <<<secret
	xrun pull -q "$HTPASSWD/test:empty"
	fails_with 125 "wants a login" xrun pull -q "$HTPASSWD/other:empty"
	skopeo inspect --tls-verify=false --authfile "$HOME/.config/containers/auth.json" "docker://$HTPASSWD/test:empty" >/dev/null
	fails_with 125 "not logged in to $HTPASSWD" xrun logout "$HTPASSWD"
	fails_with 125 "not logged in to $HTPASSWD/other" xrun logout "$HTPASSWD/other"
	xrun logout "$HTPASSWD/test" | grep -q "Logged out of $HTPASSWD/test"
	fails_with 125 "wants a login" xrun pull -q "$HTPASSWD/test:empty"
	fails_with 125 "HOST/PATH for a part of it" xrun login -u ann --password-stdin "$HTPASSWD/test:tag" <<<secret
	printf '{"credsStore": "vault"}\n' >"$HOME/.config/containers/auth.json"
	helper vault 'exit 1'
	fails_with 125 "for whole registries" xrun login -u ann --password-stdin "$HTPASSWD/test" <<<secret
}

@test "login changes nothing else in the file, and follows a symlink to it" {
	config "$BATS_TEST_TMPDIR/real" other.example
	ln -s "$BATS_TEST_TMPDIR/real" "$HOME/.config/containers/auth.json"
	xrun login -u ann --password-stdin "$HTPASSWD" <<<secret
	[ -L "$HOME/.config/containers/auth.json" ]
	grep -q other.example "$BATS_TEST_TMPDIR/real"
	xrun pull -q "$HTPASSWD/test:empty"
	xrun logout "$HTPASSWD" | grep -q "$HTPASSWD"
	grep -q other.example "$BATS_TEST_TMPDIR/real"
	fails_with 125 "wants a login" xrun pull -q "$HTPASSWD/nonesuch"
	fails_with 125 "not logged in to $HTPASSWD" xrun logout "$HTPASSWD"
}

@test "login and logout go through the helper that the file names" {
	printf '{"credsStore": "kept"}\n' >"$HOME/.config/containers/auth.json"
	# shellcheck disable=SC2016 # the helper's own variables
	helper kept 'case $1 in
store) cat >"$HOME/kept" ;;
get) cat >/dev/null; cat "$HOME/kept" 2>/dev/null || { echo "credentials not found in native keychain"; exit 1; } ;;
erase) rm "$HOME/kept" ;;
esac'
	xrun login -u ann --password-stdin "$HTPASSWD" <<<secret | grep -q docker-credential-kept
	[ "$(cat "$HOME/kept")" = "{\"ServerURL\":\"$HTPASSWD\",\"Username\":\"ann\",\"Secret\":\"secret\"}" ]
	refute grep -q auths "$HOME/.config/containers/auth.json"
	xrun pull -q "$HTPASSWD/test:empty"
	xrun logout "$HTPASSWD"
	[ ! -e "$HOME/kept" ]
	fails_with 125 "not logged in" xrun logout "$HTPASSWD"
}

@test "login asks at the terminal, and does not show the password" {
	shown=$(at_terminal "$XRUN" --root "$STORE" login "$HTPASSWD" <<-END
		Username: =ann
		Password for $HTPASSWD: =secret
	END
	)
	[[ $shown == *"Username: "*ann*"Password for"*"Logged in to $HTPASSWD"* ]]
	[[ $shown != *secret* ]]
	xrun pull -q "$HTPASSWD/test:empty"
}

@test "Ctrl-C at the password ends login and leaves the terminal as it was" {
	# shellcheck disable=SC2016 # the inner shell's
	shown=$(at_terminal sh -c 'trap : INT; "$0" "$@"; echo "status $?"; stty -a | grep -o "[-]\?echo "' "$XRUN" login -u ann "$HTPASSWD" <<-'END'
		Password=\x03
	END
	)
	echo "$shown"
	[[ $shown == *"nothing was entered"*"status 125"* ]]
	[[ $shown != *"-echo "* ]]
}

@test "logout --all forgets every login, and what helpers keep for the file" {
	printf '{"auths": {"one.example": {"auth": "YTpi"}, "two.example/part": {"auth": "YTpi"}}, "other": 1,
		"credHelpers": {"three.example": "own"}, "credsStore": "kept"}\n' >"$HOME/.config/containers/auth.json"
	# shellcheck disable=SC2016 # the helper's own variables
	helper kept 'case $1 in
list) echo "{\"https://four.example\": \"ann\", \"five.example\": \"bob\"}" ;;
erase) cat >>"$HOME/erased"; echo >>"$HOME/erased" ;;
esac'
	# shellcheck disable=SC2016
	helper own 'case $1 in erase) cat >"$HOME/erased-own" ;; *) exit 1 ;; esac'
	fails_with 125 "leave out one.example" xrun logout --all one.example
	[ "$(xrun logout --all)" = "Logged out of all registries; there were 4 logins" ]
	[ "$(sort "$HOME/erased" | tr '\n' ' ')" = "five.example https://four.example " ]
	[ "$(cat "$HOME/erased-own")" = three.example ]
	python3 -c 'import json, sys; d = json.load(open(sys.argv[1])); assert d["auths"] == {} and d["other"] == 1' "$HOME/.config/containers/auth.json"
	printf '{}\n' >"$HOME/.config/containers/auth.json"
	[ "$(xrun logout -a)" = "There was no login" ]
	printf '{"credsStore": "missing"}\n' >"$HOME/.config/containers/auth.json"
	fails_with 125 "docker-credential-missing" xrun logout --all
}

@test "without a terminal login says what to do, and a password is no argument" {
	fails_with 125 "--password-stdin" setsid -w "$XRUN" login -u ann "$HTPASSWD"
	fails_with 125 "--password-stdin" xrun login -u ann -p secret "$HTPASSWD"
	fails_with 125 "--password-stdin" xrun login -u ann --password=secret "$HTPASSWD"
	fails_with 125 "needs --username" xrun login --password-stdin "$HTPASSWD" <<<secret
	fails_with 125 "not a password" xrun login -u ann --password-stdin "$HTPASSWD" </dev/null
	fails_with 125 "not a registry" xrun login -u ann --password-stdin ghcr.io/owner:tag <<<secret
	fails_with 125 "which registry" xrun login
	fails_with 125 "which registry" xrun logout
}
