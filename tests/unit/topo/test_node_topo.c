/* SPDX-License-Identifier: Apache-2.0
 *
 * test_node_topo.c - hwloc topologies, reduced to cores and domains
 */
#include "topo/node_topo.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "topo/domains.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct node_topo *loaded(const char *source, char **ret_xml)
{
    struct node_topo *topo = NULL;
    struct err err;
    if (node_topo_load(source, &topo, ret_xml, &err) < 0)
        fail_msg("%s", err.text);
    return topo;
}

static struct node_topo *parsed(const char *xml)
{
    struct node_topo *topo = NULL;
    struct err err;
    if (node_topo_from_xml(xml, strlen(xml), &topo, &err) < 0)
        fail_msg("%s", err.text);
    return topo;
}

/* 'text' with the first 'from' replaced; the caller frees it. */
static char *replaced(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    assert_non_null(at);
    return xasprintf("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

static void cores_know_their_domains(void **state)
{
    (void)state;
    struct node_topo *t =
        loaded("synthetic:pack:2 [numa(memory=1073741824)] l3:2 core:2 pu:2", NULL);
    assert_int_equal(t->n_cores, 8);
    assert_int_equal(t->n_pus, 16);
    assert_int_equal(t->n_packages, 2);
    assert_int_equal(t->n_numa, 2);
    assert_int_equal(t->n_l3, 4);
    for (uint32_t i = 0; i < 8; i++) {
        assert_int_equal(t->package_of[i], i / 4);
        assert_int_equal(t->numa_of[i], i / 4);
        assert_int_equal(t->l3_of[i], i / 2);
    }
    assert_int_equal(t->memory, 2048);
    assert_string_equal(t->words, "2 packages, 2 NUMA nodes, 8 cores, 16 PUs, 2G");
    assert_string_equal(t->pus_of[3], "6,7");
    node_topo_destroy(t);
}

static void a_machine_without_l3_divides_by_memory_or_package(void **state)
{
    (void)state;
    struct node_topo *t = loaded("synthetic:pack:2 core:2 pu:1", NULL);
    assert_int_equal(t->n_numa, 1);
    assert_int_equal(t->n_l3, 2);
    assert_int_equal(t->l3_of[1], 0);
    assert_int_equal(t->l3_of[2], 1);
    node_topo_destroy(t);
}

static void without_cores_each_pu_is_one(void **state)
{
    (void)state;
    struct node_topo *t = loaded("synthetic:pu:3", NULL);
    assert_int_equal(t->n_cores, 3);
    assert_int_equal(t->n_packages, 1);
    assert_int_equal(t->n_l3, 1);
    assert_string_equal(t->pus_of[2], "2");
    node_topo_destroy(t);
}

static void os_processors_of_a_set_of_cores(void **state)
{
    (void)state;
    struct node_topo *t =
        loaded("synthetic:core:4 pu:2(indexes=0,4,1,5,2,6,3,7)", NULL);
    cleanup(bitset_destroyp) struct bitset *cores = NULL;
    assert_int_equal(bitset_parse("0,3", 4, &cores, NULL), 0);
    cleanup(freep) char *text = node_topo_pus(t, cores);
    assert_string_equal(text, "0,4,3,7");
    node_topo_destroy(t);
}

static void this_machine_loads_and_its_xml_has_the_same_hash(void **state)
{
    (void)state;
    cleanup(freep) char *xml = NULL;
    struct node_topo *here = loaded(NULL, &xml);
    struct node_topo *there = parsed(xml);
    assert_true(here->n_cores > 0 && here->n_cores <= here->n_pus);
    assert_true(here->memory > 0);
    assert_string_equal(here->hash, there->hash);
    assert_string_equal(here->words, there->words);
    node_topo_destroy(here);
    node_topo_destroy(there);
}

static const char dual[] = "synthetic:pack:2 [numa(memory=1073741824)] core:2 pu:2";

/* The topology of a file with this text, as of another machine. */
static struct node_topo *loaded_from_file(const char *xml)
{
    char path[] = "/tmp/berth-topo-XXXXXX.xml";
    int fd = mkstemps(path, 4);
    assert_true(fd >= 0);
    assert_int_equal(io_write_full(fd, xml, strlen(xml)), 0);
    close(fd);
    struct node_topo *topo = loaded(path, NULL);
    unlink(path);
    return topo;
}

static void equal_hardware_has_equal_hashes(void **state)
{
    (void)state;
    static const char package[] = "<object type=\"Package\"";
    static const char memory[] = "local_memory=\"1073741824\"";
    static const char *const edits[][2] = {
        {package, "<info name=\"HostName\" value=\"n17\"/><object type=\"Package\""},
        {package,
         "<info name=\"DMIProductSerial\" value=\"S8\"/><object type=\"Package\""},
        {package,
         "<info name=\"LinuxCgroup\" value=\"/user\"/><object type=\"Package\""},
        {memory, "local_memory=\"1075000000\""},
    };
    cleanup(freep) char *xml = NULL;
    struct node_topo *plain = loaded(dual, &xml);
    for (size_t i = 0; i < ARRAY_SIZE(edits); i++) {
        cleanup(freep) char *other = replaced(xml, edits[i][0], edits[i][1]);
        struct node_topo *t = loaded_from_file(other);
        assert_string_equal(t->hash, plain->hash);
        node_topo_destroy(t);
    }
    node_topo_destroy(plain);
}

static void other_hardware_has_another_hash(void **state)
{
    (void)state;
    cleanup(freep) char *xml = NULL;
    struct node_topo *plain = loaded(dual, &xml);
    cleanup(freep) char *other =
        replaced(xml, "local_memory=\"1073741824\"", "local_memory=\"2147483648\"");
    struct node_topo *t = loaded_from_file(other);
    assert_string_not_equal(t->hash, plain->hash);
    assert_int_equal(t->memory, 3072);
    node_topo_destroy(t);
    node_topo_destroy(plain);
}

static void what_is_exported_stays_the_same_when_it_is_loaded_and_exported(void **state)
{
    (void)state;
    cleanup(freep) char *xml = NULL;
    struct node_topo *here = loaded(NULL, &xml);
    struct node_topo *there = loaded_from_file(xml);
    assert_string_equal(there->hash, here->hash);
    node_topo_destroy(here);
    node_topo_destroy(there);
}

static void sources_that_are_none_are_refused_with_words(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"synthetic:pancake:3",
         "synthetic topology \"pancake:3\": not understood; one that is: "
         "\"pack:2 core:4 pu:1\""},
        {"synthetic:core:70000 pu:2",
         "synthetic topology \"core:70000 pu:2\": more than 65535 PUs"},
        {"machine.txt",
         "topology \"machine.txt\": neither a file that ends in .xml nor "
         "\"synthetic:...\""},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct node_topo *t = NULL;
        struct err err = {0};
        assert_int_equal(node_topo_load(rows[i][0], &t, NULL, &err), -EINVAL);
        assert_string_equal(err.text, rows[i][1]);
        assert_null(t);
    }
    struct node_topo *t = NULL;
    assert_int_equal(node_topo_load("/nowhere/at-all.xml", &t, NULL, NULL), -ENOENT);
}

