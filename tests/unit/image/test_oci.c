/* SPDX-License-Identifier: Apache-2.0
 *
 * test_oci.c - OCI's documents: what is read, what is refused, what is written
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/strv.h"
#include "image/digest.h"
#include "image/layer.h"
#include "image/oci.h"

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define DIGEST "sha256:" A64
#define DESCRIPTOR "{\"digest\":\"" DIGEST "\",\"size\":7}"

static const struct {
    const char *text, *words;
} bad_manifests[] = {
    {"",
     "the manifest is not valid JSON: line 1: '[' or '{' expected near end of file"},
    {"[]", "the manifest is not a JSON object"},
    {"{\"a\":1,\"a\":2}",
     "the manifest is not valid JSON: line 1: duplicate object key near '\"a\"'"},
    {"{}", "the manifest's config has no digest and size"},
    {"{\"config\":{\"digest\":\"md5:1\",\"size\":1}}",
     "the manifest's config: 'md5:1' is no sha256 digest"},
    {"{\"config\":{\"digest\":\"sha256:../../etc/passwd\",\"size\":1}}",
     "the manifest's config: 'sha256:../../etc/passwd' is no sha256 digest"},
    {"{\"config\":{\"digest\":\"" DIGEST "\",\"size\":-1}}",
     "the manifest's config has no digest and size"},
    {"{\"config\":" DESCRIPTOR "}", "there is no layer"},
    {"{\"config\":" DESCRIPTOR ",\"layers\":[]}", "there is no layer"},
    {"{\"config\":" DESCRIPTOR ",\"layers\":[" DESCRIPTOR ",1]}",
     "layer has no digest and size"},
};

static void bad_manifests_are_refused_in_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad_manifests); i++) {
        struct oci_manifest manifest;
        struct err err = {.text = "(accepted)"};
        const char *text = bad_manifests[i].text;

        (void)oci_parse_manifest(text, strlen(text), &manifest, &err);
        assert_string_equal(err.text, bad_manifests[i].words);
    }
}

static const struct {
    const char *text, *words;
} bad_configs[] = {
    {"{}", "the config names no diff_ids, or more than 128"},
    {"{\"rootfs\":{\"diff_ids\":[1]}}",
     "the config's diff_ids has an entry that is no string"},
    {"{\"rootfs\":{\"diff_ids\":[\"sha256:x\"]}}",
     "the config's diff_id 'sha256:x' is no sha256 digest"},
    {"{\"rootfs\":{\"diff_ids\":[\"" DIGEST "\"]},\"config\":{\"Env\":\"A=1\"}}",
     "the config's Env is not a list"},
    {"{\"rootfs\":{\"diff_ids\":[\"" DIGEST "\"]},\"config\":{\"Env\":[\"=1\"]}}",
     "the config's Env '=1' is not NAME=value"},
};

static void bad_configs_are_refused_in_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad_configs); i++) {
        struct oci_config config;
        struct err err = {.text = "(accepted)"};
        const char *text = bad_configs[i].text;

        (void)oci_parse_config(text, strlen(text), &config, &err);
        assert_string_equal(err.text, bad_configs[i].words);
    }
}

static void what_a_config_leaves_out_is_empty(void **state)
{
    static const char text[] = "{\"rootfs\":{\"diff_ids\":[\"" DIGEST "\"]},"
                               "\"config\":{\"Cmd\":null}}";
    cleanup(oci_config_fini) struct oci_config config = {0};

    (void)state;
    assert_int_equal(oci_parse_config(text, strlen(text), &config, NULL), 0);
    assert_string_equal(config.workdir, "");
    assert_null(config.env);
    assert_null(config.stop_signal);
    assert_null(config.cmd);
    assert_null(config.arch);
    assert_int_equal(strv_len(config.diff_ids), 1);
}

static void what_is_written_reads_back(void **state)
{
    cleanup(freep) char *config_text = oci_make_config(DIGEST);
    const struct layer layers[] = {
        {.digest = DIGEST, .size = 99, .media_type = "application/x"},
        {.digest = DIGEST, .size = 7, .media_type = "application/y"}};
    cleanup(freep) char *text =
        oci_make_manifest(DIGEST, strlen(config_text), layers, ARRAY_SIZE(layers));
    cleanup(oci_manifest_fini) struct oci_manifest manifest = {0};
    cleanup(oci_config_fini) struct oci_config config = {0};

    (void)state;
    assert_int_equal(oci_parse_manifest(text, strlen(text), &manifest, NULL), 0);
    assert_int_equal(manifest.config.size, strlen(config_text));
    assert_int_equal(manifest.n_layers, 2);
    assert_string_equal(manifest.layers[0].media_type, "application/x");
    assert_int_equal(manifest.layers[0].size, 99);
    assert_int_equal(manifest.layers[1].size, 7);
    assert_int_equal(oci_parse_config(config_text, strlen(config_text), &config, NULL),
                     0);
    assert_string_equal(config.diff_ids[0], DIGEST);
    assert_string_equal(config.arch, oci_machine());
}

static void times_are_read_in_utc(void **state)
{
    (void)state;
    assert_int_equal(oci_parse_time("2024-02-03T04:05:06Z"), 1706933106);
    assert_int_equal(oci_parse_time("2024-02-03T04:05:06.789Z"), 1706933106);
    assert_int_equal(oci_parse_time("2024-02-03T05:05:06.7+01:00"), 1706933106);
    assert_int_equal(oci_parse_time("2024-02-02T22:35:06-05:30"), 1706933106);
    assert_int_equal(oci_parse_time("yesterday"), 0);
    assert_int_equal(oci_parse_time(NULL), 0);
}

/* FIPS 180-4's own example. */
static void a_digest_is_sha256_in_lower_case_hex(void **state)
{
    char digest[IMAGE_DIGEST_MAX];

    (void)state;
    digest_of("abc", 3, digest);
    assert_string_equal(digest,
                        "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb"
                        "410ff61f20015ad");
    assert_true(digest_is_valid(digest));
    assert_false(
        digest_is_valid("sha256:BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB"
                        "410FF61F20015AD"));
    assert_false(digest_is_valid("sha256:"));
    assert_false(digest_is_valid(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_manifests_are_refused_in_words),
        cmocka_unit_test(bad_configs_are_refused_in_words),
        cmocka_unit_test(what_a_config_leaves_out_is_empty),
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(times_are_read_in_utc),
        cmocka_unit_test(a_digest_is_sha256_in_lower_case_hex),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
