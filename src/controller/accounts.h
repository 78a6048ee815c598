/* SPDX-License-Identifier: Apache-2.0
 *
 * accounts.h - the table of accounts and QOS, in memory and in the store alike
 *
 * Usage of ended jobs is written in the batch in which they end, so that after a
 * crash each job is in one of the two and never in both.
 */
#ifndef BERTH_CONTROLLER_ACCOUNTS_H
#define BERTH_CONTROLLER_ACCOUNTS_H

#include "assoc/assoc.h"
#include "controller/controller.h"

/* The empty table, with the options of the configuration. */
struct assoc *accounts_create(const struct config *config);

/* Read QOS, accounts, their users and usage from the store. -EBADMSG. */
int accounts_load(struct controller *ctl, struct err *err);

/* Append the object at 'index' to the open batch, or take away the records that it
 * was kept under. */
void accounts_save(struct controller *ctl, uint32_t index);
void accounts_erase(struct controller *ctl, const struct assoc_object *object);
void accounts_save_qos(struct controller *ctl, uint32_t qos);
void accounts_erase_qos(struct controller *ctl, const char *name);
/* All users' records of one user: another account is the default. */
void accounts_save_user(struct controller *ctl, const char *user);

/* Append what jobs that ended have used since it was called last. */
void accounts_save_usage(struct controller *ctl);

/* May this job be submitted there and so? Fills in account and QOS. -EINVAL and
 * -EACCES with words that name the option. */
int accounts_admit(struct controller *ctl, Berth__JobSpec *spec, struct err *err);

/* Heap messages of an object as it is stored. */
Berth__AccountRecord *account_record(const struct assoc *assoc, uint32_t index);
Berth__QosRecord *qos_record(const struct assoc *assoc, uint32_t qos);
/* Usage without its owner's names. */
Berth__UsageRecord *usage_record(const struct assoc_usage *usage);

/* "no-reserve", "over-partition"; 0 for another word. */
uint32_t qos_flag_of(const char *name);

/* Change the table as a message says, all of it or nothing, with the batch.
 * Words name the option at fault. */
int account_change_apply(struct controller *ctl, const Berth__AccountChange *change,
                         struct err *err);
int qos_change_apply(struct controller *ctl, const Berth__QosChange *change,
                     struct err *err);

#endif
