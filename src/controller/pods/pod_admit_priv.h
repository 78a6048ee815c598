/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_admit_priv.h - what the files that admit a pod share
 *
 *     pod_checks.c  what it may not ask for, what is not built: tables of checks
 *     pod_admit.c   the job that it becomes: a table of steps
 */
#ifndef BERTH_CONTROLLER_POD_ADMIT_PRIV_H
#define BERTH_CONTROLLER_POD_ADMIT_PRIV_H

#include "controller/pods/pod_admit.h"

struct admission {
    const struct controller *ctl;
    const struct config *config;
    const Berth__ObjectRecord *record;
    const struct mf_pod *pod;
    const struct pod_help *help; /* NULL: it is no helper */
    Berth__JobSpec *spec;
    char **warning;
    struct err *err;
};

/* Done otherwise than written: one more for '*warning'. */
void admission_warn(const struct admission *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The account whose namespace it is in; NULL: its owner's own. */
const char *pod_account_of(const Berth__ObjectRecord *record);

/* -EINVAL, -EACCES, -ENOTSUP with the field at fault. */
int pod_checks(const struct admission *a);

#endif
