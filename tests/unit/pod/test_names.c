/* SPDX-License-Identifier: Apache-2.0
 *
 * test_names.c - what a pod calls itself, and where it looks names up
 */
#include "pod/names.h"

#include "base/mem.h"
#include "pod_test.h"

#define POD(spec)                                                                \
    "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop}\nspec:\n" \
    "  containers: [{name: c, image: i}]\n" spec

/* A pod read from text, for one test. */
struct read {
    struct manifest manifest;
    const struct mf_pod *pod;
};

static struct read read_text(const char *text)
{
    struct read r = {0};

    r.pod = read_pod("pod", text, strlen(text), &r.manifest);
    return r;
}

static void a_pod_is_called_by_its_name_unless_it_says_otherwise(void **state)
{
    struct read plain = read_text(POD(""));
    struct read named = read_text(POD("  hostname: box\n"));
    cleanup(freep) char *name = pod_hostname(plain.pod);
    cleanup(freep) char *own = pod_hostname(named.pod);

    (void)state;
    assert_string_equal(name, "web");
    assert_string_equal(own, "box");
    manifest_fini(&plain.manifest);
    manifest_fini(&named.manifest);
}

static void a_long_name_is_cut_where_one_may_end(void **state)
{
    static char name[] =
        "a12345678901234567890123456789012345678901234567890123456789.--.more";
    struct mf_meta meta = {.name = name};
    struct mf_pod_spec spec = {0};
    const struct mf_pod pod = {.meta = &meta, .spec = &spec};
    cleanup(freep) char *host = pod_hostname(&pod);

    (void)state;
    assert_int_equal(strlen(host), 60);
    assert_int_equal(host[59], '9');
}

static void a_gang_is_read_from_lines_and_is_not_the_pod_itself(void **state)
{
    static const char text[] = "10.88.1.7 web -\n10.88.2.9 db-1 dbs\nbroken\n"
                               "10.88.2.8 evil\tname x\n10.88.2.7 a b c\n"
                               "fd00::2 db-2 -\n";
    struct read r = read_text(POD(""));
    struct pod_gang gang;

    (void)state;
    pod_gang_read(text, sizeof(text) - 1, r.pod, &gang);
    assert_int_equal(gang.n, 2);
    assert_string_equal(gang.v[0].name, "db-1");
    assert_string_equal(gang.v[0].subdomain, "dbs");
    assert_string_equal(gang.v[0].address, "10.88.2.9");
    assert_string_equal(gang.v[1].name, "db-2");
    assert_null(gang.v[1].subdomain);
    pod_gang_fini(&gang);
    pod_gang_read(NULL, 0, r.pod, &gang);
    assert_int_equal(gang.n, 0);
    pod_gang_fini(&gang);
    manifest_fini(&r.manifest);
}

static void hosts_have_the_pod_its_neighbours_and_aliases(void **state)
{
    static const struct pod_neighbour others[] = {
        {.name = "db-1", .subdomain = "dbs", .address = "10.88.2.9"}};
    struct read r = read_text(POD("  subdomain: webs\n  hostAliases:\n"
                                  "  - {ip: 10.1.1.1, hostnames: [a, b.c]}\n"));
    const struct pod_hosts hosts = {.address = "10.88.1.7",
                                    .name_space = "shop",
                                    .neighbours = others,
                                    .n_neighbours = 1};
    cleanup(freep) char *text = pod_hosts_text(r.pod, &hosts);

    (void)state;
    assert_string_equal(text, "127.0.0.1\tlocalhost\n"
                              "::1\tlocalhost ip6-localhost ip6-loopback\n"
                              "fe00::0\tip6-localnet\n"
                              "fe00::0\tip6-mcastprefix\n"
                              "fe00::1\tip6-allnodes\n"
                              "fe00::2\tip6-allrouters\n"
                              "10.88.1.7\tweb.webs.shop.svc.cluster.local\tweb\n"
                              "10.88.2.9\tdb-1.dbs.shop.svc.cluster.local\tdb-1\n"
                              "10.1.1.1\ta\tb.c\n");
    manifest_fini(&r.manifest);
}

