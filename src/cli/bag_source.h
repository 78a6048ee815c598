/* SPDX-License-Identifier: Apache-2.0
 *
 * bag_source.h - the commands of a bag, one after the other, as they are needed
 */
#ifndef BERTH_CLI_BAG_SOURCE_H
#define BERTH_CLI_BAG_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strbuf.h"

struct bag_source;

/* From the lines of 'file' ("-": stdin), each a command, or with a template (words,
 * NULL-terminated; may be empty) each the value of its {}; or, 'file' NULL, from a
 * range of indexes and a template. A file that can be read twice is looked through
 * first: what is wrong with a line is said before anything runs. All is borrowed. */
int bag_source_open(const char *file, const char *range, char *const *words,
                    struct bag_source **ret, struct err *err);
void bag_source_close(struct bag_source *source);

/* How many commands there are; 0: not known. */
uint64_t bag_source_total(const struct bag_source *source);
/* How many may run at once, by a range's "%N"; 0: not said. */
uint32_t bag_source_limit(const struct bag_source *source);
/* To wait for before bag_source_next can say more than -EAGAIN; -1: nothing. */
int bag_source_fd(const struct bag_source *source);

/* The next command: 1, 'ret_argv' (overwritten) and its index; 0 at the end; -EAGAIN
 * when it has not come yet; another error with words. */
int bag_source_next(struct bag_source *source, uint64_t *ret_index,
                    struct strbuf *ret_argv, struct err *err);

#endif
