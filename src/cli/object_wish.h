/* SPDX-License-Identifier: Apache-2.0
 *
 * object_wish.h - what somebody waits for an object to be
 *
 * Pure: texts and documents.
 */
#ifndef BERTH_CLI_OBJECT_WISH_H
#define BERTH_CLI_OBJECT_WISH_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"

enum wait_kind {
    WAIT_CONDITION, /* condition=TYPE[=VALUE] */
    WAIT_DELETE,    /* delete */
    WAIT_CREATE,    /* create */
    WAIT_PATH,      /* jsonpath=PATH[=VALUE] */
};

struct object_wish {
    enum wait_kind kind;
    char *what;  /* type of the condition, or the path */
    char *value; /* NULL: of a path, that it has any */
};

/* Read what --for says. -EINVAL with words. The caller ends 'ret' with
 * object_wish_fini in any case. */
int object_wish_parse(const char *text, struct object_wish *ret, struct err *err);
void object_wish_fini(struct object_wish *wish);

/* Whether a document is as wanted. 1: it is; 0: not yet; -EINVAL: it never will be (a
 * Job that failed is not going to be complete), with words. */
int object_wish_holds(const struct object_wish *wish, json_t *document,
                      struct err *err);

#endif
