/* SPDX-License-Identifier: Apache-2.0
 *
 * test_object_show.c - objects as documents, as rows, and in full
 */
#include "cli/object_columns.h"
#include "cli/object_describe.h"
#include "cli/object_document.h"
#include "cli/object_wish.h"
#include "cli/pod_words.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "cli/age.h"

#define NOW INT64_C(1800000000)
#define USEC INT64_C(1000000)

static const char pod_text[] =
    "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"web\","
    "\"labels\":{\"app\":\"web\"},\"annotations\":{\"note\":\"true\"}},\"spec\":{"
    "\"initContainers\":[{\"name\":\"first\",\"image\":\"i\"},"
    "{\"name\":\"side\",\"image\":\"i\",\"restartPolicy\":\"Always\"}],"
    "\"containers\":[{\"name\":\"a\",\"image\":\"debian:12\"},"
    "{\"name\":\"b\",\"image\":\"small\"}]}}";

/* A pod of two containers, an init container and a sidecar, and all it points to. */
struct pod {
    Berth__ObjectRecord record;
    Berth__PodStatus status;
    Berth__ContainerStatus containers[4], *list[4];
    Berth__ContainerEnd ends[4];
};

enum { FIRST, SIDE, A, B };

static void pod_init(struct pod *pod)
{
    static char names[4][8] = {"first", "side", "a", "b"}, kind[] = "Pod";

    berth__object_record__init(&pod->record);
    berth__pod_status__init(&pod->status);
    pod->record.kind = kind;
    pod->record.manifest.data = (uint8_t *)(uintptr_t)pod_text;
    pod->record.manifest.len = sizeof(pod_text) - 1;
    pod->record.created_at = NOW - 90;
    pod->record.pod = &pod->status;
    pod->status.containers = pod->list;
    pod->status.n_containers = 4;
    for (int i = 0; i < 4; i++) {
        berth__container_status__init(&pod->containers[i]);
        berth__container_end__init(&pod->ends[i]);
        pod->containers[i].name = names[i];
        pod->containers[i].is_init = i < A;
        pod->list[i] = &pod->containers[i];
    }
}

static void ends(struct pod *pod, int i, int code, const char *reason)
{
    static char reasons[4][32];

    (void)snprintf(reasons[i], sizeof(reasons[i]), "%s", reason);
    pod->ends[i].exit_code = code;
    pod->ends[i].reason = reasons[i];
    pod->containers[i].state = BERTH__CONTAINER_STATUS__STATE__TERMINATED;
    pod->containers[i].end = &pod->ends[i];
}

static void runs(struct pod *pod, int i)
{
    pod->containers[i].state = BERTH__CONTAINER_STATUS__STATE__RUNNING;
    pod->containers[i].started = pod->containers[i].ready = true;
    pod->containers[i].start_usec = (NOW - 60) * USEC;
}

static void expect_words(const struct pod *pod, const char *status, const char *ready)
{
    json_t *document = object_document(&pod->record);
    cleanup(freep) char *is = pod_words_status(&pod->record, document);
    cleanup(freep) char *is_ready = pod_words_ready(&pod->record, document);

    assert_string_equal(is, status);
    assert_string_equal(is_ready, ready);
    json_decref(document);
}

static void ages_are_short(void **state)
{
    static const struct {
        int64_t seconds;
        const char *text;
    } rows[] = {{-5, "0s"},          {119, "119s"},          {120, "2m"},
                {200, "3m20s"},      {3599, "59m"},          {4 * 3600 + 60, "4h1m"},
                {30 * 3600, "30h"},  {2 * 86400, "2d"},      {86400 * 3 + 3600, "3d1h"},
                {40 * 86400, "40d"}, {86400 * 760, "2y30d"}, {86400LL * 365 * 9, "9y"}};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        cleanup(freep) char *text = age_format(rows[i].seconds);

        assert_string_equal(text, rows[i].text);
    }
}

