/* SPDX-License-Identifier: Apache-2.0
 *
 * sif.h - where things are in a Singularity image file
 *
 * Pure: bytes in, checked positions out. The format (version 01, all numbers
 * little-endian and packed), as pkg/sif of github.com/apptainer/sif has it:
 *
 *     0    launch line of 32 bytes, "SIF_MAGIC\0", version[3], arch[3], id[16]
 *     64   created, modified, descriptors free, descriptors in all,
 *          descriptors' offset, their size, data's offset, data's size: int64 each
 *     then descriptors of 585 bytes:
 *     0    data type int32, used int8, id, group, link: uint32 each
 *     17   offset, size, size with padding, created, modified, uid, gid: int64 each
 *     73   name[128], extra[384]; of a partition: file system int32, kind int32,
 *          arch[3]
 */
#ifndef BERTH_IMAGE_SIF_H
#define BERTH_IMAGE_SIF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Descriptors stand at the beginning; Apptainer writes 48 of them. */
#define SIF_HEAD_MAX (1U << 20)

struct sif_part {
    uint64_t offset, size; /* size 0: there is none */
};

struct sif {
    struct sif_part rootfs; /* the primary system partition, a squashfs */
    struct sif_part deffile, labels;
    const char *arch; /* OCI's spelling, or NULL: unknown */
};

bool sif_is_one(const void *bytes, size_t len);

/* 'bytes' are the first 'len' of a file of 'file_size'. -EINVAL with words when it
 * is none, damaged, encrypted, or without a root file system that can be read. All
 * parts lie within the file. */
int sif_parse(const void *bytes, size_t len, uint64_t file_size, struct sif *ret,
              struct err *err);

/* An image's configuration (JSON) for the layer 'diff_id': environment from the
 * definition file's %environment as far as it is plain NAME=value, labels, and the
 * runscript as the command where 'has_runscript'. Texts may be NULL. The caller
 * frees it. */
char *sif_make_config(const char *diff_id, const char *arch, const char *deffile,
                      const char *labels, bool has_runscript);

#endif
