#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Completion offers commands, options and what the cluster has. A berth of the
# test's own answers for the cluster.
top=${srcdir:-$(dirname "$0")/../../..}
failed=0

berth() {
    case "$*" in
    help) printf 'Usage: x\n\n  submit    queue\n  show      show\n  jobs      list\n' ;;
    "submit --help") printf '  -N, --nodes N[-M]   n\n      --nodelist X   l\n' ;;
    "jobs --no-header -o %i") printf '17\n18\n21\n' ;;
    "jobs --all --no-header -o %i") printf '9\n17\n18\n21\n' ;;
    "config show") printf 'cluster: x\npartitions:\n  - {name: batch, nodes: ALL}\n  - {name: short}\nswitches:\n  - {name: s1}\n' ;;
    "jobs --no-header -o %i -t PENDING") printf '18\n' ;;
    "nodes --each") printf 'NODE  STATE\nn1    IDLE\nn2    IDLE\n' ;;
    "account dump") printf 'qos add normal --priority 0\nqos add high --priority 9\naccount add root --shares 1\naccount add physics --parent root\naccount add-user alice physics\n' ;;
    "reserve list") printf 'NAME    STATE\ncourse  ACTIVE\nnight   WAITING\n' ;;
    "apply --explain kinds") printf 'v1  Pod  accepted\nv1  Policy  not\n' ;;
    "get pods -o name") printf 'pod/web\npod/db\n' ;;
    "get configmaps -o name") printf 'configmap/settings\n' ;;
    "create configmap"*"--help") printf '      --from-file X  f\n      --dry-run  d\n' ;;
    "image --help") printf 'Usage: x\n\n  import    take in\n  ls        list\n\nOptions:\n      --json  x\n' ;;
    "image import --help") printf '      --name X  n\n      --json  x\n' ;;
    "image ls") printf 'NAME  SIZE\nhpcc:latest  1G\n' ;;
    *) echo "unexpected: berth $*" >&2 ;;
    esac
}

# offers 'berth sub' submit: what is typed, then what is offered.
offers() {
    local typed=$1 expected=$2
    read -ra COMP_WORDS <<<"$typed"
    [[ $typed == *' ' ]] && COMP_WORDS+=('')
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    COMPREPLY=()
    "${complete_with:-_berth}"
    if [ "${COMPREPLY[*]}" != "$expected" ]; then
        echo "not ok: '$typed' offers '${COMPREPLY[*]}' instead of '$expected'"
        failed=1
    fi
}

. "$top/contrib/completion/berth.bash"
offers 'berth s' 'submit show'
offers 'berth submit --node' '--nodelist --nodes'
offers 'berth cancel 1' '17 18'
offers 'berth hold ' '18'
offers 'berth show ' 'job node'
offers 'berth show job 2' '21'
offers 'berth submit -w n' 'n1 n2'
offers 'berth run --image h' 'hpcc:latest'
offers 'berth show job 9' '9'
offers 'berth node d' 'drain down'
offers 'berth node drain n' 'n1 n2'
offers 'berth image rm ' 'hpcc:latest'
offers 'berth image ' 'import ls'
offers 'berth image import --n' '--name'
offers 'berth image export --format o' 'oci-archive oci-layout'
offers 'berth submit -p ' 'batch short'
offers 'berth submit --cpu-bind = n' 'numa none'
offers 'berth submit -d aftera' 'afterany:'
offers 'berth submit --kill-on-invalid-dep ' 'yes no'
offers 'berth submit --exclusive = u' 'user'
offers 'berth submit --image =' 'hpcc:latest'
offers 'berth explain 1' '17 18'
offers 'berth explain p' 'pod/web pod/db'
offers 'berth create s' 'secret'
offers 'berth create secret g' 'generic'
offers 'berth create configmap --from-f' '--from-file'
offers 'berth create pod x --restart A' 'Always'
offers 'berth label pods w' 'web'
offers 'berth apply -o n' 'name'
offers 'berth apply --explain p' 'pod'
offers 'berth get p' 'pods persistentvolumes persistentvolumeclaims'
offers 'berth delete pods ' 'web db'
offers 'berth describe configmaps s' 'settings'
offers 'berth pods w' 'web'
offers 'berth logs w' 'web'
offers 'berth port-forward ' 'web db'
offers 'berth get pods -o j' 'json jsonpath='
offers 'berth delete job x --cascade o' 'orphan'
offers 'berth prio ' '18'
offers 'berth reserve ' 'list show create update delete'
offers 'berth reserve delete ' 'course night'
offers 'berth reserve create x --nodes n' 'n1 n2'
offers 'berth submit --reservation = c' 'course'
offers 'berth submit -t ' ''
offers 'berth submit -A p' 'physics'
offers 'berth submit --qos h' 'high'
offers 'berth account s' 'show set set-user'
offers 'berth account modify ' 'root physics'
offers 'berth account add-user alice p' 'physics'
offers 'berth account load x' ''
offers 'berth qos delete h' 'high'
offers 'berth qos add x --preempt-mode = r' 'requeue'
offers 'berth share ' 'root physics'
offers 'berth run prog' ''

berth-sim() {
    case "$*" in
    --help) printf 'Usage: x\n\n  run       replay\n  generate  make\n' ;;
    "run --help") printf '      --policy NAME  p\n      --procs N  n\n' ;;
    *) echo "unexpected: berth-sim $*" >&2 ;;
    esac
}
complete_with=_berth_sim
. "$top/contrib/completion/berth-sim.bash"
offers 'berth-sim r' 'run'
offers 'berth-sim run --p' '--policy --procs'
offers 'berth-sim run --policy c' 'conservative'
offers 'berth-sim run --runtimes = e' 'exact'
offers 'berth-sim run trace' ''
exit $failed