static void a_status_says_what_kubectl_would(void **state)
{
    char waiting[] = "ContainerCreating", loop[] = "CrashLoopBackOff";
    char phase[] = "Running", failed[] = "Failed", evicted[] = "Evicted", node[] = "n1";
    struct pod pod;

    (void)state;
    pod_init(&pod);
    pod.record.pod = NULL;
    expect_words(&pod, "Pending", "0/3");
    pod.record.pod = &pod.status;
    pod.status.node = node;
    expect_words(&pod, "Init:0/2", "0/3");
    ends(&pod, FIRST, 3, "Error");
    expect_words(&pod, "Init:Error", "0/3");
    ends(&pod, FIRST, 0, "Completed");
    expect_words(&pod, "Init:1/2", "0/3");
    runs(&pod, SIDE);
    pod.containers[A].reason = waiting;
    expect_words(&pod, "ContainerCreating", "1/3");
    pod.status.phase = phase;
    runs(&pod, A);
    pod.containers[B].reason = loop;
    expect_words(&pod, "CrashLoopBackOff", "2/3");
    runs(&pod, B);
    expect_words(&pod, "Running", "3/3");
    ends(&pod, A, 0, "Completed");
    expect_words(&pod, "NotReady", "2/3");
    ends(&pod, B, 137, "OOMKilled");
    expect_words(&pod, "Completed", "1/3");
    pod.record.deleted_at = NOW;
    expect_words(&pod, "Terminating", "1/3");
    pod.status.phase = failed;
    pod.status.reason = evicted;
    expect_words(&pod, "Evicted", "1/3");
}

static void restarts_are_summed_and_say_when(void **state)
{
    cleanup(freep) char *none = NULL, *some = NULL;
    struct pod pod;

    (void)state;
    pod_init(&pod);
    none = pod_words_restarts(&pod.record, NOW);
    assert_string_equal(none, "0");
    pod.containers[A].restarts = 2;
    pod.containers[B].restarts = 1;
    pod.ends[A].end_usec = (NOW - 25) * USEC;
    pod.containers[A].last = &pod.ends[A];
    some = pod_words_restarts(&pod.record, NOW);
    assert_string_equal(some, "3 (25s ago)");
}

static void fill(struct pod *pod)
{
    static char name[] = "web", space[] = "default", uid[] = "u-1", node[] = "n1",
                phase[] = "Running", ip[] = "10.88.1.7";

    pod_init(pod);
    pod->record.name = name;
    pod->record.name_space = space;
    pod->record.uid = uid;
    pod->record.revision = 42;
    pod->record.job_id = 17;
    pod->status.node = node;
    pod->status.phase = phase;
    pod->status.pod_ip = ip;
    pod->status.initialized = pod->status.ready = true;
    ends(pod, FIRST, 0, "Completed");
    runs(pod, SIDE);
    runs(pod, A);
    runs(pod, B);
}

static void a_document_is_as_kubernetes_has_it(void **state)
{
    struct pod pod;
    json_t *document, *list;

    (void)state;
    fill(&pod);
    document = object_document(&pod.record);
    assert_string_equal(object_text(document, "metadata", "uid", NULL), "u-1");
    assert_string_equal(object_text(document, "metadata", "resourceVersion", NULL),
                        "42");
    assert_string_equal(object_text(document, "metadata", "creationTimestamp", NULL),
                        "2027-01-15T07:58:30Z");
    assert_string_equal(object_text(document, "spec", "nodeName", NULL), "n1");
    assert_string_equal(object_text(document, "status", "phase", NULL), "Running");
    assert_string_equal(object_text(document, "status", "qosClass", NULL),
                        "BestEffort");
    assert_string_equal(object_condition(document, "ready"), "True");
    assert_null(object_condition(document, "Complete"));
    list = object_at(document, "status", "containerStatuses", NULL);
    assert_int_equal(json_array_size(list), 2);
    assert_string_equal(object_text(json_array_get(list, 0), "image", NULL),
                        "debian:12");
    assert_string_equal(
        object_text(json_array_get(list, 0), "state", "running", "startedAt", NULL),
        "2027-01-15T07:59:00Z");
    list = object_at(document, "status", "initContainerStatuses", NULL);
    assert_string_equal(
        object_text(json_array_get(list, 0), "state", "terminated", "reason", NULL),
        "Completed");
    json_decref(document);
}

