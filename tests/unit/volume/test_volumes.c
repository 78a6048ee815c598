/* SPDX-License-Identifier: Apache-2.0
 *
 * test_volumes.c - a pod's volumes from first to last, without a sandbox
 *
 * Where a sandbox would mount file systems of memory there are plain directories.
 */
#include "volume_test.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "volume/volumes.h"

static char base[] = "/tmp/test_volumes.XXXXXX";

static const struct pod_facts facts = {.uid = "u", .node = "n1", .node_milli = 4000};

struct scene {
    struct manifest manifest;
    const struct mf_pod *pod;
    struct pod_data *data;
    struct host_rules *site;
    struct volumes *volumes;
    int roots[8];
};

/* 'volumes' and 'mounts' are YAML lists in one line. */
static struct scene scene_of(const char *volumes, const char *mounts)
{
    cleanup(freep) char *text =
        xasprintf("apiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: {a: b}}\n"
                  "spec:\n  containers: [{name: c, image: x, volumeMounts: %s}]\n"
                  "  volumes: %s\n",
                  mounts, volumes);
    struct scene s = {.manifest = one_object(text), .data = pod_data_create()};
    cleanup(freep) char *rules = xasprintf("%s/host:rw", base);

    s.pod = s.manifest.objects[0].object;
    assert_int_equal(host_rules_parse(rules, NULL, "alice", &s.site, NULL), 0);
    return s;
}

static void create(struct scene *s)
{
    const struct volume_memory *memory;
    struct err err = {0};
    size_t n;

    if (volumes_create(s->pod, s->data, s->site, base, &s->volumes, &err))
        fail_msg("%s", err.text);
    memory = volumes_memory(s->volumes, &n);
    assert_in_range(n, 0, 8);
    for (size_t i = 0; i < n; i++) {
        s->roots[i] = open(memory[i].path, O_PATH | O_DIRECTORY);
        assert_true(s->roots[i] >= 0);
    }
    volumes_reach(s->volumes, s->roots);
}

static void end(struct scene *s)
{
    cleanup(freep) char *dir = xasprintf("%s/volumes", base);
    size_t n = 0;

    if (s->volumes)
        (void)volumes_memory(s->volumes, &n);
    while (n)
        (void)close(s->roots[--n]);
    volumes_destroy(s->volumes);
    assert_int_equal(access(dir, F_OK), -1);
    host_rules_free(s->site);
    pod_data_destroy(s->data);
    manifest_fini(&s->manifest);
}

/* What the file below volumes/.data holds, static; or "-". */
static const char *held(const char *path)
{
    static char text[256];
    cleanup(freep) char *whole = xasprintf("%s/volumes/.data/%s", base, path);
    cleanup(freep) char *bytes = NULL;

    if (io_read_file(whole, sizeof(text) - 1, &bytes, NULL, NULL))
        return "-";
    (void)snprintf(text, sizeof(text), "%s", bytes);
    return text;
}

static unsigned int mode_of(const char *path)
{
    cleanup(freep) char *whole = xasprintf("%s/volumes/.data/%s", base, path);
    struct stat st;

    return stat(whole, &st) ? 0 : st.st_mode & 07777;
}

static int update(struct scene *s, struct err *err)
{
    return volumes_update(s->volumes, s->data, &facts, err);
}

/* ----------------------------------------------------------------- files */

static void keys_become_files_with_their_modes(void **state)
{
    struct scene s =
        scene_of("[{name: v, configMap: {name: web, defaultMode: 0440, "
                 "items: [{key: a, path: x/y/a}, {key: b, path: b, mode: 0600}]}}, "
                 "{name: w, secret: {secretName: db}}]",
                 "[]");

    (void)state;
    (void)put(s.data, "ConfigMap", "web", 1, "data: {a: one, b: two, c: three}");
    (void)put(s.data, "Secret", "db", 1, "stringData: {p: hunter2}");
    create(&s);
    assert_int_equal(update(&s, NULL), 2);
    assert_string_equal(held("v/x/y/a"), "one");
    assert_int_equal(mode_of("v/x/y/a"), 0440);
    assert_string_equal(held("v/b"), "two");
    assert_int_equal(mode_of("v/b"), 0600);
    assert_string_equal(held("v/c"), "-");
    assert_string_equal(held("w/p"), "hunter2");
    assert_int_equal(mode_of("w/p"), 0644);
    assert_string_equal(held("w/..data/p"), "hunter2");
    assert_int_equal(update(&s, NULL), 0);
    end(&s);
}

