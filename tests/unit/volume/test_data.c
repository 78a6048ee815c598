/* SPDX-License-Identifier: Apache-2.0
 *
 * test_data.c - objects that come, change and go
 */
#include "volume_test.h"

#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *config(const struct pod_data *data, const char *name,
                          const char *key)
{
    const struct data_entry *entries, *entry;
    size_t n;

    if (pod_data_config(data, name, &entries, &n))
        return NULL;
    entry = data_entry_find(entries, n, key);
    return entry ? entry->bytes : NULL;
}

static void what_was_put_is_found(void **state)
{
    cleanup(pod_data_destroyp) struct pod_data *data = pod_data_create();
    const struct data_entry *entries;
    size_t n;

    (void)state;
    assert_int_equal(put(data, "ConfigMap", "web", 1,
                         "data: {b: two, a: one, empty: ''}\nbinaryData: {z: AAEC}"),
                     1);
    assert_int_equal(pod_data_config(data, "web", &entries, &n), 0);
    assert_int_equal(n, 4);
    assert_string_equal(entries[0].key, "a");
    assert_string_equal(entries[0].bytes, "one");
    assert_string_equal(entries[1].bytes, "two");
    assert_string_equal(entries[2].key, "empty");
    assert_int_equal(entries[2].len, 0);
    assert_true(entries[3].is_binary);
    assert_memory_equal(entries[3].bytes, "\0\1\2", 3);
    assert_int_equal(pod_data_config(data, "other", &entries, &n), -ENOENT);
    assert_int_equal(pod_data_secret(data, "web", &entries, &n), -ENOENT);
}

static void texts_of_a_secret_are_stronger_than_its_data(void **state)
{
    cleanup(pod_data_destroyp) struct pod_data *data = pod_data_create();
    const struct data_entry *entries;
    size_t n;

    (void)state;
    (void)put(data, "Secret", "db", 1,
              "data: {a: QQ==, b: Qg==}\nstringData: {a: text}");
    assert_int_equal(pod_data_secret(data, "db", &entries, &n), 0);
    assert_int_equal(n, 2);
    assert_string_equal(entries[0].bytes, "text");
    assert_string_equal(entries[1].bytes, "B");
    assert_false(entries[1].is_binary);
}

static void an_older_revision_changes_nothing(void **state)
{
    cleanup(pod_data_destroyp) struct pod_data *data = pod_data_create();

    (void)state;
    assert_int_equal(put(data, "ConfigMap", "web", 7, "data: {a: new}"), 1);
    assert_int_equal(put(data, "ConfigMap", "web", 6, "data: {a: old}"), 0);
    assert_int_equal(put(data, "ConfigMap", "web", 7, "data: {a: twice}"), 0);
    assert_string_equal(config(data, "web", "a"), "new");
    assert_int_equal(pod_data_put(data, "ConfigMap", "web", 8, NULL, 0, NULL), 1);
    assert_null(config(data, "web", "a"));
    assert_int_equal(put(data, "ConfigMap", "web", 7, "data: {a: late}"), 0);
    assert_null(config(data, "web", "a"));
    assert_int_equal(put(data, "ConfigMap", "web", 9, "data: {a: again}"), 1);
    assert_string_equal(config(data, "web", "a"), "again");
    assert_int_equal(pod_data_put(data, "ConfigMap", "web", 0, NULL, 0, NULL), 1);
    assert_null(config(data, "web", "a"));
    assert_int_equal(pod_data_put(data, "ConfigMap", "web", 0, NULL, 0, NULL), 0);
    assert_int_equal(put(data, "ConfigMap", "web", 8, "data: {a: late}"), 0);
    assert_null(config(data, "web", "a"));
}

static void what_cannot_be_read_is_not_repeated_in_words(void **state)
{
    static const char text[] = "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\n"
                               "data: {a: 'hunter2!'}\n";
    cleanup(pod_data_destroyp) struct pod_data *data = pod_data_create();
    struct err err = {0};

    (void)state;
    assert_int_equal(pod_data_put(data, "Secret", "db", 1, text, strlen(text), &err),
                     -EINVAL);
    assert_string_equal(err.text, "what was sent for 'db' cannot be read");
    assert_int_equal(pod_data_put(data, "ConfigMap", "db", 1, text, strlen(text), &err),
                     -EINVAL);
    assert_int_equal(pod_data_put(data, "Pod", "db", 1, "", 0, &err), -EINVAL);
    assert_string_equal(err.text, "pods are not sent objects of kind 'Pod'");
}

static void a_claim_leads_to_its_volume(void **state)
{
    cleanup(pod_data_destroyp) struct pod_data *data = pod_data_create();
    const struct mf_persistent_volume *volume;

    (void)state;
    (void)put(data, "PersistentVolume", "pv1", 1,
              "spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], "
              "hostPath: {path: /data/1}, claimRef: {name: mine, namespace: default}}");
    (void)put(data, "PersistentVolume", "pv2", 1,
              "spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], "
              "hostPath: {path: /data/2}}");
    (void)put(data, "PersistentVolumeClaim", "named", 1,
              "spec: {accessModes: [ReadWriteOnce], volumeName: pv2, "
              "resources: {requests: {storage: 1Gi}}}");
    volume = pod_data_bound(data, "mine");
    assert_non_null(volume);
    assert_string_equal(volume->spec->host_path->path, "/data/1");
    volume = pod_data_bound(data, "named");
    assert_non_null(volume);
    assert_string_equal(volume->spec->host_path->path, "/data/2");
    assert_null(pod_data_bound(data, "other"));
}

/* What the kernel says of the mapping that 'at' is in. */
static void flags_of(const void *at, char *ret, size_t size)
{
    FILE *file = fopen("/proc/self/smaps", "re");
    char line[512];
    int is_in = 0;

    assert_non_null(file);
    ret[0] = '\0';
    while (fgets(line, sizeof(line), file)) {
        unsigned long from, to;

        if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
            is_in = (unsigned long)at >= from && (unsigned long)at < to;
        else if (is_in && strncmp(line, "VmFlags:", 8) == 0)
            (void)snprintf(ret, size, "%s", line);
    }
    (void)fclose(file);
}

static void a_secret_is_in_no_core_dump_and_in_no_fork(void **state)
{
    cleanup(pod_data_destroyp) struct pod_data *data = pod_data_create();
    const struct data_entry *entries;
    char flags[512];
    int status;
    size_t n;

    (void)state;
    (void)put(data, "Secret", "db", 1, "stringData: {a: hunter2}");
    assert_int_equal(pod_data_secret(data, "db", &entries, &n), 0);
    flags_of(entries[0].bytes, flags, sizeof(flags));
    assert_non_null(strstr(flags, " dd"));
    if (fork() == 0)
        _exit(entries[0].bytes[0]);
    assert_true(wait(&status) > 0);
    assert_int_equal(status, 0);
    assert_string_equal(entries[0].bytes, "hunter2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_put_is_found),
        cmocka_unit_test(texts_of_a_secret_are_stronger_than_its_data),
        cmocka_unit_test(an_older_revision_changes_nothing),
        cmocka_unit_test(what_cannot_be_read_is_not_repeated_in_words),
        cmocka_unit_test(a_claim_leads_to_its_volume),
        cmocka_unit_test(a_secret_is_in_no_core_dump_and_in_no_fork),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
