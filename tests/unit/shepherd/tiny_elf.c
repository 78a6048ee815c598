/* SPDX-License-Identifier: Apache-2.0
 *
 * tiny_elf.c - the smallest shared library that says what a test wants
 */
#include "tiny_elf.h"

#include <endian.h>
#include <stddef.h>
#include <string.h>

/* Addresses are not offsets, as in a real one. */
#define BASE 0x10000U

static unsigned int add_string(struct tiny_elf *elf, size_t *used, const char *text)
{
    unsigned int at = (unsigned int)*used;

    memcpy(elf->strings + at, text, strlen(text) + 1);
    *used += strlen(text) + 1;
    return at;
}

static void make_headers(struct tiny_elf *elf)
{
    memcpy(elf->header.e_ident, ELFMAG, SELFMAG);
    elf->header.e_ident[EI_CLASS] = ELFCLASS64;
    elf->header.e_ident[EI_DATA] =
        __BYTE_ORDER == __LITTLE_ENDIAN ? ELFDATA2LSB : ELFDATA2MSB;
    elf->header.e_type = ET_DYN;
    elf->header.e_machine = EM_X86_64;
    elf->header.e_phoff = offsetof(struct tiny_elf, load);
    elf->header.e_phentsize = sizeof(Elf64_Phdr);
    elf->header.e_phnum = 2;
    elf->load = (Elf64_Phdr){
        .p_type = PT_LOAD, .p_vaddr = BASE, .p_filesz = sizeof(struct tiny_elf)};
    elf->dynamic = (Elf64_Phdr){.p_type = PT_DYNAMIC,
                                .p_offset = offsetof(struct tiny_elf, entries),
                                .p_filesz = sizeof(elf->entries)};
}

static void make_entries(struct tiny_elf *elf, unsigned int soname)
{
    const struct {
        Elf64_Sxword tag;
        Elf64_Xword value;
    } entries[] = {{DT_SONAME, soname},
                   {DT_STRTAB, BASE + offsetof(struct tiny_elf, strings)},
                   {DT_STRSZ, sizeof(elf->strings)},
                   {DT_VERNEED, BASE + offsetof(struct tiny_elf, need)},
                   {DT_VERDEF, BASE + offsetof(struct tiny_elf, def)}};

    for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++)
        elf->entries[i] =
            (Elf64_Dyn){.d_tag = entries[i].tag, .d_un.d_val = entries[i].value};
}

void tiny_elf_make(struct tiny_elf *elf, const char *soname, const char *needs,
                   const char *has)
{
    size_t used = 1;

    memset(elf, 0, sizeof(*elf));
    make_headers(elf);
    make_entries(elf, add_string(elf, &used, soname));
    elf->need = (Elf64_Verneed){.vn_version = 1,
                                .vn_cnt = 2,
                                .vn_aux = offsetof(struct tiny_elf, need_aux) -
                                          offsetof(struct tiny_elf, need)};
    elf->need_aux[0] = (Elf64_Vernaux){.vna_name = add_string(elf, &used, needs),
                                       .vna_next = sizeof(Elf64_Vernaux)};
    elf->need_aux[1].vna_name = add_string(elf, &used, "GLIBC_PRIVATE");
    elf->def = (Elf64_Verdef){.vd_version = 1,
                              .vd_cnt = 1,
                              .vd_aux = offsetof(struct tiny_elf, def_aux) -
                                        offsetof(struct tiny_elf, def)};
    elf->def_aux.vda_name = add_string(elf, &used, has);
}
