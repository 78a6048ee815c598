/* SPDX-License-Identifier: Apache-2.0
 *
 * images.h - images of other nodes, for those who fetch them
 *
 * A node gives everybody what he could read there himself: the images of his own
 * store and of the site's. What comes is not verified here.
 */
#ifndef BERTH_CLIENT_IMAGES_H
#define BERTH_CLIENT_IMAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "client/berth.h"

struct image_peer;

/* Connect to the daemon of a node. */
int image_peer_open(struct berth *berth, const char *host, uint16_t port,
                    struct image_peer **ret, struct err *err);
void image_peer_close(struct image_peer *peer);
void image_peer_closep(struct image_peer **peer);

/* The digest of 'ref', a name or a digest; the caller frees it. -ENOENT when the
 * node does not have that image. '*ret_coming': it has not got all of it yet. */
int image_peer_find(struct image_peer *peer, const char *ref, char **ret_digest,
                    bool *ret_coming, struct err *err);

/* Up to 'max' bytes of a blob from 'offset' on, none at its end; and its size. */
int image_peer_read(void *peer, const char *digest, uint64_t offset, void *bytes,
                    size_t max, size_t *ret_n, uint64_t *ret_size, struct err *err);

#endif
