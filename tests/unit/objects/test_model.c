/* SPDX-License-Identifier: Apache-2.0
 *
 * test_model.c - what is accepted is in the structs, and prints and reads back as it
 * was
 */
#include "objects_test.h"

#include <stdio.h>

#include "manifest/write.h"
#include "objects/demand.h"
#include "objects/objects.h"

static const char pod_text[] =
    "apiVersion: v1\n"
    "kind: Pod\n"
    "metadata:\n"
    "  name: web\n"
    "  labels: {app: web, on: x}\n"
    "  annotations: {berth/gang: g, berth/gang-size: '3', berth/time: 1h}\n"
    "spec:\n"
    "  hostNetwork: true\n"
    "  restartPolicy: OnFailure\n"
    "  activeDeadlineSeconds: 3600\n"
    "  nodeSelector: {kind: fast}\n"
    "  initContainers:\n"
    "  - {name: side, image: 'log@sha256:00', restartPolicy: Always}\n"
    "  containers:\n"
    "  - name: main\n"
    "    image: registry:5000/web\n"
    "    command: [serve]\n"
    "    args: ['--port', '80']\n"
    "    env:\n"
    "    - {name: A, value: '1'}\n"
    "    - {name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}\n"
    "    envFrom: [{prefix: P_, configMapRef: {name: conf, optional: true}}]\n"
    "    ports: [{name: http, containerPort: 80}]\n"
    "    resources:\n"
    "      limits: {cpu: 0.5, memory: 1024Mi, nvidia.com/gpu: 1}\n"
    "      requests: {memory: 1e3}\n"
    "    readinessProbe: {httpGet: {port: http, httpHeaders: [{name: X, value: z}]}}\n"
    "    lifecycle: {preStop: {exec: {command: [bye]}}}\n"
    "    volumeMounts:\n"
    "    - {name: tmp, mountPath: /tmp, readOnly: true}\n"
    "    - {name: all, mountPath: /all}\n"
    "  volumes:\n"
    "  - {name: tmp}\n"
    "  - name: all\n"
    "    projected: {sources: [{secret: {name: s, items: [{key: k, path: p, mode: "
    "0400}]}}]}\n"
    "  affinity:\n"
    "    nodeAffinity:\n"
    "      requiredDuringSchedulingIgnoredDuringExecution:\n"
    "        nodeSelectorTerms: [{matchExpressions: [{key: cores, operator: Gt, "
    "values: "
    "['8']}]}]\n"
    "  tolerations: [{key: k, operator: Exists, effect: NoExecute, tolerationSeconds: "
    "9}]\n";

static void check_container(const struct mf_container *c)
{
    assert_string_equal(c->command[0], "serve");
    assert_string_equal(c->args[1], "80");
    assert_int_equal(c->env.n, 2);
    assert_string_equal(c->env.items[1].from->field->path, "spec.nodeName");
    assert_true(c->env_from.items[0].config_map->is_optional);
    assert_int_equal(c->pull, MF_PULL_ALWAYS);
    assert_int_equal(c->ports.items[0].protocol, MF_TCP);
    assert_int_equal(c->ports.items[0].host_port, 80);
    assert_int_equal(c->resources->limits.n, 3);
    assert_int_equal(quantity_milli(&c->resources->limits.items[0].quantity), 500);
    assert_int_equal(c->resources->limits.items[1].quantity.whole, 1 << 30);
    /* What has no request asks for its limit. */
    assert_int_equal(c->resources->requests.n, 3);
    assert_int_equal(c->resources->requests.items[0].quantity.whole, 1000);
    assert_int_equal(c->resources->requests.items[1].quantity.nano, 500000000);
    assert_string_equal(c->readiness->http->port.name, "http");
    assert_int_equal(c->readiness->http->port.number, 0);
    assert_string_equal(c->readiness->http->headers.items[0].value, "z");
    assert_int_equal(c->readiness->period, 10);
    assert_int_equal(c->readiness->grace, MF_UNSET);
    assert_string_equal(c->lifecycle->pre_stop->exec->command[0], "bye");
    assert_null(c->liveness);
    assert_true(c->mounts.items[0].is_read_only);
}

