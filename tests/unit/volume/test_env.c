/* SPDX-License-Identifier: Apache-2.0
 *
 * test_env.c - variables of containers, as Kubernetes makes them
 */
#include "volume_test.h"

#include <errno.h>
#include <stdlib.h>

#include "volume/env.h"

static const struct pod_facts facts = {
    .uid = "0aee2a59-0000-4000-8000-000000000001",
    .node = "n1",
    .host_ip = "10.0.0.1",
    .pod_ip = "10.88.1.7",
    .user = "alice",
    .node_milli = 7500,
    .node_memory = 16106127361,
    .node_ephemeral = 1000,
};

static const char pod_text[] =
    "apiVersion: v1\n"
    "kind: Pod\n"
    "metadata:\n"
    "  name: web\n"
    "  namespace: physics\n"
    "  labels: {app: web, example.com/tier: front}\n"
    "  annotations: {note: \"say \\\"hi\\\"\\n\\tnow\"}\n"
    "spec:\n"
    "  containers:\n"
    "  - name: main\n"
    "    image: x\n"
    "    resources: {limits: {cpu: 1500m}, requests: {memory: 100Mi}}\n"
    "%s";

/* All variables, a line each; or "-ERRNO: words". */
static char *resolve(const char *container, const struct pod_data *data,
                     const struct pod_facts *what, char ***skipped)
{
    cleanup(freep) char *text = xasprintf(pod_text, container);
    struct manifest manifest = one_object(text);
    const struct mf_pod *pod = manifest.objects[0].object;
    cleanup(strv_freep) char **env = NULL;
    struct err err = {0};
    char *all;
    int rc = pod_env_resolve(pod, &pod->spec->containers.items[0], data, what, &env,
                             skipped, &err);

    all = rc ? xasprintf("%d: %s", rc, err.text) : strv_join(env, "\n");
    manifest_fini(&manifest);
    return all;
}

static void expect(const char *container, const struct pod_data *data,
                   const char *expected)
{
    cleanup(freep) char *all = resolve(container, data, &facts, NULL);

    assert_string_equal(all, expected);
}

static struct pod_data *some_data(void)
{
    struct pod_data *data = pod_data_create();

    (void)put(data, "ConfigMap", "web", 1,
              "data: {COLOR: red, a.b: dots, SIZE: big}\nbinaryData: {BIN: AAEC}");
    (void)put(data, "ConfigMap", "more", 1, "data: {SIZE: small}");
    (void)put(data, "Secret", "db", 1,
              "stringData: {PASSWORD: hunter2}\n"
              "data: {ZERO: YQBi}");
    return data;
}

static void a_variable_may_use_those_before_it(void **state)
{
    cleanup(pod_data_destroyp) struct pod_data *data = some_data();

    (void)state;
    expect("    env:\n"
           "    - {name: A, value: one}\n"
           "    - {name: B, value: \"$(A)-$(C)-$$(A)-$A-$$$(A)-$(x$(A)-$()-$(A\"}\n"
           "    - {name: C, value: \"$(B)\"}\n"
           "    - {name: A, value: \"$(A)$(A)\"}\n"
           "    - {name: E}\n",
           data,
           "A=oneone\n"
           "B=one-$(C)-$(A)-$A-$one-$(x$(A)-$()-$(A\n"
           "C=one-$(C)-$(A)-$A-$one-$(x$(A)-$()-$(A\n"
           "E=");
}

static void later_sources_are_stronger_and_env_is_strongest(void **state)
{
    cleanup(pod_data_destroyp) struct pod_data *data = some_data();
    cleanup(strv_freep) char **skipped = NULL;
    cleanup(freep) char *all = NULL;

    (void)state;
    expect("    envFrom:\n"
           "    - configMapRef: {name: web}\n"
           "    - configMapRef: {name: more}\n"
           "    - {prefix: DB_, secretRef: {name: db}}\n"
           "    - configMapRef: {name: none, optional: true}\n"
           "    env:\n"
           "    - {name: COLOR, value: \"dark $(COLOR)\"}\n",
           data, "COLOR=dark red\nSIZE=small\na.b=dots\nDB_PASSWORD=hunter2");
    all = resolve("    envFrom: [{secretRef: {name: db}}]\n", data, &facts, &skipped);
    assert_string_equal(all, "PASSWORD=hunter2");
    assert_int_equal(strv_len(skipped), 1);
    assert_string_equal(skipped[0], "ZERO");
}

static void what_is_missing_is_named(void **state)
{
    cleanup(pod_data_destroyp) struct pod_data *data = some_data();

    (void)state;
    expect("    envFrom: [{configMapRef: {name: none}}]\n", data,
           "-2: ConfigMap 'none' is not there");
    expect("    env: [{name: A, valueFrom: {secretKeyRef: {name: not, key: k}}}]\n",
           data, "-2: variable A: Secret 'not' is not there");
    expect("    env: [{name: A, valueFrom: {secretKeyRef: {name: db, key: k}}}]\n",
           data, "-2: variable A: Secret 'db' has no key 'k'");
    expect("    env: [{name: A, valueFrom: {configMapKeyRef: {name: web, key: k, "
           "optional: true}}}]\n",
           data, "");
    expect("    env: [{name: A, valueFrom: {secretKeyRef: {name: not, key: k, "
           "optional: true}}}]\n",
           data, "");
    expect("    env: [{name: A, valueFrom: {secretKeyRef: {name: db, key: ZERO}}}]\n",
           data,
           "-22: variable A: key 'ZERO' of Secret 'db' holds a zero byte, which no "
           "variable can");
}

