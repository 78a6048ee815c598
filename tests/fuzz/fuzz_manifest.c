/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_manifest.c - any text as a manifest; what is accepted prints and reads back as
 * the same, in YAML and in JSON
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "manifest/write.h"
#include "objects/manifest.h"

static const struct manifest_rules rules = {.name_space = "fuzz"};

static char *print(const struct mf_object *object, bool as_json, size_t *ret_len)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, ret_len);

    if (as_json)
        node_write_json(object->root, 0, out);
    else
        BUG_ON(node_write_yaml(object->root, out) < 0);
    (void)fclose(out);
    return text;
}

static void check_object(const struct mf_object *object)
{
    cleanup(freep) char *as_yaml = NULL;
    size_t yaml_len;

    as_yaml = print(object, false, &yaml_len);
    for (int as_json = 0; as_json < 2; as_json++) {
        cleanup(freep) char *text = NULL, *again = NULL;
        struct manifest manifest;
        size_t len;

        text = print(object, as_json, &len);
        BUG_ON(manifest_read("again", text, len, &rules, &manifest, NULL) < 0);
        BUG_ON(manifest.n != 1 || manifest.objects[0].report.n_errors);
        again = print(&manifest.objects[0], false, &len);
        BUG_ON(len != yaml_len || strcmp(again, as_yaml) != 0);
        manifest_fini(&manifest);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct manifest manifest;
    struct err err;

    if (manifest_read("fuzz", (const char *)data, size, &rules, &manifest, &err) < 0)
        return 0;
    for (size_t i = 0; i < manifest.n; i++)
        if (manifest.objects[i].object)
            check_object(&manifest.objects[i]);
    manifest_fini(&manifest);
    return 0;
}