static void bytes_that_are_no_topology_are_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "<",
        "plain text",
        "<topology version=\"2.0\">",
        "<topology version=\"2.0\"></topology>",
        "<?xml version=\"1.0\"?><html></html>",
        "<topology version=\"2.0\"><object type=\"Machine\"/></topology>"};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct node_topo *t = NULL;
        struct err err = {0};
        assert_int_equal(node_topo_from_xml(rows[i], strlen(rows[i]), &t, &err),
                         -EINVAL);
        assert_true(strlen(err.text) > 10);
    }
}

static void a_file_that_is_cut_anywhere_loads_or_is_refused(void **state)
{
    (void)state;
    cleanup(freep) char *xml = NULL;
    struct node_topo *whole = loaded("synthetic:pack:1 core:2 pu:1", &xml);
    for (size_t len = 0; len < strlen(xml); len += 7) {
        struct node_topo *t = NULL;
        int rc = node_topo_from_xml(xml, len, &t, NULL);
        assert_true(rc == -EINVAL || t->n_cores == 2);
        node_topo_destroy(rc == 0 ? t : NULL);
    }
    node_topo_destroy(whole);
}

/* What hwloc says of a bad file belongs in the words, not on stderr. */
static void nothing_is_written_to_stderr(void **state)
{
    (void)state;
    char path[] = "/tmp/berth-stderr-XXXXXX";
    int fd = mkstemp(path), saved = dup(2);
    unlink(path);
    dup2(fd, 2);
    bytes_that_are_no_topology_are_refused(state);
    dup2(saved, 2);
    close(saved);
    off_t written = lseek(fd, 0, SEEK_END);
    close(fd);
    assert_int_equal(written, 0);
}

static void load_real_machine(const char *path)
{
    struct node_topo *t = NULL;
    struct err err = {0};
    cleanup(freep) char *xml = NULL;
    int rc = node_topo_load(path, &t, &xml, &err);
    if (rc < 0) {
        /* Only the format that hwloc 2 cannot read. */
        assert_non_null(strstr(err.text, "format version 3"));
        return;
    }
    assert_true(t->n_cores > 0 && t->n_packages > 0 && t->n_numa > 0 && t->n_l3 > 0);
    assert_int_equal(t->domains->at[0].n_cores, t->n_cores);
    struct node_topo *again = loaded_from_file(xml);
    assert_string_equal(again->hash, t->hash);
    node_topo_destroy(again);
    node_topo_destroy(t);
}

/* Recorded machines lie beside the source on machines that have them. */
static void recorded_machines_load_or_are_refused_with_words(void **state)
{
    (void)state;
    const char *top = getenv("srcdir");
    cleanup(freep) char *folder =
        xasprintf("%s/../shared/data/hwloc/xml", top ? top : ".");
    DIR *dir = opendir(folder);
    if (!dir)
        return;
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (entry->d_name[0] == '.')
            continue;
        cleanup(freep) char *path = xasprintf("%s/%s", folder, entry->d_name);
        load_real_machine(path);
    }
    closedir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cores_know_their_domains),
        cmocka_unit_test(a_machine_without_l3_divides_by_memory_or_package),
        cmocka_unit_test(without_cores_each_pu_is_one),
        cmocka_unit_test(os_processors_of_a_set_of_cores),
        cmocka_unit_test(this_machine_loads_and_its_xml_has_the_same_hash),
        cmocka_unit_test(equal_hardware_has_equal_hashes),
        cmocka_unit_test(other_hardware_has_another_hash),
        cmocka_unit_test(
            what_is_exported_stays_the_same_when_it_is_loaded_and_exported),
        cmocka_unit_test(sources_that_are_none_are_refused_with_words),
        cmocka_unit_test(bytes_that_are_no_topology_are_refused),
        cmocka_unit_test(a_file_that_is_cut_anywhere_loads_or_is_refused),
        cmocka_unit_test(nothing_is_written_to_stderr),
        cmocka_unit_test(recorded_machines_load_or_are_refused_with_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
