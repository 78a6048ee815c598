#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# task - one line on where this task is bound: job, rank, the cores that Berth names,
# hwloc-bind's answer, the cores in it, the processors that the kernel allows, and its
# policy for memory
mask=$(hwloc-bind --get)
allowed=$(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status)
policy=$(sed -n '1s/^[^ ]* \([^ ]*\).*/\1/p' /proc/self/numa_maps)
echo "@task $BERTH_JOB_ID $BERTH_PROCID $BERTH_CORES $mask" \
    "$(hwloc-calc --intersect core "$mask") $allowed $policy"
