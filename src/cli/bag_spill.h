/* SPDX-License-Identifier: Apache-2.0
 *
 * bag_spill.h - bytes that are held for later, in memory or in a file without a name
 */
#ifndef BERTH_CLI_BAG_SPILL_H
#define BERTH_CLI_BAG_SPILL_H

#include <stddef.h>
#include <stdint.h>

struct bag_spill;

/* A part of a command's output. */
struct bag_piece {
    struct bag_piece *next;
    uint32_t stream;
    size_t len;
    int64_t at; /* in the file; -1: in memory */
    char bytes[];
};

/* All zero is empty. */
struct bag_pieces {
    struct bag_piece *first, **last;
};

/* At most so many bytes stay in memory. */
struct bag_spill *bag_spill_create(size_t in_memory);
void bag_spill_destroy(struct bag_spill *spill);
/* Bytes in the file, those of pieces that are gone among them. */
uint64_t bag_spill_size(const struct bag_spill *spill);

/* -Exxx when the file cannot take it; then it is lost. */
int bag_pieces_add(struct bag_spill *spill, struct bag_pieces *pieces, uint32_t stream,
                   const void *bytes, size_t len);
/* The first one, now the caller's to free; NULL. */
struct bag_piece *bag_pieces_pop(struct bag_pieces *pieces);
void bag_pieces_clear(struct bag_spill *spill, struct bag_pieces *pieces);

/* Its bytes, in *ret_own (to be freed) if they were read back; NULL when that failed.
 */
const char *bag_piece_bytes(const struct bag_spill *spill,
                            const struct bag_piece *piece, char **ret_own);
void bag_piece_free(struct bag_spill *spill, struct bag_piece *piece);

#endif
