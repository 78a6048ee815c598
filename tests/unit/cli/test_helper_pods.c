/* SPDX-License-Identifier: Apache-2.0
 *
 * test_helper_pods.c - pods that a batch job brings along are judged as pods
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strv.h"
#include "cli/batch_manifest.h"
#include "cli/helper_pods.h"
#include "objects/manifest.h"

#define BATCH(pods)                                                   \
    "apiVersion: berth/v1\nkind: BatchJob\nmetadata: {name: solve}\n" \
    "spec:\n  command: [\"true\"]\n  pods:\n" pods
#define POD(name) \
    "  - metadata: {name: " name "}\n    spec: {containers: [{name: c, image: i}]}\n"

/* What is wrong with it, as people see it; "" when it is accepted. */
static char *judge(const char *text)
{
    const struct manifest_rules rules = {.extra = batch_kind()};
    struct manifest manifest;
    struct err err;
    char *words;

    assert_int_equal(manifest_read("f", text, strlen(text), &rules, &manifest, &err),
                     0);
    assert_int_equal(manifest.n, 1);
    words = manifest.objects[0].report.n
                ? problem_format(&manifest.objects[0].report.problems[0], "f")
                : xstrdup("");
    manifest_fini(&manifest);
    return words;
}

static void assert_judged(const char *text, const char *words)
{
    cleanup(freep) char *found = judge(text);

    assert_string_equal(found, words);
}

static void what_is_wrong_with_a_pod_is_told_with_its_place(void **state)
{
    (void)state;
    assert_judged(BATCH(POD("db")), "");
    assert_judged(BATCH("  - metadata: {name: db}\n    spec: {containers: [{name: c, "
                        "imag: i}]}\n"),
                  "f:8: spec.pods[0].spec.containers[0].imag: unknown field; nearest: "
                  "image");
    /* A rule of pods, not of the table. */
    assert_judged(BATCH(POD("db") "  - metadata: {name: two}\n    spec: {containers: "
                                  "[{name: c, image: i}, {name: c, image: i}]}\n"),
                  "f:10: spec.pods[1].spec.containers[1].name: a second container 'c'");
    assert_judged(
        BATCH("  - kind: Job\n    metadata: {name: db}\n    spec: {containers: "
              "[{name: c, image: i}]}\n"),
        "f:7: spec.pods[0].kind: 'Job' is not one of Pod");
}

static void helpers_have_names_of_their_own(void **state)
{
    cleanup(freep) char *twice = judge(BATCH(POD("db") POD("db")));
    cleanup(freep) char *none = judge(BATCH(
        "  - metadata: {generateName: db-}\n    spec: {containers: [{name: c, image: "
        "i}]}\n"));
    cleanup(freep) char *length =
        judge(BATCH(POD("a234567890a234567890a234567890a234567890a234567890abc")));

    (void)state;
    assert_string_equal(twice,
                        "f:9: spec.pods[1].metadata.name: another helper pod has "
                        "this name");
    assert_non_null(strstr(none, "a helper pod has a name"));
    assert_non_null(strstr(length, "at most 52 characters"));
}

static void a_manifest_becomes_what_is_submitted(void **state)
{
    const struct manifest_rules rules = {.extra = batch_kind()};
    const char *text = BATCH(POD("db") POD("cache"));
    struct manifest manifest;
    struct job_args args;
    struct err err;
    const Berth__PodHelper *helper;
    const struct node *pods;
    cleanup(freep) char *names = NULL;

    (void)state;
    assert_int_equal(manifest_read("f", text, strlen(text), &rules, &manifest, &err),
                     0);
    job_args_init(&args, time(NULL));
    pods = node_get(node_get(manifest.objects[0].root, "spec"), "pods");
    for (size_t i = 0; i < pods->n_items; i++)
        assert_int_equal(helper_pods_add(args.spec, pods->items[i], &err), 0);
    names = helper_pods_names(args.spec);
    assert_string_equal(names, "db, cache");
    helper = args.spec->pod->helpers[0];
    assert_non_null(strstr((const char *)helper->manifest.data, "\"kind\": \"Pod\""));
    /* With its defaults. */
    assert_non_null(strstr((const char *)helper->manifest.data, "\"Always\""));
    job_args_fini(&args);
    manifest_fini(&manifest);
}

/* Words about '--pod' of a file with this text. */
static char *read_file(const char *text, size_t *ret_n)
{
    char path[] = "/tmp/berth-helper-XXXXXX";
    int fd = mkstemp(path);
    struct job_args args;
    struct err err = {0};
    char *words, *at;

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    (void)close(fd);
    job_args_init(&args, time(NULL));
    strv_add(&args.pods, path);
    (void)helper_pods_read(&args, &err);
    *ret_n = args.spec->pod ? args.spec->pod->n_helpers : 0;
    job_args_fini(&args);
    (void)unlink(path);
    words = xstrdup(err.text);
    while ((at = strstr(words, path)))
        memmove(at, at + strlen(path) - 1, strlen(at + strlen(path) - 1) + 1);
    return words;
}

static void files_are_read_as_manifests(void **state)
{
    size_t n;
    cleanup(freep) char *two = NULL, *bad = NULL, *kind = NULL, *none = NULL;

    (void)state;
#define WHOLE(name)                                           \
    "apiVersion: v1\nkind: Pod\nmetadata: {name: " name "}\n" \
    "spec: {containers: [{name: c, image: i}]}\n"
    two = read_file(WHOLE("a") "---\n" WHOLE("b"), &n);
    assert_string_equal(two, "");
    assert_int_equal(n, 2);
    bad = read_file("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n"
                    "spec: {containers: [{name: c, imag: i, tyt: true}]}\n",
                    &n);
    assert_non_null(strstr(bad, ":4: spec.containers[0].imag: unknown field; nearest: "
                                "image; and "));
    kind = read_file("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n", &n);
    assert_non_null(strstr(kind, ":1: a ConfigMap is no helper pod"));
    none = read_file("# nothing\n", &n);
    assert_non_null(strstr(none, "there is no pod in it"));
    assert_int_equal(strncmp(none, "--pod: ", 7), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wrong_with_a_pod_is_told_with_its_place),
        cmocka_unit_test(helpers_have_names_of_their_own),
        cmocka_unit_test(a_manifest_becomes_what_is_submitted),
        cmocka_unit_test(files_are_read_as_manifests),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
