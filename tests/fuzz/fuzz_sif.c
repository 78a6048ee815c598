/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_sif.c - any bytes as the beginning of a SIF file, and as its definition
 */
#include "fuzz.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "image/oci.h"
#include "image/sif.h"

#define DIGEST "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void check_part(const struct sif_part *part, uint64_t file_size)
{
    BUG_ON(part->offset > file_size || part->size > file_size - part->offset);
}

static void try_header(const uint8_t *data, size_t size)
{
    uint64_t file_size = 4 * (uint64_t)size;
    struct sif sif;

    if (sif_parse(data, size, file_size, &sif, NULL) < 0)
        return;
    BUG_ON(!sif.rootfs.size);
    check_part(&sif.rootfs, file_size);
    check_part(&sif.deffile, file_size);
    check_part(&sif.labels, file_size);
}

static void try_texts(const uint8_t *data, size_t size)
{
    cleanup(freep) char *text = xstrndup((const char *)data, size);
    cleanup(freep) char *config = sif_make_config(DIGEST, NULL, text, text, true);
    cleanup(oci_config_fini) struct oci_config parsed = {0};
    struct err err;

    /* Text that is no UTF-8 does not get in; all else makes a good one. */
    BUG_ON(!config);
    BUG_ON(oci_parse_config(config, strlen(config), &parsed, &err) < 0 &&
           err.code != E2BIG);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    try_header(data, size);
    try_texts(data, size);
    return 0;
}