static void a_secret_is_asked_for_in_memory_that_is_never_swapped(void **state)
{
    struct scene s = scene_of("[{name: v, secret: {secretName: a}}, "
                              "{name: m, emptyDir: {medium: Memory, sizeLimit: 1Mi}}, "
                              "{name: w, secret: {secretName: b}}]",
                              "[]");
    const struct volume_memory *memory;
    size_t n;

    (void)state;
    create(&s);
    memory = volumes_memory(s.volumes, &n);
    assert_int_equal(n, 2);
    assert_true(memory[0].never_swapped);
    assert_false(memory[1].never_swapped);
    assert_int_equal(memory[1].bytes, 1 << 20);
    end(&s);
}

static void an_update_adds_changes_and_takes_away(void **state)
{
    struct scene s = scene_of("[{name: v, configMap: {name: web}}]", "[]");

    (void)state;
    (void)put(s.data, "ConfigMap", "web", 1, "data: {a: one, b: two}");
    create(&s);
    assert_int_equal(update(&s, NULL), 1);
    (void)put(s.data, "ConfigMap", "web", 2, "data: {b: second, c: three}");
    assert_int_equal(update(&s, NULL), 1);
    assert_string_equal(held("v/a"), "-");
    assert_string_equal(held("v/b"), "second");
    assert_string_equal(held("v/c"), "three");
    /* The directory before is kept for readers on the way, not the one before it. */
    assert_string_equal(held("v/..DATA_1/b"), "two");
    (void)put(s.data, "ConfigMap", "web", 3, "data: {b: third}");
    assert_int_equal(update(&s, NULL), 1);
    assert_string_equal(held("v/..DATA_1/b"), "-");
    assert_string_equal(held("v/..DATA_2/b"), "second");
    end(&s);
}

static void what_is_missing_is_named_and_comes_later(void **state)
{
    struct scene s = scene_of("[{name: v, configMap: {name: web}}, "
                              "{name: o, configMap: {name: late, optional: true}}, "
                              "{name: i, secret: {secretName: db, items: "
                              "[{key: k, path: k}]}}]",
                              "[]");
    struct err err = {0};

    (void)state;
    create(&s);
    assert_int_equal(update(&s, &err), -ENOENT);
    assert_string_equal(err.text, "volume 'v': ConfigMap 'web' is not there");
    (void)put(s.data, "ConfigMap", "web", 1, "data: {a: one}");
    (void)put(s.data, "ConfigMap", "late", 1, "data: {a: late}");
    (void)put(s.data, "Secret", "db", 1, "stringData: {p: hunter2}");
    assert_int_equal(update(&s, &err), -ENOENT);
    assert_string_equal(err.text, "volume 'i': Secret 'db' has no key 'k'");
    assert_string_equal(held("v/a"), "one");
    assert_string_equal(held("o/a"), "late");
    (void)put(s.data, "Secret", "db", 2, "stringData: {k: key}");
    assert_int_equal(update(&s, &err), 1);
    assert_string_equal(held("i/k"), "key");
    /* Gone again: what was there stays. */
    assert_int_equal(pod_data_put(s.data, "ConfigMap", "web", 2, NULL, 0, NULL), 1);
    assert_int_equal(update(&s, &err), -ENOENT);
    assert_string_equal(held("v/a"), "one");
    end(&s);
}

