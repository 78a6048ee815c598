/* SPDX-License-Identifier: Apache-2.0
 *
 * object_seal.h - Secrets are not in clear in the store
 *
 * Their manifests are sealed with a key of its own file, secrets.key in
 * controller.state_dir, so a copy of the database tells none of them. Without that file
 * the Secrets in a database are lost.
 */
#ifndef BERTH_CONTROLLER_OBJECT_SEAL_H
#define BERTH_CONTROLLER_OBJECT_SEAL_H

#include "controller/controller.h"

/* Read the key, or make one when there is no file. */
int object_seal_load(struct controller *ctl, struct err *err);

/* The record packed as the store has it, heap. */
uint8_t *object_seal_pack(const struct controller *ctl,
                          const Berth__ObjectRecord *record, size_t *ret_len);
/* Its manifest, as read from the store, in clear again. -EBADMSG: with another key. */
int object_seal_open(const struct controller *ctl, Berth__ObjectRecord *record);

#endif
