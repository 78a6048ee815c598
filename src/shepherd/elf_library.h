/* SPDX-License-Identifier: Apache-2.0
 *
 * elf_library.h - what a shared library says about itself, from its bytes
 *
 * Pure. Libraries of 64 bits in this machine's byte order; all else is refused. Of
 * programs it is told what they are linked with.
 */
#ifndef BERTH_SHEPHERD_ELF_LIBRARY_H
#define BERTH_SHEPHERD_ELF_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define ELF_SONAME_MAX 128

/* "GLIBC_2.34"; 0.0: none. */
struct glibc_version {
    uint32_t major, minor;
};

struct elf_library {
    uint16_t machine;                /* EM_X86_64 */
    char soname[ELF_SONAME_MAX];     /* "libmpi.so.40"; "": it has none */
    struct glibc_version needs, has; /* the highest of each */
};

/* -ENOEXEC with words for what is no such library, or is broken. Bytes that lie are
 * found out or misread, never followed past the end. */
int elf_library_read(const void *bytes, size_t len, struct elf_library *ret,
                     struct err *err);

/* Whether a program or library is linked with one whose name begins with 'prefix': the
 * first such name, in ret_name of ELF_SONAME_MAX bytes. */
bool elf_linked_with(const void *bytes, size_t len, const char *prefix, char *ret_name);

/* Below 0, 0, above 0. */
int glibc_compare(struct glibc_version a, struct glibc_version b);

#endif
