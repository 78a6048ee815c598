#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# init - first process of the virtual machine: a cluster by hand, and the cases
#
# Lines of /cases are "NAME|HELD|COMMAND": with a job of the options HELD running
# (none when empty), the user runs COMMAND. Lines that begin with @ are the result;
# README.md says what they mean.
/bin/busybox mkdir -p /bin /proc /sys /tmp /run /log
/bin/busybox --install -s /bin
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
# Containers with images change their root, which cannot be left from an initramfs.
if [ -f /switch ]; then
    rm /switch
    mkdir /new
    mount -t tmpfs -o size=60% new /new
    for entry in /*; do
        [ "$entry" = /new ] || cp -a "$entry" /new
    done
    exec switch_root /new /init
fi
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
# The root is in memory already, and Berth may lie below any of its directories.
chmod 1777 /tmp
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir -p /dev/shm && mount -t tmpfs -o mode=1777 shm /dev/shm
hostname n1
ifconfig lo 127.0.0.1 up
# shellcheck source=/dev/null
. /etc/environment

end() {
    echo "@end $*"
    poweroff -f
}

fail() {
    echo "init: $*"
    tail -n 20 /log/*
    end failed: "$@"
}

# Poll what nothing announces.
wait_for() {
    tries=600
    until "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || fail "$* did not come true"
        sleep 0.2
    done
}

start_cluster() {
    mkdir -p /run/munge /run/berth /var/lib/berth
    (umask 077 && head -c 128 /dev/urandom >/run/munge/key)
    munged --force --foreground --socket /run/munge/socket --key-file /run/munge/key \
        --pid-file /run/munge/pid --seed-file /run/munge/seed >/log/munged 2>&1 &
    wait_for test -S /run/munge/socket
    berthctld --config "$BERTH_CONF" >/log/berthctld 2>&1 &
    berthd --config "$BERTH_CONF" --node n1 >/log/berthd 2>&1 &
    wait_for node_is IDLE
}

node_is() { berth nodes --json | grep -q "\"state\": *\"$1\""; }
job_is() { berth show job "$1" --json | grep -q "\"state\": *\"$2\""; }
one_line() { tr -d '\n'; echo; }

# What the kernel and hwloc make of the hardware.
say_hardware() {
    for node in /sys/devices/system/node/node[0-9]*; do
        echo "@numa ${node##*node} $(cat "$node/cpulist")"
    done
    core=0
    while pu=$(hwloc-calc --physical-output --intersect pu "core:$core" 2>/dev/null) &&
        [ -n "$pu" ]; do
        echo "@core $core $pu"
        core=$((core + 1))
    done
}

run_case() {
    held=
    echo "@case $1"
    if [ -n "$2" ]; then
        held=$(su user -c "berth submit --parsable -o /dev/null $2 --wrap 'sleep 9999'")
        wait_for job_is "$held" RUNNING
        echo "@held $(berth show job "$held" --json | one_line)"
    fi
    su user -c "cd /tmp && $3" >/tmp/out 2>&1 </dev/null
    echo "@status $?"
    cat /tmp/out
    job=$(sed -n 's/^@task \([0-9]*\) .*/\1/p' /tmp/out | head -n 1)
    [ -z "$job" ] || echo "@job $(berth show job "$job" --json | one_line)"
    [ -z "$held" ] || berth cancel "$held"
    wait_for node_is IDLE
}

echo # after what the firmware wrote
# Another test's own cases.
# shellcheck source=/dev/null
[ ! -f /main ] || . /main
start_cluster
say_hardware
while IFS='|' read -r name held command <&3; do
    run_case "$name" "$held" "$command"
done 3</cases
end "done"
