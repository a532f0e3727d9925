#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What is shown of containers: inspect, top, port, and --format templates.

load lib

prepare() {
	xrun pull -q "$NATIVE"
}

teardown() {
	remove_containers
}

@test "inspect says all that is known of a container, in docker's names" {
	xrun run --name box -e A=b -l colour=red --stop-signal USR1 -w /tmp "$NATIVE" true
	xrun inspect box >"$BATS_TEST_TMPDIR/json"
	python3 - "$BATS_TEST_TMPDIR/json" "$NATIVE" <<-'END'
		import json, sys
		c, = json.load(open(sys.argv[1]))
		assert c["Name"] == "box" and c["Image"] == sys.argv[2] and len(c["Id"]) == 64, c
		assert c["State"]["Status"] == "exited" and not c["State"]["Running"] and c["State"]["FinishedAt"] > c["State"]["StartedAt"], c
		assert "A=b" in c["Config"]["Env"] and c["Config"]["Labels"]["colour"] == "red" and c["Config"]["WorkingDir"] == "/tmp", c
		assert c["Config"]["StopSignal"] == "SIGUSR1", c
	END
}

@test "inspect takes containers and images, and templates" {
	xrun run -d --name box -l a.b=c "$NATIVE" sleep 1000
	[ "$(xrun inspect --format '{{.State.Status}} {{index .Config.Labels "a.b"}} {{json .Args}}' box)" = 'running c ["1000"]' ]
	kill -0 "$(xrun inspect -f '{{.State.Pid}}' box)"
	[ "$(xrun inspect --type image -f '{{.Os}}' "$NATIVE")" = linux ]
	[ "$(xrun inspect box "$NATIVE" | python3 -c 'import json, sys; print(len(json.load(sys.stdin)))')" = 2 ]
	fails_with 125 "no container nonesuch" xrun inspect --type container nonesuch
	fails_with 125 "no field Nonesuch" xrun inspect -f '{{.Nonesuch}}' box
}

@test "inspect takes the templates that scripts for docker have" {
	local port
	port=$(free_port)
	xrun run -d --name box -l team=core -e A=b -p "127.0.0.1:$port:80" -v "$BATS_TEST_TMPDIR:/data:ro" "$NATIVE" sleep 1000 >/dev/null
	gives() { echo "$1: $(xrun inspect -f "$1" box)"; [ "$(xrun inspect -f "$1" box)" = "$2" ]; }
	gives '{{(index (index .NetworkSettings.Ports "80/tcp") 0).HostPort}}' "$port"
	gives '{{range $p, $conf := .NetworkSettings.Ports}}{{$p}} -> {{(index $conf 0).HostPort}}{{end}}' "80/tcp -> $port"
	gives '{{range $k, $v := .Config.Labels}}{{$k}}={{$v}} {{end}}' "team=core "
	gives '{{range .Mounts}}{{if eq .Destination "/data"}}{{.Source}}{{end}}{{end}}' "$BATS_TEST_TMPDIR"
	gives '{{range .HostConfig.Binds}}{{.}}{{end}} {{.HostConfig.Privileged}} {{.Platform}}' "$BATS_TEST_TMPDIR:/data:ro false linux"
	gives '{{if .State.Running}}up{{else}}down{{end}}{{if .State.Paused}}, paused{{end}}' up
	gives '{{range .Config.Env}}{{println .}}{{end}}' "$(xrun exec box env | grep -E '^(PATH|HOSTNAME|A)='; echo)"
	gives '{{printf "%.12s %s" .ID .State.Status | upper}}' "$(xrun ps -q | tr '[:lower:]' '[:upper:]') RUNNING"
	gives '{{with index .HostConfig.PortBindings "80/tcp"}}{{range .}}{{.HostIp}}{{end}}{{end}}' 127.0.0.1
	xrun run -d --name talks "$NATIVE" sh -c 'echo hello' >/dev/null
	xrun wait talks >/dev/null
	grep -q hello "$(xrun inspect -f '{{.LogPath}}' talks)"
	fails_with 125 "an {{if}} has no {{end}}" xrun inspect -f '{{if .State}}' box
}

