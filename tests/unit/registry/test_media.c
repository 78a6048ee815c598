/* SPDX-License-Identifier: Apache-2.0
 *
 * test_media.c - documents that are one thing, and those that could be two
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "registry/media.h"

#define OCI_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define OCI_INDEX "application/vnd.oci.image.index.v1+json"
#define DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"
#define DOCKER_LIST "application/vnd.docker.distribution.manifest.list.v2+json"
#define OLD "application/vnd.docker.distribution.manifest.v1+prettyjws"
#define OWN(type) "{\"mediaType\": \"" type "\", "

static void what_agrees_is_taken(void **state)
{
    static const struct {
        const char *type, *text;
        enum media_kind kind;
    } cases[] = {
        {OCI_MANIFEST, OWN(OCI_MANIFEST) "\"layers\": []}", MEDIA_MANIFEST},
        {OCI_MANIFEST, "{\"config\": {}}", MEDIA_MANIFEST},
        {DOCKER_MANIFEST, OWN(DOCKER_MANIFEST) "\"layers\": []}", MEDIA_MANIFEST},
        {OCI_INDEX, "{\"manifests\": []}", MEDIA_INDEX},
        {DOCKER_LIST, OWN(DOCKER_LIST) "\"manifests\": []}", MEDIA_INDEX},
        {NULL, "{\"manifests\": []}", MEDIA_INDEX},
        {"application/json", OWN(OCI_INDEX) "\"manifests\": []}", MEDIA_INDEX},
        {"text/plain", "{\"layers\": []}", MEDIA_MANIFEST},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        enum media_kind kind;

        assert_int_equal(media_judge(cases[i].type, cases[i].text,
                                     strlen(cases[i].text), &kind, NULL),
                         0);
        assert_int_equal(kind, cases[i].kind);
    }
}

static void what_could_be_two_things_is_refused(void **state)
{
    static const char *const cases[][3] = {
        {OCI_MANIFEST, "{\"layers\": [], \"manifests\": []}", "at once"},
        {OCI_INDEX, "{\"config\": {}, \"manifests\": []}", "at once"},
        {OCI_INDEX, "{\"layers\": []}", "not what its type"},
        {OCI_MANIFEST, "{\"manifests\": []}", "not what its type"},
        {OCI_MANIFEST, OWN(OCI_INDEX) "\"layers\": []}", "calls itself"},
        {OCI_MANIFEST, OWN(DOCKER_MANIFEST) "\"layers\": []}", "calls itself"},
        {NULL, OWN(OCI_INDEX) "\"layers\": []}", "not what its type"},
        {OCI_MANIFEST, "{\"mediaType\": 1, \"layers\": []}", "is no text"},
        {OCI_MANIFEST, "{\"layers\": [], \"layers\": []}", "not a JSON object"},
        {OCI_MANIFEST, "[]", "not a JSON object"},
        {OCI_MANIFEST, "{}", "neither"},
        {OLD, "{\"fsLayers\": []}", "schema 1"},
        {"application/x", "{\"layers\": []}", "is no image"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct err err = {0};
        enum media_kind kind;

        assert_int_equal(
            media_judge(cases[i][0], cases[i][1], strlen(cases[i][1]), &kind, &err),
            -EINVAL);
        if (!strstr(err.text, cases[i][2]))
            fail_msg("not '%s': %s", cases[i][2], err.text);
    }
}

static void only_tars_are_layers(void **state)
{
    static const struct {
        const char *config, *layer;
        int result;
    } cases[] = {
        {NULL, NULL, 0},
        {"application/vnd.oci.image.config.v1+json",
         "application/vnd.oci.image.layer.v1.tar+zstd", 0},
        {"application/vnd.docker.container.image.v1+json",
         "application/vnd.docker.image.rootfs.diff.tar.gzip", 0},
        {"application/vnd.cncf.helm.config.v1+json", NULL, -EINVAL},
        {NULL, "application/vnd.oci.image.layer.v1.tar+encrypted", -EINVAL},
        {NULL, "application/vnd.in-toto+json", -EINVAL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        cleanup(freep) char *layer = cases[i].layer ? xstrdup(cases[i].layer) : NULL;
        cleanup(freep) char *config = cases[i].config ? xstrdup(cases[i].config) : NULL;
        struct oci_descriptor layers[] = {{.media_type = layer}};
        const struct oci_manifest manifest = {
            .config = {.media_type = config}, .layers = layers, .n_layers = 1};

        assert_int_equal(media_check_parts(&manifest, NULL), cases[i].result);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_agrees_is_taken),
        cmocka_unit_test(what_could_be_two_things_is_refused),
        cmocka_unit_test(only_tars_are_layers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