#define FIELD(path) \
    "    env: [{name: A, valueFrom: {fieldRef: {fieldPath: " path "}}}]\n"

static void fields_of_the_pod_are_variables(void **state)
{
    cleanup(pod_data_destroyp) struct pod_data *data = some_data();

    (void)state;
    expect(FIELD("metadata.name"), data, "A=web");
    expect(FIELD("metadata.namespace"), data, "A=physics");
    expect(FIELD("metadata.uid"), data, "A=0aee2a59-0000-4000-8000-000000000001");
    expect(FIELD("\"metadata.labels['example.com/tier']\""), data, "A=front");
    expect(FIELD("\"metadata.labels['none']\""), data, "A=");
    expect(FIELD("\"metadata.annotations['note']\""), data, "A=say \"hi\"\n\tnow");
    expect(FIELD("spec.nodeName"), data, "A=n1");
    expect(FIELD("spec.serviceAccountName"), data, "A=alice");
    expect(FIELD("status.hostIP"), data, "A=10.0.0.1");
    expect(FIELD("status.hostIPs"), data, "A=10.0.0.1");
    expect(FIELD("status.podIP"), data, "A=10.88.1.7");
    expect(FIELD("status.podIPs"), data, "A=10.88.1.7");
}

static void an_address_that_is_not_known_yet_is_waited_for(void **state)
{
    cleanup(pod_data_destroyp) struct pod_data *data = some_data();
    struct pod_facts early = facts;
    cleanup(freep) char *all = NULL;

    (void)state;
    early.pod_ip = NULL;
    all = resolve(FIELD("status.podIP"), data, &early, NULL);
    assert_string_equal(all, "-11: variable A: status.podIP is not known yet");
}

#define AMOUNT(what) \
    "    env: [{name: A, valueFrom: {resourceFieldRef: {resource: " what "}}}]\n"

static void amounts_are_rounded_up_in_units_of_the_divisor(void **state)
{
    cleanup(pod_data_destroyp) struct pod_data *data = some_data();

    (void)state;
    expect(AMOUNT("limits.cpu"), data, "A=2");
    expect(AMOUNT("limits.cpu, divisor: 1m"), data, "A=1500");
    expect(AMOUNT("requests.cpu, divisor: 1m"), data, "A=1500");
    expect(AMOUNT("requests.memory"), data, "A=104857600");
    expect(AMOUNT("requests.memory, divisor: 1Mi"), data, "A=100");
    expect(AMOUNT("limits.memory"), data, "A=16106127361");
    expect(AMOUNT("limits.memory, divisor: 1Gi"), data, "A=16");
    expect(AMOUNT("limits.ephemeral-storage"), data, "A=1000");
    expect(AMOUNT("requests.ephemeral-storage"), data, "A=0");
    expect(AMOUNT("limits.cpu, containerName: main"), data, "A=2");
}

static void all_labels_of_a_file_are_sorted_and_quoted(void **state)
{
    cleanup(freep) char *text = xasprintf(pod_text, "");
    struct manifest manifest = one_object(text);
    const struct mf_pod *pod = manifest.objects[0].object;
    cleanup(freep) char *labels = NULL;
    cleanup(freep) char *notes = NULL;

    (void)state;
    assert_int_equal(pod_field(pod, &facts, "metadata.labels", &labels, NULL), 0);
    assert_string_equal(labels, "app=\"web\"\nexample.com/tier=\"front\"");
    assert_int_equal(pod_field(pod, &facts, "metadata.annotations", &notes, NULL), 0);
    assert_string_equal(notes, "note=\"say \\\"hi\\\"\\n\\tnow\"");
    manifest_fini(&manifest);
}

static void words_and_paths_are_expanded(void **state)
{
    char *env[] = {xstrdup("A=one"), xstrdup("EMPTY="), NULL};
    char *words[] = {xstrdup("echo"), xstrdup("$(A)$(EMPTY)!"), NULL};
    cleanup(strv_freep) char **all = pod_expand_all(words, env);
    cleanup(freep) char *path = NULL;
    struct err err = {0};

    (void)state;
    assert_string_equal(all[0], "echo");
    assert_string_equal(all[1], "one!");
    assert_null(pod_expand_all(NULL, env));
    assert_int_equal(pod_expand_strictly("x/$(A)/$$(B)", env, &path, NULL), 0);
    assert_string_equal(path, "x/one/$(B)");
    assert_int_equal(pod_expand_strictly("x/$(B)", env, &path, &err), -EINVAL);
    assert_string_equal(err.text, "'x/$(B)': there is no variable 'B'");
    for (size_t i = 0; i < 2; i++) {
        free(env[i]);
        free(words[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_variable_may_use_those_before_it),
        cmocka_unit_test(later_sources_are_stronger_and_env_is_strongest),
        cmocka_unit_test(what_is_missing_is_named),
        cmocka_unit_test(fields_of_the_pod_are_variables),
        cmocka_unit_test(an_address_that_is_not_known_yet_is_waited_for),
        cmocka_unit_test(amounts_are_rounded_up_in_units_of_the_divisor),
        cmocka_unit_test(all_labels_of_a_file_are_sorted_and_quoted),
        cmocka_unit_test(words_and_paths_are_expanded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
