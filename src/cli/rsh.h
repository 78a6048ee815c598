/* SPDX-License-Identifier: Apache-2.0
 *
 * rsh.h - berth-rsh, for launchers that start their daemons as ssh would
 */
#ifndef BERTH_CLI_RSH_H
#define BERTH_CLI_RSH_H

/* From "berth-rsh [-option...] HOST COMMAND..." to the srun that does it, in the job's
 * container on that node: an strv, or NULL when host or command are missing. Options of
 * ssh without a value are skipped; "user@" before the host as well. */
char **rsh_command(int argc, char *const *argv);

#endif
