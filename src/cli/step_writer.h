/* SPDX-License-Identifier: Apache-2.0
 *
 * step_writer.h - the client of a step that nobody waits for: it writes its files
 */
#ifndef BERTH_CLI_STEP_WRITER_H
#define BERTH_CLI_STEP_WRITER_H

#define STEP_WRITER_ARGS 10 /* words of its command line, with the program */

/* .step JOB STEP OUTPUT ERROR INPUT append|truncate label|plain NAME, started by the
 * lead at $BERTH_LEAD in the step's directory. Returns an exit status. */
int step_writer(char **argv);

#endif
