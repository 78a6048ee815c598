/* SPDX-License-Identifier: Apache-2.0
 *
 * tiny_elf.h - the smallest shared library that says what a test wants
 */
#ifndef BERTH_TESTS_TINY_ELF_H
#define BERTH_TESTS_TINY_ELF_H

#include <elf.h>

struct tiny_elf {
    Elf64_Ehdr header;
    Elf64_Phdr load, dynamic;
    Elf64_Dyn entries[6];
    Elf64_Verneed need;
    Elf64_Vernaux need_aux[2];
    Elf64_Verdef def;
    Elf64_Verdaux def_aux;
    char strings[256];
};

/* It needs versions 'needs' and GLIBC_PRIVATE, and has 'has'. */
void tiny_elf_make(struct tiny_elf *elf, const char *soname, const char *needs,
                   const char *has);

#endif