static char *yaml_of(const Berth__ObjectRecord *record)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    assert_int_equal(object_print_yaml(object_document(record), out), 0);
    (void)fclose(out);
    return text;
}

static void yaml_reads_back_as_the_same(void **state)
{
    cleanup(freep) char *yaml = NULL;
    struct pod pod;

    (void)state;
    fill(&pod);
    yaml = yaml_of(&pod.record);
    assert_non_null(strstr(yaml, "note: \"true\""));
    assert_non_null(strstr(yaml, "resourceVersion: \"42\""));
    assert_non_null(strstr(yaml, "restartCount: 0"));
}

static char *table_of(const Berth__ObjectRecord *record, const struct object_view *view)
{
    struct object_table *table = object_table_create(record->kind, view);
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    object_table_add(table, record, NOW);
    object_table_print(table, true, out);
    object_table_destroy(table);
    (void)fclose(out);
    return text;
}

static void pods_are_rows(void **state)
{
    struct object_view plain = {0}, all = {true, true, true, true, false};
    cleanup(freep) char *narrow = NULL, *wide = NULL;
    struct pod pod;

    (void)state;
    fill(&pod);
    narrow = table_of(&pod.record, &plain);
    assert_string_equal(narrow, "NAME  READY  STATUS   RESTARTS  AGE\n"
                                "web   3/3    Running  0         90s\n");
    wide = table_of(&pod.record, &all);
    assert_string_equal(
        wide,
        "NAMESPACE  NAME     READY  STATUS   RESTARTS  AGE  IP         NODE  JOB  "
        "LABELS\n"
        "default    pod/web  3/3    Running  0         90s  10.88.1.7  n1    17   "
        "app=web\n");
}

static void jobs_are_rows(void **state)
{
    static const char text[] = "{\"spec\":{\"completions\":5,\"parallelism\":2}}";
    Berth__ObjectRecord record = BERTH__OBJECT_RECORD__INIT;
    Berth__WorkloadStatus work = BERTH__WORKLOAD_STATUS__INIT;
    struct object_view plain = {0};
    char kind[] = "Job", name[] = "sweep", done[] = "Complete";
    cleanup(freep) char *running = NULL, *ended = NULL, *yaml = NULL;

    (void)state;
    record.kind = kind;
    record.name = name;
    record.manifest.data = (uint8_t *)(uintptr_t)text;
    record.manifest.len = sizeof(text) - 1;
    record.created_at = NOW - 600;
    record.workload = &work;
    work.start_time = NOW - 590;
    work.succeeded = 3;
    running = table_of(&record, &plain);
    assert_string_equal(running, "NAME   STATUS   COMPLETIONS  DURATION  AGE\n"
                                 "sweep  Running  3/5          9m50s     10m\n");
    work.succeeded = 5;
    work.condition = done;
    work.end_time = NOW - 500;
    ended = table_of(&record, &plain);
    assert_non_null(strstr(ended, "sweep  Complete  5/5          90s       10m\n"));
    yaml = yaml_of(&record);
    assert_non_null(strstr(yaml, "type: Complete"));
    assert_non_null(strstr(yaml, "completionTime: \"2027-01-15T07:51:40Z\""));
}

static void what_changes_is_added_in_the_same_columns(void **state)
{
    struct object_view plain = {0};
    struct object_table *table = object_table_create("Pod", &plain);
    cleanup(freep) char *text = NULL;
    struct pod pod;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    (void)state;
    fill(&pod);
    object_table_add(table, &pod.record, NOW);
    object_table_print(table, true, out);
    pod.record.deleted_at = NOW;
    object_table_add(table, &pod.record, NOW);
    object_table_print_new(table, out);
    (void)fclose(out);
    object_table_destroy(table);
    assert_string_equal(text, "NAME  READY  STATUS   RESTARTS  AGE\n"
                              "web   3/3    Running  0         90s\n"
                              "web   3/3    Terminating  0         90s\n");
}

