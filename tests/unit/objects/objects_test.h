/* SPDX-License-Identifier: Apache-2.0
 *
 * objects_test.h - a manifest in a test, and all that is said about it
 */
#ifndef BERTH_TESTS_OBJECTS_TEST_H
#define BERTH_TESTS_OBJECTS_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "objects/manifest.h"

static inline struct manifest read_manifest(const char *text)
{
    const struct manifest_rules rules = {.extra = NULL};
    struct manifest manifest;
    struct err err;

    if (manifest_read("t", text, strlen(text), &rules, &manifest, &err) < 0)
        fail_msg("%s", err.text);
    return manifest;
}

/* One line a problem, of all objects: "t:3: spec.x: words". */
static inline char *problems_of(const struct manifest *manifest)
{
    struct strbuf out = STRBUF_INIT;

    for (size_t i = 0; i < manifest->n; i++)
        for (size_t j = 0; j < manifest->objects[i].report.n; j++) {
            const struct problem *problem = &manifest->objects[i].report.problems[j];
            cleanup(freep) char *text = problem_format(problem, "t");

            strbuf_printf(&out, "%s%s\n", problem->is_error ? "" : "warning: ", text);
        }
    return strbuf_take(&out);
}

#endif
