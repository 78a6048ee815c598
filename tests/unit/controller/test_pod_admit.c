/* SPDX-License-Identifier: Apache-2.0
 *
 * test_pod_admit.c - the job that a pod becomes, and what it may not ask for
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "controller/pods/pod_admit.h"
#include "objects/manifest.h"
#include "wire/pack.h"

static char default_space[] = "default", physics[] = "physics";

struct admitted {
    Berth__JobSpec *spec;
    char *warning;
    struct err err;
    int rc;
};

static void admitted_fini(struct admitted *a)
{
    free_message(a->spec);
    free(a->warning);
}

static char devices[] = "nvidia.com/gpu=gpu";
static char storage[] = "nvidia.com/gpu=gpu,ephemeral-storage=disk";
static char *resources = devices;

/* 'meta' and 'spec' as YAML of one line, beside a name; 'container' beside an image. */
static struct admitted admit(char *space, const char *meta, const char *spec,
                             const char *container)
{
    static struct config config;
    const struct controller ctl = {.config = &config};
    static char ports[] = "30000-32767";
    cleanup(freep) char *text =
        xasprintf("{apiVersion: v1, kind: Pod, metadata: {name: web%s}, spec: {%s"
                  "containers: [{name: a, image: debian:12%s}]}}",
                  meta, spec, container);
    cleanup(manifest_fini) struct manifest manifest;
    Berth__ObjectRecord record = BERTH__OBJECT_RECORD__INIT;
    struct admitted a = {.spec = NULL};
    char user[] = "root";

    config.pods.resources = resources;
    config.pods.host_ports = ports;
    config.pods.grace_max = 3600;
    config.pods.least_cpu = 10;
    record.name_space = space;
    record.name = user;
    record.owner_uid = getuid();
    record.owner_gid = getgid();
    record.owner_user = user;
    if (manifest_read("t", text, strlen(text), &(struct manifest_rules){0}, &manifest,
                      &a.err))
        fail_msg("%s", a.err.text);
    assert_int_equal(manifest.n, 1);
    if (!manifest.objects[0].object)
        fail_msg("%s", manifest.objects[0].report.problems[0].text);
    a.rc = pod_admit(&ctl, &record, manifest.objects[0].object, NULL, &a.spec,
                     &a.warning, &a.err);
    return a;
}

static void a_namespace_is_the_account_of_what_is_in_it(void **state)
{
    cleanup(admitted_fini) struct admitted own = admit(default_space, "", "", "");
    cleanup(admitted_fini) struct admitted in = admit(physics, "", "", "");
    cleanup(admitted_fini) struct admitted same =
        admit(physics, ", annotations: {berth/account: physics}", "", "");
    cleanup(admitted_fini) struct admitted chosen =
        admit(default_space, ", annotations: {berth/account: bio}", "", "");

    (void)state;
    assert_string_equal(own.spec->account, "");
    assert_string_equal(in.spec->account, "physics");
    assert_string_equal(same.spec->account, "physics");
    assert_string_equal(chosen.spec->account, "bio");
}

static void another_account_than_the_namespace_is_refused(void **state)
{
    cleanup(admitted_fini) struct admitted a =
        admit(physics, ", annotations: {berth/account: bio}", "", "");

    (void)state;
    assert_int_equal(a.rc, -EINVAL);
    assert_string_equal(a.err.text,
                        "metadata.annotations[berth/account]: bio: what is in "
                        "namespace 'physics' is of that account");
}

/* The node takes them from what was granted, and believes no lead. */
static void ports_of_the_node_are_in_the_granted_spec(void **state)
{
    cleanup(admitted_fini) struct admitted a =
        admit(default_space, "", "",
              ", ports: [{containerPort: 80, hostPort: 30080, hostIP: 10.0.0.1},"
              "{containerPort: 53, hostPort: 30053, protocol: UDP}, "
              "{containerPort: 81}]");
    const Berth__PodWish *wish = a.spec->pod;

    (void)state;
    assert_int_equal(wish->n_ports, 2);
    assert_int_equal(wish->ports[0]->host_port, 30080);
    assert_int_equal(wish->ports[0]->container_port, 80);
    assert_string_equal(wish->ports[0]->protocol, "TCP");
    assert_string_equal(wish->ports[0]->host_ip, "10.0.0.1");
    assert_int_equal(wish->ports[1]->host_port, 30053);
    assert_string_equal(wish->ports[1]->protocol, "UDP");
    assert_string_equal(wish->ports[1]->host_ip, "");
}

