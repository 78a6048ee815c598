#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Each command's man page has the options that its --help has, and no others.
top=${srcdir:-$(dirname "$0")/../../..}
failed=0

# Compare the options of a program's help and of its page.
compare() {
    local page=$1
    shift
    if ! diff <("$@" --help | grep -oE -- '^ .{5}--[a-z][a-z-]*' | grep -oE -- '--.*' | sort -u) \
        <(sed -n '/^\.Sh OPTIONS/,/^\.Sh [^O]/p' "$top/doc/man/$page" |
            grep -E '^\.It Fl' | grep -oE 'Fl -[a-z][a-z-]*' | sed 's/Fl -/--/' | sort -u); then
        echo "not ok: $page (>) and $* --help (<) differ"
        failed=1
    fi
}

for command in submit run alloc exec attach cp logs top jobs get describe delete events port-forward wait node device account qos explain prio reserve; do
    compare "berth-$command.1" ./berth "$command"
done

compare berth-apply.1 ./berth apply
compare berth-apply.1 ./berth replace
create_kinds() {
    ./berth create "$@"
    for kind in configmap "secret generic" job cronjob pod; do
        # shellcheck disable=SC2086
        ./berth create $kind "$@"
    done
}
compare berth-create.1 create_kinds
compare berth-label.1 ./berth label
compare berth-label.1 ./berth annotate
compare berth-get.1 ./berth pods

# One page for all verbs.
image_verbs() {
    for verb in $(./berth image --help | sed -n 's/^  \([a-z][a-z-]*\)  .*/\1/p'); do
        ./berth image "$verb" "$@"
    done
}
compare berth-image.1 image_verbs
compare berthctld.8 ./berthctld
compare berthd.8 ./berthd

sim_commands() {
    ./berth-sim run "$@"
    ./berth-sim replay "$@"
    ./berth-sim generate "$@"
}
compare berth-sim.1 sim_commands
exit $failed
