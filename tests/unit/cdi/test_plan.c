/* SPDX-License-Identifier: Apache-2.0
 *
 * test_plan.c - what devices ask for together, and hooks that become data
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/strv.h"
#include "cdi/cdi.h"

static const char text[] =
    "cdiVersion: 1.1.0\n"
    "kind: nvidia.com/gpu\n"
    "containerEdits:\n"
    "  env: [LEVEL=all, WHO=all]\n"
    "  deviceNodes: [{path: /dev/nvidiactl, uid: 0}]\n"
    "  hooks:\n"
    "  - hookName: createContainer\n"
    "    path: /usr/bin/nvidia-cdi-hook\n"
    "    args: [nvidia-cdi-hook, create-symlinks, --link, "
    "'libcuda.so.1::/lib/libcuda.so',\n"
    "           '--link=../a::/usr/b']\n"
    "  - hookName: createContainer\n"
    "    path: /usr/bin/nvidia-ctk\n"
    "    args: [nvidia-ctk, hook, update-ldcache, --ldconfig-path, /x, --folder, "
    "/lib/a,\n"
    "           --folder, /lib/b, --folder, /lib/a]\n"
    "  - hookName: createContainer\n"
    "    path: /usr/bin/nvidia-ctk\n"
    "    args: [nvidia-ctk, hook, chmod, --mode, '755', --path, /dev/dri]\n"
    "devices:\n"
    "- name: \"0\"\n"
    "  containerEdits: {env: [WHO=0], deviceNodes: [{path: /dev/nvidia0}]}\n"
    "- name: \"1\"\n"
    "  containerEdits:\n"
    "    deviceNodes: [{path: /dev/nvidia1}, {path: /dev/nvidiactl, hostPath: "
    "/dev/ctl}]\n"
    "    mounts: [{hostPath: /a, containerPath: /m}, {hostPath: /b, containerPath: "
    "/m}]\n"
    "- name: hooked\n"
    "  containerEdits: {hooks: [{hookName: poststart, path: /opt/do}]}\n"
    "- name: wrong\n"
    "  containerEdits:\n"
    "    hooks:\n"
    "    - {hookName: createContainer, path: /usr/bin/nvidia-ctk,\n"
    "       args: [nvidia-ctk, hook, create-symlinks, --link, nonsense]}\n"
    "- name: others\n"
    "  containerEdits: {additionalGids: [4], intelRdt: {}, netDevices: [{}]}\n";

static int make(const char *names, struct cdi_spec **ret_spec, struct cdi_plan **ret,
                struct err *err)
{
    cleanup(strv_freep) char **list = strv_split(names, " ");
    unsigned int rank = 0;
    struct cdi_registry registry = {.specs = ret_spec, .ranks = &rank, .n_specs = 1};

    assert_int_equal(cdi_spec_parse("gpu.yaml", text, strlen(text), ret_spec, err), 0);
    return cdi_plan_make(&registry, list, ret, err);
}

static void edits_of_the_file_come_once_and_first(void **state)
{
    cleanup(cdi_spec_freep) struct cdi_spec *spec = NULL;
    cleanup(cdi_plan_freep) struct cdi_plan *plan = NULL;

    (void)state;
    assert_int_equal(
        make("nvidia.com/gpu=0 nvidia.com/gpu=1 nvidia.com/gpu=0", &spec, &plan, NULL),
        0);
    assert_string_equal(strv_getenv(plan->env, "LEVEL"), "all");
    assert_string_equal(strv_getenv(plan->env, "WHO"), "0");
    assert_int_equal(plan->n_nodes, 3);
    assert_string_equal(plan->nodes[0]->path, "/dev/nvidiactl");
    assert_string_equal(plan->nodes[0]->host_path, "/dev/ctl"); /* the later one */
    assert_string_equal(plan->nodes[1]->path, "/dev/nvidia0");
    assert_string_equal(plan->nodes[2]->path, "/dev/nvidia1");
    assert_int_equal(plan->n_mounts, 1);
    assert_string_equal(plan->mounts[0]->host_path, "/b");
    assert_int_equal(plan->n_links, 2);
    assert_int_equal(strv_len(plan->folders), 2);
}

static void known_hooks_become_links_and_folders(void **state)
{
    cleanup(cdi_spec_freep) struct cdi_spec *spec = NULL;
    cleanup(cdi_plan_freep) struct cdi_plan *plan = NULL;

    (void)state;
    assert_int_equal(make("nvidia.com/gpu=0", &spec, &plan, NULL), 0);
    assert_int_equal(plan->n_links, 2);
    assert_string_equal(plan->links[0].path, "/lib/libcuda.so");
    assert_string_equal(plan->links[0].target, "libcuda.so.1");
    assert_string_equal(plan->links[1].path, "/usr/b");
    assert_string_equal(plan->links[1].target, "../a");
    assert_string_equal(plan->folders[0], "/lib/a");
    assert_string_equal(plan->folders[1], "/lib/b");
    assert_int_equal(cdi_plan_check_hooks(plan, NULL), 0);
}

static void unknown_hooks_are_refused_by_name(void **state)
{
    cleanup(cdi_spec_freep) struct cdi_spec *spec = NULL;
    cleanup(cdi_plan_freep) struct cdi_plan *plan = NULL;
    struct err err;

    (void)state;
    assert_int_equal(make("nvidia.com/gpu=hooked", &spec, &plan, &err), 0);
    assert_int_equal(plan->n_hooks, 1);
    assert_int_equal(cdi_plan_check_hooks(plan, &err), -1);
    assert_non_null(strstr(err.text, "gpu.yaml asks for the hook /opt/do (poststart)"));
}

static void a_known_hook_with_wrong_words_is_refused(void **state)
{
    cleanup(cdi_spec_freep) struct cdi_spec *spec = NULL;
    struct cdi_plan *plan;
    struct err err;

    (void)state;
    assert_int_equal(make("nvidia.com/gpu=wrong", &spec, &plan, &err), -22);
    assert_non_null(strstr(err.text, "'nonsense' is not TARGET::LINK"));
}

static void what_cannot_be_done_is_noted_once(void **state)
{
    cleanup(cdi_spec_freep) struct cdi_spec *spec = NULL;
    cleanup(cdi_plan_freep) struct cdi_plan *plan = NULL;

    (void)state;
    assert_int_equal(make("nvidia.com/gpu=others nvidia.com/gpu=0", &spec, &plan, NULL),
                     0);
    assert_int_equal(strv_len(plan->notes), 4);
}

static void a_device_that_is_not_there_is_refused(void **state)
{
    cleanup(cdi_spec_freep) struct cdi_spec *spec = NULL;
    struct cdi_plan *plan;
    struct err err;

    (void)state;
    assert_int_equal(make("nvidia.com/gpu=0 nvidia.com/gpu=7", &spec, &plan, &err), -2);
    assert_non_null(strstr(err.text, "nvidia.com/gpu=7"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edits_of_the_file_come_once_and_first),
        cmocka_unit_test(known_hooks_become_links_and_folders),
        cmocka_unit_test(unknown_hooks_are_refused_by_name),
        cmocka_unit_test(a_known_hook_with_wrong_words_is_refused),
        cmocka_unit_test(what_cannot_be_done_is_noted_once),
        cmocka_unit_test(a_device_that_is_not_there_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
