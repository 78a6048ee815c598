/* SPDX-License-Identifier: Apache-2.0
 *
 * publish.h - all files of a volume at once, so that readers see all old or all new
 *
 *     NAME/..DATA_3/{a,b/c}      the files before, for who is on the way to them
 *     NAME/..DATA_4/{a,b/c}      the files
 *     NAME/..data -> ..DATA_4    renamed over
 *     NAME/a -> ..data/a         a link for each first part of a path
 *     NAME/b -> ..data/b
 *
 * Kubernetes' own layout, so programs that watch ..data find it.
 */
#ifndef BERTH_VOLUME_PUBLISH_H
#define BERTH_VOLUME_PUBLISH_H

#include "volume/payload.h"

/* What the directory holds. All zero: nothing yet. */
struct published {
    unsigned int n; /* the number of ..DATA_n */
    size_t n_files;
    bool is_there;
};

/* Make 'dir' (open, the caller's own) hold 'payload'. 1 when it changed, 0 when it
 * held just that, or -Exxx with words, and then it holds what it held. */
int publish(int dir, struct published *published, const struct payload *payload,
            struct err *err);

#endif
