/* SPDX-License-Identifier: Apache-2.0
 *
 * container_name.h - what --container-name says: NAME[:auto|:create|:exec]
 */
#ifndef BERTH_WIRE_CONTAINER_NAME_H
#define BERTH_WIRE_CONTAINER_NAME_H

#include "base/err.h"

#define CONTAINER_NAME_MAX 64

enum container_name_mode {
    CONTAINER_NAME_AUTO,   /* join it, or make it */
    CONTAINER_NAME_CREATE, /* there must be none of this name */
    CONTAINER_NAME_EXEC    /* there must be one */
};

/* Take apart 'text'. A name is of letters, digits, "_", "." and "-", the first none
 * of the latter two. -EINVAL with words that begin with the name. */
int container_name_parse(const char *text, char ret_name[CONTAINER_NAME_MAX + 1],
                         enum container_name_mode *ret_mode, struct err *err);

#endif
