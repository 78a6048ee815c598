/* SPDX-License-Identifier: Apache-2.0
 *
 * download.h - a blob on its way into the store, read while it arrives
 *
 *     registry --thread--> tmp/partial-<hex> --download_read--> whoever unpacks it
 *
 * What has arrived stays in the partial file when the connection or the program
 * dies; the next download of the same digest asks for the rest only. A partial file
 * is trusted no more than the registry: who reads it checks the digest of all of it.
 */
#ifndef BERTH_REGISTRY_DOWNLOAD_H
#define BERTH_REGISTRY_DOWNLOAD_H

#include <sys/types.h>

#include "image/oci.h"
#include "registry/session.h"

struct download;

/* Begin. 'session', 'scope' and 'path' are borrowed until the close. When another
 * process fetches the same blob just now, this one fetches it for itself. */
int download_start(struct session *session, const char *scope, const char *path,
                   const struct image_store *store, const struct oci_descriptor *blob,
                   struct download **ret, struct err *err);

/* A layer_source's 'read': waits until there is more. */
ssize_t download_read(void *download, void *bytes, size_t len, struct err *err);

/* After the end was read, and the digest checked: the file, which is now the
 * caller's. */
char *download_take(struct download *download);
/* After the digest was wrong: nothing of it is worth keeping. */
void download_drop(struct download *download);

/* Stop, wait for the thread, close. */
void download_closep(struct download **download);

#endif
