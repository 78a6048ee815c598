/* SPDX-License-Identifier: Apache-2.0
 *
 * elf_library.c - what a shared library says about itself, from its bytes
 *
 * As the dynamic loader does, through program headers: sections may be stripped.
 */
#include "shepherd/elf_library.h"

#include <elf.h>
#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Version entries looked at, of all libraries that one needs: glibc has some forty. */
#define VERSIONS_MAX 65536

#define STRING_MAX 4096

#define OWN_DATA (__BYTE_ORDER == __LITTLE_ENDIAN ? ELFDATA2LSB : ELFDATA2MSB)

struct elf {
    const unsigned char *bytes;
    size_t len;
    Elf64_Ehdr header;
    uint64_t strings, strings_len; /* offset in the file */
    uint64_t soname;               /* offset in strings */
    uint64_t need, def;            /* offsets in the file; 0: none */
    uint32_t left;                 /* of VERSIONS_MAX */
};

static bool get(const struct elf *elf, uint64_t at, void *to, size_t size)
{
    if (at > elf->len || size > elf->len - at)
        return false;
    memcpy(to, elf->bytes + at, size);
    return true;
}

/* NULL when it does not end inside, or soon. */
static const char *get_string(const struct elf *elf, uint64_t at)
{
    uint64_t len = elf->strings_len;
    const char *text;

    if (elf->strings > elf->len || len > elf->len - elf->strings || at >= len)
        return NULL;
    text = (const char *)elf->bytes + elf->strings + at;
    len -= at;
    return memchr(text, '\0', len < STRING_MAX ? len : STRING_MAX) ? text : NULL;
}

/* ---------------------------------------------------------------- headers */

static bool get_segment(const struct elf *elf, uint16_t i, Elf64_Phdr *ret)
{
    uint64_t table = elf->header.e_phoff;

    return table <= elf->len && get(elf, table + i * sizeof(*ret), ret, sizeof(*ret));
}

static int check_header(struct elf *elf, struct err *err)
{
    const Elf64_Ehdr *header = &elf->header;

    if (!get(elf, 0, &elf->header, sizeof(elf->header)) ||
        memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
        return err_set(err, ENOEXEC, "is no ELF file");
    if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != OWN_DATA)
        return err_set(err, ENOEXEC, "is not of 64 bits in this machine's byte order");
    if (header->e_phentsize != sizeof(Elf64_Phdr))
        return err_set(err, ENOEXEC, "has program headers of another form");
    return 0;
}

/* Where in the file an address is; 0: nowhere. */
static uint64_t offset_of(const struct elf *elf, uint64_t address)
{
    Elf64_Phdr segment;

    for (uint16_t i = 0; i < elf->header.e_phnum && get_segment(elf, i, &segment); i++)
        if (segment.p_type == PT_LOAD && address >= segment.p_vaddr &&
            address - segment.p_vaddr < segment.p_filesz &&
            segment.p_offset <= elf->len)
            return segment.p_offset + (address - segment.p_vaddr);
    return 0;
}

/* Addresses yet. */
static void take_entry(struct elf *elf, const Elf64_Dyn *entry)
{
    switch (entry->d_tag) {
    case DT_STRTAB:
        elf->strings = entry->d_un.d_ptr;
        break;
    case DT_STRSZ:
        elf->strings_len = entry->d_un.d_val;
        break;
    case DT_SONAME:
        elf->soname = entry->d_un.d_val;
        break;
    case DT_VERNEED:
        elf->need = entry->d_un.d_ptr;
        break;
    case DT_VERDEF:
        elf->def = entry->d_un.d_ptr;
        break;
    default:
        break;
    }
}

static bool get_dynamic(const struct elf *elf, Elf64_Phdr *ret)
{
    uint16_t i = 0;

    while (i < elf->header.e_phnum && get_segment(elf, i, ret) &&
           ret->p_type != PT_DYNAMIC)
        i++;
    return i < elf->header.e_phnum && ret->p_type == PT_DYNAMIC &&
           ret->p_offset <= elf->len;
}

/* The entry at 'at' in the segment; false: there are no more. */
static bool get_entry(const struct elf *elf, const Elf64_Phdr *segment, uint64_t at,
                      Elf64_Dyn *ret)
{
    return at < segment->p_filesz &&
           get(elf, segment->p_offset + at, ret, sizeof(*ret)) && ret->d_tag != DT_NULL;
}

static int read_dynamic(struct elf *elf, struct err *err)
{
    Elf64_Phdr segment = {0};
    Elf64_Dyn entry;

    if (!get_dynamic(elf, &segment))
        return err_set(err, ENOEXEC, "is not linked dynamically");
    for (uint64_t at = 0; get_entry(elf, &segment, at, &entry); at += sizeof(entry))
        take_entry(elf, &entry);
    elf->strings = offset_of(elf, elf->strings);
    elf->need = offset_of(elf, elf->need);
    elf->def = offset_of(elf, elf->def);
    return 0;
}

