/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_docker.c - any bytes as a docker archive's manifest.json
 */
#include "fuzz.h"

#include <string.h>

#include "base/strv.h"
#include "image/docker.h"
#include "image/oci.h"

/* No name may lead out of the archive. */
static void check_name(const char *name)
{
    BUG_ON(!*name || *name == '/' || strcmp(name, "..") == 0);
    BUG_ON(strncmp(name, "../", 3) == 0 || strstr(name, "/../"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct docker_manifest manifest;

    if (docker_parse_manifest((const char *)data, size, &manifest, NULL) < 0)
        return 0;
    BUG_ON(!manifest.n || manifest.n > DOCKER_IMAGES_MAX);
    for (size_t i = 0; i < manifest.n; i++) {
        check_name(manifest.images[i].config);
        BUG_ON(strv_len(manifest.images[i].layers) > OCI_LAYERS_MAX);
        strv_foreach (layer, manifest.images[i].layers)
            check_name(*layer);
    }
    docker_manifest_fini(&manifest);
    return 0;
}