static void the_nodes_own_hosts_stay_with_its_network(void **state)
{
    struct read r = read_text(POD("  hostAliases: [{ip: 10.1.1.1, hostnames: [a]}]\n"));
    const struct pod_hosts hosts = {.address = "", .node_hosts = "10.0.0.1 n1"};
    const struct pod_hosts alone = {.address = ""};
    cleanup(freep) char *text = pod_hosts_text(r.pod, &hosts);
    cleanup(freep) char *without = pod_hosts_text(r.pod, &alone);

    (void)state;
    assert_string_equal(text, "10.0.0.1 n1\n10.1.1.1\ta\n");
    assert_non_null(strstr(without, "\n127.0.0.1\tweb\n"));
    manifest_fini(&r.manifest);
}

static const char node_text[] = "# made by hand\n"
                                "domain old.example\n"
                                "nameserver 10.0.0.53\n"
                                "nameserver 10.0.0.54\n"
                                "search site.example\tlab.example\n"
                                "options ndots:1 rotate\n";

static void assert_resolver(const char *spec, const char *server, const char *expected)
{
    cleanup(freep) char *manifest = xasprintf(POD("%s"), spec);
    struct read r = read_text(manifest);
    cleanup(freep) char *text = pod_resolver_text(r.pod, node_text, server);

    assert_string_equal(text, expected);
    manifest_fini(&r.manifest);
}

static void who_says_nothing_asks_as_the_node_does(void **state)
{
    static const char same[] = "nameserver 10.0.0.53\nnameserver 10.0.0.54\n"
                               "search site.example lab.example\n"
                               "options ndots:1 rotate\n";

    (void)state;
    assert_resolver("", NULL, same);
    assert_resolver("  dnsPolicy: Default\n", NULL, same);
    assert_resolver("", "10.0.2.3",
                    "nameserver 10.0.2.3\nsearch site.example lab.example\n"
                    "options ndots:1 rotate\n");
}

static void what_is_configured_is_added_or_stands_alone(void **state)
{
#define CONFIG                                                       \
    "  dnsConfig:\n    nameservers: [10.0.0.54, 1.1.1.1, 2.2.2.2]\n" \
    "    searches: [site.example, more.example]\n"                   \
    "    options: [{name: ndots, value: \"5\"}, {name: edns0}]\n"

    (void)state;
    assert_resolver(CONFIG, NULL,
                    "nameserver 10.0.0.53\nnameserver 10.0.0.54\nnameserver 1.1.1.1\n"
                    "search site.example lab.example more.example\n"
                    "options ndots:5 rotate edns0\n");
    assert_resolver("  dnsPolicy: None\n" CONFIG, "10.0.2.3",
                    "nameserver 10.0.0.54\nnameserver 1.1.1.1\nnameserver 2.2.2.2\n"
                    "search site.example more.example\noptions ndots:5 edns0\n");
}

static void a_resolver_on_loopback_is_known(void **state)
{
    (void)state;
    assert_true(pod_resolver_is_local("nameserver 127.0.0.53\noptions edns0\n"));
    assert_true(pod_resolver_is_local("nameserver 127.0.0.1\nnameserver ::1\n"));
    assert_false(pod_resolver_is_local("nameserver 127.0.0.1\nnameserver 10.0.0.1\n"));
    assert_false(pod_resolver_is_local(node_text));
    assert_false(pod_resolver_is_local(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pod_is_called_by_its_name_unless_it_says_otherwise),
        cmocka_unit_test(a_long_name_is_cut_where_one_may_end),
        cmocka_unit_test(a_gang_is_read_from_lines_and_is_not_the_pod_itself),
        cmocka_unit_test(hosts_have_the_pod_its_neighbours_and_aliases),
        cmocka_unit_test(the_nodes_own_hosts_stay_with_its_network),
        cmocka_unit_test(who_says_nothing_asks_as_the_node_does),
        cmocka_unit_test(what_is_configured_is_added_or_stands_alone),
        cmocka_unit_test(a_resolver_on_loopback_is_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