static void a_pod_is_all_there(void **state)
{
    struct manifest m = read_manifest(pod_text);
    cleanup(freep) char *problems = problems_of(&m);
    const struct mf_pod *pod = m.objects[0].object;
    const struct mf_pod_spec *spec = pod->spec;

    (void)state;
    assert_string_equal(problems, "");
    assert_int_equal(m.objects[0].kind->id, MF_POD);
    assert_string_equal(pod->meta->name_space, "default");
    assert_string_equal(pod->meta->labels.items[1].key, "true");
    assert_int_equal(spec->restart, MF_RESTART_FAILED);
    assert_int_equal(spec->grace, 30);
    assert_int_equal(spec->deadline, 3600);
    assert_int_equal(spec->init.items[0].restart, MF_RESTART_ALWAYS);
    assert_int_equal(spec->init.items[0].pull, MF_PULL_ABSENT);
    check_container(&spec->containers.items[0]);
    assert_non_null(spec->volumes.items[0].empty_dir);
    assert_int_equal(
        spec->volumes.items[1].projected->sources.items[0].secret->items.items[0].mode,
        0400);
    assert_int_equal(spec->volumes.items[1].projected->mode, 0644);
    assert_int_equal(
        spec->affinity->node->required->terms.items[0].expressions.items[0].op,
        MF_NODE_ABOVE);
    assert_int_equal(spec->tolerations.items[0].effect, MF_NO_EXECUTE);
    assert_int_equal(spec->tolerations.items[0].seconds, 9);
    manifest_fini(&m);
}

static const char others_text[] =
    "apiVersion: batch/v1\n"
    "kind: CronJob\n"
    "metadata: {generateName: tick-}\n"
    "spec:\n"
    "  schedule: '*/5 * * * *'\n"
    "  timeZone: Europe/Berlin\n"
    "  concurrencyPolicy: Forbid\n"
    "  jobTemplate:\n"
    "    spec:\n"
    "      completionMode: Indexed\n"
    "      completions: 4\n"
    "      parallelism: 2\n"
    "      backoffLimitPerIndex: 1\n"
    "      podFailurePolicy: {rules: [{action: FailIndex, onExitCodes: {operator: "
    "NotIn, "
    "values: [1, 2]}}]}\n"
    "      template: {spec: {restartPolicy: Never, containers: [{name: m, image: "
    "i:1}]}}\n"
    "---\n"
    "apiVersion: v1\n"
    "kind: Secret\n"
    "metadata: {name: s}\n"
    "data: {k: aGVsbG8=, n: null}\n"
    "stringData: {t: plain}\n"
    "---\n"
    "apiVersion: v1\n"
    "kind: PersistentVolume\n"
    "metadata: {name: v}\n"
    "spec: {capacity: {storage: 1Ti}, accessModes: [ReadWriteMany, ReadOnlyMany], "
    "hostPath: {path: /shared, type: Directory}}\n"
    "---\n"
    "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: c}, spec: "
    "{accessModes: [ReadWriteMany], resources: {requests: {storage: 1G}}, selector: "
    "{matchExpressions: [{key: a, operator: In, values: [b]}]}}}\n"
    "---\n"
    "{apiVersion: v1, kind: ConfigMap, metadata: {name: m}, data: {a: 'x: y'}, "
    "binaryData: {b: AAEC}}\n"
    "---\n"
    "{apiVersion: batch/v1, kind: Job, metadata: {name: once}, spec: {template: {spec: "
    "{restartPolicy: OnFailure, containers: [{name: m, image: i}]}}}}\n";

static void other_objects_are_all_there(void **state)
{
    cleanup(freep) char *problems = NULL;
    const struct mf_cron_job *cron;
    const struct mf_job_spec *job;
    const struct mf_secret *secret;
    const struct mf_persistent_volume *volume;
    struct manifest m;

    (void)state;
    m = read_manifest(others_text);
    problems = problems_of(&m);
    assert_string_equal(problems, "");
    assert_int_equal(m.n, 6);
    cron = m.objects[0].object;
    assert_int_equal(cron->spec->concurrency, MF_CRON_FORBID);
    assert_int_equal(cron->spec->successes_kept, 3);
    job = cron->spec->template->spec;
    assert_int_equal(job->completion, MF_COMPLETE_INDEXED);
    assert_int_equal(job->backoff, INT32_MAX);
    assert_int_equal(job->replacement, MF_REPLACE_FAILED);
    assert_int_equal(job->failure->rules.items[0].exit_codes->values.items[1], 2);
    assert_int_equal(job->ttl, MF_UNSET);
    secret = m.objects[1].object;
    assert_int_equal(secret->data.items[0].len, 5);
    assert_string_equal(secret->data.items[0].bytes, "hello");
    assert_int_equal(secret->data.items[1].len, 0);
    assert_string_equal(secret->type, "Opaque");
    volume = m.objects[2].object;
    assert_null(volume->meta->name_space);
    assert_int_equal(volume->spec->access.items[0], MF_READ_WRITE_MANY);
    assert_int_equal(volume->spec->reclaim, MF_RECLAIM_RETAIN);
    assert_int_equal(volume->spec->host_path->type, MF_PATH_DIR);
    job = ((const struct mf_job *)m.objects[5].object)->spec;
    assert_int_equal(job->completions, 1);
    assert_int_equal(job->backoff, 6);
    manifest_fini(&m);
}

