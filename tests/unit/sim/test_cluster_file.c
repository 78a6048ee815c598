/* SPDX-License-Identifier: Apache-2.0
 *
 * test_cluster_file.c - what is generated is a configuration
 */
#include "sim/cluster_file.h"

#include "base/mem.h"
#include "config/config.h"
#include "topo/switch_tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct config *generate(const struct cluster_options *options)
{
    struct config *config = NULL;
    char *text = NULL;
    struct err err = {0};
    size_t len;
    FILE *out = open_memstream(&text, &len);

    assert_non_null(out);
    assert_int_equal(cluster_file_write(options, out, &err), 0);
    assert_int_equal(fclose(out), 0);
    if (config_parse("g.yaml", text, len, &config, &err))
        fail_msg("%s", err.text);
    free(text);
    return config;
}

/* The configuration's switches as a tree. */
static struct switch_tree *build_tree(const struct config *config)
{
    cleanup(freep) struct switch_def *defs = xcalloc(config->n_switches, sizeof(*defs));
    cleanup(freep) const char **names = xcalloc(config->n_nodes, sizeof(*names));
    struct switch_tree *tree;
    struct err err = {0};

    for (size_t i = 0; i < config->n_switches; i++)
        defs[i] =
            (struct switch_def){config->switches[i].name, config->switches[i].switches,
                                config->switches[i].nodes};
    for (size_t i = 0; i < config->n_nodes; i++)
        names[i] = config->nodes[i].name;
    if (switch_tree_build(defs, config->n_switches, names, config->n_nodes, &tree,
                          &err))
        fail_msg("%s", err.text);
    return tree;
}

static void clusters_of_any_size_are_configurations_with_one_root(void **state)
{
    static const struct {
        uint32_t nodes, per_leaf, fanout;
        size_t switches;
    } rows[] = {
        {1, 32, 16, 1}, /* rounding gives all to one kind */
        {100, 32, 16, 3 + 1 + 1 + 1},
        {1000, 10, 2, 100 + 50 + 25 + 13 + 7 + 4 + 2 + 1},
        {20000, 32, 24, 500 + 94 + 32 + 27 + 2 + 1},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct cluster_options options = {.nodes = rows[i].nodes,
                                                .nodes_per_leaf = rows[i].per_leaf,
                                                .fanout = rows[i].fanout};
        struct config *config = generate(&options);
        struct switch_tree *tree = build_tree(config);

        assert_int_equal(config->n_nodes, rows[i].nodes);
        assert_int_equal(config->n_switches, rows[i].switches);
        assert_int_equal(switch_tree_n_switches(tree), rows[i].switches);
        switch_tree_destroy(tree);
        config_free(config);
    }
}

static void kinds_get_their_shares(void **state)
{
    struct cluster_options options = CLUSTER_OPTIONS_DEFAULT;
    size_t a = 0, b = 0;
    struct config *config;
    struct err err = {0};

    (void)state;
    assert_int_equal(cluster_kind_parse(&options, "a:3:synthetic:core:4 pu:1", &err),
                     0);
    assert_int_equal(cluster_kind_parse(&options, "b:1:big.xml", &err), 0);
    options.nodes = 10;
    config = generate(&options);
    for (size_t i = 0; i < config->n_nodes; i++) {
        const struct config_node *node = &config->nodes[i];

        a += node->name[0] == 'a' &&
             strcmp(node->topology, "synthetic:core:4 pu:1") == 0;
        b += node->name[0] == 'b' && strcmp(node->topology, "big.xml") == 0;
    }
    assert_int_equal(a, 8);
    assert_int_equal(b, 2);
    config_free(config);
    cluster_options_fini(&options);
}

static void a_kind_that_is_none_is_refused(void **state)
{
    static const char *const rows[] = {
        "",      "a",    "a:1",      "a:1:",    "1:1:x",   "a:0:x",    "a:-1:x",
        "a:x:y", ":1:x", "a:1:x\"y", "a b:1:x", "a:nan:x", "a:1e300:x"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct cluster_options options = CLUSTER_OPTIONS_DEFAULT;
        struct err err = {0};

        assert_int_equal(cluster_kind_parse(&options, rows[i], &err), -EINVAL);
        assert_non_null(strstr(err.text, "is not NAME:SHARE:TOPOLOGY"));
        assert_int_equal(options.n_kinds, 0);
    }
}

static void too_many_switches_are_refused(void **state)
{
    const struct cluster_options options = {
        .nodes = 100000, .nodes_per_leaf = 4, .fanout = 16};
    struct err err = {0};

    (void)state;
    assert_int_equal(cluster_file_write(&options, stdout, &err), -ERANGE);
    assert_non_null(strstr(err.text, "--nodes-per-leaf=4: "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clusters_of_any_size_are_configurations_with_one_root),
        cmocka_unit_test(kinds_get_their_shares),
        cmocka_unit_test(a_kind_that_is_none_is_refused),
        cmocka_unit_test(too_many_switches_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