static void a_pod_is_described(void **state)
{
    static const char *const wanted[] = {
        "Name:                web\n",   "Labels:              app=web\n",
        "Node:                n1\n",    "Job:                 17\n",
        "Init Containers:\n  first:\n", "Reason:        Completed\n",
        "Containers:\n  a:\n",          "Ready              True\n"};
    cleanup(freep) char *text = NULL;
    struct pod pod;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    (void)state;
    fill(&pod);
    object_describe(&pod.record, NOW, out);
    (void)fclose(out);
    for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
        if (!strstr(text, wanted[i]))
            fail_msg("'%s' is not in:\n%s", wanted[i], text);
}

static void a_secret_is_described_by_the_length_of_its_values(void **state)
{
    static const char manifest[] =
        "{\"type\":\"Opaque\",\"data\":{\"key\":\"aGVsbG8=\"}}";
    Berth__ObjectRecord record = BERTH__OBJECT_RECORD__INIT;
    cleanup(freep) char *text = NULL;
    char kind[] = "Secret", name[] = "s";
    size_t len;
    FILE *out = open_memstream(&text, &len);

    (void)state;
    record.kind = kind;
    record.name = name;
    record.manifest.data = (uint8_t *)(uintptr_t)manifest;
    record.manifest.len = sizeof(manifest) - 1;
    object_describe(&record, NOW, out);
    (void)fclose(out);
    assert_non_null(strstr(text, "key:  5 bytes\n"));
    assert_null(strstr(text, "aGVsbG8="));
}

static int holds(const char *text, const Berth__ObjectRecord *record)
{
    struct object_wish wish;
    struct err err;
    json_t *document = object_document(record);
    int rc;

    assert_int_equal(object_wish_parse(text, &wish, &err), 0);
    rc = object_wish_holds(&wish, document, &err);
    object_wish_fini(&wish);
    json_decref(document);
    return rc;
}

static void wishes_are_judged(void **state)
{
    char succeeded[] = "Succeeded";
    struct pod pod;

    (void)state;
    fill(&pod);
    assert_int_equal(holds("condition=Ready", &pod.record), 1);
    assert_int_equal(holds("condition=ready=false", &pod.record), 0);
    assert_int_equal(holds("condition=Complete", &pod.record), 0);
    assert_int_equal(holds("jsonpath={.status.phase}=Running", &pod.record), 1);
    assert_int_equal(holds("jsonpath={.status.phase}=Failed", &pod.record), 0);
    assert_int_equal(holds("jsonpath=.status.podIP", &pod.record), 1);
    assert_int_equal(holds("jsonpath=.status.hostIP", &pod.record), 0);
    assert_int_equal(holds("delete", &pod.record), 0);
    assert_int_equal(holds("create", &pod.record), 1);
    pod.status.ready = false;
    assert_int_equal(holds("condition=Ready", &pod.record), 0);
    pod.status.phase = succeeded;
    assert_int_equal(holds("condition=Ready", &pod.record), -EINVAL);
}

static void wrong_wishes_are_named(void **state)
{
    static const char *const texts[] = {"condition=", "ready", "jsonpath={.a",
                                        "condition==x"};
    struct object_wish wish;
    struct err err;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        assert_int_equal(object_wish_parse(texts[i], &wish, &err), -EINVAL);
        object_wish_fini(&wish);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ages_are_short),
        cmocka_unit_test(a_status_says_what_kubectl_would),
        cmocka_unit_test(restarts_are_summed_and_say_when),
        cmocka_unit_test(a_document_is_as_kubernetes_has_it),
        cmocka_unit_test(yaml_reads_back_as_the_same),
        cmocka_unit_test(pods_are_rows),
        cmocka_unit_test(jobs_are_rows),
        cmocka_unit_test(what_changes_is_added_in_the_same_columns),
        cmocka_unit_test(a_pod_is_described),
        cmocka_unit_test(wishes_are_judged),
        cmocka_unit_test(wrong_wishes_are_named),
        cmocka_unit_test(a_secret_is_described_by_the_length_of_its_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
