/* SPDX-License-Identifier: Apache-2.0
 *
 * report.h - what is wrong with an object, and what is done without
 */
#ifndef BERTH_MANIFEST_REPORT_H
#define BERTH_MANIFEST_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "manifest/node.h"

#define PROBLEMS_MAX 200 /* more are counted, not kept */

struct problem {
    bool is_error; /* false: a warning */
    unsigned int line, column;
    char *path; /* "spec.containers[0].image"; "": the object itself */
    char *text;
};

/* All zero: nothing to say. */
struct report {
    struct problem *problems;
    size_t n, n_errors, n_warnings;
};

void report_fini(struct report *report);

/* Say something of the field 'path', which stands at 'node'. */
void report_error(struct report *report, const struct node *node, const char *path,
                  const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void report_warning(struct report *report, const struct node *node, const char *path,
                    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* "web.yaml:12: spec.containers[0].image: this field is required" */
char *problem_format(const struct problem *problem, const char *file);

#endif