/* --------------------------------------------------------------- versions */

int glibc_compare(struct glibc_version a, struct glibc_version b)
{
    if (a.major != b.major)
        return a.major < b.major ? -1 : 1;
    return a.minor < b.minor ? -1 : a.minor > b.minor;
}

/* "GLIBC_2.2.5" is 2.2. A library with packed relocations needs the first glibc that
 * reads them. GLIBC_PRIVATE is no version. */
static struct glibc_version parse_version(const char *name)
{
    struct glibc_version version = {0, 0};
    char *end;

    if (strcmp(name, "GLIBC_ABI_DT_RELR") == 0)
        return (struct glibc_version){2, 36};
    if (strncmp(name, "GLIBC_", 6) != 0 || name[6] < '0' || name[6] > '9')
        return version;
    version.major = (uint32_t)strtoul(name + 6, &end, 10);
    if (*end == '.')
        version.minor = (uint32_t)strtoul(end + 1, NULL, 10);
    return version;
}

static bool take_version(struct elf *elf, uint64_t name_at, struct glibc_version *best)
{
    const char *name = get_string(elf, name_at);
    struct glibc_version version;

    if (!name || !elf->left--)
        return false;
    version = parse_version(name);
    if (glibc_compare(version, *best) > 0)
        *best = version;
    return true;
}

/* The versions that are needed of one library. False: they are broken. */
static bool read_needs_of(struct elf *elf, uint64_t at, uint16_t count,
                          struct glibc_version *best)
{
    Elf64_Vernaux aux = {.vna_next = 0};

    for (uint16_t i = 0; i < count; i++, at += aux.vna_next)
        if (!get(elf, at, &aux, sizeof(aux)) || !take_version(elf, aux.vna_name, best))
            return false;
        else if (!aux.vna_next)
            break;
    return true;
}

static bool read_needs(struct elf *elf, struct glibc_version *best)
{
    Elf64_Verneed need = {.vn_next = 0};

    for (uint64_t at = elf->need; at; at += need.vn_next) {
        if (!elf->left-- || !get(elf, at, &need, sizeof(need)) ||
            !read_needs_of(elf, at + need.vn_aux, need.vn_cnt, best))
            return false;
        if (!need.vn_next)
            break;
    }
    return true;
}

static bool read_defs(struct elf *elf, struct glibc_version *best)
{
    Elf64_Verdef def = {.vd_next = 0};
    Elf64_Verdaux aux;

    for (uint64_t at = elf->def; at; at += def.vd_next) {
        if (!get(elf, at, &def, sizeof(def)) ||
            !get(elf, at + def.vd_aux, &aux, sizeof(aux)) ||
            !take_version(elf, aux.vda_name, best))
            return false;
        if (!def.vd_next)
            break;
    }
    return true;
}

int elf_library_read(const void *bytes, size_t len, struct elf_library *ret,
                     struct err *err)
{
    struct elf elf = {
        .bytes = bytes, .len = len, .soname = UINT64_MAX, .left = VERSIONS_MAX};
    const char *soname;
    int rc = check_header(&elf, err);

    if (!rc && elf.header.e_type != ET_DYN)
        rc = err_set(err, ENOEXEC, "is no shared library");
    *ret = (struct elf_library){.machine = elf.header.e_machine};
    if (!rc)
        rc = read_dynamic(&elf, err);
    if (rc)
        return rc;
    soname = elf.soname == UINT64_MAX ? "" : get_string(&elf, elf.soname);
    if (!soname || strlen(soname) >= sizeof(ret->soname) || strchr(soname, '/'))
        return err_set(err, ENOEXEC, "has no proper name of its own (DT_SONAME)");
    memcpy(ret->soname, soname, strlen(soname) + 1);
    if (!read_needs(&elf, &ret->needs))
        return err_set(err, ENOEXEC, "says brokenly which versions it needs");
    elf.left = VERSIONS_MAX;
    if (!read_defs(&elf, &ret->has))
        return err_set(err, ENOEXEC, "says brokenly which versions it has");
    return 0;
}

bool elf_linked_with(const void *bytes, size_t len, const char *prefix, char *ret_name)
{
    struct elf elf = {.bytes = bytes, .len = len};
    struct err err;
    Elf64_Phdr segment = {0};
    Elf64_Dyn entry;

    if (check_header(&elf, &err) || read_dynamic(&elf, &err) ||
        !get_dynamic(&elf, &segment))
        return false;
    for (uint64_t at = 0; get_entry(&elf, &segment, at, &entry); at += sizeof(entry)) {
        const char *name =
            entry.d_tag == DT_NEEDED ? get_string(&elf, entry.d_un.d_val) : NULL;

        if (!name || strncmp(name, prefix, strlen(prefix)) != 0 ||
            strlen(name) >= ELF_SONAME_MAX)
            continue;
        memcpy(ret_name, name, strlen(name) + 1);
        return true;
    }
    return false;
}
