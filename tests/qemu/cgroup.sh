#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# cgroup - what is done in the virtual machine to see control groups of version 2 bite
#
# Sourced by init.sh. After '@case NAME' come the case's lines and its '@status'.
root=/sys/fs/cgroup

begin() { echo "@case $1"; }
ended() { echo "@status $?"; }
as_user() {
    su user -c "cd /tmp && $1" </dev/null 2>&1
    ended
}
groups_are_gone() { [ -z "$(find $root -name 'job_*')" ]; }
group_of() { find $root -type d -path "*/$1/work/$2"; }
node_is_gone() { [ -z "$(pidof berthd)" ]; }
lines_of() { wc -l <"$1"; }
grows() { [ "$(lines_of "$1")" -gt "$2" ]; }
kill_and_wait() {
    kill -9 "$1"
    wait_for test ! -d "/proc/$1"
}
start_node() {
    berthd --config "$BERTH_CONF" --node n1 >>/log/berthd 2>&1 &
    wait_for node_is IDLE
}

limits() {
    begin memory
    as_user 'berth run --mem=48M dd if=/dev/zero of=/dev/null bs=100M count=1'
    begin "memory enough"
    as_user 'berth run --mem=200M dd if=/dev/zero of=/dev/null bs=100M count=1'
    begin "shared memory"
    as_user 'berth run --mem=48M dd if=/dev/zero of=/dev/shm/x bs=1M count=100'
    begin pids
    as_user 'berth run sh -c "for i in \$(seq 100); do sleep 99 & done; wait -n"'
    begin cores
    as_user 'berth run -c2 --cpu-bind none sh -c "nproc; grep Cpus_allowed_list /proc/self/status"'
    begin "no device"
    chmod 666 /dev/ttyS1
    su user -c ': <>/dev/ttyS1' && echo outside
    as_user 'berth run sh -c ": <>/dev/null && echo null; : <>/dev/ttyS1 && echo inside"'
    begin "job"
    job=$(su user -c "cd /tmp && berth submit --parsable --mem=48M -o /dev/null --wrap \
        'dd if=/dev/zero of=/dev/null bs=100M count=1'")
    berth wait "$job" >/dev/null 2>&1
    ended
    echo "@job $(berth show job "$job" --json | one_line)"
}

freezer() {
    begin freezer
    job=$(su user -c "cd /tmp && berth submit --parsable -o out --wrap \
        'while sleep 0.1; do echo x; done'")
    wait_for grows /tmp/out 1
    berth cancel --signal=STOP "$job"
    group=$(group_of "job_$job.1" batch)
    wait_for grep -q 'frozen 1' "$group/cgroup.events"
    before=$(lines_of /tmp/out)
    sleep 1
    echo "frozen $(($(lines_of /tmp/out) - before))"
    berth cancel --signal=CONT "$job"
    wait_for grows /tmp/out "$before"
    echo goes on
    berth cancel --signal=STOP "$job"
    wait_for grep -q 'frozen 1' "$group/cgroup.events"
    berth cancel "$job"
    wait_for job_is "$job" CANCELLED
    wait_for groups_are_gone
    ended
}

# As root, who owns the files: nothing but the way that they are mounted keeps him.
# shellcheck disable=SC2016
prison() {
    begin leave
    berth run sh -c 'echo $$ >/sys/fs/cgroup/cgroup.procs; mkdir /sys/fs/cgroup/x
        for f in $(find /sys/fs/cgroup -name memory.max); do echo max >$f; done
        cat /proc/self/cgroup' 2>&1
    ended
}

faults() {
    begin shepherd
    job=$(su user -c "cd /tmp && berth submit --parsable -o out --wrap 'sleep 4711'")
    wait_for pidof sleep
    group=$(group_of "job_$job.1" batch)
    wait_for grep -q . "${group%/work/batch}/shepherds/cgroup.procs"
    kill_and_wait "$(cat "${group%/work/batch}/shepherds/cgroup.procs")"
    wait_for groups_are_gone
    ended
    wait_for node_is IDLE
    begin daemon
    job=$(su user -c "cd /tmp && berth submit --parsable -o out --wrap 'sleep 4712'")
    wait_for pidof sleep
    group=$(group_of "job_$job.1" batch)
    wait_for grep -q . "${group%/work/batch}/shepherds/cgroup.procs"
    kill_and_wait "$(pidof berthd)"
    kill_and_wait "$(cat "${group%/work/batch}/shepherds/cgroup.procs")"
    test -d "$group" && echo left
    start_node
    wait_for groups_are_gone
    ended
}

# A group of its own, as a service manager gives one: the daemon makes room.
delegated() {
    begin delegated
    kill "$(pidof berthd)"
    wait_for node_is_gone
    wait_for test ! -d $root/berth
    mkdir $root/service
    printf 'cgroup: {base: /service, oom_kill_all: true, devices: ttyS1}\n' >>"$BERTH_CONF"
    sh -c "echo \$\$ >$root/service/cgroup.procs; exec berthd --config $BERTH_CONF --node n1 \
        >>/log/berthd 2>&1" &
    wait_for node_is IDLE
    cat "/proc/$(pidof berthd)/cgroup"
    as_user 'berth run cat /proc/self/cgroup'
    begin "kill all"
    as_user 'berth run --mem=48M sh -c "sleep 60 & sh -c \"dd if=/dev/zero of=/dev/null bs=100M count=1\"; echo survived"'
    begin "one more device"
    as_user 'berth run sh -c ": <>/dev/ttyS1 && echo inside"'
}

printf 'cgroup: {pids_max: 40}\n' >>"$BERTH_CONF"
start_cluster
grep 'cgroup' /log/berthd
limits
wait_for node_is IDLE
freezer
prison
faults
begin left
find $root -path '*berth*' -name 'job_*'
ended
sed -i '/^cgroup/d' "$BERTH_CONF"
delegated
tail -n 40 /log/berthd
end "done"
