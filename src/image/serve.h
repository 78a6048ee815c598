/* SPDX-License-Identifier: Apache-2.0
 *
 * serve.h - a store's files for somebody on another node
 *
 * For a root daemon that reads in the name of a user who has proven who he is.
 * Nothing is parsed but digests. All is opened as that user; links are not
 * followed below the store, and only plain files of the store's owner count, so
 * a store cannot make the daemon read what is not in it.
 */
#ifndef BERTH_IMAGE_SERVE_H
#define BERTH_IMAGE_SERVE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "image/store.h"

/* For whom, and whose files: (uid_t)-1 as 'owner' is the site's store, whose files
 * count when everybody may read them, or root asks: archives hold what modes keep
 * from users once they are unpacked. */
struct image_reader {
    const char *store;
    uid_t uid;
    gid_t gid;
    uid_t owner;
};

/* What 'ref', a name or a digest, stands for in the store. -ENOENT when it has no
 * such image; then '*ret_coming' says whether it is being fetched there. */
int image_serve_find(const struct image_reader *reader, const char *ref,
                     char ret_digest[IMAGE_DIGEST_MAX], bool *ret_coming,
                     struct err *err);

/* Up to 'max' bytes of a blob from 'offset' on into 'bytes'. '*ret_n' is 0 at its
 * end; '*ret_size' is the size of the whole. -ENOENT when it is not there. */
int image_serve_read(const struct image_reader *reader, const char *digest,
                     uint64_t offset, void *bytes, size_t max, size_t *ret_n,
                     uint64_t *ret_size, struct err *err);

#endif
