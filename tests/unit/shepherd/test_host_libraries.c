/* SPDX-License-Identifier: Apache-2.0
 *
 * test_host_libraries.c - which of the node's libraries may replace an image's
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/io.h"
#include "base/mem.h"
#include "image/overlaid.h"
#include "image/whiteout.h"
#include "shepherd/host_libraries.h"
#include "tiny_elf.h"

/* <dir>/host is the node, <dir>/low and <dir>/top are the image's layers. */
static char dir[] = "/tmp/test_host_libraries.XXXXXX";
static char *layers[3];
static struct image image = {.layers = layers, .n_layers = 2};
static struct mounts mounts;
static struct err err;

static char *at(const char *path)
{
    return xasprintf("%s/%s", dir, path);
}

static void make_parent(const char *path)
{
    cleanup(freep) char *parent = xstrndup(path, (size_t)(strrchr(path, '/') - path));

    assert_int_equal(io_mkdir_p(parent, 0755, NULL), 0);
}

static void put(const char *path, const char *soname, const char *needs,
                const char *has)
{
    cleanup(freep) char *full = at(path);
    struct tiny_elf elf;

    make_parent(full);
    tiny_elf_make(&elf, soname, needs, has);
    assert_int_equal(io_write_file_atomic(full, &elf, sizeof(elf), 0644, NULL), 0);
}

static void put_link(const char *path, const char *target)
{
    cleanup(freep) char *full = at(path);

    make_parent(full);
    assert_int_equal(symlink(target, full), 0);
}

static int make(void **state)
{
    (void)state;
    strcpy(strrchr(dir, '.'), ".XXXXXX");
    assert_non_null(mkdtemp(dir));
    layers[0] = at("top");
    layers[1] = at("low");
    assert_int_equal(mkdir(layers[0], 0755), 0);
    put_link("low/lib", "usr/lib");
    put_link("low/lib64", "usr/lib64");
    put("low/usr/lib64/libc.so.6", "libc.so.6", "X", "GLIBC_2.36");
    put("low/usr/lib64/libmpi.so.40.20.3", "libmpi.so.40", "GLIBC_2.17", "X");
    put_link("low/usr/lib64/libmpi.so.40", "/lib64/libmpi.so.40.20.3");
    put("host/libmpi.so.40.30.4", "libmpi.so.40", "GLIBC_2.34", "X");
    put_link("host/libmpi.so.40", "libmpi.so.40.30.4");
    put("host/libdep.so.1", "libdep.so.1", "GLIBC_2.34", "X");
    return 0;
}

static int clean(void **state)
{
    (void)state;
    mounts_fini(&mounts);
    free(layers[0]);
    free(layers[1]);
    return io_remove_tree(dir, NULL);
}

/* The set "mpi" of libraries below host/. */
static int mount_set(const char *first, const char *second)
{
    cleanup(freep) char *one = at(first), *two = at(second ? second : "");
    char name[] = "mpi", *paths[] = {one, two};
    Berth__HostLibraries set = BERTH__HOST_LIBRARIES__INIT;
    int rc;

    set.name = name;
    set.libraries = paths;
    set.n_libraries = second ? 2 : 1;
    mounts_fini(&mounts);
    err = (struct err){0};
    rc = host_libraries_mount(&set, &image, &mounts, &err);
    for (size_t i = 0; i < mounts.n; i++) { /* they were borrowed */
        assert_string_equal(mounts.v[i].source, paths[i]);
        assert_true(mounts.v[i].readonly);
    }
    return rc;
}

static void assert_refused(const char *first, const char *words)
{
    assert_true(mount_set(first, NULL) < 0);
    if (strcmp(err.text, words) != 0)
        fail_msg("%s", err.text);
}

static void test_the_images_own_file_is_covered(void **state)
{
    (void)state;
    assert_int_equal(mount_set("host/libmpi.so.40", NULL), 0);
    assert_int_equal(mounts.n, 1);
    assert_string_equal(mounts.v[0].target, "/usr/lib64/libmpi.so.40.20.3");
}

static void test_what_the_image_lacks_is_put_where_programs_look(void **state)
{
    (void)state;
    assert_int_equal(mount_set("host/libmpi.so.40", "host/libdep.so.1"), 0);
    assert_int_equal(mounts.n, 2);
    assert_string_equal(mounts.v[1].target, "/usr/lib64/libdep.so.1");
}

static void test_another_major_version_is_refused(void **state)
{
    (void)state;
    put("host/libmpi.so.12.1", "libmpi.so.12", "GLIBC_2.2.5", "X");
    assert_refused("host/libmpi.so.12.1",
                   "--host-mpi=mpi: the node's library is libmpi.so.12, the image has "
                   "/lib64/libmpi.so.40: another major version is not compatible");
    assert_refused("host/libdep.so.1",
                   "--host-mpi=mpi: the image has no libdep.so.1 in the directories "
                   "where programs look for libraries");
}