@test "ps takes templates, tables of them, and filters by label" {
	xrun run -d --name one -l a=b "$NATIVE" sleep 1000
	xrun run -d --name two -l a=c "$NATIVE" sleep 1000
	[ "$(xrun ps --format '{{.Names}} {{.State}}')" = "$(printf 'two running\none running')" ]
	[ "$(xrun ps --format 'table {{.Names}}\t{{.Labels}}' | tr -s ' ')" = "$(printf 'NAMES LABELS\ntwo a=c\none a=b')" ]
	[ "$(xrun ps --format '{{.ID}}' --filter label=a=b)" = "$(xrun ps -q --filter name=one)" ]
	[ "$(xrun ps -q --filter label=a | wc -l)" = 2 ]
	fails_with 125 "--format {.ID}" xrun ps --format '{.ID}'
}

top_of_box() {
	xrun top --format '{{.User}} {{.PID}} {{.Command}}' box | sort
}

app_sleeps() {
	xrun top --format '{{.User}} {{.Command}}' box | grep -cx '1000 sleep 99'
}

@test "top lists the container's processes, with their numbers inside and outside" {
	xrun run -d --name box "$NATIVE" sh -c 'sleep 1234 & exec sleep 4321'
	await prints $'0 1 sleep 4321\n0 2 sleep 1234' top_of_box
	xrun exec -d -u app box sleep 99
	await prints 1 app_sleeps
	grep -q 'sleep' "/proc/$(xrun top --format '{{.HostPID}} {{.PID}}' box | sed -n 's/ 1$//p')/cmdline"
}

@test "top shows the fields that are asked for, by podman's names or as ps has them" {
	xrun run -d --name box -u app "$NATIVE" sh -c 'sleep 1234 & echo ready; exec sleep 4321' >/dev/null
	await log_has ready box
	await prints $'1 0 sleep 1000\n2 1 sleep 1000' xrun top --format '{{.pid}} {{.ppid}} {{.comm}} {{.user}}' box pid ppid comm user
	[ "$(xrun top box -eo pid,args | tr -s ' ' | sort)" = $'1 sleep 4321\n2 sleep 1234\nPID COMMAND' ]
	[[ $(xrun top box aux | head -1 | tr -s ' ') == "USER PID %CPU VSZ RSS STAT ELAPSED TIME COMMAND" ]]
	[ "$(xrun top --format '{{.hpid}}' box hpid | head -1)" = "$(xrun inspect -f '{{.State.Pid}}' box)" ]
	fails_with 125 "colour is no field" xrun top box colour
	fails_with 125 "-o needs names" xrun top box -o
	fails_with 125 "-Z: of ps's options" xrun top box -Z
}

@test "port lists what is published, or where one of the ports is" {
	local port
	port=$(free_port 2)
	xrun create --name box -p "127.0.0.1:$port:80" -p "$((port + 1)):53/udp" "$NATIVE" true
	[ "$(xrun port box)" = "$(printf '80/tcp -> 127.0.0.1:%d\n53/udp -> 0.0.0.0:%d' "$port" "$((port + 1))")" ]
	[ "$(xrun port box 80)" = "127.0.0.1:$port" ]
	[ "$(xrun port box 80/tcp)" = "127.0.0.1:$port" ]
	[ "$(xrun port box 53/udp)" = "0.0.0.0:$((port + 1))" ]
	fails_with 125 "does not publish port 53" xrun port box 53
}

@test "top shows the beginning of a command line, however long that is" {
	local widest
	xrun run -q -d --name long "$NATIVE" sh -c 'exec sh -c "echo begun; sleep 1000; true" a "$(printf "%0100000d" 0)"' >/dev/null
	await log_has begun long
	widest=$(xrun top long args | wc -L)
	xrun rm -f long >/dev/null
	((widest > 4000 && widest < 4200))
}
