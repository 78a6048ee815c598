/* SPDX-License-Identifier: Apache-2.0
 *
 * test_spec.c - what a specification says, and what it is refused for
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
#include "spec/cdi_name.h"

static const char full_yaml[] =
    "cdiVersion: 0.7.0\n"
    "kind: acme.com/box\n"
    "containerEdits:\n"
    "  env: [BOX_LEVEL=2]\n"
    "devices:\n"
    "- name: \"0\"\n"
    "  containerEdits:\n"
    "    deviceNodes:\n"
    "    - path: /dev/box0\n"
    "      hostPath: /dev/zero\n"
    "      type: c\n"
    "      permissions: rw\n"
    "      uid: 0\n"
    "    - path: /dev/box\n"
    "    mounts:\n"
    "    - {hostPath: /opt/box, containerPath: /usr/box, options: [ro, rbind]}\n"
    "    hooks:\n"
    "    - hookName: createContainer\n"
    "      path: /usr/bin/hook\n"
    "      args: [hook, go]\n"
    "      env: [A=b]\n"
    "      timeout: 4\n"
    "    additionalGids: [5, 6]\n"
    "    intelRdt: {closID: x}\n"
    "    netDevices: [{hostInterfaceName: e1, name: e0}]\n";

static void every_field_of_yaml_arrives(void **state)
{
    cleanup(cdi_spec_freep) struct cdi_spec *spec = NULL;
    const struct cdi_edits *edits;

    (void)state;
    assert_int_equal(
        cdi_spec_parse("a.yaml", full_yaml, strlen(full_yaml), &spec, NULL), 0);
    assert_string_equal(spec->kind, "acme.com/box");
    assert_string_equal(spec->edits.env[0], "BOX_LEVEL=2");
    assert_int_equal(spec->n_devices, 1);
    assert_string_equal(spec->devices[0].name, "0");
    edits = &spec->devices[0].edits;
    assert_int_equal(edits->n_nodes, 2);
    assert_string_equal(edits->nodes[0].path, "/dev/box0");
    assert_string_equal(edits->nodes[0].host_path, "/dev/zero");
    assert_string_equal(edits->nodes[0].permissions, "rw");
    assert_int_equal(edits->nodes[0].type, 'c');
    assert_true(edits->nodes[0].has_owner);
    assert_null(edits->nodes[1].host_path);
    assert_false(edits->nodes[1].has_owner);
    assert_string_equal(edits->mounts[0].container_path, "/usr/box");
    assert_string_equal(edits->mounts[0].options[1], "rbind");
    assert_string_equal(edits->hooks[0].args[1], "go");
    assert_int_equal(edits->hooks[0].timeout, 4);
    assert_int_equal(edits->n_gids, 2);
    assert_int_equal(edits->n_net_devices, 1);
    assert_true(edits->has_rdt);
}

static void json_is_read_by_its_name(void **state)
{
    static const char text[] =
        "{\"cdiVersion\": \"1.0.0\", \"kind\": \"acme.com/box\", \"containerEdits\": "
        "null,"
        " \"devices\": [{\"name\": \"a\", \"containerEdits\": {\"env\": [\"X=1\"]}}]}";
    cleanup(cdi_spec_freep) struct cdi_spec *spec = NULL;

    (void)state;
    assert_int_equal(cdi_spec_parse("a.json", text, strlen(text), &spec, NULL), 0);
    assert_string_equal(spec->devices[0].edits.env[0], "X=1");
}

/* A specification around one device's edits, in flow style. */
static void assert_edits_refused(const char *edits, const char *words)
{
    cleanup(freep) char *text =
        xasprintf("cdiVersion: 0.7.0\nkind: a.com/b\ndevices:\n- name: x\n"
                  "  containerEdits: %s\n",
                  edits);
    struct cdi_spec *spec;
    struct err err;

    assert_int_equal(cdi_spec_parse("f.yaml", text, strlen(text), &spec, &err), -22);
    if (!strstr(err.text, words))
        fail_msg("'%s' is not in '%s'", words, err.text);
}

