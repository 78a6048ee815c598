# SPDX-License-Identifier: Apache-2.0
#
# berth-sim.bash - bash completion for berth-sim(1): commands, options and their words
#
# Options are asked of berth-sim itself, so they never fall behind it.

_berth_sim_values() {
    case $1 in
    --policy) echo fifo easy conservative hybrid default ;;
    --runtimes) echo requested exact ;;
    --order) echo fcfs sjf f1 wfp3 slowdown priority ;;
    --backfill) echo none queue shortest ;;
    --overrun) echo kill keep ;;
    --size) echo larger requested allocated ;;
    --format) echo auto swf pyss ;;
    --rules) echo berth rlscheduler ;;
    --passes) echo event second ;;
    *) return 1 ;;
    esac
}

_berth_sim() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} words

    # Readline makes three words of --option=value.
    if [ "$word" = = ]; then
        word=''
    elif [ "$before" = = ]; then
        before=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    if [ "$COMP_CWORD" -eq 1 ]; then
        words=$(berth-sim --help 2>/dev/null | sed -n 's/^  \([a-z][a-z-]*\)  .*/\1/p')
    elif words=$(_berth_sim_values "$before"); then
        :
    elif [[ $word == -* ]]; then
        words=$(berth-sim "${COMP_WORDS[1]}" --help 2>/dev/null |
            grep -oE -- '--[a-z][a-z-]*' | sort -u)
    else
        return # file names, by readline's default
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

complete -o default -F _berth_sim berth-sim
