/* SPDX-License-Identifier: Apache-2.0
 *
 * tres.h - resources in one line, as Slurm's accounting writes them
 */
#ifndef BERTH_HISTORY_TRES_H
#define BERTH_HISTORY_TRES_H

#include <stdint.h>

#include "wire/messages.pb-c.h"

struct tres_counts {
    uint32_t cpus, nodes, gpus;
    uint64_t memory; /* MiB */
};

/* "cpu=4,mem=8G,node=1,billing=4,gres/gpu=2"; what is 0 is left out, nothing at all is
 * "". The caller frees it. */
char *tres_format(const struct tres_counts *counts);

/* What a spec asks for, once the controller has completed it. */
struct tres_counts tres_asked(const Berth__JobSpec *spec);

#endif
