/* SPDX-License-Identifier: Apache-2.0
 *
 * policy.c - policies by name, and what holds unless somebody says otherwise
 */
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "sched/sched.h"

#define DAY INT64_C(86400)

static const struct {
    const char *name;
    struct sched_policy policy;
} policies[] = {
    {"default", {.order = SCHED_BY_SLOWDOWN, .promises = 1, .bind = DAY}},
    {"fifo", {.order = SCHED_BY_SUBMIT, .promises = 0}},
    {"easy", {.order = SCHED_BY_SUBMIT, .promises = 1}},
    {"conservative", {.order = SCHED_BY_SUBMIT, .promises = SCHED_ALL_PROMISED}},
    {"hybrid", {.order = SCHED_BY_SUBMIT, .promises = 8}},
};

const struct sched_options sched_options_default = {
    .policy = {.order = SCHED_BY_SLOWDOWN, .promises = 1, .bind = DAY},
    .weights = {.age = 1000,
                .size = 1000,
                .fairshare = 1000,
                .qos = 1000,
                .partition = 1000,
                .slowdown = 1000},
    .slowdown = {.tau = DAY / 2,
                 .phi = 0.35,
                 .width = 0.5,
                 .budget = 2 * DAY,
                 .look_interval = 1800},
    .age_max = 7 * DAY,
    .order_interval = 30,
    .window = 365 * DAY,
    .preempt_mode = QOS_PREEMPT_REQUEUE,
    .overrun = 60,
    .place = PLACE_WEIGHTS_DEFAULT,
};

int sched_policy_named(const char *name, struct sched_policy *ret, struct err *err)
{
    const char *names[ARRAY_SIZE(policies)];
    for (size_t i = 0; i < ARRAY_SIZE(policies); i++) {
        names[i] = policies[i].name;
        if (strcmp(name, names[i]) == 0) {
            *ret = policies[i].policy;
            return 0;
        }
    }
    const char *near = nearest_name(name, names, ARRAY_SIZE(names));
    return err_set(err, EINVAL, "policy '%.40s': there is no such policy%s%s%s", name,
                   near ? " (did you mean " : "", near ? near : "", near ? "?)" : "");
}
