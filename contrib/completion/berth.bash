# SPDX-License-Identifier: Apache-2.0
#
# berth.bash - bash completion for berth(1): commands, options, jobs, nodes,
# images and partitions
#
# Everything is asked of berth itself, so nothing here falls behind it.

_berth_commands() {
    berth help 2>/dev/null | sed -n 's/^  \([a-z][a-z-]*\)  .*/\1/p'
}

_berth_image_verbs() {
    berth image --help 2>/dev/null | sed -n 's/^  \([a-z][a-z-]*\)  .*/\1/p'
}

_berth_options() {
    berth "$@" --help 2>/dev/null | grep -oE -- '--[a-z][a-z-]*' | sort -u
}

# Job numbers, those of the states in $1 when there are any.
_berth_jobs() {
    berth jobs --no-header -o %i ${1:+-t "$1"} 2>/dev/null
}

_berth_nodes() {
    berth nodes --each 2>/dev/null | sed -n '2,$s/ .*//p'
}

_berth_images() {
    berth image ls 2>/dev/null | sed -n '2,$s/ .*//p'
}

_berth_partitions() {
    berth config show 2>/dev/null |
        sed -n '/^partitions:/,/^[a-z]*:/s/^  - {name: \([^,}]*\).*/\1/p'
}

# Names as others keep them: accounts and QOS from the orders that make them.
_berth_accounts() {
    berth account dump 2>/dev/null | sed -n 's/^account add \([^ ]*\).*/\1/p'
}

_berth_qos() {
    berth account dump 2>/dev/null | sed -n 's/^qos add \([^ ]*\).*/\1/p'
}

_berth_reservations() {
    berth reserve list 2>/dev/null | sed -n '2,$s/ .*//p'
}

_berth_devices() {
    berth device ls 2>/dev/null | sed -n '2,$s/ .*//p'
}

_berth_host_mpi() {
    berth config show 2>/dev/null |
        sed -n '/^  host_libraries:/,/^[a-z]/s/^  - {name: \([^,]*\),.*/\1/p'
}

_berth_kinds() {
    echo pods jobs cronjobs configmaps secrets persistentvolumes persistentvolumeclaims
}

# Names of the kind $1.
_berth_objects() {
    berth get "$1" -o name 2>/dev/null | sed 's|^[^/]*/||'
}

# What may follow option $1; fails when it takes no value we know.
_berth_values() {
    case $1 in
    --image | --container-image) _berth_images ;;
    -w | --nodelist | -x | --exclude) _berth_nodes ;;
    -p | --partition) _berth_partitions ;;
    -A | --account | --parent) _berth_accounts ;;
    -q | --qos | --default-qos | --preempts) _berth_qos ;;
    --device) _berth_devices ;;
    --host-mpi) _berth_host_mpi ;;
    --runtime) echo native oci ;;
    --reservation) _berth_reservations ;;
    --node) _berth_nodes ;;
    --every) echo hourly daily weekly none ;;
    --preempt-mode) echo cluster requeue suspend cancel none ;;
    --flags) echo no-reserve over-partition none ;;
    --placement) echo compact spread ;;
    --format) echo oci-archive oci-layout docker-archive tar dir squashfs ;;
    --cpu-bind | --bind) echo core numa package none ;;
    --distribution | -m) echo block cyclic ;;
    -j | --jobid) _berth_jobs RUNNING ;;
    -d | --dependency) echo after: afterany: afterok: afternotok: aftercorr: singleton ;;
    --kill-on-invalid-dep) echo yes no ;;
    --dry-run) echo client server ;;
    --cascade) echo background foreground orphan ;;
    --types) echo Warning ;;
    --restart) echo Always OnFailure Never ;;
    --from) _berth_objects cronjobs | sed 's|^|cronjob/|' ;;
    --explain) berth apply --explain kinds 2>/dev/null | awk '$3 == "accepted" { print tolower($2) }' ;;
    --exclusive) echo user ;;
    --mpi) echo pmix pmi2 none list ;;
    --open-mode) echo append truncate ;;
    --export) echo ALL NONE ;;
    -t | --states | --state) echo PENDING RUNNING COMPLETED FAILED CANCELLED TIMEOUT OUT_OF_MEMORY ;;
    *) return 1 ;;
    esac
}

