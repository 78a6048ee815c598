/* SPDX-License-Identifier: Apache-2.0
 *
 * errors.h - Slurm's well-known sentence for what went wrong
 */
#ifndef BERTH_SLURM_ERRORS_H
#define BERTH_SLURM_ERRORS_H

/* "Invalid partition name specified (--partition: there is no partition x)": the
 * sentence that clients look for, then our words, of an error 'code' (-Exxx or Exxx)
 * whose words may begin with the option at fault. Our words alone when no sentence
 * fits. The caller frees it. */
char *slurm_error_words(int code, const char *text);

#endif
