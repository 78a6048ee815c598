/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_pod_status.c - whatever leads tell of a pod, what it has come to stays, and so
 * does what the controller alone knows
 *
 * The input is a PodChanged's status, a zero byte, and the next one.
 */
#include "fuzz.h"

#include <string.h>

#include "base/mem.h"
#include "controller/pods/pod_status.h"
#include "wire/pack.h"

#define SCHEDULED 1234567

static size_t first_of(const uint8_t *data, size_t size)
{
    const uint8_t *end = size ? memchr(data, 0, size) : NULL;

    return end ? (size_t)(end - data) : size;
}

static void tell(Berth__PodStatus **status, const uint8_t *data, size_t size)
{
    cleanup(free_messagep) Berth__PodStatus *told =
        unpack_message(&berth__pod_status__descriptor, data, size);
    bool was_final = pod_status_is_final(*status);
    cleanup(freep) char *node = xstrdup((*status)->node);

    if (!told)
        return;
    (void)pod_status_told(status, told);
    BUG_ON(was_final && !pod_status_is_final(*status));
    BUG_ON((*status)->scheduled_usec != SCHEDULED);
    BUG_ON(node[0] && !(*status)->node[0]);
    /* Told once more, it is no news. */
    BUG_ON(pod_status_told(status, told));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Berth__PodStatus *status = pod_status_new();
    size_t first = first_of(data, size);

    status->scheduled_usec = SCHEDULED;
    tell(&status, data, first);
    if (first < size)
        tell(&status, data + first + 1, size - first - 1);
    free_message(status);
    return 0;
}
