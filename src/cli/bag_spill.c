/* SPDX-License-Identifier: Apache-2.0
 *
 * bag_spill.c - bytes that are held for later, in memory or in a file without a name
 *
 * The file only grows, until nothing of it is needed any more.
 */
#include "cli/bag_spill.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"

struct bag_spill {
    size_t in_memory, used;
    int fd; /* -1: not needed yet */
    int64_t end;
    size_t n_in_file; /* pieces */
};

struct bag_spill *bag_spill_create(size_t in_memory)
{
    struct bag_spill *spill = xcalloc(1, sizeof(*spill));

    spill->in_memory = in_memory;
    spill->fd = -1;
    return spill;
}

void bag_spill_destroy(struct bag_spill *spill)
{
    if (!spill)
        return;
    closep(&spill->fd);
    free(spill);
}

uint64_t bag_spill_size(const struct bag_spill *spill)
{
    return (uint64_t)spill->end;
}

static int open_file(void)
{
    const char *dir = getenv("TMPDIR");
    cleanup(freep) char *name =
        xasprintf("%s/berth-bag.XXXXXX", dir && dir[0] ? dir : "/tmp");
    int fd = mkostemp(name, O_CLOEXEC);

    if (fd < 0)
        return -errno;
    (void)unlink(name);
    return fd;
}

static int write_out(struct bag_spill *spill, const void *bytes, size_t len)
{
    int rc;

    if (spill->fd < 0)
        spill->fd = open_file();
    if (spill->fd < 0)
        return spill->fd;
    rc = io_write_full_at(spill->fd, bytes, len, spill->end);
    if (!rc)
        spill->end += (int64_t)len;
    return rc;
}

int bag_pieces_add(struct bag_spill *spill, struct bag_pieces *pieces, uint32_t stream,
                   const void *bytes, size_t len)
{
    bool fits = spill->used + len <= spill->in_memory;
    struct bag_piece *piece = xmalloc(sizeof(*piece) + (fits ? len : 0));
    int rc;

    *piece = (struct bag_piece){.stream = stream, .len = len, .at = -1};
    if (fits) {
        memcpy(piece->bytes, bytes, len);
        spill->used += len;
    } else {
        piece->at = spill->end;
        rc = write_out(spill, bytes, len);
        if (rc < 0) {
            free(piece);
            return rc;
        }
        spill->n_in_file++;
    }
    *(pieces->last ? pieces->last : &pieces->first) = piece;
    pieces->last = &piece->next;
    return 0;
}

struct bag_piece *bag_pieces_pop(struct bag_pieces *pieces)
{
    struct bag_piece *piece = pieces->first;

    if (!piece)
        return NULL;
    pieces->first = piece->next;
    if (!pieces->first)
        pieces->last = NULL;
    return piece;
}

void bag_pieces_clear(struct bag_spill *spill, struct bag_pieces *pieces)
{
    struct bag_piece *piece;

    while ((piece = bag_pieces_pop(pieces)))
        bag_piece_free(spill, piece);
}

const char *bag_piece_bytes(const struct bag_spill *spill,
                            const struct bag_piece *piece, char **ret_own)
{
    *ret_own = NULL;
    if (piece->at < 0)
        return piece->bytes;
    *ret_own = xmalloc(piece->len);
    for (size_t done = 0; done < piece->len;) {
        ssize_t n = pread(spill->fd, *ret_own + done, piece->len - done,
                          piece->at + (off_t)done);

        if (n == 0 || (n < 0 && errno != EINTR))
            return NULL;
        done += n > 0 ? (size_t)n : 0;
    }
    return *ret_own;
}

void bag_piece_free(struct bag_spill *spill, struct bag_piece *piece)
{
    if (piece->at < 0) {
        spill->used -= piece->len;
    } else if (--spill->n_in_file == 0) {
        spill->end = 0;
        (void)!ftruncate(spill->fd, 0);
    }
    free(piece);
}
