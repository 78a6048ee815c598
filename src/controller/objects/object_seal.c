/* SPDX-License-Identifier: Apache-2.0
 *
 * object_seal.c - Secrets are not in clear in the store
 */
#include "controller/objects/object_seal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "wire/pack.h"

int object_seal_load(struct controller *ctl, struct err *err)
{
    cleanup(freep) char *path =
        xasprintf("%s/secrets.key", ctl->config->controller.state_dir);
    cleanup(freep) char *bytes = NULL;
    size_t len = 0;
    int rc = io_read_file(path, SEALED_KEY_BYTES, &bytes, &len, err);

    if (rc == -ENOENT) {
        sealed_make_key(ctl->seal_key);
        return io_write_file_atomic(path, ctl->seal_key, SEALED_KEY_BYTES, 0600, err);
    }
    if (!rc && len != SEALED_KEY_BYTES)
        return err_set(err, EBADMSG, "%s: it is no key: %zu bytes", path, len);
    if (rc)
        return rc;
    memcpy(ctl->seal_key, bytes, SEALED_KEY_BYTES);
    explicit_bzero(bytes, len);
    return 0;
}

static bool is_sealed(const Berth__ObjectRecord *record)
{
    return strcmp(record->kind, "Secret") == 0 && record->manifest.len;
}

uint8_t *object_seal_pack(const struct controller *ctl,
                          const Berth__ObjectRecord *record, size_t *ret_len)
{
    Berth__ObjectRecord copy = *record;
    cleanup(freep) uint8_t *sealed = NULL;

    if (is_sealed(record)) {
        sealed = sealed_make(ctl->seal_key, record->manifest.data, record->manifest.len,
                             &copy.manifest.len);
        copy.manifest.data = sealed;
    }
    return pack_message(&copy.base, ret_len);
}

int object_seal_open(const struct controller *ctl, Berth__ObjectRecord *record)
{
    uint8_t *clear;
    size_t len;

    if (!is_sealed(record))
        return 0;
    clear =
        sealed_open(ctl->seal_key, record->manifest.data, record->manifest.len, &len);
    if (!clear)
        return -EBADMSG;
    free(record->manifest.data);
    record->manifest.data = clear;
    record->manifest.len = len;
    return 0;
}
