/* SPDX-License-Identifier: Apache-2.0
 *
 * data_sources.h - data of a ConfigMap or Secret, from words and files
 *
 *     KEY=VALUE     a literal
 *     [KEY=]PATH    a file, whose name is the key without one; of a directory all files
 *                   whose names are keys
 *     PATH          a file of lines KEY=VALUE
 */
#ifndef BERTH_CLI_DATA_SOURCES_H
#define BERTH_CLI_DATA_SOURCES_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"

struct data_sources {
    char **literals, **files, **env_files; /* strvs */
};

void data_sources_fini(struct data_sources *sources);

/* Put what they hold into the members "data" and, of a ConfigMap's bytes that are no
 * text, "binaryData" of 'object'; of a Secret all is in "data", in base64. Files are
 * bounded. -Exxx with words that name the source; -EEXIST: a key came twice. */
int data_sources_read(const struct data_sources *sources, bool is_secret,
                      json_t *object, struct err *err);

#endif