static void test_an_older_one_is_refused(void **state)
{
    (void)state;
    put("host/libmpi.so.40.9.9", "libmpi.so.40", "GLIBC_2.2.5", "X");
    assert_refused("host/libmpi.so.40.9.9",
                   "--host-mpi=mpi: libmpi.so.40: the node's version 40.9.9 is older "
                   "than the image's 40.20.3, whose programs may need more");
}

static void test_need_of_a_newer_glibc_is_refused(void **state)
{
    (void)state;
    put("host/libmpi.so.40.30.4", "libmpi.so.40", "GLIBC_2.38", "X");
    assert_refused("host/libmpi.so.40",
                   "--host-mpi=mpi: libmpi.so.40: the node's needs GLIBC_2.38, the "
                   "image's libc.so.6 has no more than GLIBC_2.36");
}

static void test_another_processor_is_refused(void **state)
{
    cleanup(freep) char *path = at("host/libmpi.so.40.30.4");
    struct tiny_elf elf;

    (void)state;
    tiny_elf_make(&elf, "libmpi.so.40", "GLIBC_2.2.5", "X");
    elf.header.e_machine = EM_AARCH64;
    assert_int_equal(io_write_file_atomic(path, &elf, sizeof(elf), 0644, NULL), 0);
    assert_refused("host/libmpi.so.40",
                   "--host-mpi=mpi: libmpi.so.40: the node's is for another processor "
                   "(ELF machine 183) than the image's (62)");
}

static void test_layers_are_seen_as_they_will_be_mounted(void **state)
{
    cleanup(freep) char *usr = at("top/usr/lib64"),
                        *libc = at("top/usr/lib64/libc.so.6");
    struct overlaid overlaid = {(const char *const *)layers, 2};
    mode_t mode;

    (void)state;
    put("top/usr/lib64/libmpi.so.40.30.5", "libmpi.so.40", "X", "X");
    make_parent(libc);
    assert_int_equal(symlink("../../../../../../etc/passwd", libc), 0);
    assert_null(overlaid_resolve(&overlaid, "/lib64/libc.so.6", &mode));
    assert_int_equal(unlink(libc), 0);
    assert_int_equal(mknod(libc, S_IFCHR, 0), 0);
    assert_refused("host/libmpi.so.40",
                   "--host-mpi=mpi: libmpi.so.40: the node's needs GLIBC_2.34, and the "
                   "image has no glibc (libc.so.6)");
    assert_int_equal(unlink(libc), 0);
    put_link("top/usr/lib64/libmpi.so.40", "libmpi.so.40.30.5");
    assert_refused("host/libmpi.so.40",
                   "--host-mpi=mpi: libmpi.so.40: the node's version 40.30.4 is older "
                   "than the image's 40.30.5, whose programs may need more");
    put("low/usr/lib64/libonly.so.1", "libonly.so.1", "X", "X");
    free(overlaid_resolve(&overlaid, "/lib64/libonly.so.1", &mode));
    assert_true(S_ISREG(mode));
    {
        cleanup(freep) char *loop = at("top/loop");

        assert_int_equal(symlink("loop", loop), 0);
        assert_null(overlaid_resolve(&overlaid, "/loop/x", &mode));
    }
}

static void test_sets_are_chosen_by_name(void **state)
{
    char a[] = "openmpi", b[] = "mpich", node[] = "n1";
    Berth__HostLibraries sets[] = {BERTH__HOST_LIBRARIES__INIT,
                                   BERTH__HOST_LIBRARIES__INIT};
    Berth__HostLibraries *list[] = {&sets[0], &sets[1]};
    Berth__Assignment assignment = BERTH__ASSIGNMENT__INIT;
    const Berth__HostLibraries *set;

    (void)state;
    sets[0].name = a;
    sets[1].name = b;
    assignment.node_name = node;
    assert_true(host_libraries_choose(&assignment, "*", &set, &err) < 0);
    assert_string_equal(err.text, "--host-mpi: node n1 has no libraries for containers "
                                  "(container.host_libraries)");
    assignment.host_libraries = list;
    assignment.n_host_libraries = 2;
    assert_int_equal(host_libraries_choose(&assignment, "*", &set, &err), 0);
    assert_ptr_equal(set, &sets[0]);
    assert_int_equal(host_libraries_choose(&assignment, "mpich", &set, &err), 0);
    assert_ptr_equal(set, &sets[1]);
    assert_true(host_libraries_choose(&assignment, "mpihc", &set, &err) < 0);
    assert_string_equal(err.text, "--host-mpi=mpihc: node n1 has no such libraries, "
                                  "did you mean 'mpich'?");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make, clean)
    const struct CMUnitTest tests[] = {
        TEST(test_the_images_own_file_is_covered),
        TEST(test_what_the_image_lacks_is_put_where_programs_look),
        TEST(test_another_major_version_is_refused),
        TEST(test_an_older_one_is_refused),
        TEST(test_need_of_a_newer_glibc_is_refused),
        TEST(test_another_processor_is_refused),
        TEST(test_layers_are_seen_as_they_will_be_mounted),
        cmocka_unit_test(test_sets_are_chosen_by_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
