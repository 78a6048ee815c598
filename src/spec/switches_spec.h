/* SPDX-License-Identifier: Apache-2.0
 *
 * switches_spec.h - how many leaf switches a job may span: "2@1:00:00"
 *
 * sbatch(1)'s --switches: a count, and after '@' how long the job waits for such
 * a place before it takes any.
 */
#ifndef BERTH_SPEC_SWITCHES_SPEC_H
#define BERTH_SPEC_SWITCHES_SPEC_H

#include <stdint.h>

#include "base/err.h"

#define SWITCHES_MAX 1000000

struct switches_spec {
    uint32_t count; /* 0: any number */
    int64_t wait;   /* seconds; TIME_UNLIMITED: for ever, also when not said */
};

/* -EINVAL or -ERANGE with words. "" is any number. */
int switches_spec_parse(const char *text, struct switches_spec *ret, struct err *err);

/* "2@01:00:00"; the caller frees it. */
char *switches_spec_format(const struct switches_spec *spec);

#endif
