/* SPDX-License-Identifier: Apache-2.0
 *
 * object_tally.c - count objects and their bytes by owner
 */
#include "controller/objects/object_tally.h"

#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"

struct object_tally {
    uint32_t uid;
    size_t n;
    uint64_t bytes;
    UT_hash_handle hh;
};

void object_tally_add(struct controller *ctl, const struct ctl_object *object, int sign)
{
    const Berth__ObjectRecord *record = object->record;
    struct object_tally *tally;

    HASH_FIND(hh, ctl->object_tallies, &record->owner_uid, sizeof(record->owner_uid),
              tally);
    if (!tally) {
        tally = xcalloc(1, sizeof(*tally));
        tally->uid = record->owner_uid;
        HASH_ADD(hh, ctl->object_tallies, uid, sizeof(tally->uid), tally);
    }
    if (sign > 0) {
        tally->n++;
        tally->bytes += record->manifest.len;
        return;
    }
    tally->n--;
    tally->bytes -= record->manifest.len;
    if (tally->n)
        return;
    HASH_DELETE(hh, ctl->object_tallies, tally);
    free(tally);
}

int object_tally_check(const struct controller *ctl, uint32_t uid, size_t more,
                       size_t bytes, struct err *err)
{
    uint64_t most = ctl->config->pods.objects_size << 20;
    const struct object_tally *tally;
    uint64_t n = more;

    HASH_FIND(hh, ctl->object_tallies, &uid, sizeof(uid), tally);
    if (tally) {
        n += tally->n;
        bytes += tally->bytes;
    }
    if (n > ctl->config->pods.objects_max)
        return err_set(err, EDQUOT,
                       "you have %zu objects, and may have %u (pods.objects_max): "
                       "delete some",
                       tally ? tally->n : 0, ctl->config->pods.objects_max);
    if (bytes > most)
        return err_set(err, EDQUOT,
                       "your objects would take %zu MiB, and may take %llu "
                       "(pods.objects_size): delete some",
                       bytes >> 20, (unsigned long long)(most >> 20));
    return 0;
}

void object_tally_clear(struct controller *ctl)
{
    struct object_tally *tally, *next;

    HASH_ITER(hh, ctl->object_tallies, tally, next)
    {
        HASH_DELETE(hh, ctl->object_tallies, tally);
        free(tally);
    }
}
