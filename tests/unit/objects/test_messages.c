/* SPDX-License-Identifier: Apache-2.0
 *
 * test_messages.c - what is said about the usual mistakes
 */
#include "objects_test.h"

/* A pod whose container, and whose spec, have these lines too. */
#define POD(container, spec)                                                   \
    "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n" \
    "  - name: main\n    image: debian:12\n" container spec
#define CONTAINER(lines) POD(lines, "")
#define SPEC(lines) POD("", lines)
#define JOB(spec, pod)                                                   \
    "apiVersion: batch/v1\nkind: Job\nmetadata: {name: j}\nspec:\n" spec \
    "  template:\n    spec:\n      containers: [{name: m, image: i}]\n" pod

static const struct {
    const char *text, *words; /* "": nothing is said */
} cases[] = {
    /* Names and types. */
    {CONTAINER(""), ""},
    {CONTAINER("    imagePullPolcy: Always\n"),
     "t:8: spec.containers[0].imagePullPolcy: unknown field; nearest: "
     "imagePullPolicy\n"},
    {CONTAINER("    imagepullpolicy: Always\n"),
     "t:8: spec.containers[0].imagepullpolicy: unknown field; nearest: "
     "imagePullPolicy\n"},
    {CONTAINER("    zzz: 1\n"),
     "t:8: spec.containers[0].zzz: unknown field of Container\n"},
    {CONTAINER("    imagePullPolicy: always\n"),
     "t:8: spec.containers[0].imagePullPolicy: 'always' is not one of Always, Never, "
     "IfNotPresent\n"},
    {CONTAINER("    env: [{name: PORT, value: 8080}]\n"),
     "t:8: spec.containers[0].env[0].value: a text is expected, not a whole number: "
     "put "
     "it in quotes, \"8080\"\n"},
    {CONTAINER("    env: [{name: A, value: yes}]\n"),
     "t:8: spec.containers[0].env[0].value: a text is expected, not a truth value: put "
     "it in quotes, \"yes\"\n"},
    {CONTAINER("    ports: [{containerPort: \"80\"}]\n"),
     "t:8: spec.containers[0].ports[0].containerPort: a whole number is expected, not "
     "the text '80'\n"},
    {CONTAINER("    ports: [{containerPort: 70000}]\n"),
     "t:8: spec.containers[0].ports[0].containerPort: 70000 is not from 1 to 65535\n"},
    {CONTAINER("    command: echo hello\n"),
     "t:8: spec.containers[0].command: a list of texts is expected, not the text 'echo "
     "hello'\n"},
    {CONTAINER("    args: [-n, 3]\n"), "t:8: spec.containers[0].args[1]: a text is "
                                       "expected, not a whole number: put it in "
                                       "quotes, \"3\"\n"},
    {CONTAINER("    resources: {limits: {memory: 1GB}}\n"),
     "t:8: spec.containers[0].resources.limits.memory: '1GB' is not a quantity: a "
     "number, then n u m k M G T P E, Ki Mi Gi Ti Pi Ei or e3\n"},
    {CONTAINER("    resources: {limits: {cpu: 9Ei}}\n"),
     "t:8: spec.containers[0].resources.limits.cpu: '9Ei' is more than 2^63-1\n"},
    {"apiVersion: v1\nkind: Pod\nmetadata: {name: Web_1}\nspec: {containers: [{name: "
     "m, "
     "image: i}]}\n",
     "t:3: metadata.name: 'Web_1' is not a name: small letters, digits, '-' and '.' "
     "inside, at most 253 (\"web-1.example\")\n"},
    {"apiVersion: v1\nkind: Pod\nspec: {containers: []}\n",
     "t:3: spec.containers: this field is required\n"
     "t:1: metadata: this field is required\n"},
    {"kind: Pdo\napiVersion: v1\n",
     "t:1: kind: there is no kind 'Pdo' in v1; nearest: Pod\n"},
    {"kind: Pod\n", "t:1: apiVersion: this field is required: v1, batch/v1, ...\n"},
    {"apiVersion: v1\nkind: Job\n",
     "t:1: apiVersion: there is no Job in v1: it is in batch/v1\n"},
    {"apiVersion: kubeflow.org/v1\nkind: TFJob\n",
     "t:2: TFJob of kubeflow.org/v1 is not run by Berth: a Job, or a BatchJob, may "
     "do\n"},

    /* How Berth takes them. */
    {SPEC("  schedulerName: mine\n"),
     "warning: t:8: spec.schedulerName: without effect: Berth schedules it\n"},
    {SPEC("  schedulerName: default-scheduler\n"), ""},
    {SPEC("  hostPID: false\n"), ""},
    {SPEC("  hostPID: true\n"),
     "t:8: spec.hostPID: refused: containers do not see processes of the node\n"},
    {CONTAINER(
         "    securityContext: {capabilities: {add: [NET_ADMIN], drop: [ALL]}}\n"),
     "t:8: spec.containers[0].securityContext.capabilities.add[0]: refused: NET_ADMIN: "
     "containers have no capabilities outside of themselves\n"},
    {CONTAINER("    securityContext: {capabilities: {add: [NET_BIND_SERVICE]}}\n"), ""},
    {CONTAINER("    securityContext: {capabilities: {add: [NET_BIND_SERVICE]}}\n"
               "  hostNetwork: true\n"),
     "t:8: spec.containers[0].securityContext.capabilities.add[0]: refused: "
     "NET_BIND_SERVICE: containers have no capabilities outside of themselves\n"},
    {CONTAINER("    securityContext: {runAsUser: 1000}\n"
               "  - {name: b, image: i, securityContext: {runAsUser: 2000}}\n"),
     "t:9: spec.containers[1].securityContext.runAsUser: 2000, where another container "
     "has 1000: the containers of a pod appear as one user\n"},
    {CONTAINER("    securityContext: {runAsUser: 1000, runAsGroup: 0}\n"
               "  initContainers:\n"
               "  - {name: b, image: i, securityContext: {runAsUser: 0}}\n"),
     "warning: t:10: spec.initContainers[0].securityContext.runAsUser: 0, but it "
     "appears "
     "as 1000, as all containers of the pod: it may do what its user may, and owners "
     "of "
     "files are imitated\n"},
    {CONTAINER("    securityContext: {runAsNonRoot: true}\n"
               "  - {name: b, image: i, securityContext: {runAsUser: 0}}\n"),
     "t:8: spec.containers[0].securityContext.runAsNonRoot: another container has "
     "runAsUser 0: the containers of a pod appear as one user\n"},
    {SPEC("  volumes: [{name: v, cephfs: {monitors: [a]}}]\n"),
     "t:8: spec.volumes[0].cephfs: refused: Berth does not mount it: mount it on the "
     "nodes, and use hostPath\n"},
    {SPEC("  os: {name: windows}\n"), "t:8: spec.os.name: refused: nodes run Linux\n"},
    {SPEC("status: {phase: Running}\n"),
     "warning: t:8: status: without effect: the cluster says this, not the manifest\n"},
    {SPEC("status: {}\n"), ""},

    /* How fields go together. */
    {CONTAINER("    volumeMounts: [{name: data, mountPath: /data}]\n"),
     "t:8: spec.containers[0].volumeMounts[0].name: the pod has no volume 'data'\n"},
    {SPEC("  - {name: main, image: i}\n"),
     "t:8: spec.containers[1].name: a second container 'main'\n"},
    {SPEC("  volumes: [{name: v, emptyDir: {}, hostPath: {path: /a}}]\n"),
     "t:8: spec.volumes[0]: only one of emptyDir, hostPath, configMap, secret, "
     "downwardAPI, projected, nfs and persistentVolumeClaim can be said\n"},
    {CONTAINER("    resources: {limits: {cpu: 1}, requests: {cpu: 2}}\n"),
     "t:8: spec.containers[0].resources.requests.cpu: more than the limit\n"},
    {CONTAINER("    resources: {requests: {nvidia.com/gpu: 1}}\n"),
     "t:8: spec.containers[0].resources.requests[nvidia.com/gpu]: this is asked for in "
     "limits\n"},
    {CONTAINER("    resources: {limits: {nvidia.com/gpu: 500m}}\n"),
     "t:8: spec.containers[0].resources.limits[nvidia.com/gpu]: there are only whole "
     "ones\n"
     "t:8: spec.containers[0].resources.requests[nvidia.com/gpu]: there are only whole "
     "ones\n"},
    {CONTAINER("    resources: {limits: {memmory: 1Gi}}\n"),
     "t:8: spec.containers[0].resources.limits.memmory: unknown resource: cpu, memory, "
     "ephemeral-storage, hugepages-2Mi, or with its vendor, nvidia.com/gpu\n"
     "t:8: spec.containers[0].resources.requests.memmory: unknown resource: cpu, "
     "memory, "
     "ephemeral-storage, hugepages-2Mi, or with its vendor, nvidia.com/gpu\n"},
    {CONTAINER("    livenessProbe: {periodSeconds: 3}\n"),
     "t:8: spec.containers[0].livenessProbe: one of exec, httpGet, tcpSocket "
     "and grpc is required\n"},
    {CONTAINER("    livenessProbe: {grpc: {port: 1, service: a}, exec: {command: "
               "[a]}}\n"),
     "t:8: spec.containers[0].livenessProbe: only one of exec, httpGet, tcpSocket and "
     "grpc can be said\n"},
    {CONTAINER("    livenessProbe: {grpc: {port: http}}\n"),
     "t:8: spec.containers[0].livenessProbe.grpc.port: a whole number is expected, not "
     "the text 'http'\n"},
    {CONTAINER("    livenessProbe: {tcpSocket: {port: http}}\n"),
     "t:8: spec.containers[0].livenessProbe.tcpSocket.port: the container has no port "
     "'http'\n"},
    {CONTAINER(
         "    startupProbe: {exec: {command: [\"true\"]}, successThreshold: 2}\n"),
     "t:8: spec.containers[0].startupProbe.successThreshold: 1 is all that it can be "
     "here\n"},
    {CONTAINER(
         "    env: [{name: A, valueFrom: {fieldRef: {fieldPath: spec.nodename}}}]\n"),
     "t:8: spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: 'spec.nodename' is "
     "no "
     "field that can be had: metadata.name, metadata.namespace, metadata.uid, "
     "metadata.labels['KEY'], metadata.annotations['KEY'], spec.nodeName, "
     "spec.serviceAccountName, status.hostIP, status.podIP\n"},
    {CONTAINER("    restartPolicy: Always\n"),
     "t:8: spec.containers[0].restartPolicy: only init containers have one of their "
     "own; "
     "the pod's is spec.restartPolicy\n"},
    {SPEC("  tolerations: [{operator: Exists, value: x}]\n"),
     "t:8: spec.tolerations[0].value: Exists has no value\n"},
    {SPEC("  securityContext: {runAsNonRoot: true, runAsUser: 0}\n"),
     "t:8: spec.securityContext.runAsUser: 0 is root, which runAsNonRoot forbids\n"},
    {SPEC("  hostNetwork: true\n  initContainers:\n  - {name: a, image: i, "
          "livenessProbe: {tcpSocket: {port: 1}}}\n"),
     "t:10: spec.initContainers[0]: an init container without restartPolicy: Always "
     "has "
     "neither probes nor hooks\n"},

    {CONTAINER(
         "    ports: [{containerPort: 1, hostPort: 9}]\n  - {name: b, image: i, "
         "ports: [{containerPort: 2, hostPort: 9}, {containerPort: 3, hostPort: 9, "
         "protocol: UDP}]}\n"),
     "t:9: spec.containers[1].ports[0].hostPort: this port of the node is taken by "
     "containers[0]\n"},

    /* Jobs. */
    {JOB("", "      restartPolicy: Never\n"), ""},
    {JOB("", ""),
     "t:7: spec.template.spec.restartPolicy: a Job's pods have OnFailure or "
     "Never; it is Always unless said\n"},
    {JOB("  completionMode: Indexed\n  parallelism: 2\n",
         "      restartPolicy: Never\n"),
     "t:5: spec.completions: this field is required with completionMode: Indexed\n"},
    {JOB("  backoffLimitPerIndex: 1\n", "      restartPolicy: Never\n"),
     "t:5: spec.backoffLimitPerIndex: it needs completionMode: Indexed\n"},
    {JOB("  podFailurePolicy: {rules: [{action: FailJob, onExitCodes: {operator: In, "
         "values: [3, 0]}}]}\n",
         "      restartPolicy: Never\n"),
     "t:5: spec.podFailurePolicy.rules[0].onExitCodes.values[1]: values rise, and none "
     "stands twice\n"
     "t:5: spec.podFailurePolicy.rules[0].onExitCodes.values[1]: 0 is no failure\n"},
    {"apiVersion: batch/v1beta1\nkind: CronJob\nmetadata: {name: c}\nspec:\n"
     "  schedule: '61 * * * *'\n  jobTemplate: {spec: {template: {spec: "
     "{restartPolicy: "
     "Never, containers: [{name: m, image: i}]}}}}\n",
     "warning: t:1: apiVersion: batch/v1beta1 is read as batch/v1, which has the same "
     "fields\n"
     "t:5: spec.schedule: minute '61': 0 to 59 is expected\n"},

    /* Data and volumes. */
    {"apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {a: '***'}\n",
     "t:4: data.a: this is not base64: 'base64 -w0 FILE' makes it, and stringData "
     "takes "
     "plain text\n"},
    {"apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ntype: "
     "kubernetes.io/tls\ndata: "
     "{tls.crt: ''}\n",
     "t:5: data[tls.key]: this key is required of type kubernetes.io/tls\n"},
    {"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, annotations: {berth/gangs: "
     "a}}\ndata: {a/b: x}\n",
     "t:4: data[a/b]: not a key: letters, digits, '-', '_' and '.', at most 253, no "
     "'..' "
     "at the beginning (\"app.conf\")\n"},
    {"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, annotations: {berth/gangs: "
     "a}}\n",
     "t:3: metadata.annotations[berth/gangs]: unknown annotation of Berth; nearest: "
     "berth/gang\n"},
    {"apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: c}\nspec: "
     "{accessModes: [ReadWriteOnce], resources: {}}\n",
     "t:4: spec.resources.requests.storage: how large must it be?\n"},

    /* What would mean something elsewhere. */
    {"apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\n  labels:\n    "
     "kueue.x-k8s.io/queue-name: q\n  annotations:\n    "
     "container.apparmor.security.beta.kubernetes.io/m: localhost/x\n    "
     "example.com/seccomp: a\nspec: {containers: [{name: m, image: i}]}\n",
     "warning: t:6: metadata.labels[kueue.x-k8s.io/queue-name]: without effect: the "
     "annotations berth/account and berth/partition say where it waits\n"
     "warning: t:8: "
     "metadata.annotations[container.apparmor.security.beta.kubernetes.io/m]: without "
     "effect: profiles of AppArmor are the node's\n"},
    {"apiVersion: batch/v1\nkind: Job\nmetadata: {name: j}\nspec:\n  template:\n    "
     "metadata:\n      annotations:\n        berth/tiem: 1h\n        "
     "scheduling.k8s.io/group-name: g\n    spec: {restartPolicy: Never, containers: "
     "[{name: m, image: i}]}\n",
     "t:8: spec.template.metadata.annotations[berth/tiem]: unknown annotation of "
     "Berth; "
     "nearest: berth/time\n"
     "warning: t:9: "
     "spec.template.metadata.annotations[scheduling.k8s.io/group-name]: without "
     "effect: "
     "the annotations berth/gang and berth/gang-size start pods together\n"},

    /* Sets of pods are judged, then refused. */
    {"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec:\n  selector: "
     "{matchLabels: {app: a}}\n  template:\n    metadata: {labels: {app: b}}\n    "
     "spec: "
     "{containers: [{name: m, image: i}]}\n",
     "t:5: spec.selector: the template's labels have no app: a\n"
     "t:2: Deployment is not run by Berth: sets of pods that stay are not taken yet: "
     "write a Job, or a Pod with restartPolicy: Always\n"},
    {"apiVersion: extensions/v1beta1\nkind: Deployment\n",
     "t:2: Deployment of extensions/v1beta1 is not run by Berth: sets of pods that "
     "stay "
     "are not taken yet: write a Job, or a Pod with restartPolicy: Always\n"},
    {"apiVersion: autoscaling/v1\nkind: HorizontalPodAutoscaler\n",
     "t:2: HorizontalPodAutoscaler of autoscaling/v1 is not run by Berth: sets of pods "
     "that stay are not taken yet: write a Job, or a Pod with restartPolicy: Always\n"},
    {"apiVersion: serving.knative.dev/v1\nkind: Service\n",
     "t:2: Service of serving.knative.dev/v1 is not run by Berth: a Job, or a "
     "BatchJob, "
     "may do\n"},
};

