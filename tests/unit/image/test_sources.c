/* SPDX-License-Identifier: Apache-2.0
 *
 * test_sources.c - sources taken apart, docker's manifest, SIF headers, choices
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/strv.h"
#include "fixture.h"
#include "image/bundle.h"
#include "image/docker.h"
#include "image/oci.h"
#include "image/pick.h"
#include "image/sif.h"
#include "image/source.h"

#define END       \
    {             \
        .type = 0 \
    }

static char *dir;
static struct err err;

static int set_up(void **state)
{
    (void)state;
    dir = fx_make_dir();
    err = (struct err){0};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fx_remove(dir);
    return 0;
}

static void names_follow_from_sources(void **state)
{
    static const char *const pairs[][2] = {
        {"dir/debian-12.tar.zst", "debian-12"},
        {"./layout/", "layout"},
        {"paraview.sif", "paraview"},
        {"docker-archive:/x/all.tar:site/solver:2", "site/solver:2"},
        {"docker-archive:/x/all.tar", "all"},
        {"oci:layout:12", "12"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
        cleanup(freep) char *name = source_name(pairs[i][0]);

        assert_string_equal(name, pairs[i][1]);
    }
    assert_null(source_name("-"));
}

static void a_source_is_what_it_looks_like(void **state)
{
    static const char *const marks[] = {"oci-layout", "manifest.json", "version"};
    cleanup(freep) char *prefixed = xasprintf("oci:%s/l:site/x:1", dir);
    cleanup(freep) char *wrong = xasprintf("docker-archive:%s/l:x", dir);
    struct source s;

    (void)state;
    assert_int_equal(mkdir(fx_path(dir, "l"), 0755), 0);
    assert_int_equal(source_find(fx_path(dir, "l"), &s, &err), 0);
    assert_int_equal(s.kind, SOURCE_TREE);
    source_fini(&s);
    assert_int_equal(source_find(prefixed, &s, &err), -EINVAL);
    assert_non_null(strstr(err.text, "is no OCI layout"));
    for (size_t i = 1; i < ARRAY_SIZE(marks); i++) {
        cleanup(freep) char *name = xasprintf("l/%s", marks[i]);

        fx_write(fx_path(dir, name), "{}", 2);
    }
    assert_int_equal(source_find(fx_path(dir, "l"), &s, &err), 0);
    assert_int_equal(s.kind, SOURCE_SKOPEO_DIR);
    source_fini(&s);
    fx_write(fx_path(dir, "l/oci-layout"), "{}", 2);
    assert_int_equal(source_find(prefixed, &s, &err), 0);
    assert_int_equal(s.kind, SOURCE_OCI_LAYOUT);
    assert_string_equal(s.pick, "site/x:1");
    source_fini(&s);
    assert_int_equal(source_find(wrong, &s, &err), -EISDIR);
    assert_int_equal(source_find(fx_path(dir, "absent"), &s, &err), -ENOENT);
}

static void names_of_makers_are_understood(void **state)
{
    static const char *const same[][2] = {
        {"debian:12", "debian:12"},   {"docker.io/library/debian:12", "debian:12"},
        {"12", "debian:12"},          {"debian:latest", "debian"},
        {"localhost/x:latest", "x"},  {"site/hpcc", "site/hpcc"},
        {"host:5000/a/b:1", "a/b:1"},
    };
    static const char *const other[][2] = {
        {"debian:11", "debian:12"},
        {"mydebian:12", "debian:12"},
        {"debian:12", "debian"},
        {"latest", "debian"},
        {"", "x"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(same); i++)
        if (!pick_is_called(same[i][0], same[i][1]))
            fail_msg("%s is not %s", same[i][0], same[i][1]);
    for (size_t i = 0; i < ARRAY_SIZE(other); i++)
        if (pick_is_called(other[i][0], other[i][1]))
            fail_msg("%s is %s", other[i][0], other[i][1]);
}

static void platforms_are_read_and_compared(void **state)
{
    struct platform p, here = platform_here();
    cleanup(freep) char *text = NULL;

    (void)state;
    assert_int_equal(platform_parse("linux/arm64/v8", &p, &err), 0);
    text = platform_format(&p);
    assert_string_equal(text, "linux/arm64/v8");
    assert_true(platform_fits(&p, "linux", "arm64", NULL));
    assert_true(platform_fits(&p, NULL, "", "v8"));
    assert_false(platform_fits(&p, "linux", "arm64", "v7"));
    assert_false(platform_fits(&p, "linux", "amd64", NULL));
    assert_int_equal(platform_parse("arm64", &p, &err), 0);
    assert_string_equal(p.os, "linux");
    assert_true(platform_fits(&here, "linux", oci_machine(), NULL));
    assert_int_equal(platform_parse("", &p, &err), -EINVAL);
    assert_int_equal(platform_parse("a/b/c/d", &p, &err), -EINVAL);
    assert_int_equal(platform_parse("Linux/x86-64", &p, &err), -EINVAL);
}

static void a_docker_manifest_is_read(void **state)
{
    static const char text[] =
        "[{\"Config\":\"./a.json\",\"RepoTags\":[\"x:1\",\"y:2\"],"
        "\"Layers\":[\"l1/layer.tar\",\"l2/layer.tar\"]},"
        "{\"Config\":\"b.json\",\"RepoTags\":null,\"Layers\":[\"l1/layer.tar\"]}]";
    struct docker_manifest m;

    (void)state;
    assert_int_equal(docker_parse_manifest(text, strlen(text), &m, &err), 0);
    assert_int_equal(m.n, 2);
    assert_string_equal(m.images[0].config, "a.json");
    assert_string_equal(m.images[0].layers[1], "l2/layer.tar");
    assert_string_equal(m.images[0].names[1], "y:2");
    assert_null(m.images[1].names);
    docker_manifest_fini(&m);
}

static void bad_docker_manifests_are_refused_in_words(void **state)
{
    static const char *const bad[][2] = {
        {"{", "is not valid JSON"},
        {"{}", "is no list of images"},
        {"[]", "is no list of images"},
        {"[1]", "names no configuration"},
        {"[{\"Config\":\"../../etc/shadow\",\"Layers\":[\"x\"]}]",
         "names no configuration"},
        {"[{\"Config\":\"c\",\"Layers\":[]}]", "an image of 0 layers"},
        {"[{\"Config\":\"c\",\"Layers\":[\"a\",\"b/../../x\"]}]",
         "names no file for layer 2"},
        {"[{\"Config\":\"c\",\"Layers\":[7]}]", "names no file for layer 1"},
    };
    struct docker_manifest m;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        assert_true(docker_parse_manifest(bad[i][0], strlen(bad[i][0]), &m, &err) < 0);
        if (!strstr(err.text, bad[i][1]))
            fail_msg("%s: %s", bad[i][0], err.text);
    }
}

/* Members in an order that nobody expects, a link, and one that comes twice. */
static void files_of_a_tar_are_read_in_place(void **state)
{
    const struct fx_entry entries[] = {{'f', "./manifest.json", "[old]", 0},
                                       {'d', "a", NULL, 0},
                                       {'f', "a/layer.tar", "layer", 0},
                                       {'l', "b/layer.tar", "../a/layer.tar", 0},
                                       {'l', "loop", "loop", 0},
                                       {'l', "out", "../../etc/passwd", 0},
                                       {'l', "abs", "/etc/passwd", 0},
                                       {'f', "manifest.json", "[new]", 0},
                                       END};
    cleanup(bundle_closep) struct bundle *bundle = NULL;
    cleanup(freep) char *text = NULL, *link = NULL;
    struct fx_bytes tar = fx_tar(entries, "");
    struct bundle_file file;
    bool compressed;
    size_t len;

    (void)state;
    assert_true(bundle_is_likely(tar.bytes, tar.len, &compressed));
    assert_false(compressed);
    fx_write(fx_path(dir, "tar"), tar.bytes, tar.len);
    free(tar.bytes);
    assert_int_equal(bundle_of_tar(open(fx_path(dir, "tar"), O_RDONLY), &bundle, &err),
                     0);
    assert_int_equal(bundle_read(bundle, "manifest.json", 99, &text, &len, &err), 0);
    assert_string_equal(text, "[new]");
    assert_int_equal(bundle_read(bundle, "b/layer.tar", 99, &link, &len, &err), 0);
    assert_string_equal(link, "layer");
    assert_int_equal(bundle_read(bundle, "b/layer.tar", 4, &link, &len, &err), -EFBIG);
    assert_int_equal(bundle_open(bundle, "loop", &file, &err), -ENOENT);
    assert_int_equal(bundle_open(bundle, "out", &file, &err), -ENOENT);
    assert_int_equal(bundle_open(bundle, "abs", &file, &err), -ENOENT);
    assert_int_equal(bundle_open(bundle, "a", &file, &err), -ENOENT);
    /* The file shrinks behind our back. */
    assert_int_equal(truncate(fx_path(dir, "tar"), 600), 0);
    assert_int_equal(bundle_open(bundle, "a/layer.tar", &file, &err), -EINVAL);
}