static void sources_are_projected_into_one_directory(void **state)
{
    struct scene s = scene_of(
        "[{name: v, projected: {defaultMode: 0400, sources: ["
        "{configMap: {name: web}}, {secret: {name: db, items: [{key: p, path: s/p}]}}, "
        "{downwardAPI: {items: [{path: labels, fieldRef: {fieldPath: "
        "metadata.labels}}, "
        "{path: cpu, mode: 0444, resourceFieldRef: {containerName: c, "
        "resource: limits.cpu}}]}}]}}]",
        "[]");

    (void)state;
    (void)put(s.data, "ConfigMap", "web", 1, "data: {a: one}");
    (void)put(s.data, "Secret", "db", 1, "stringData: {p: hunter2}");
    create(&s);
    assert_int_equal(update(&s, NULL), 1);
    assert_string_equal(held("v/a"), "one");
    assert_int_equal(mode_of("v/a"), 0400);
    assert_string_equal(held("v/s/p"), "hunter2");
    assert_string_equal(held("v/labels"), "a=\"b\"");
    assert_string_equal(held("v/cpu"), "4");
    assert_int_equal(mode_of("v/cpu"), 0444);
    end(&s);
}

static void paths_in_each_others_way_are_refused(void **state)
{
    struct scene s = scene_of("[{name: v, projected: {sources: ["
                              "{configMap: {name: web}}, "
                              "{secret: {name: db, items: [{key: p, path: a/p}]}}]}}]",
                              "[]");
    struct err err = {0};

    (void)state;
    (void)put(s.data, "ConfigMap", "web", 1, "data: {a: one}");
    (void)put(s.data, "Secret", "db", 1, "stringData: {p: hunter2}");
    create(&s);
    assert_int_equal(update(&s, &err), -EINVAL);
    assert_string_equal(err.text, "volume 'v': 'a' and 'a/p' are in each other's way");
    end(&s);
}

static void hostile_paths_are_refused(void **state)
{
    static const char *const paths[] = {"..data", "..x/y", "a//b", "a/./b", "./a"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
        cleanup(freep) char *volume =
            xasprintf("[{name: v, configMap: {name: web, items: [{key: a, path: "
                      "\"%s\"}]}}]",
                      paths[i]);
        struct scene s = scene_of(volume, "[]");
        struct err err = {0};

        (void)put(s.data, "ConfigMap", "web", 1, "data: {a: one}");
        create(&s);
        assert_int_equal(update(&s, &err), -EINVAL);
        assert_non_null(strstr(err.text, "is no path for a file"));
        end(&s);
    }
}

/* Two files that are always of the same revision, as far as a reader can tell who
 * holds the directory that ..data led to. */
struct reader {
    char *dir;
    bool is_over;
    unsigned int reads, torn, missing;
};

