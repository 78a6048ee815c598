/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_oci.c - any bytes as an OCI index, manifest and configuration
 */
#include "fuzz.h"

#include "base/mem.h"
#include "base/strv.h"
#include "image/digest.h"
#include "image/oci.h"

static void try_index(const char *bytes, size_t len)
{
    cleanup(oci_index_fini) struct oci_index index = {0};

    if (oci_parse_index(bytes, len, &index, NULL) < 0)
        return;
    BUG_ON(!index.n_manifests || index.n_manifests > OCI_MANIFESTS_MAX);
    BUG_ON(!digest_is_valid(index.manifests[0].digest));
}

static void try_manifest(const char *bytes, size_t len)
{
    cleanup(oci_manifest_fini) struct oci_manifest manifest = {0};

    if (oci_parse_manifest(bytes, len, &manifest, NULL) < 0)
        return;
    BUG_ON(!manifest.n_layers || manifest.n_layers > OCI_LAYERS_MAX);
}

static void try_config(const char *bytes, size_t len)
{
    cleanup(oci_config_fini) struct oci_config config = {0};

    if (oci_parse_config(bytes, len, &config, NULL) < 0)
        return;
    BUG_ON(!config.workdir || strv_len(config.diff_ids) > OCI_LAYERS_MAX);
    (void)oci_parse_time(config.created);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    try_index((const char *)data, size);
    try_manifest((const char *)data, size);
    try_config((const char *)data, size);
    return 0;
}
