/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_node_topo.c - topology XML from a peer loads whole or is refused
 */
#include "fuzz.h"

#include "base/err.h"
#include "base/mem.h"
#include "topo/domains.h"
#include "topo/node_topo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct node_topo *topo = NULL;
    struct err err = {0};

    if (node_topo_from_xml((const char *)data, size, &topo, &err) < 0) {
        BUG_ON(err.text[0] == '\0');
        return 0;
    }
    BUG_ON(topo->n_cores == 0 || topo->n_cores > topo->n_pus);
    BUG_ON(topo->domains->at[0].n_cores != topo->n_cores);
    cleanup(bitset_destroyp) struct bitset *all = bitset_create(topo->n_cores);
    bitset_set_range(all, 0, topo->n_cores);
    cleanup(freep) char *pus = node_topo_pus(topo, all);
    BUG_ON(pus[0] == '\0');
    node_topo_destroy(topo);
    return 0;
}
