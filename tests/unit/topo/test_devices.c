/* SPDX-License-Identifier: Apache-2.0
 *
 * test_devices.c - GPUs and NICs that are found, and those that a site adds
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "topo/node_topo.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char two_gpus[] =
    "<?xml version='1.0' encoding='UTF-8'?>\n<!DOCTYPE topology SYSTEM 'hwloc2.dtd'>\n"
    "<topology version='2.0'>"
    "<object type='Machine' os_index='0' cpuset='0xf' complete_cpuset='0xf' "
    "allowed_cpuset='0xf' nodeset='0x3' complete_nodeset='0x3' allowed_nodeset='0x3' "
    "gp_index='1'>"
    "<info name='HostName' value='%s'/>"
    "<object type='Package' os_index='0' cpuset='0x3' complete_cpuset='0x3' "
    "nodeset='0x1' complete_nodeset='0x1' gp_index='2'>"
    "<object type='NUMANode' os_index='0' cpuset='0x3' complete_cpuset='0x3' "
    "nodeset='0x1' complete_nodeset='0x1' gp_index='3' local_memory='1073741824'/>"
    "<object type='Core' os_index='0' cpuset='0x1' complete_cpuset='0x1' "
    "nodeset='0x1' complete_nodeset='0x1' gp_index='4'>"
    "<object type='PU' os_index='0' cpuset='0x1' complete_cpuset='0x1' "
    "nodeset='0x1' complete_nodeset='0x1' gp_index='5'/></object>"
    "<object type='Core' os_index='1' cpuset='0x2' complete_cpuset='0x2' "
    "nodeset='0x1' complete_nodeset='0x1' gp_index='6'>"
    "<object type='PU' os_index='1' cpuset='0x2' complete_cpuset='0x2' "
    "nodeset='0x1' complete_nodeset='0x1' gp_index='7'/></object>"
    "<object type='Bridge' gp_index='20' bridge_type='0-1' depth='0' "
    "bridge_pci='0000:[00-05]'>"
    "<object type='PCIDev' gp_index='21' pci_busid='0000:03:00.0' "
    "pci_type='0302 [10de:1db4] [10de:1214] a1' pci_link_speed='15.75'>"
    "<info name='PCIDevice' value='GV100GL [Tesla V100 PCIe 16GB]'/>"
    "<object type='OSDev' gp_index='%u' name='cuda0' subtype='CUDA' osdev_type='5'/>"
    "</object>"
    "<object type='PCIDev' gp_index='23' pci_busid='0000:04:00.0' "
    "pci_type='0300 [1a03:2000] [15d9:1b55] 41' pci_link_speed='0'/>"
    "</object></object>"
    "<object type='Package' os_index='1' cpuset='0xc' complete_cpuset='0xc' "
    "nodeset='0x2' complete_nodeset='0x2' gp_index='8'>"
    "<object type='NUMANode' os_index='1' cpuset='0xc' complete_cpuset='0xc' "
    "nodeset='0x2' complete_nodeset='0x2' gp_index='9' local_memory='1073741824'/>"
    "<object type='Core' os_index='2' cpuset='0x4' complete_cpuset='0x4' "
    "nodeset='0x2' complete_nodeset='0x2' gp_index='10'>"
    "<object type='PU' os_index='2' cpuset='0x4' complete_cpuset='0x4' "
    "nodeset='0x2' complete_nodeset='0x2' gp_index='11'/></object>"
    "<object type='Core' os_index='3' cpuset='0x8' complete_cpuset='0x8' "
    "nodeset='0x2' complete_nodeset='0x2' gp_index='12'>"
    "<object type='PU' os_index='3' cpuset='0x8' complete_cpuset='0x8' "
    "nodeset='0x2' complete_nodeset='0x2' gp_index='13'/></object>"
    "<object type='Bridge' gp_index='30' bridge_type='0-1' depth='0' "
    "bridge_pci='0000:[80-85]'>"
    "<object type='PCIDev' gp_index='31' pci_busid='0000:83:00.0' "
    "pci_type='0302 [10de:1db4] [10de:1214] a1' pci_link_speed='%s'/>"
    "<object type='PCIDev' gp_index='32' pci_busid='0000:84:00.0' "
    "pci_type='0207 [15b3:1019] [15b3:0008] 00' pci_link_speed='15.75'>"
    "<object type='OSDev' gp_index='33' name='mlx5_0' osdev_type='3'/>"
    "</object></object></object></object></topology>";

/* The same machine; what may differ between two of its make is up to the caller. */
static char *machine(const char *host, unsigned int gp_index, const char *link_speed)
{
    char *xml = xmalloc(sizeof(two_gpus) + 400);
    int n = snprintf(xml, sizeof(two_gpus) + 400, two_gpus, host, gp_index, link_speed);
    assert_true(n > 0);
    for (char *c = xml; *c; c++)
        if (*c == '\'')
            *c = '"';
    return xml;
}