static void exports_of_its_volumes_are_in_the_granted_spec(void **state)
{
    cleanup(admitted_fini) struct admitted a =
        admit(default_space, "",
              "volumes: [{name: a, nfs: {server: filer, path: /home/alice}}, "
              "{name: b, emptyDir: {}}], ",
              "");
    const Berth__PodWish *wish = a.spec->pod;

    (void)state;
    assert_int_equal(wish->n_exports, 1);
    assert_string_equal(wish->exports[0]->server, "filer");
    assert_string_equal(wish->exports[0]->path, "/home/alice");
}

#define STORES(amount) \
    ", resources: {requests: {ephemeral-storage: " amount "}, limits: {cpu: 1}}"

static void storage_that_the_site_counts_is_asked_for_in_whole_gib(void **state)
{
    cleanup(admitted_fini) struct admitted some = {0}, none = {0}, uncounted = {0};

    (void)state;
    resources = storage;
    some = admit(default_space, "", "", STORES("1500Mi"));
    none = admit(default_space, "", "", STORES("0"));
    resources = devices;
    uncounted = admit(default_space, "", "", STORES("1500Mi"));
    assert_string_equal(some.spec->gres, "disk:2");
    assert_string_equal(none.spec->gres, "");
    assert_string_equal(uncounted.spec->gres, "");
    assert_null(some.warning ? strstr(some.warning, "chooses no node") : NULL);
    assert_non_null(strstr(uncounted.warning, "what it asks for chooses no node"));
}

static void names_of_addresses_of_ipv6_are_fine(void **state)
{
    cleanup(admitted_fini) struct admitted a =
        admit(default_space, "", "hostAliases: [{ip: 'fd00::9', hostnames: [far]}], ",
              ", livenessProbe: {httpGet: {host: '::1', port: 80}}, readinessProbe: "
              "{tcpSocket: {host: 'fd00::9', port: 80}}");

    (void)state;
    assert_int_equal(a.rc, 0);
}

static void the_nodes_own_network_has_no_ports_to_give(void **state)
{
    cleanup(admitted_fini) struct admitted a =
        admit(default_space, "", "hostNetwork: true, ",
              ", ports: [{containerPort: 8080, hostPort: 8080}]");

    (void)state;
    assert_int_equal(a.rc, 0);
    assert_int_equal(a.spec->pod->n_ports, 0);
}

#define PROBE(grace) \
    ", livenessProbe: {exec: {command: [a]}, terminationGracePeriodSeconds: " grace "}"

static void probes_give_no_more_time_than_the_site_does(void **state)
{
    cleanup(admitted_fini) struct admitted little =
        admit(default_space, "", "", PROBE("3600"));
    cleanup(admitted_fini) struct admitted much =
        admit(default_space, "", "", PROBE("3601"));

    (void)state;
    assert_int_equal(little.spec->pod->grace_max, 0);
    assert_int_equal(much.spec->pod->grace_max, 3601);
    assert_non_null(strstr(much.warning,
                           "container a: terminationGracePeriodSeconds of a probe: "
                           "3600 seconds are allowed (pods.grace_max)"));
}

static void what_does_less_than_it_says_is_told(void **state)
{
    cleanup(admitted_fini) struct admitted a =
        admit(default_space, "", "securityContext: {fsGroup: 0}, ", "");

    (void)state;
    assert_int_equal(a.rc, 0);
    assert_non_null(strstr(a.warning,
                           "spec.securityContext.fsGroup: files in volumes "
                           "are the user's, and keep the group that they have"));
}

static void there_are_not_any_number_of_containers(void **state)
{
    struct strbuf spec = STRBUF_INIT;

    (void)state;
    strbuf_puts(&spec, "initContainers: [");
    for (int i = 0; i < 256; i++)
        strbuf_printf(&spec, "{name: i%d, image: i},", i);
    strbuf_puts(&spec, "], ");
    {
        cleanup(admitted_fini) struct admitted a = admit(default_space, "", spec.s, "");

        assert_int_equal(a.rc, -E2BIG);
        assert_string_equal(a.err.text, "spec.containers: 257 of them, more than 256");
    }
    strbuf_fini(&spec);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_namespace_is_the_account_of_what_is_in_it),
        cmocka_unit_test(another_account_than_the_namespace_is_refused),
        cmocka_unit_test(ports_of_the_node_are_in_the_granted_spec),
        cmocka_unit_test(exports_of_its_volumes_are_in_the_granted_spec),
        cmocka_unit_test(storage_that_the_site_counts_is_asked_for_in_whole_gib),
        cmocka_unit_test(names_of_addresses_of_ipv6_are_fine),
        cmocka_unit_test(the_nodes_own_network_has_no_ports_to_give),
        cmocka_unit_test(probes_give_no_more_time_than_the_site_does),
        cmocka_unit_test(what_does_less_than_it_says_is_told),
        cmocka_unit_test(there_are_not_any_number_of_containers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
