/* SPDX-License-Identifier: Apache-2.0
 *
 * bench_assoc.c - what accounts cost a scheduler: a check, a start and end, a ranking
 *
 * Four levels, 5,000 users in the lowest account.
 */
#include <stdio.h>

#include "assoc/assoc.h"
#include "base/err.h"
#include "bench.h"

#define USERS 5000
#define CHECKS 2000000
#define EVENTS 200000
#define REFRESHES 200
#define NOW 1000000

static uint32_t make_tree(struct assoc *a)
{
    char name[16];
    uint32_t lowest;

    BUG_ON(assoc_add_account(a, "faculty", NULL, NULL, NULL));
    BUG_ON(assoc_add_account(a, "institute", "faculty", NULL, NULL));
    BUG_ON(assoc_add_account(a, "group", "institute", &lowest, NULL));
    for (int i = 0; i < USERS; i++) {
        (void)snprintf(name, sizeof(name), "u%d", i);
        BUG_ON(assoc_add_user(a, name, "group", NULL, NULL, NULL));
    }
    return lowest;
}

static void limit(struct assoc *a, uint32_t index, enum limit which, uint64_t value)
{
    struct assoc_object object;

    BUG_ON(!assoc_get(a, index, &object));
    struct limits limits = *object.limits;
    limits_set(&limits, which, value);
    assoc_set_limits(a, index, &limits);
}

static void say(const char *what, double began, double n)
{
    printf("%-36s %10.1f ns\n", what, (now_usec() - began) * 1000 / n);
}

static void checks(const struct assoc *a, const struct assoc_handle *h,
                   const char *what)
{
    const struct tres tres = {.cores = 4, .mem_mb = 4096, .nodes = 1};
    int held = 0;
    double began = now_usec();

    for (int i = 0; i < CHECKS; i++)
        held += assoc_check_start(a, h, &tres, 3600, NOW, NULL, NULL) != 0;
    say(what, began, CHECKS);
    BUG_ON(held != 0);
}

static void events(struct assoc *a, const struct assoc_handle *h)
{
    const struct tres tres = {.cores = 4, .mem_mb = 4096, .nodes = 1};
    double began = now_usec();

    for (int i = 0; i < EVENTS; i++) {
        assoc_started(a, h, &tres, 3600, NOW + i, NOW + i);
        assoc_ended(a, h, &tres, 3600, NOW + i, NOW + i + 1);
    }
    say("a start and an end", began, EVENTS);
}

static void refreshes(struct assoc *a)
{
    double began = now_usec();

    for (int i = 0; i < REFRESHES; i++)
        assoc_refresh(a, 2 * NOW + i);
    say("usage and ranks of 5,000 users", began, REFRESHES);
}

int main(void)
{
    struct assoc *a = assoc_create(&assoc_options_default, NOW);
    struct assoc_who who = {.user = "u17"};
    struct assoc_handle h;
    uint32_t lowest = make_tree(a);

    BUG_ON(assoc_resolve(a, &who, &h, NULL));
    checks(a, &h, "check without limits");
    limit(a, lowest, LIMIT_GRP_CORES, 1000);
    limit(a, ASSOC_ROOT, LIMIT_GRP_CORE_RUN_MINS, 1000000);
    checks(a, &h, "check with limits on two levels");
    events(a, &h);
    refreshes(a);
    assoc_destroy(a);
    return 0;
}