static char *devices_text(const struct node_topo *topo)
{
    struct strbuf text = STRBUF_INIT;
    for (uint32_t i = 0; i < topo->n_devices; i++) {
        const struct topo_device *d = &topo->devices[i];
        cleanup(freep) char *near = bitset_format(d->near);
        strbuf_printf(&text, "%s%s%s:%s:%u %s %s", i ? "; " : "",
                      d->is_gres ? "" : "shared ", d->name, d->type ? d->type : "",
                      d->number, d->bus ? d->bus : "-", near);
    }
    return strbuf_take(&text);
}

static void assert_devices(const struct node_topo *topo, const char *expected)
{
    cleanup(freep) char *text = devices_text(topo);
    assert_string_equal(text, expected);
}

static struct node_topo *load_text(const char *xml)
{
    struct node_topo *topo;
    struct err err;
    if (node_topo_from_xml(xml, strlen(xml), &topo, &err) < 0)
        fail_msg("%s", err.text);
    return topo;
}

static const char found[] = "gpu:v100:0 0000:03:00.0 0-1; gpu::1 0000:83:00.0 2-3; "
                            "shared nic::0 0000:84:00.0 2-3";

static void gpus_and_fast_nics_are_found_and_displays_are_not(void **state)
{
    (void)state;
    cleanup(freep) char *xml = machine("n1", 22, "15.75");
    struct node_topo *topo = load_text(xml);
    assert_devices(topo, found);
    assert_int_equal(topo->devices[0].package, 0);
    assert_int_equal(topo->devices[1].numa, 1);
    assert_string_equal(topo->devices[0].os_names, "cuda0");
    assert_non_null(strstr(topo->words, ", 2 gpu"));
    node_topo_destroy(topo);
}