static void a_root_file_system_looks_like_none(void **state)
{
    const struct fx_entry entries[] = {{'d', "./", NULL, 0},
                                       {'d', "bin", NULL, 0},
                                       {'f', "etc/manifest.json", "x", 0},
                                       END};
    struct fx_bytes tar = fx_tar(entries, "gzip");
    bool compressed = false;

    (void)state;
    assert_false(bundle_is_likely(tar.bytes, tar.len, &compressed));
    assert_true(compressed);
    assert_false(bundle_is_likely("junk", 4, &compressed));
    free(tar.bytes);
}

/* A SIF file's beginning, as apptainer makes it: a definition, then the root file
 * system; 'file_size' is 40000. */
static void make_sif(unsigned char sif[8192])
{
    static const struct {
        uint32_t type;
        uint64_t offset, size;
        uint32_t fs, kind;
    } parts[] = {{0x4001, 32768, 100, 0, 0}, {0x4004, 36864, 3136, 1, 2}};

    memset(sif, 0, 8192);
    memcpy(sif, "#!/usr/bin/env run-singularity\n", 31);
    memcpy(sif + 32,
           "SIF_MAGIC\0"
           "01\0"
           "02",
           16);
    sif[88] = 48;     /* descriptors */
    sif[96 + 1] = 16; /* at 4096 */
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        unsigned char *d = sif + 4096 + i * 585;
        uint64_t offset = htole64(parts[i].offset), size = htole64(parts[i].size);
        uint32_t type = htole32(parts[i].type), fs = htole32(parts[i].fs),
                 kind = htole32(parts[i].kind);

        memcpy(d, &type, 4);
        d[4] = 1;
        memcpy(d + 17, &offset, 8);
        memcpy(d + 25, &size, 8);
        memcpy(d + 201, &fs, 4);
        memcpy(d + 205, &kind, 4);
        memcpy(d + 209, "04", 2);
    }
    sif[88] = 6; /* as many as these bytes hold */
}