static char *printed(const struct manifest *m, bool as_json)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    for (size_t i = 0; i < m->n; i++) {
        if (as_json) {
            node_write_json(m->objects[i].root, 0, out);
            fputc('\n', out);
        } else {
            fputs("---\n", out);
            assert_int_equal(node_write_yaml(m->objects[i].root, out), 0);
        }
    }
    (void)fclose(out);
    return text;
}

/* With defaults filled in there is nothing more to fill in. */
static void check_round_trip(const char *text)
{
    struct manifest first = read_manifest(text);
    cleanup(freep) char *as_yaml = printed(&first, false);
    cleanup(freep) char *as_json = printed(&first, true);

    for (int i = 0; i < 2; i++) {
        struct manifest again = read_manifest(i ? as_json : as_yaml);
        cleanup(freep) char *yaml = printed(&again, false);
        cleanup(freep) char *problems = problems_of(&again);

        assert_string_equal(problems, "");
        assert_string_equal(yaml, as_yaml);
        manifest_fini(&again);
    }
    manifest_fini(&first);
}

static void what_is_printed_reads_back_as_the_same(void **state)
{
    (void)state;
    check_round_trip(pod_text);
    check_round_trip(others_text);
}

static int64_t demand(const char *init, const char *containers, const char *resource)
{
    cleanup(freep) char *text = xasprintf(
        "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {initContainers: [%s], "
        "containers: [%s]}}",
        init, containers);
    struct manifest m = read_manifest(text);
    cleanup(freep) char *problems = problems_of(&m);
    struct quantity quantity;

    assert_string_equal(problems, "");
    assert_int_equal(pod_demand(((const struct mf_pod *)m.objects[0].object)->spec,
                                resource, &quantity),
                     0);
    manifest_fini(&m);
    return quantity_milli(&quantity);
}

#define ONE(name, more, amounts) \
    "{name: " name ", image: i" more ", resources: {requests: {" amounts "}}}"
#define SIDECAR ", restartPolicy: Always"

static void a_pod_asks_for_the_most_that_runs_at_a_time(void **state)
{
    (void)state;
    /* Side by side they add up. */
    assert_int_equal(
        demand("", ONE("a", "", "cpu: 1") "," ONE("b", "", "cpu: 500m"), "cpu"), 1500);
    /* One after the other the largest counts. */
    assert_int_equal(demand(ONE("i", "", "cpu: 3") "," ONE("j", "", "cpu: 2"),
                            ONE("a", "", "cpu: 1"), "cpu"),
                     3000);
    /* A sidecar is beside the init containers behind it, and the containers. */
    assert_int_equal(demand(ONE("s", SIDECAR, "cpu: 1") "," ONE("i", "", "cpu: 3"),
                            ONE("a", "", "cpu: 1"), "cpu"),
                     4000);
    assert_int_equal(demand(ONE("i", "", "cpu: 3") "," ONE("s", SIDECAR, "cpu: 1"),
                            ONE("a", "", "cpu: 2500m"), "cpu"),
                     3500);
    assert_int_equal(demand("", ONE("a", "", "cpu: 1"), "memory"), 0);
}

static void the_quality_of_service_follows_from_amounts(void **state)
{
    static const struct {
        const char *resources;
        enum pod_quality quality;
    } cases[] = {
        {"{}", POD_BEST_EFFORT},
        {"{limits: {nvidia.com/gpu: 1}}", POD_BEST_EFFORT},
        {"{requests: {cpu: 1}}", POD_BURSTABLE},
        {"{limits: {cpu: 1}}", POD_BURSTABLE},
        {"{limits: {cpu: 1, memory: 1Gi}}", POD_GUARANTEED},
        {"{limits: {cpu: 1, memory: 1Gi}, requests: {cpu: 500m}}", POD_BURSTABLE},
        {"{limits: {cpu: 1, memory: 1Gi}, requests: {cpu: 1000m}}", POD_GUARANTEED},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        cleanup(freep) char *text = xasprintf("{apiVersion: v1, kind: Pod, metadata: "
                                              "{name: p}, spec: {containers: [{name: "
                                              "a, image: i, resources: %s}]}}",
                                              cases[i].resources);
        struct manifest m = read_manifest(text);
        const struct mf_pod *pod = m.objects[0].object;

        assert_int_equal(pod_quality(pod->spec), cases[i].quality);
        manifest_fini(&m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pod_is_all_there),
        cmocka_unit_test(other_objects_are_all_there),
        cmocka_unit_test(what_is_printed_reads_back_as_the_same),
        cmocka_unit_test(a_pod_asks_for_the_most_that_runs_at_a_time),
        cmocka_unit_test(the_quality_of_service_follows_from_amounts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
