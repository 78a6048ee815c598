/* SPDX-License-Identifier: Apache-2.0
 *
 * job_names.h - jobs as people write them: "12", "12_3", "12_[5-9]"
 */
#ifndef BERTH_CLI_JOB_NAMES_H
#define BERTH_CLI_JOB_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "wire/messages.pb-c.h"

struct job_names {
    uint32_t *ids;
    char **elements; /* of arrays, for each of ids: "3", "5-9"; "": all */
    size_t n;
};

/* Read 'n' operands. The caller ends 'ret' with job_names_fini in any case. -Exxx
 * when the mistake has been said. */
int job_names_parse(int n, char *const *words, struct job_names *ret);
void job_names_fini(struct job_names *names);

/* "12", "12_3" of an element, "12_[4-100%2]" of an array of which so much has not
 * begun. The caller frees it. */
char *job_name_of(const Berth__JobRecord *record);

#endif
