/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_grpc_health.c - an answer of a health service is a small number or none, and
 * what is added to a whole one makes it none
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "probe/grpc_health.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* A copy of just this size, so that a byte too far is found. */
    uint8_t *bytes = xmemdup(data, size);
    int status = grpc_health_read(bytes, size, NULL);

    BUG_ON(status > INT16_MAX);
    BUG_ON(status >= 0 && size && grpc_health_read(bytes, size - 1, NULL) >= 0);
    free(bytes);
    return 0;
}