# Operands of a command.
_berth_operands() {
    case $1 in
    cancel | wait | jobs | update) _berth_jobs ;;
    explain) _berth_jobs && _berth_objects pods | sed 's|^|pod/|' ;;
    history) echo archive && _berth_jobs ;;
    hold | release | prio) _berth_jobs PENDING ;;
    exec | attach) _berth_jobs RUNNING && _berth_objects pods ;;
    top) echo pods && _berth_jobs RUNNING ;;
    requeue | suspend) _berth_jobs RUNNING ;;
    resume) _berth_jobs SUSPENDED ;;
    logs) berth jobs --all --no-header -o %i 2>/dev/null && _berth_objects pods ;;
    port-forward) _berth_objects pods ;;
    events) : ;;
    reserve) echo list show create update delete ;;
    nodes) _berth_nodes ;;
    node) echo drain down resume taint ;;
    show) echo job node ;;
    image) _berth_image_verbs ;;
    config) echo check show ;;
    device) echo ls show ;;
    account) echo list show usage add modify set delete add-user modify-user \
        set-user delete-user reset-usage dump load ;;
    qos) echo list show add modify set delete reset-usage ;;
    share) _berth_accounts ;;
    cluster) echo up down status start exec ;;
    get | describe | delete | label | annotate) _berth_kinds ;;
    create) echo configmap secret job cronjob pod ;;
    pods) _berth_objects pods ;;
    help) _berth_commands ;;
    *) return 1 ;;
    esac
}

_berth() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    local command=${COMP_WORDS[1]} words

    # Readline makes three words of --option=value.
    if [ "$word" = = ]; then
        word=''
    elif [ "$before" = = ]; then
        before=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    if [ "$COMP_CWORD" -eq 1 ]; then
        words=$(_berth_commands)
    elif [ "$before" = job ] && [ "$command" = show ]; then
        words=$(berth jobs --all --no-header -o %i 2>/dev/null)
    elif [ "$command" = image ] && [[ $before =~ ^(rm|push|inspect|history|tag|export|verify|prefetch)$ ]]; then
        words=$(_berth_images)
    elif [ "$command" = device ] && [ "$before" = show ]; then
        words=$(_berth_devices)
    elif [ "$command" = account ] &&
        [[ $before =~ ^(show|usage|modify|set|delete|reset-usage)$ ]]; then
        words=$(_berth_accounts)
    elif [ "$command" = account ] && [[ ${COMP_WORDS[COMP_CWORD - 2]} =~ -user$ ]]; then
        words=$(_berth_accounts)
    elif [ "$command" = account ] && [[ $before =~ -user$ ]]; then
        words=$(compgen -u)
    elif [ "$command" = account ] && [ "$before" = load ]; then
        return # a file
    elif [ "$command" = qos ] && [[ $before =~ ^(show|modify|set|delete|reset-usage)$ ]]; then
        words=$(_berth_qos)
    elif [ "$command" = reserve ] && [[ $before =~ ^(list|show|update|delete)$ ]]; then
        words=$(_berth_reservations)
    elif [ "$command" = reserve ] && [[ $before =~ ^(-N|--nodes)$ ]]; then
        words=$(_berth_nodes)
    elif [ "$before" = node ] && [ "$command" = show ]; then
        words=$(_berth_nodes)
    elif [ "$command" = node ] && [ "$COMP_CWORD" -gt 2 ] && [[ $word != -* ]]; then
        words=$(_berth_nodes)
    elif [[ $command =~ ^(apply|create|replace)$ ]] && [[ $before =~ ^(-o|--output)$ ]]; then
        words='yaml json name wide'
    elif [[ $command =~ ^(get|pods)$ ]] && [[ $before =~ ^(-o|--output)$ ]]; then
        words='wide yaml json name jsonpath= custom-columns='
    elif [ "$command" = create ] && [ "$before" = secret ]; then
        words=generic
    elif [[ $command =~ ^(get|describe|delete|label|annotate)$ ]] && [ "$COMP_CWORD" -gt 2 ] &&
        [[ $word != -* ]] && [[ ${COMP_WORDS[2]} =~ ^[a-z]+$ ]] && [[ $before != -* ]]; then
        words=$(_berth_objects "${COMP_WORDS[2]}")
    elif [ "$command" != jobs ] && [ "$before" = -t ]; then
        return # a time
    elif words=$(_berth_values "$before"); then
        :
    elif [[ $word == -* ]] && [ "$command" = image ] && [ "$COMP_CWORD" -gt 2 ]; then
        words=$(_berth_options image "${COMP_WORDS[2]}")
    elif [[ $word == -* ]] && [ "$command" = create ] && [[ ${COMP_WORDS[2]} =~ ^[a-z]+$ ]]; then
        words=$(_berth_options create "${COMP_WORDS[2]}" "${COMP_WORDS[3]}")
    elif [[ $word == -* ]]; then
        words=$(_berth_options "$command")
    elif ! words=$(_berth_operands "$command"); then
        return # file names, by readline's default
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

complete -o default -F _berth berth
