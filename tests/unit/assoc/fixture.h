/* SPDX-License-Identifier: Apache-2.0
 *
 * fixture.h - a small tree: physics (alice, bob), chemistry (carol), biology below it
 */
#ifndef BERTH_TESTS_ASSOC_FIXTURE_H
#define BERTH_TESTS_ASSOC_FIXTURE_H

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assoc/assoc.h"
#include "base/mem.h"
#include "base/units.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NOW 1000000

static inline uint32_t add_account(struct assoc *a, const char *name,
                                   const char *parent)
{
    struct err err;
    uint32_t index;
    if (assoc_add_account(a, name, parent, &index, &err) < 0)
        fail_msg("%s", err.text);
    return index;
}

static inline uint32_t add_user(struct assoc *a, const char *user, const char *account)
{
    struct err err;
    uint32_t index;
    if (assoc_add_user(a, user, account, NULL, &index, &err) < 0)
        fail_msg("%s", err.text);
    return index;
}

static inline struct assoc *table_without_fading(void)
{
    struct assoc_options options = assoc_options_default;
    options.half_life = 0;
    return assoc_create(&options, NOW);
}

static inline struct assoc *small_table(void)
{
    struct assoc *a = table_without_fading();
    add_account(a, "physics", NULL);
    add_account(a, "chemistry", NULL);
    add_account(a, "biology", "chemistry");
    add_user(a, "alice", "physics");
    add_user(a, "bob", "physics");
    add_user(a, "carol", "chemistry");
    add_user(a, "dora", "biology");
    return a;
}

static inline struct assoc_handle resolve(struct assoc *a, const char *user,
                                          const char *qos)
{
    struct assoc_who who = {.user = user, .qos = qos};
    struct assoc_handle h;
    struct err err;
    if (assoc_resolve(a, &who, &h, &err) < 0)
        fail_msg("%s", err.text);
    return h;
}

/* "grp-cores=64" of an account, or of a user in one. */
static inline void limit(struct assoc *a, uint32_t index, enum limit id,
                         const char *text)
{
    struct assoc_object object;
    assert_true(assoc_get(a, index, &object));
    struct limits limits = *object.limits;
    struct err err;
    if (limits_parse(&limits, id, text, &err) < 0)
        fail_msg("%s", err.text);
    assoc_set_limits(a, index, &limits);
}

/* Add the QOS, or one limit more to it. */
static inline uint32_t qos_limit(struct assoc *a, const char *name, enum limit id,
                                 const char *text)
{
    struct qos qos = {.usage_factor = 1};
    uint32_t index;
    if (assoc_qos_find(a, name, &index, NULL) == 0)
        qos = *assoc_qos(a, index);
    memcpy(qos.name, name, strlen(name) + 1);
    assert_int_equal(limits_parse(&qos.limits, id, text, NULL), 0);
    assert_int_equal(assoc_qos_set(a, &qos, &index, NULL), 0);
    return index;
}

static inline struct tres cores(uint64_t n)
{
    return (struct tres){.cores = n, .mem_mb = n * 1024, .nodes = 1};
}

static inline void start(struct assoc *a, const struct assoc_handle *h, uint64_t n,
                         int64_t limit_seconds, int64_t now)
{
    struct tres t = cores(n);
    assoc_started(a, h, &t, limit_seconds, now, now);
}

static inline void end(struct assoc *a, const struct assoc_handle *h, uint64_t n,
                       int64_t limit_seconds, int64_t started, int64_t now)
{
    struct tres t = cores(n);
    assoc_ended(a, h, &t, limit_seconds, started, now);
}

/* "alice" used so many core-seconds, in jobs that ended at 'now'. */
static inline void use(struct assoc *a, const char *user, uint64_t core_seconds,
                       int64_t now)
{
    struct assoc_handle h = resolve(a, user, NULL);
    struct tres t = {.cores = core_seconds};
    assoc_started(a, &h, &t, 60, now - 1, now);
    assoc_ended(a, &h, &t, 60, now - 1, now);
}

static inline double factor(struct assoc *a, const char *user)
{
    struct assoc_handle h = resolve(a, user, NULL);
    return assoc_fair_factor(a, &h);
}

static inline void assert_close(double a, double b)
{
    if (!(fabs(a - b) <= 1e-9 * (1 + fabs(b))))
        fail_msg("%.12g is not %.12g", a, b);
}

#endif
