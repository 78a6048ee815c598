/* SPDX-License-Identifier: Apache-2.0
 *
 * export.h - which variables of the caller's environment a job gets
 */
#ifndef BERTH_OPTIONS_EXPORT_H
#define BERTH_OPTIONS_EXPORT_H

#include "base/err.h"

/* The environment that --export=LIST selects from 'env' (a strv for the caller):
 *
 *     NULL, "ALL"          everything
 *     "NONE", "NIL"        what a login needs: HOME USER LOGNAME SHELL PATH ...
 *     "A,B=2"              these two, and what a login needs
 *     "ALL,B=2"            everything, and B as given
 *
 * A value may be quoted to hold commas: B='x,y'. Variables of an enclosing job
 * (BERTH_*, SLURM_*, PMIX_*) are left out of a new job when 'new_job'.
 */
int export_env(const char *list, char *const *env, int new_job, char ***ret_env,
               struct err *err);

#endif
