/* SPDX-License-Identifier: Apache-2.0
 *
 * sif.c - read the header and descriptors of a Singularity image file
 */
#include "image/sif.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "base/mem.h"

#define MAGIC_AT 32
#define HEADER_SIZE 128
#define DESCRIPTOR_SIZE 585
#define DESCRIPTORS_MAX 1024
#define EXTRA_AT 201

enum { TYPE_DEFFILE = 0x4001, TYPE_LABELS = 0x4003, TYPE_PARTITION = 0x4004 };
enum { TYPE_OCI_INDEX = 0x400a, TYPE_OCI_BLOB = 0x400b };
enum { FS_SQUASHFS = 1, FS_ENCRYPTED = 5 };
enum { KIND_PRIMARY = 2 };

static const char magic[] = "SIF_MAGIC";

static uint32_t u32_at(const unsigned char *p)
{
    uint32_t v;

    memcpy(&v, p, sizeof(v));
    return le32toh(v);
}

static uint64_t u64_at(const unsigned char *p)
{
    uint64_t v;

    memcpy(&v, p, sizeof(v));
    return le64toh(v);
}

bool sif_is_one(const void *bytes, size_t len)
{
    return len >= HEADER_SIZE &&
           memcmp((const char *)bytes + MAGIC_AT, magic, sizeof(magic)) == 0;
}

/* By their codes, "00" is unknown. */
static const char *arch_name(const unsigned char *code)
{
    static const char *const names[] = {
        NULL,      "386",  "amd64",  "arm",    "arm64",    "ppc64",
        "ppc64le", "mips", "mipsle", "mips64", "mips64le", "s390x",
    };
    unsigned int tens = (unsigned int)code[0] - '0', ones = (unsigned int)code[1] - '0';

    if (tens > 9 || ones > 9 || tens * 10 + ones >= ARRAY_SIZE(names))
        return NULL;
    return names[tens * 10 + ones];
}

/* A part that says it lies outside of the file is not believed. */
static int read_part(const unsigned char *d, uint64_t file_size, struct sif_part *ret,
                     struct err *err)
{
    struct sif_part part = {.offset = u64_at(d + 17), .size = u64_at(d + 25)};

    if (part.offset < HEADER_SIZE || part.offset > file_size || !part.size ||
        part.size > file_size - part.offset)
        return err_set(err, EINVAL,
                       "the SIF file is damaged or cut short: a part of "
                       "it lies outside");
    *ret = part;
    return 0;
}

/* One that is empty is as good as none. */
static int read_text(const unsigned char *d, uint64_t file_size, struct sif_part *ret,
                     struct err *err)
{
    return u64_at(d + 25) ? read_part(d, file_size, ret, err) : 0;
}

static int read_partition(const unsigned char *d, uint64_t file_size, struct sif *sif,
                          struct err *err)
{
    uint32_t fs = u32_at(d + EXTRA_AT), kind = u32_at(d + EXTRA_AT + 4);

    if (kind != KIND_PRIMARY)
        return 0;
    if (fs == FS_ENCRYPTED)
        return err_set(err, EINVAL, "the SIF file is encrypted");
    if (fs != FS_SQUASHFS)
        return err_set(err, EINVAL,
                       "the SIF file's root file system is no squashfs (kind %u)", fs);
    sif->arch = arch_name(d + EXTRA_AT + 8);
    return read_part(d, file_size, &sif->rootfs, err);
}

static int read_descriptor(const unsigned char *d, uint64_t file_size, struct sif *sif,
                           struct err *err)
{
    if (!d[4])
        return 0;
    switch (u32_at(d)) {
    case TYPE_DEFFILE:
        return read_text(d, file_size, &sif->deffile, err);
    case TYPE_LABELS:
        return read_text(d, file_size, &sif->labels, err);
    case TYPE_PARTITION:
        return read_partition(d, file_size, sif, err);
    case TYPE_OCI_INDEX:
    case TYPE_OCI_BLOB:
        return err_set(err, EINVAL,
                       "the SIF file is an OCI-SIF, which berth does not "
                       "read: export it as an OCI archive");
    default:
        return 0;
    }
}

int sif_parse(const void *bytes, size_t len, uint64_t file_size, struct sif *ret,
              struct err *err)
{
    const unsigned char *head = bytes;
    struct sif sif = {0};
    uint64_t n, offset;
    int r = 0;

    if (!sif_is_one(bytes, len))
        return err_set(err, EINVAL, "not a SIF file");
    if (memcmp(head + 42, "01", 2) != 0)
        return err_set(err, EINVAL, "the SIF file is of version %.2s, not 01",
                       (const char *)head + 42);
    n = u64_at(head + 88);
    offset = u64_at(head + 96);
    if (n > DESCRIPTORS_MAX || offset < HEADER_SIZE || offset > len ||
        n * DESCRIPTOR_SIZE > len - offset)
        return err_set(err, EINVAL,
                       "the SIF file is damaged: its descriptors are not at its "
                       "beginning");
    for (uint64_t i = 0; i < n && r == 0; i++)
        r = read_descriptor(head + offset + i * DESCRIPTOR_SIZE, file_size, &sif, err);
    if (r == 0 && !sif.rootfs.size)
        r = err_set(err, EINVAL, "the SIF file has no primary system partition");
    if (r == 0)
        *ret = sif;
    return r;
}
