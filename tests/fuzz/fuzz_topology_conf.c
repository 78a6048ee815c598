/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_topology_conf.c - any text as Slurm's topology.conf, and as a list of devices
 */
#include "fuzz.h"

#include <stdlib.h>

#include "base/mem.h"
#include "config/gres.h"
#include "config/topology_conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup(freep) char *text = xstrndup((const char *)data, size);
    struct switch_list list;
    struct config_gres *gres;
    struct err err;
    size_t n;

    if (topology_conf_parse("fuzz", (const char *)data, size, &list, &err) == 0)
        switch_list_free(&list);
    if (config_gres_parse(text, &gres, &n, &err) == 0)
        config_gres_free(gres, n);
    return 0;
}
