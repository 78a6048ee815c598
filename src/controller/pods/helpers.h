/* SPDX-License-Identifier: Apache-2.0
 *
 * helpers.h - pods that a batch job brings along: made with it, waited for, ended with
 * it
 *
 *     submit --pod db.yaml solve.sh  -->  job 17 (the script), job 18 (pod db-17)
 *
 * They are the last components of the job's set (hets.h): one start, one end. The
 * script is launched when all of them are ready; until then its job is STARTING.
 */
#ifndef BERTH_CONTROLLER_HELPERS_H
#define BERTH_CONTROLLER_HELPERS_H

#include "controller/jobs.h"
#include "controller/objects/object_make.h"

#define HELPERS_MAX 16 /* of one job */

/* Pods that were judged and are in no table yet. All zero: none. */
struct helper_drafts {
    struct ctl_object *objects[HELPERS_MAX]; /* with their drafts of jobs */
    struct object_text texts[HELPERS_MAX];
    size_t n;
};

/* ------------------------------------------------------------------ making them */

/* Judge the helpers of 'wish' for 'spec', which is complete and will be job 'id'. Words
 * name the pod. Ends with helpers_fini in any case; '*warning' is added to. */
int helpers_draft(struct controller *ctl, const Berth__JobSpec *spec, uint32_t id,
                  const Berth__PodWish *wish, struct helper_drafts *ret, char **warning,
                  struct err *err);
void helpers_fini(struct helper_drafts *drafts);
/* Make pods and jobs of them, behind all other components of the set: in memory and
 * in the open batch. */
void helpers_enter(struct controller *ctl, struct helper_drafts *drafts);

/* ------------------------------------------------------------------ members */

bool helpers_is_one(const struct ctl_job *cj);
/* The job that 'cj' helps, or itself; NULL: it is gone. */
struct ctl_job *helpers_leader(const struct controller *ctl, struct ctl_job *cj);
/* The 'i'-th member of the set when it is a helper; NULL: it is none, or is gone. */
struct ctl_job *helpers_member(const struct controller *ctl, const struct ctl_job *cj,
                               uint32_t i);
/* How many of the set are no helpers; 0: it is in no set. */
uint32_t helpers_plain_size(const struct controller *ctl, const struct ctl_job *cj);
/* Whether 'cj', which is none, has brought any along. */
bool helpers_has(const struct controller *ctl, const struct ctl_job *cj);
/* Whether its set may be queued again: but for helpers it is alone. */
bool helpers_can_requeue(const struct controller *ctl, const struct ctl_job *cj);

/* ------------------------------------------------------------------ waiting for them
 */

/* Whether the script of 'cj' is not to be launched yet. */
bool helpers_wait(const struct controller *ctl, const struct ctl_job *cj);
/* What for: "helper pods are not ready: db-17 (ErrImagePull)". The caller frees it. */
char *helpers_wait_words(const struct controller *ctl, const struct ctl_job *cj);
/* A pod has another status: who waits for it may begin. */
void helpers_pod_changed(struct controller *ctl, const struct ctl_object *pod);
/* 'cj' waits for its helpers: give up when that has been too long. */
void helpers_check_wait(struct controller *ctl, struct ctl_job *cj, int64_t now);

/* ------------------------------------------------------------------ their job */

/* How a helper has ended, as the reason why its job ends. The caller frees it. */
char *helpers_end_words(const struct ctl_job *helper);
/* What the job finds of them in its environment, and what is left of its limit. */
void helpers_describe(const struct controller *ctl, const struct ctl_job *cj,
                      Berth__JobSpec *spec);

#endif