static void parts_of_a_sif_file_are_found(void **state)
{
    unsigned char bytes[8192];
    struct sif sif;

    (void)state;
    make_sif(bytes);
    assert_int_equal(sif_parse(bytes, sizeof(bytes), 40000, &sif, &err), 0);
    assert_int_equal(sif.rootfs.offset, 36864);
    assert_int_equal(sif.rootfs.size, 3136);
    assert_int_equal(sif.deffile.size, 100);
    assert_int_equal(sif.labels.size, 0);
    assert_string_equal(sif.arch, "arm64");
}

static void sif_files_that_lie_are_refused(void **state)
{
    const struct {
        size_t at;
        unsigned char value;
        const char *words;
    } lies[] = {
        {32, 'X', "not a SIF file"},
        {43, '2', "of version 02, not 01"},
        {88 + 1, 255, "descriptors are not at its beginning"},
        {96 + 7, 128, "descriptors are not at its beginning"},
        {96 + 1, 31, "descriptors are not at its beginning"},
        {4096 + 585 + 17 + 7, 1, "a part of it lies outside"},
        {4096 + 585 + 25 + 7, 255, "a part of it lies outside"},
        {4096 + 585 + 25 + 1, 200, "a part of it lies outside"},
        {4096 + 17 + 1, 0, "a part of it lies outside"},
        {4096 + 585 + 201, 5, "is encrypted"},
        {4096 + 585 + 201, 2, "is no squashfs"},
        {4096 + 585 + 205, 3, "no primary system partition"},
        {4096 + 585 + 4, 0, "no primary system partition"},
        {4096, 0x0a, "is an OCI-SIF"},
    };
    struct sif sif;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(lies); i++) {
        unsigned char bytes[8192];

        make_sif(bytes);
        bytes[lies[i].at] = lies[i].value;
        if (sif_parse(bytes, sizeof(bytes), 40000, &sif, &err) == 0)
            fail_msg("believed: %s", lies[i].words);
        if (!strstr(err.text, lies[i].words))
            fail_msg("%s: %s", lies[i].words, err.text);
    }
}