static void *read_on(void *arg)
{
    struct reader *r = arg;

    while (!__atomic_load_n(&r->is_over, __ATOMIC_RELAXED)) {
        int dir = open(r->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
        char a[16] = "", b[16] = "";
        int fd_a = openat(dir, "a", O_RDONLY | O_CLOEXEC);
        int fd_b = openat(dir, "b", O_RDONLY | O_CLOEXEC);

        if (dir < 0 || fd_a < 0 || fd_b < 0 || read(fd_a, a, 15) <= 0 ||
            read(fd_b, b, 15) <= 0)
            r->missing++;
        else if (strcmp(a, b) != 0)
            r->torn++;
        (void)__atomic_add_fetch(&r->reads, 1, __ATOMIC_RELAXED);
        (void)close(fd_a);
        (void)close(fd_b);
        (void)close(dir);
    }
    return NULL;
}

static void a_reader_sees_all_old_or_all_new(void **state)
{
    struct scene s = scene_of("[{name: v, configMap: {name: web}}]", "[]");
    struct reader reader = {.dir = xasprintf("%s/volumes/.data/v/..data", base)};
    pthread_t thread;

    (void)state;
    (void)put(s.data, "ConfigMap", "web", 1, "data: {a: r1, b: r1}");
    create(&s);
    assert_int_equal(update(&s, NULL), 1);
    assert_int_equal(pthread_create(&thread, NULL, read_on, &reader), 0);
    for (unsigned int i = 2; i < 200; i++) {
        cleanup(freep) char *data = xasprintf("data: {a: r%u, b: r%u}", i, i);

        (void)put(s.data, "ConfigMap", "web", i, data);
        assert_int_equal(update(&s, NULL), 1);
        /* Updates are seconds apart; let the reader be on its way once. */
        (void)usleep(200);
    }
    while (__atomic_load_n(&reader.reads, __ATOMIC_RELAXED) == 0)
        (void)usleep(200);
    __atomic_store_n(&reader.is_over, true, __ATOMIC_RELAXED);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(reader.torn, 0);
    free(reader.dir);
    end(&s);
}

/* ------------------------------------------------------------------ mounts */

/* "TARGET=SOURCE[:WITHIN][ ro]", a line each; base is cut off. Or words. */
static char *binds_of(struct scene *s)
{
    char *env[] = {xstrdup("NAME=sub"), NULL};
    struct volume_binds binds;
    struct err err = {0};
    char **lines = NULL;
    char *all;
    int rc = volumes_binds(s->volumes, &s->pod->spec->containers.items[0], env, &binds,
                           &err);

    free(env[0]);
    if (rc)
        return xstrdup(err.text);
    for (size_t i = 0; i < binds.n; i++)
        strv_take(&lines, xasprintf("%s=%s%s%s%s", binds.v[i].target,
                                    binds.v[i].source + strlen(base),
                                    binds.v[i].within[0] ? ":" : "", binds.v[i].within,
                                    binds.v[i].readonly ? " ro" : ""));
    all = strv_join(lines, "\n");
    strv_free(lines);
    volume_binds_fini(&binds);
    return all;
}

static void expect_binds(struct scene *s, const char *expected)
{
    cleanup(freep) char *all = binds_of(s);

    if (!strstr(all, expected))
        fail_msg("'%s' is not in '%s'", expected, all);
}

static bool is_dir(const char *path)
{
    cleanup(freep) char *whole = xasprintf("%s/%s", base, path);
    struct stat st;

    return stat(whole, &st) == 0 && S_ISDIR(st.st_mode);
}

static void mounts_come_with_sources_and_the_outer_ones_first(void **state)
{
    struct scene s =
        scene_of("[{name: d, emptyDir: {}}, "
                 "{name: c, configMap: {name: web}}, "
                 "{name: h, hostPath: {path: /tmp}}]",
                 "[{name: c, mountPath: /data/conf}, "
                 "{name: d, mountPath: /data/}, "
                 "{name: d, mountPath: /ro, readOnly: true, subPath: a/b}, "
                 "{name: d, mountPath: /x, subPathExpr: $(NAME)}]");
    cleanup(freep) char *host = xasprintf("%s/host", base);

    (void)state;
    free(s.pod->spec->volumes.items[2].host_path->path);
    s.pod->spec->volumes.items[2].host_path->path = xstrdup(host);
    (void)put(s.data, "ConfigMap", "web", 1, "data: {a: one}");
    create(&s);
    assert_int_equal(update(&s, NULL), 1);
    expect_binds(&s, "/x=/volumes/d:sub\n"
                     "/ro=/volumes/d:a/b ro\n"
                     "/data=/volumes/d\n"
                     "/data/conf=/volumes/.data/c ro");
    assert_true(is_dir("volumes/d/a/b"));
    assert_true(is_dir("volumes/d/sub"));
    assert_true(is_dir("volumes/d/conf"));
    end(&s);
}

static void a_sub_path_that_leads_out_is_refused(void **state)
{
    struct scene s = scene_of("[{name: d, emptyDir: {}}]",
                              "[{name: d, mountPath: /x, subPath: out/y}]");
    cleanup(freep) char *link = xasprintf("%s/volumes/d/out", base);

    (void)state;
    create(&s);
    assert_int_equal(symlink("../../host", link), 0);
    expect_binds(&s, "volume 'd': subPath 'out/y' leads out of it");
    assert_int_equal(unlink(link), 0);
    assert_int_equal(symlink(base, link), 0);
    expect_binds(&s, "volume 'd': subPath 'out/y' leads out of it");
    assert_false(is_dir("host/y"));
    end(&s);
}

static void a_sub_path_of_files_is_a_file_that_is_there(void **state)
{
    struct scene s = scene_of("[{name: c, configMap: {name: web}}]",
                              "[{name: c, mountPath: /x, subPath: a}, "
                              "{name: c, mountPath: /y, subPath: none}]");

    (void)state;
    (void)put(s.data, "ConfigMap", "web", 1, "data: {a: one}");
    create(&s);
    assert_int_equal(update(&s, NULL), 1);
    expect_binds(&s, "volume 'c': subPath 'none': No such file or directory");
    s.pod->spec->containers.items[0].mounts.n = 1;
    expect_binds(&s, "/x=/volumes/.data/c:a ro");
    s.pod->spec->containers.items[0].mounts.n = 2;
    end(&s);
}

static void an_expression_of_an_unknown_variable_is_refused(void **state)
{
    struct scene s = scene_of("[{name: d, emptyDir: {}}]",
                              "[{name: d, mountPath: /x, subPathExpr: $(NONE)}]");

    (void)state;
    create(&s);
    expect_binds(&s, "subPathExpr: '$(NONE)': there is no variable 'NONE'");
    end(&s);
}

/* --------------------------------------------------------- claims, the site */

#define PV(access, claim)                                                    \
    "spec: {capacity: {storage: 1Gi}, accessModes: [" access "], hostPath: " \
    "{path: %s}, claimRef: {name: " claim ", namespace: default}}"

static void a_claim_is_its_volumes_directory(void **state)
{
    struct scene s =
        scene_of("[{name: a, persistentVolumeClaim: {claimName: rw}}, "
                 "{name: b, persistentVolumeClaim: {claimName: rw, readOnly: true}}, "
                 "{name: c, persistentVolumeClaim: {claimName: ro}}]",
                 "[{name: a, mountPath: /a}, {name: b, mountPath: /b}, "
                 "{name: c, mountPath: /c}]");
    cleanup(freep) char *host = xasprintf("%s/host", base);
    /* Not among what the site shows of itself: an administrator made it. */
    cleanup(freep) char *first = xasprintf(PV("ReadWriteOnce", "rw"), base);
    cleanup(freep) char *second = xasprintf(PV("ReadOnlyMany", "ro"), host);

    (void)state;
    (void)put(s.data, "PersistentVolume", "pv1", 1, first);
    (void)put(s.data, "PersistentVolume", "pv2", 1, second);
    create(&s);
    expect_binds(&s, "/a=\n/b= ro\n/c=/host ro");
    end(&s);
}

static void refused(const char *volumes, const char *expected)
{
    struct scene s = scene_of(volumes, "[]");
    struct err err = {0};

    assert_true(volumes_create(s.pod, s.data, s.site, base, &s.volumes, &err) < 0);
    s.volumes = NULL;
    if (!strstr(err.text, expected))
        fail_msg("'%s' is not in '%s'", expected, err.text);
    end(&s);
}

static void what_the_site_does_not_show_ends_it(void **state)
{
    (void)state;
    refused("[{name: d, emptyDir: {}}, {name: h, hostPath: {path: /etc}}]",
            "volume 'h': this site does not show /etc to pods");
    refused("[{name: nn, nfs: {server: filer, path: /x}}]",
            "volume 'nn': nodes of this site do not have filer:/x mounted");
    refused("[{name: p, persistentVolumeClaim: {claimName: none}}]",
            "volume 'p': claim 'none' has no volume");
}

/* ------------------------------------------------------------------- limits */

static void fill(const char *path, size_t n)
{
    cleanup(freep) char *whole = xasprintf("%s/volumes/%s", base, path);
    cleanup(freep) char *bytes = xcalloc(1, n + 1);

    memset(bytes, 'x', n);
    assert_int_equal(io_write_file_atomic(whole, bytes, n, 0644, NULL), 0);
}

/* Watch until a volume is over, or all have been counted for a minute. */
static int watch_a_minute(struct scene *s, struct err *err)
{
    static int64_t now = 1000;
    int64_t until = now + 60000;

    while (now < until) {
        int rc = volumes_watch(s->volumes, now, err);

        if (rc <= 0)
            return rc;
        now += rc;
    }
    return 1;
}

static void a_directory_that_holds_too_much_is_told(void **state)
{
    struct scene s = scene_of("[{name: free, emptyDir: {}}, "
                              "{name: d, emptyDir: {sizeLimit: 1Mi}}, "
                              "{name: e, emptyDir: {sizeLimit: 1Mi}}]",
                              "[]");
    cleanup(freep) char *deep = xasprintf("%s/volumes/e/a/b/c", base);
    struct err err = {0};

    (void)state;
    create(&s);
    fill("free/x", 4 << 20);
    fill("d/x", 500 << 10);
    assert_int_equal(watch_a_minute(&s, &err), 1);
    assert_int_equal(io_mkdir_p(deep, 0755, NULL), 0);
    fill("e/a/b/c/x", 700 << 10);
    assert_int_equal(watch_a_minute(&s, &err), 1);
    fill("e/a/y", 700 << 10);
    assert_int_equal(watch_a_minute(&s, &err), -EDQUOT);
    assert_non_null(strstr(err.text, "usage of emptyDir volume 'e' ("));
    assert_non_null(strstr(err.text, "exceeds its limit, 1Mi"));
    end(&s);
}

static void names_of_one_file_count_once_and_links_not(void **state)
{
    struct scene s = scene_of("[{name: d, emptyDir: {sizeLimit: 1Mi}}]", "[]");
    cleanup(freep) char *file = xasprintf("%s/volumes/d/x", base);
    cleanup(freep) char *out = xasprintf("%s/volumes/d/out", base);

    (void)state;
    create(&s);
    fill("d/x", 700 << 10);
    for (int i = 0; i < 5; i++) {
        cleanup(freep) char *name = xasprintf("%s/volumes/d/x%d", base, i);

        assert_int_equal(link(file, name), 0);
    }
    assert_int_equal(symlink("/", out), 0);
    assert_int_equal(watch_a_minute(&s, NULL), 1);
    end(&s);
}

static void without_limits_nothing_is_watched(void **state)
{
    struct scene s = scene_of("[{name: d, emptyDir: {}}, "
                              "{name: m, emptyDir: {medium: Memory, sizeLimit: 1Mi}}]",
                              "[]");

    (void)state;
    create(&s);
    assert_int_equal(volumes_watch(s.volumes, 1000, NULL), 0);
    end(&s);
}

static int make_base(void **state)
{
    cleanup(freep) char *host = NULL;

    (void)state;
    assert_non_null(mkdtemp(base));
    host = xasprintf("%s/host", base);
    return mkdir(host, 0755);
}

static int remove_base(void **state)
{
    (void)state;
    return io_remove_tree(base, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_become_files_with_their_modes),
        cmocka_unit_test(a_secret_is_asked_for_in_memory_that_is_never_swapped),
        cmocka_unit_test(an_update_adds_changes_and_takes_away),
        cmocka_unit_test(what_is_missing_is_named_and_comes_later),
        cmocka_unit_test(sources_are_projected_into_one_directory),
        cmocka_unit_test(paths_in_each_others_way_are_refused),
        cmocka_unit_test(hostile_paths_are_refused),
        cmocka_unit_test(a_reader_sees_all_old_or_all_new),
        cmocka_unit_test(mounts_come_with_sources_and_the_outer_ones_first),
        cmocka_unit_test(a_sub_path_that_leads_out_is_refused),
        cmocka_unit_test(a_sub_path_of_files_is_a_file_that_is_there),
        cmocka_unit_test(an_expression_of_an_unknown_variable_is_refused),
        cmocka_unit_test(a_claim_is_its_volumes_directory),
        cmocka_unit_test(what_the_site_does_not_show_ends_it),
        cmocka_unit_test(a_directory_that_holds_too_much_is_told),
        cmocka_unit_test(names_of_one_file_count_once_and_links_not),
        cmocka_unit_test(without_limits_nothing_is_watched),
    };

    return cmocka_run_group_tests(tests, make_base, remove_base);
}
