/* SPDX-License-Identifier: Apache-2.0
 *
 * test_oci.c - a container as config.json, and the commands of crun and runc
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strv.h"
#include "config.h"

extern const struct berth_runtime_plugin berth_runtime_plugin;

static const char *const argv_[] = {"/run/berth/init", "1000", NULL};
static const char *const env[] = {"PATH=/bin", NULL};
static const char *const ro[] = {"rbind", "ro", NULL}, *const none[] = {NULL};
static const char *const hidden[] = {"/proc/kcore", NULL};
static const char *const readonly[] = {"/proc/sys", NULL};
static const struct berth_runtime_mount mounts[] = {{"proc", "/proc", "proc", none},
                                                    {"/data", "/mnt", "bind", ro}};
static const struct berth_runtime_limit limits[] = {{"RLIMIT_NOFILE", 1024, 4096}};

static struct berth_runtime_container container(void)
{
    return (struct berth_runtime_container){
        .id = "berth-n1-17.1-step.0",
        .program = "/usr/bin/crun",
        .bundle = "/tmp",
        .root = "/work/root",
        .argv = argv_,
        .env = env,
        .mounts = mounts,
        .n_mounts = 2,
        .hidden = hidden,
        .readonly = readonly,
        .limits = limits,
        .n_limits = 1,
        .n_kept = 1,
    };
}

static const char *text_at(const json_t *list, size_t i)
{
    return json_string_value(json_array_get(list, i));
}

static void the_process_is_ours_without_new_privileges(void **state)
{
    struct berth_runtime_container c = container();
    json_t *config = oci_config(&c);
    const json_t *process = json_object_get(config, "process");
    const json_t *limit = json_array_get(json_object_get(process, "rlimits"), 0);

    (void)state;
    assert_string_equal(text_at(json_object_get(process, "args"), 0),
                        "/run/berth/init");
    assert_string_equal(text_at(json_object_get(process, "args"), 1), "1000");
    assert_true(json_is_true(json_object_get(process, "noNewPrivileges")));
    assert_true(json_is_false(json_object_get(process, "terminal")));
    assert_string_equal(json_string_value(json_object_get(process, "cwd")), "/");
    assert_string_equal(json_string_value(json_object_get(limit, "type")),
                        "RLIMIT_NOFILE");
    assert_int_equal(json_integer_value(json_object_get(limit, "hard")), 4096);
    assert_null(json_object_get(json_object_get(process, "capabilities"), "ambient"));
    assert_null(json_object_get(config, "hooks"));
    json_decref(config);
}

static void the_root_and_mounts_stand_in_their_order(void **state)
{
    struct berth_runtime_container c = container();
    json_t *config, *list, *second;

    (void)state;
    c.read_only = 1;
    config = oci_config(&c);
    list = json_object_get(config, "mounts");
    second = json_array_get(list, 1);
    assert_true(
        json_is_true(json_object_get(json_object_get(config, "root"), "readonly")));
    assert_int_equal(json_array_size(list), 2);
    assert_string_equal(json_string_value(json_object_get(second, "source")), "/data");
    assert_string_equal(json_string_value(json_object_get(second, "destination")),
                        "/mnt");
    assert_string_equal(text_at(json_object_get(second, "options"), 1), "ro");
    json_decref(config);
}

static void namespaces_are_those_that_berth_has_not_made(void **state)
{
    struct berth_runtime_container c = container();
    json_t *config = oci_config(&c);
    const json_t *part = json_object_get(config, "linux");
    const json_t *list = json_object_get(part, "namespaces");

    (void)state;
    assert_int_equal(json_array_size(list), 3);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *type =
            json_string_value(json_object_get(json_array_get(list, i), "type"));

        assert_true(!strcmp(type, "pid") || !strcmp(type, "ipc") ||
                    !strcmp(type, "mount"));
    }
    assert_string_equal(text_at(json_object_get(part, "maskedPaths"), 0),
                        "/proc/kcore");
    assert_string_equal(text_at(json_object_get(part, "readonlyPaths"), 0),
                        "/proc/sys");
    json_decref(config);
}

static void a_path_that_is_no_text_is_refused(void **state)
{
    struct berth_runtime_container c = container();
    struct berth_runtime_err err;
    char **argv;
    int hide;

    (void)state;
    c.root = "/\xff";
    assert_null(oci_config(&c));
    assert_true(berth_runtime_plugin.ops->prepare(&c, &argv, &hide, &err) < 0);
    assert_non_null(strstr(err.text, "UTF-8"));
}

static char *command(const char *program, int *ret_hide)
{
    cleanup(strv_freep) char **argv = NULL;
    char dir[] = "/tmp/berth-oci-XXXXXX";
    struct berth_runtime_container c = container();
    struct berth_runtime_err err;
    cleanup(freep) char *path = NULL, *text = NULL;

    assert_non_null(mkdtemp(dir));
    c.bundle = dir;
    c.program = program;
    assert_int_equal(berth_runtime_plugin.ops->prepare(&c, &argv, ret_hide, &err), 0);
    path = xasprintf("%s/config.json", dir);
    assert_int_equal(io_read_file(path, 65536, &text, NULL, NULL), 0);
    assert_non_null(strstr(text, "\"ociVersion\": \"1.0.2\""));
    (void)io_remove_tree(dir, NULL);
    return strv_join(argv, " ");
}

static void each_program_is_called_as_it_likes(void **state)
{
    int hide;
    cleanup(freep) char *crun = command("/usr/bin/crun", &hide);
    cleanup(freep) char *runc = NULL, *unsaid = NULL;

    (void)state;
    assert_true(hide);
    assert_non_null(strstr(crun, " --cgroup-manager=disabled run --bundle /tmp/"));
    assert_non_null(strstr(crun, " --preserve-fds 1 berth-n1-17.1-step.0"));
    runc = command("runc", &hide);
    assert_false(hide);
    assert_null(strstr(runc, "cgroup"));
    unsaid = command("", &hide);
    assert_int_equal(strncmp(unsaid, "crun ", 5), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_process_is_ours_without_new_privileges),
        cmocka_unit_test(the_root_and_mounts_stand_in_their_order),
        cmocka_unit_test(namespaces_are_those_that_berth_has_not_made),
        cmocka_unit_test(a_path_that_is_no_text_is_refused),
        cmocka_unit_test(each_program_is_called_as_it_likes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