static void each_mistake_is_told_with_its_place(void **state)
{
    size_t n_wrong = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct manifest manifest = read_manifest(cases[i].text);
        cleanup(freep) char *problems = problems_of(&manifest);

        if (strcmp(problems, cases[i].words) != 0) {
            print_error("of\n%s\nis said\n%snot\n%s\n", cases[i].text, problems,
                        cases[i].words);
            n_wrong++;
        }
        assert_int_equal(manifest.n, 1);
        assert_int_equal(!!manifest.objects[0].object,
                         !manifest.objects[0].report.n_errors);
        manifest_fini(&manifest);
    }
    assert_int_equal(n_wrong, 0);
}

static void lists_in_lists_are_taken_apart(void **state)
{
    struct manifest m = read_manifest(
        "kind: List\napiVersion: v1\nitems:\n- {apiVersion: v1, kind: ConfigMap, "
        "metadata: "
        "{name: a}}\n- kind: ConfigMapList\n  items:\n  - {apiVersion: v1, kind: "
        "ConfigMap, metadata: {name: b}}\n  - {apiVersion: v1, kind: Pod}\n---\n"
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: c, namespace: other}}\n");

    (void)state;
    assert_int_equal(m.n, 4);
    assert_string_equal(m.objects[1].name, "b");
    assert_string_equal(m.objects[1].name_space, "default");
    assert_int_equal(m.objects[2].report.n_errors, 2);
    assert_string_equal(m.objects[3].name_space, "other");
    manifest_fini(&m);
}

