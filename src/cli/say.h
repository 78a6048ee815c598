/* SPDX-License-Identifier: Apache-2.0
 *
 * say.h - one sentence to the person at the terminal
 *
 * Lines on stderr begin with the command they come from: "berth submit: ...".
 */
#ifndef BERTH_CLI_SAY_H
#define BERTH_CLI_SAY_H

#include <stdbool.h>

/* Who speaks, "berth submit"; borrowed for ever. */
void say_set_name(const char *name);
const char *say_name(void);
/* From now on errors are marked as such: "sbatch: error: ...". */
void say_mark_errors(void);

void say_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void say_warning(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Progress and other words that are not a failure; silent when it was told to be. */
/* The same where --quiet asks for errors only: it changes what the person has. */
void say_news(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void say_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* What the options came to: each of 'warnings' (a strv, NULL is none), or, when
 * 'quiet' was one of them, nothing but errors from now on. */
void say_warnings(char **warnings, bool quiet);

#endif
