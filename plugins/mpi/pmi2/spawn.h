/* SPDX-License-Identifier: Apache-2.0
 *
 * spawn.h - programs that a task wants started, put together word by word
 *
 *     PMI-1                          PMI-2
 *     mcmd=spawn                     cmd=spawn
 *     nprocs=2                       ppkey0= ppval0=
 *     execname=/bin/worker           subcmd=/bin/worker
 *     arg1= ...                      maxprocs=2
 *     preput_key_0= preput_val_0=    argv0= ...
 *     info_key_0= info_val_0=        infokey0= infoval0=
 *     endcmd, and the next program   subcmd= of the next program
 */
#ifndef PMI2_SPAWN_H
#define PMI2_SPAWN_H

#include <berth/mpi.h>

#include "text.h"

#define SPAWN_APPS 64
#define SPAWN_ARGS 1024

struct spawn;

struct spawn *spawn_create(void);
void spawn_destroy(struct spawn *spawn);

/* What comes next is of another program. -E2BIG: too many. */
int spawn_next_program(struct spawn *spawn);
/* Take a word. Names that mean nothing here are skipped. -E2BIG; -EINVAL: a number of
 * tasks that is none. */
int spawn_take(struct spawn *spawn, const char *key, const char *value);

/* The programs; they live as long as 'spawn'. -EINVAL: one has no command or no tasks.
 */
int spawn_programs(const struct spawn *spawn, const struct berth_mpi_app **ret_apps,
                   size_t *ret_n);
/* What the new tasks find in their key-value space, as kvs_merge takes it. */
const struct text *spawn_preput(const struct spawn *spawn);

#endif
