/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_test.h - a manifest as a pod, for tests of src/pod
 */
#ifndef BERTH_TESTS_POD_TEST_H
#define BERTH_TESTS_POD_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "objects/manifest.h"
#include "pod/pod.h"

/* Of a clock that begins at 0, which is this moment of the calendar. */
#define EPOCH (INT64_C(1000000) * POD_SECOND)

/* The one pod of 'text', borrowed from 'manifest'. */
static inline const struct mf_pod *read_pod(const char *name, const char *text,
                                            size_t len, struct manifest *manifest)
{
    const struct manifest_rules rules = {.extra = NULL};
    struct err err;

    if (manifest_read(name, text, len, &rules, manifest, &err) < 0)
        fail_msg("%s", err.text);
    for (size_t i = 0; i < manifest->objects[0].report.n; i++) {
        const struct problem *problem = &manifest->objects[0].report.problems[i];
        cleanup(freep) char *words = problem_format(problem, name);

        if (problem->is_error)
            fail_msg("%s", words);
    }
    assert_int_equal(manifest->n, 1);
    return manifest->objects[0].object;
}

#endif
