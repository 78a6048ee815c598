/* SPDX-License-Identifier: Apache-2.0
 *
 * volume_test.h - a pod and what it names, in a test
 */
#ifndef BERTH_TESTS_VOLUME_TEST_H
#define BERTH_TESTS_VOLUME_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "base/strv.h"
#include "objects/manifest.h"
#include "volume/data.h"
#include "volume/facts.h"

static inline void pod_data_destroyp(struct pod_data **data)
{
    pod_data_destroy(*data);
}

/* The only object of 'text'. */
static inline struct manifest one_object(const char *text)
{
    const struct manifest_rules rules = {.extra = NULL};
    struct manifest manifest;
    struct err err;

    if (manifest_read("t", text, strlen(text), &rules, &manifest, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(manifest.n, 1);
    if (!manifest.objects[0].object)
        fail_msg("%s", manifest.objects[0].report.problems[0].text);
    return manifest;
}

/* "apiVersion: v1" and so on are put before 'rest'. */
static inline int put(struct pod_data *data, const char *kind, const char *name,
                      uint64_t revision, const char *rest)
{
    cleanup(freep) char *text = xasprintf(
        "apiVersion: v1\nkind: %s\nmetadata: {name: %s}\n%s\n", kind, name, rest);
    struct err err = {0};
    int rc = pod_data_put(data, kind, name, revision, text, strlen(text), &err);

    if (rc < 0)
        fail_msg("%s", err.text);
    return rc;
}

#endif