/* Write 'xml' to a file and load that: as a node does with its own hardware. */
static struct node_topo *load_file(const char *xml, char **ret_xml)
{
    char path[] = "test-devices-XXXXXX.xml";
    struct node_topo *topo;
    struct err err;
    int fd = mkstemps(path, 4);
    FILE *file = fdopen(fd, "w");
    assert_non_null(file);
    assert_true(fputs(xml, file) >= 0);
    assert_int_equal(fclose(file), 0);
    if (node_topo_load(path, &topo, ret_xml, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(remove(path), 0);
    return topo;
}

static void machines_of_one_make_have_one_canonical_form(void **state)
{
    (void)state;
    cleanup(freep) char *a = machine("n1", 22, "15.75"), *b = machine("n2", 99, "2.5");
    cleanup(freep) char *canonical_a = NULL, *canonical_b = NULL;
    struct node_topo *ta = load_file(a, &canonical_a), *tb = load_file(b, &canonical_b);
    assert_string_equal(canonical_a, canonical_b);
    assert_string_equal(ta->hash, tb->hash);
    assert_null(strstr(canonical_a, "PCIDev"));
    struct node_topo *again = load_text(canonical_a);
    assert_devices(again, found);
    assert_string_equal(again->hash, ta->hash);
    node_topo_destroy(ta);
    node_topo_destroy(tb);
    node_topo_destroy(again);
}

static void notes_that_make_no_sense_are_passed_over(void **state)
{
    (void)state;
    cleanup(freep) char *xml =
        machine("n1\"/><info name=\"BerthDevice\" value=\"rocket x y z 0\"/>"
                "<info name=\"BerthDevice\" value=\"gpu\"/>"
                "<info name=\"BerthDevice\" value=\"gpu big 0 - 99999999999999999-7",
                22, "1");
    struct node_topo *topo = load_text(xml);
    assert_devices(topo, "gpu:big:0 0 0-3; gpu::1 - 0-3");
    node_topo_destroy(topo);
}

static void assert_equipped(const struct topo_gres *gres, size_t n,
                            const char *expected)
{
    cleanup(freep) char *xml = machine("n1", 22, "15.75");
    struct node_topo *base = load_text(xml), *topo;
    struct err err;
    if (node_topo_equip(base, gres, n, &topo, &err) < 0)
        fail_msg("%s", err.text);
    assert_devices(topo, expected);
    assert_string_not_equal(topo->hash, base->hash);
    node_topo_destroy(topo);
    node_topo_destroy(base);
}

static void what_a_site_says_goes_before_what_is_found(void **state)
{
    (void)state;
    static const struct topo_gres typed[] = {
        {.name = "gpu", .type = "a100", .count = 3}};
    assert_equipped(typed, 1,
                    "gpu:a100:0 0000:03:00.0 0-1; gpu:a100:1 0000:83:00.0 2-3; "
                    "gpu:a100:2 - 0-3; shared nic::0 0000:84:00.0 2-3");
    static const struct topo_gres mixed[] = {
        {.name = "gpu", .type = "a", .count = 1, .cores = "2"},
        {.name = "fpga", .count = 1},
        {.name = "nic", .count = 1}};
    assert_equipped(mixed, 3,
                    "fpga::0 - 0-3; gpu:a:0 0000:03:00.0 2; nic::0 0000:84:00.0 2-3");
}

static void impossible_gres_are_refused(void **state)
{
    (void)state;
    cleanup(freep) char *xml = machine("n1", 22, "15.75");
    struct node_topo *base = load_text(xml), *topo;
    struct err err;
    static const struct topo_gres far[] = {{.name = "gpu", .count = 1, .cores = "4"}};
    static const struct topo_gres many[] = {{.name = "mem", .count = 5000}};
    assert_int_equal(node_topo_equip(base, far, 1, &topo, &err), -EINVAL);
    assert_string_equal(err.text, "gres gpu: cores: '4': 4 is too large, there are 4");
    assert_int_equal(node_topo_equip(base, many, 1, &topo, &err), -EINVAL);
    assert_string_equal(err.text, "gres mem: more than 1024 devices on a node");
    node_topo_destroy(base);
}

/* ------------------------------------------------- other machines, where there are */

static bool is_format_3(const char *path)
{
    char text[400] = "";
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t n = fread(text, 1, sizeof(text) - 1, file);
    assert_int_equal(fclose(file), 0);
    return n > 0 && strstr(text, "<topology version=\"3");
}

static void load_one(const char *path, unsigned int *n)
{
    cleanup(freep) char *xml = NULL;
    struct node_topo *topo, *again;
    struct err err;
    int rc = node_topo_load(path, &topo, &xml, &err);
    (*n)++;
    if (is_format_3(path)) {
        assert_int_equal(rc, -EINVAL);
        assert_non_null(strstr(err.text, "format version 3"));
        return;
    }
    if (rc < 0)
        fail_msg("%s", err.text);
    if (node_topo_from_xml(xml, strlen(xml), &again, &err) < 0)
        fail_msg("%s: again: %s", path, err.text);
    assert_string_equal(topo->hash, again->hash);
    assert_int_equal(topo->n_devices, again->n_devices);
    node_topo_destroy(topo);
    node_topo_destroy(again);
}

static void machines_of_others_load(void **state)
{
    (void)state;
    static const char *const folders[] = {"xml", "xml-from-snapshots"};
    const char *src = getenv("srcdir");
    unsigned int n = 0;
    for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
        cleanup(freep) char *folder =
            xasprintf("%s/../shared/data/hwloc/%s", src ? src : ".", folders[i]);
        DIR *dir = opendir(folder);
        for (struct dirent *e; dir && (e = readdir(dir));) {
            cleanup(freep) char *path = xasprintf("%s/%s", folder, e->d_name);
            if (strlen(e->d_name) > 4 && strstr(e->d_name, ".xml"))
                load_one(path, &n);
        }
        if (dir)
            (void)closedir(dir);
    }
    print_message("%u topologies beside our own\n", n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gpus_and_fast_nics_are_found_and_displays_are_not),
        cmocka_unit_test(machines_of_one_make_have_one_canonical_form),
        cmocka_unit_test(notes_that_make_no_sense_are_passed_over),
        cmocka_unit_test(what_a_site_says_goes_before_what_is_found),
        cmocka_unit_test(impossible_gres_are_refused),
        cmocka_unit_test(machines_of_others_load),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