static void wrong_edits_are_refused_with_their_place(void **state)
{
    (void)state;
    assert_edits_refused("{env: [A]}", "f.yaml:5: devices[0].containerEdits.env: "
                                       "'A' is not NAME=VALUE");
    assert_edits_refused("{envs: [A=1]}", "did you mean 'env'?");
    assert_edits_refused("{deviceNodes: [{hostPath: /x}]}", "'path' is missing");
    assert_edits_refused("{deviceNodes: [{path: x}]}",
                         "deviceNodes[0].path: 'x' is no absolute path");
    assert_edits_refused("{deviceNodes: [{path: /x, type: z}]}", "none of b, c, u");
    assert_edits_refused("{deviceNodes: [{path: /x, permissions: rx}]}",
                         "other letters");
    assert_edits_refused("{deviceNodes: [{path: /x, path: /y}]}", "stands here twice");
    assert_edits_refused("{deviceNodes: {path: /x}}", "not a list");
    assert_edits_refused("{mounts: [{hostPath: /x}]}", "'containerPath' is missing");
    assert_edits_refused("{mounts: [{hostPath: /x, containerPath: /y, type: ext4}]}",
                         "mounts[0].type: a mount of type 'ext4'");
    assert_edits_refused("{hooks: [{hookName: never, path: /x}]}", "no hook 'never'");
    assert_edits_refused("{hooks: [{hookName: poststop, path: /x, timeout: -1}]}",
                         "'-1' is no number");
    assert_edits_refused("{}", "device 'x' asks for nothing");
}

static void assert_refused(const char *file, const char *text, const char *words)
{
    struct cdi_spec *spec;
    struct err err;

    assert_true(cdi_spec_parse(file, text, strlen(text), &spec, &err) < 0);
    if (!strstr(err.text, words))
        fail_msg("'%s' is not in '%s'", words, err.text);
}

static void wrong_documents_are_refused(void **state)
{
#define DEVICE "{name: x, containerEdits: {env: [A=1]}}"

    (void)state;
    assert_refused("f.yaml", "", "f.yaml: is empty");
    assert_refused("f.yaml", "- 1\n", "is a list, not a group");
    assert_refused("f.json", "{", "f.json:1: not valid JSON");
    assert_refused("f.yaml", "kind: a.com/b\ndevices: [" DEVICE "]\n",
                   "'cdiVersion' is missing");
    assert_refused("f.yaml",
                   "cdiVersion: 2.0.0\nkind: a.com/b\ndevices: [" DEVICE "]\n",
                   "version '2.0.0'");
    assert_refused("f.yaml", "cdiVersion: 0.6.0\nkind: a.com\ndevices: [" DEVICE "]\n",
                   "f.yaml:2: kind: 'a.com' is no kind");
    assert_refused("f.yaml", "cdiVersion: 0.6.0\nkind: a.com/b\ndevices: []\n",
                   "no devices");
    assert_refused("f.yaml",
                   "cdiVersion: 0.6.0\nkind: a.com/b\ndevices: [" DEVICE ", " DEVICE
                   "]\n",
                   "device 'x' is named twice");
    assert_refused("f.yaml",
                   "cdiVersion: 0.6.0\nkind: a.com/b\n"
                   "devices: [{name: -x, containerEdits: {env: [A=1]}}]\n",
                   "devices[0].name: '-x' is no device's name");
#undef DEVICE
}

static void names_are_vendor_class_and_device(void **state)
{
    static const char *const good[] = {"nvidia.com/gpu=0", "a/b=c",
                                       "v-1.x/c_d=a:b.c-9"};
    static const char *const bad[] = {
        "",       "gpu",    "nvidia.com/gpu", "nvidia.com/gpu=", "/gpu=0",  "a/=0",
        "1a/b=0", "a/1b=0", "a/b=-c",         "a/b=c:",          "a/b/c=0", "a/b=c d",
        "a./b=0", "a/b-=0", "a/b=\xc3\xa4",   "a/b==",           "a b/c=0",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(good); i++)
        assert_int_equal(cdi_check_name(good[i], NULL), 0);
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        if (cdi_check_name(bad[i], NULL) == 0)
            fail_msg("'%s' was accepted", bad[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_of_yaml_arrives),
        cmocka_unit_test(json_is_read_by_its_name),
        cmocka_unit_test(wrong_edits_are_refused_with_their_place),
        cmocka_unit_test(wrong_documents_are_refused),
        cmocka_unit_test(names_are_vendor_class_and_device),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