static void items_of_a_list_of_one_kind_need_not_say_it(void **state)
{
    struct manifest m =
        read_manifest("apiVersion: v1\nkind: ConfigMapList\nmetadata: "
                      "{resourceVersion: '1'}\nitems:\n"
                      "- metadata: {name: a}\n- {kind: Secret, metadata: {name: b}}\n");

    (void)state;
    assert_int_equal(m.n, 2);
    assert_string_equal(m.objects[0].name, "a");
    assert_string_equal(m.objects[0].kind->name, "ConfigMap");
    assert_string_equal(m.objects[1].kind->name, "Secret");
    assert_non_null(m.objects[0].object);
    assert_non_null(m.objects[1].object);
    manifest_fini(&m);
}

static void a_namespace_that_is_asked_for_must_be_theirs(void **state)
{
    static const char text[] = "{apiVersion: v1, kind: ConfigMap, metadata: {name: c, "
                               "namespace: other}}";
    const struct manifest_rules rules = {.name_space = "mine", .has_to_match = true};
    cleanup(freep) char *problems = NULL;
    struct manifest m;

    (void)state;
    assert_int_equal(manifest_read("t", text, strlen(text), &rules, &m, NULL), 0);
    problems = problems_of(&m);
    assert_string_equal(problems,
                        "t:1: metadata.namespace: 'other' is not 'mine', which "
                        "--namespace asks for\n");
    manifest_fini(&m);
}

/* Rules compare each with each, so there must not be too many. */
static void lists_and_maps_have_bounds(void **state)
{
    struct strbuf text = STRBUF_INIT;
    cleanup(freep) char *problems = NULL;
    struct manifest m;

    (void)state;
    strbuf_puts(&text, SPEC("  hostAliases:\n"));
    for (int i = 0; i < 2049; i++)
        strbuf_puts(&text, "  - {ip: 10.0.0.1}\n");
    strbuf_puts(&text, "  nodeSelector:\n");
    for (int i = 0; i < 8193; i++)
        strbuf_printf(&text, "    a%d: b\n", i);
    m = read_manifest(text.s);
    problems = problems_of(&m);
    assert_string_equal(problems, "t:9: spec.hostAliases: more than 2048 of them\n"
                                  "t:2059: spec.nodeSelector: more than 8192 keys\n");
    manifest_fini(&m);
    strbuf_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_mistake_is_told_with_its_place),
        cmocka_unit_test(lists_in_lists_are_taken_apart),
        cmocka_unit_test(lists_and_maps_have_bounds),
        cmocka_unit_test(items_of_a_list_of_one_kind_need_not_say_it),
        cmocka_unit_test(a_namespace_that_is_asked_for_must_be_theirs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
