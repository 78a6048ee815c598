/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_tar.c - any bytes as the tar stream that a container sends
 */
#include "fuzz.h"

#include <string.h>

#include "base/mem.h"
#include "cli/tar.h"

/* What was read is written and read again: the same. */
static void again(const struct tar_entry *entry)
{
    cleanup(tar_entry_fini) struct tar_entry copy = {0};
    struct strbuf out = STRBUF_INIT;
    size_t at = 0;
    int rc;

    tar_put(&out, entry);
    BUG_ON(out.len % TAR_BLOCK);
    while ((rc = tar_get((const uint8_t *)out.s + at, &copy, NULL)) == 2) {
        size_t len = (size_t)copy.size;

        BUG_ON(tar_record(copy.type, out.s + at + TAR_BLOCK, len, &copy, NULL));
        at += TAR_BLOCK + (len + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
    }
    BUG_ON(rc != 1 || at + TAR_BLOCK != out.len);
    BUG_ON(strcmp(copy.name, entry->name) != 0 || copy.size != entry->size);
    strbuf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup(tar_entry_fini) struct tar_entry entry = {0};
    size_t at = 0;

    while (size - at >= TAR_BLOCK) {
        int rc = tar_get(data + at, &entry, NULL);
        size_t len = (size_t)entry.size;

        at += TAR_BLOCK;
        if (rc <= 0)
            return 0;
        if (rc == 2) {
            if (len > size - at ||
                tar_record(entry.type, (const char *)data + at, len, &entry, NULL))
                return 0;
        } else {
            if (entry.name[0] && !strchr(entry.name, '\n') && entry.type == TAR_FILE)
                again(&entry);
            len = entry.size > size ? size : (size_t)entry.size;
            tar_entry_fini(&entry);
        }
        len = (len + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
        at = len > size - at ? size : at + len;
    }
    return 0;
}
