# SPDX-License-Identifier: Apache-2.0
#
# berth-slurm.bash - bash completion for Slurm's names: options, jobs, nodes,
# partitions, states and the words of scontrol
#
# Everything is asked of the commands themselves, so nothing here falls behind them.

_berth_slurm_options() {
    "$1" --help 2>/dev/null | grep -oE -- '--[A-Za-z][A-Za-z0-9-]*' | sort -u
}

# Job numbers, those of the states in $1 when there are any.
_berth_slurm_jobs() {
    squeue --noheader --format=%i ${1:+--states="$1"} 2>/dev/null
}

_berth_slurm_nodes() {
    sinfo --noheader --Node --format=%N 2>/dev/null | sort -u
}

_berth_slurm_partitions() {
    sinfo --noheader --format=%R 2>/dev/null | sort -u
}

# What may follow option $2 of command $1; fails when it takes no value we know.
_berth_slurm_values() {
    case $2 in
    -p | --partition) _berth_slurm_partitions ;;
    -w | --nodelist | -x | --exclude | --nodes) _berth_slurm_nodes ;;
    -j | --jobs | --job | --jobid) _berth_slurm_jobs ;;
    -A | --account | --accounts) sacctmgr -nP show account format=account 2>/dev/null ;;
    -q | --qos) sacctmgr -nP show qos format=name 2>/dev/null ;;
    -u | --user | --users) compgen -u ;;
    -d | --dependency) echo after: afterany: afterok: afternotok: aftercorr: singleton ;;
    --mail-type) echo NONE BEGIN END FAIL REQUEUE ALL ;;
    --cpu-bind) echo none cores threads sockets ldoms rank map_cpu: mask_cpu: ;;
    --distribution) echo block cyclic plane= arbitrary ;;
    --mpi) echo pmix pmi2 none list ;;
    --open-mode) echo append truncate ;;
    --export) echo ALL NONE ;;
    --hint) echo compute_bound memory_bound multithread nomultithread ;;
    --states | --state) echo PENDING RUNNING SUSPENDED COMPLETED CANCELLED FAILED TIMEOUT \
        NODE_FAIL OUT_OF_MEMORY ;;
    --format | -o)
        case $1 in
        sacct | sstat | sshare) "$1" --helpformat 2>/dev/null ;;
        *) return 1 ;;
        esac
        ;;
    *) return 1 ;;
    esac
}

_berth_slurm_scontrol() {
    local before=$1 keyword=$2

    case $before in
    scontrol) echo show hold uhold release requeue requeuehold suspend resume update write \
        listpids ping version help ;;
    show) echo job node partition config reservation step licenses hostnames hostlist ;;
    job | jobs) _berth_slurm_jobs ;;
    node | nodes) _berth_slurm_nodes ;;
    partition | partitions) _berth_slurm_partitions ;;
    hold) _berth_slurm_jobs PENDING ;;
    release | uhold) _berth_slurm_jobs PENDING ;;
    requeue | requeuehold | suspend) _berth_slurm_jobs RUNNING ;;
    resume) _berth_slurm_jobs SUSPENDED ;;
    write) echo batch_script ;;
    batch_script) _berth_slurm_jobs ;;
    update) echo JobId= NodeName= ;;
    *) [ "$keyword" = update ] && echo TimeLimit= Partition= QOS= Account= Nice= Priority= \
        Dependency= JobName= Comment= StartTime= State= Reason= ;;
    esac
}

# Operands of command $1.
_berth_slurm_operands() {
    case $1 in
    scancel) _berth_slurm_jobs ;;
    scontrol) _berth_slurm_scontrol "${COMP_WORDS[COMP_CWORD - 1]##*/}" "${COMP_WORDS[1]}" ;;
    sattach) squeue --noheader --steps --format=%i 2>/dev/null ;;
    sacctmgr) echo show list user account assoc qos cluster ;;
    *) return 1 ;;
    esac
}

_berth_slurm() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} words
    local command=${1##*/}

    # Readline makes three words of --option=value.
    if [ "$word" = = ]; then
        word=''
    elif [ "$before" = = ]; then
        before=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    if [[ $before == -* ]] && words=$(_berth_slurm_values "$command" "$before"); then
        :
    elif [[ $word == -* ]]; then
        words=$(_berth_slurm_options "$1")
    elif ! words=$(_berth_slurm_operands "$command"); then
        return # file names and commands, by readline's default
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[=:] ]] && compopt -o nospace 2>/dev/null
    return 0
}

complete -o default -F _berth_slurm sbatch srun salloc scancel squeue sattach sbcast sinfo \
    scontrol sacct sprio sacctmgr sshare sstat sdiag
