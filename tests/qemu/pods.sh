#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# pods - what is done in the virtual machine to see the groups of pods bite
#
# Sourced by init.sh. After '@case NAME' come the case's lines.
root=/sys/fs/cgroup

begin() { echo "@case $1"; }
as_user() { su user -c "cd /tmp && $1" </dev/null 2>&1; }
pod_is() { as_user "berth get pod $1 -o jsonpath='{.status.phase}'" | grep -q "$2"; }
wait_for_pod() {
    tries=100
    until pod_is "$1" "$2"; do
        tries=$((tries - 1))
        if [ $tries -eq 0 ]; then
            as_user "berth describe pod $1"
            fail "pod $1 is not $2"
        fi
        sleep 0.5
    done
}
groups_are_gone() { [ -z "$(find $root -name 'job_*')" ]; }
# The group of a pod, from its job's number.
pod_group() {
    job=$(as_user "berth get pod $1 -o jsonpath='{.status.job}'")
    find $root -type d -path "*/job_$job.1/work/batch"
}

make_image() {
    mkdir -p /img/bin /img/tmp /img/proc /img/dev /img/sys /img/etc
    cp /bin/busybox /img/bin
    for tool in sh sleep cat dd echo true nproc grep head; do
        ln -s busybox /img/bin/$tool
    done
    berth image import /img small || fail "no image"
}

# A pod of one container: name, resources, script.
apply() {
    cat >"/tmp/$1.yaml" <<END
apiVersion: v1
kind: Pod
metadata: {name: $1}
spec:
  restartPolicy: ${4:-Never}
  terminationGracePeriodSeconds: 1
  containers:
  - name: main
    image: small
    imagePullPolicy: Never
    resources: $2
    command: [sh, -c, '$3']
END
    as_user "berth apply -q -f /tmp/$1.yaml"
}

# NAME of a running pod: what its container's group is told, and its OOM score.
tell() {
    group=$(pod_group "$1")/main
    for file in cpu.weight cpu.max memory.max memory.oom.group; do
        echo "$file $(cat "$group/$file")"
    done
    echo "cpuset $(cat "${group%/main}/cpuset.cpus.effective" "${group%/work/*}/work/cpuset.cpus.effective" |
        sort -u | one_line)"
    echo "score $(cat "/proc/$(tail -n 1 "$group/cgroup.procs")/oom_score_adj")"
}

qualities() {
    apply guaranteed '{limits: {cpu: 2, memory: 32Mi}}' 'sleep 9999'
    apply burstable '{requests: {cpu: 500m, memory: 16Mi}, limits: {cpu: 1500m, memory: 48Mi}}' \
        'sleep 9999'
    apply effort '{}' 'sleep 9999'
    for name in guaranteed burstable effort; do
        wait_for_pod $name Running
        begin $name
        as_user "berth get pod $name -o jsonpath='{.status.qosClass}'"
        echo
        tell $name
    done
    begin "top"
    apply burner '{limits: {cpu: 1, memory: 32Mi}}' 'while :; do :; done'
    wait_for_pod burner Running
    as_user "berth top pods -d 3"
    begin "deleted"
    as_user "berth delete pods --all --now"
    wait_for groups_are_gone
    echo gone
}

memory() {
    cat >/tmp/oom.yaml <<END
apiVersion: v1
kind: Pod
metadata: {name: oom}
spec:
  restartPolicy: Never
  terminationGracePeriodSeconds: 1
  containers:
  - name: eats
    image: small
    imagePullPolicy: Never
    resources: {limits: {cpu: 100m, memory: 32Mi}}
    command: [sh, -c, 'sleep 9999 & dd if=/dev/zero of=/dev/null bs=100M count=1; sleep 9999']
  - name: other
    image: small
    imagePullPolicy: Never
    resources: {limits: {cpu: 100m, memory: 32Mi}}
    command: [sh, -c, 'sleep 9999']
END
    begin "out of memory"
    as_user "berth apply -q -f /tmp/oom.yaml"
    as_user "berth wait pod/oom --timeout 120s --for=jsonpath='{.status.containerStatuses[?(@.name==\"eats\")].state.terminated.reason}'=OOMKilled"
    as_user "berth get pod oom -o jsonpath='{range .status.containerStatuses[*]}{.name} {.state}{\"\\n\"}{end}'"
    as_user "berth delete pod oom --now"
}

# As many processes as the site lets a pod have.
pids() {
    begin pids
    apply forks '{limits: {cpu: 100m, memory: 32Mi}}' \
        'i=0; while [ $i -lt 100 ]; do sleep 99 & i=$((i+1)); done; echo all'
    wait_for_pod forks 'Failed\|Succeeded'
    as_user "berth logs forks"
    as_user "berth delete pod forks --now"
}

# Four pods of half a core are two cores; one of two cores has these alone.
slices() {
    begin slices
    for i in 1 2 3 4; do
        apply half$i '{limits: {cpu: 500m, memory: 16Mi}}' 'sleep 9999'
    done
    apply whole '{limits: {cpu: 2, memory: 16Mi}}' 'sleep 9999'
    for name in half1 half2 half3 half4 whole; do
        wait_for_pod $name Running
        echo "$name $(cat "$(pod_group $name)/cpuset.cpus.effective")"
    done
    as_user "berth delete pods --all --now"
}

# What does not hear TERM, and forks, goes at the end of the grace, all of it.
kills() {
    begin kills
    apply deaf '{limits: {cpu: 1, memory: 32Mi}}' \
        'trap "" TERM; while :; do sleep 0.1 & sleep 0.1; done'
    wait_for_pod deaf Running
    as_user "berth delete pod deaf --grace-period 1"
    wait_for groups_are_gone
    pidof sleep || echo "none left"
}

insmod /overlay.ko || fail "no overlay"
printf 'cgroup: {pids_max: 40}\npods: {overcommit: true}\n' >>"$BERTH_CONF"
start_cluster
say_hardware
make_image
qualities
memory
pids
slices
kills
tail -n 40 /log/berthd
end "done"
