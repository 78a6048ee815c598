/* SPDX-License-Identifier: Apache-2.0
 *
 * limit_names.h - limits of processes by the names that sbatch(1) has for them
 */
#ifndef BERTH_OPTIONS_LIMIT_NAMES_H
#define BERTH_OPTIONS_LIMIT_NAMES_H

#define LIMIT_NAMES "AS, CORE, CPU, DATA, FSIZE, MEMLOCK, NOFILE, NPROC, RSS, STACK"

/* The resource of setrlimit(2), or -EINVAL. */
int limit_by_name(const char *name);

#endif
