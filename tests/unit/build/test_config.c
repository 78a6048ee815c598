/* SPDX-License-Identifier: Apache-2.0
 *
 * test_config.c - an image's configuration, changed and written
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
#include "build/config.h"

static void scratch_grows_into_a_document(void **state)
{
    cleanup(config_freep) struct image_config *config = config_scratch("amd64");
    char *words[] = {(char[]){"/bin/sh"}, (char[]){"-c"}, NULL};
    cleanup(freep) char *text = NULL;

    (void)state;
    config_setenv(config, "A", "1");
    config_setenv(config, "B", "2");
    config_setenv(config, "A", "3");
    config_set_list(config, "Cmd", words);
    config_add_key(config, "ExposedPorts", "80/tcp");
    config_set_label(config, "l", "caf\xe9");
    config_set_text(config, "User", "u");
    config_set_text(config, "User", NULL);
    config_add_history(config, "RUN x", 86400, "sha256:1");
    config_add_history(config, "ENV y", 86401, NULL);
    text = config_text(config);
    assert_string_equal(
        text,
        "{\"architecture\":\"amd64\",\"config\":{\"Cmd\":[\"/bin/sh\",\"-c\"],"
        "\"Env\":[\"A=3\",\"B=2\"],\"ExposedPorts\":{\"80/tcp\":{}},"
        "\"Labels\":{\"l\":\"caf?\"}},\"created\":\"1970-01-02T00:00:01Z\","
        "\"history\":[{\"created\":\"1970-01-02T00:00:00Z\",\"created_by\":\"RUN x\"},"
        "{\"created\":\"1970-01-02T00:00:01Z\",\"created_by\":\"ENV y\","
        "\"empty_layer\":true}],\"os\":\"linux\","
        "\"rootfs\":{\"diff_ids\":[\"sha256:1\"],\"type\":\"layers\"}}");
    assert_int_equal(config_created(config), 86401);
}

static void what_is_not_known_is_kept(void **state)
{
    static const char in[] =
        "{\"architecture\":\"arm64\",\"x\":[1],\"config\":{\"Z\":{}},"
        "\"created\":\"2024-01-02T03:04:05.678Z\"}";
    cleanup(config_freep) struct image_config *config = NULL, *copy = NULL;
    cleanup(freep) char *text = NULL;
    cleanup(freep) char *settings = NULL;

    (void)state;
    assert_int_equal(config_read(in, strlen(in), &config, NULL), 0);
    assert_string_equal(config_arch(config), "arm64");
    assert_string_equal(config_os(config), "linux");
    assert_int_equal(config_created(config), 1704164645);
    copy = config_copy(config);
    config_set_text(config, "WorkingDir", "/w");
    assert_null(config_get_text(copy, "WorkingDir"));
    text = config_text(copy);
    assert_non_null(strstr(text, "\"x\":[1]"));
    settings = config_settings(config);
    assert_string_equal(settings, "{\"WorkingDir\":\"/w\",\"Z\":{}}");
    assert_true(config_read("[]", 2, &config, NULL) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scratch_grows_into_a_document),
        cmocka_unit_test(what_is_not_known_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