#define DIGEST \
    "sha256:"  \
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void a_sif_file_s_words_become_a_config(void **state)
{
    static const char deffile[] = "Bootstrap: docker\nFrom: debian\n"
                                  "%post\n    export NOT_THIS=1\n"
                                  "%environment\n"
                                  "    export LC_ALL=C\n"
                                  "  OMP_NUM_THREADS=4\n"
                                  "    export GREETING=\"hello world\"\n"
                                  "    export PATH=/opt/bin:$PATH\n"
                                  "    export EVIL=`id`\n"
                                  "    cd /tmp\n"
                                  "    export 1X=2\n"
                                  "%labels\n    Author me\n";
    static const char labels[] = "{\"Author\":\"me\",\"n\":7}";
    cleanup(freep) char *text = sif_make_config(DIGEST, "arm64", deffile, labels, true);
    cleanup(freep) char *bare = sif_make_config(DIGEST, NULL, NULL, "junk", false);
    cleanup(oci_config_fini) struct oci_config config = {0}, plain = {0};

    (void)state;
    assert_int_equal(oci_parse_config(text, strlen(text), &config, &err), 0);
    assert_int_equal(strv_len(config.env), 3);
    assert_string_equal(config.env[0], "LC_ALL=C");
    assert_string_equal(config.env[1], "OMP_NUM_THREADS=4");
    assert_string_equal(config.env[2], "GREETING=hello world");
    assert_string_equal(config.cmd[0], "/.singularity.d/runscript");
    assert_string_equal(config.arch, "arm64");
    assert_non_null(strstr(text, "\"Author\":\"me\""));
    assert_null(strstr(text, "\"n\""));
    assert_int_equal(oci_parse_config(bare, strlen(bare), &plain, &err), 0);
    assert_null(plain.cmd);
    assert_string_equal(plain.arch, oci_machine());
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(names_follow_from_sources),
        TEST(a_source_is_what_it_looks_like),
        TEST(names_of_makers_are_understood),
        TEST(platforms_are_read_and_compared),
        TEST(a_docker_manifest_is_read),
        TEST(bad_docker_manifests_are_refused_in_words),
        TEST(files_of_a_tar_are_read_in_place),
        TEST(a_root_file_system_looks_like_none),
        TEST(parts_of_a_sif_file_are_found),
        TEST(sif_files_that_lie_are_refused),
        TEST(a_sif_file_s_words_become_a_config),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
