/* SPDX-License-Identifier: Apache-2.0
 *
 * test_elf_library.c - what a shared library says about itself
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/io.h"
#include "base/mem.h"
#include "shepherd/elf_library.h"
#include "tiny_elf.h"

static struct tiny_elf elf;
static struct elf_library library;
static struct err err;

static int make(void **state)
{
    (void)state;
    tiny_elf_make(&elf, "libtiny.so.3", "GLIBC_2.2.5", "GLIBC_2.36");
    return 0;
}

static int read_it(void)
{
    err = (struct err){0};
    return elf_library_read(&elf, sizeof(elf), &library, &err);
}

static void assert_version(struct glibc_version version, uint32_t major, uint32_t minor)
{
    assert_int_equal(version.major, major);
    assert_int_equal(version.minor, minor);
}

static void test_name_machine_and_versions(void **state)
{
    (void)state;
    assert_int_equal(read_it(), 0);
    assert_string_equal(library.soname, "libtiny.so.3");
    assert_int_equal(library.machine, EM_X86_64);
    assert_version(library.needs, 2, 2);
    assert_version(library.has, 2, 36);
}

static void test_packed_relocations_need_the_glibc_that_reads_them(void **state)
{
    (void)state;
    tiny_elf_make(&elf, "libtiny.so.3", "GLIBC_ABI_DT_RELR", "LIBTINY_3");
    assert_int_equal(read_it(), 0);
    assert_version(library.needs, 2, 36);
    assert_version(library.has, 0, 0);
}

static void test_versions_are_numbers(void **state)
{
    const struct glibc_version old = {2, 9}, new = {2, 34}, next = {3, 0};

    (void)state;
    assert_true(glibc_compare(old, new) < 0 && glibc_compare(new, old) > 0);
    assert_true(glibc_compare(next, new) > 0 && glibc_compare(new, next) < 0);
    assert_int_equal(glibc_compare(new, new), 0);
}

static void assert_refused(const char *words)
{
    assert_int_equal(read_it(), -ENOEXEC);
    assert_string_equal(err.text, words);
    make(NULL);
}

static void test_other_files_are_refused(void **state)
{
    (void)state;
    elf.header.e_ident[0] = 'x';
    assert_refused("is no ELF file");
    elf.header.e_ident[EI_CLASS] = ELFCLASS32;
    assert_refused("is not of 64 bits in this machine's byte order");
    elf.header.e_type = ET_EXEC;
    assert_refused("is no shared library");
    elf.dynamic.p_type = PT_NOTE;
    assert_refused("is not linked dynamically");
    elf.header.e_phoff = UINT64_MAX - 3;
    assert_refused("is not linked dynamically");
}

static void test_broken_tables_are_refused(void **state)
{
    (void)state;
    elf.entries[0].d_un.d_val = sizeof(elf.strings);
    assert_refused("has no proper name of its own (DT_SONAME)");
    memcpy(elf.strings + 1, "../", 3);
    assert_refused("has no proper name of its own (DT_SONAME)");
    elf.need.vn_aux = UINT32_MAX;
    assert_refused("says brokenly which versions it needs");
    elf.def_aux.vda_name = UINT32_MAX;
    assert_refused("says brokenly which versions it has");
    elf.def.vd_next = sizeof(elf);
    assert_refused("says brokenly which versions it has");
}

/* Each file that ends too early is refused, or is one of fewer words. */
static void test_what_a_program_is_linked_with(void **state)
{
    char name[ELF_SONAME_MAX] = "";

    (void)state;
    assert_false(elf_linked_with(&elf, sizeof(elf), "libtiny", name));
    elf.entries[5] = elf.entries[0]; /* its own name, for want of another */
    elf.entries[5].d_tag = DT_NEEDED;
    elf.header.e_type = ET_EXEC;
    assert_true(elf_linked_with(&elf, sizeof(elf), "libtiny", name));
    assert_string_equal(name, "libtiny.so.3");
    assert_false(elf_linked_with(&elf, sizeof(elf), "libtinier", name));
    elf.entries[5].d_un.d_val = sizeof(elf.strings);
    assert_false(elf_linked_with(&elf, sizeof(elf), "lib", name));
    assert_false(elf_linked_with("#!/bin/sh\n", 10, "lib", name));
}

static void test_no_byte_past_the_end_is_read(void **state)
{
    (void)state;
    for (size_t len = 0; len < sizeof(elf); len++) {
        void *part = malloc(len ? len : 1);

        memcpy(part, &elf, len);
        err = (struct err){0};
        if (elf_library_read(part, len, &library, &err))
            assert_true(err.text[0]);
        (void)elf_linked_with(part, len, "lib", (char[ELF_SONAME_MAX]){0});
        free(part);
    }
}

static void test_the_c_library_here(void **state)
{
    cleanup(freep) char *bytes = NULL;
    size_t len;

    if (io_read_file("/lib/x86_64-linux-gnu/libc.so.6", 64U << 20, &bytes, &len, &err))
        skip();
    (void)state;
    assert_int_equal(elf_library_read(bytes, len, &library, &err), 0);
    assert_string_equal(library.soname, "libc.so.6");
    assert_int_equal(library.has.major, 2);
    assert_true(library.has.minor >= 17);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_name_machine_and_versions, make),
        cmocka_unit_test_setup(test_packed_relocations_need_the_glibc_that_reads_them,
                               make),
        cmocka_unit_test(test_versions_are_numbers),
        cmocka_unit_test_setup(test_other_files_are_refused, make),
        cmocka_unit_test_setup(test_broken_tables_are_refused, make),
        cmocka_unit_test_setup(test_what_a_program_is_linked_with, make),
        cmocka_unit_test_setup(test_no_byte_past_the_end_is_read, make),
        cmocka_unit_test(test_the_c_library_here),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
