/* SPDX-License-Identifier: Apache-2.0
 *
 * log.h - what a daemon tells its operator
 *
 * error: an operator must act. warn: we went on, and say so. info: a job or
 * node changed state. debug: for us. A user's mistake goes back to the user
 * and is not logged. Control characters in a line are escaped, so nobody can
 * forge one. Lines go to stderr:
 *     2026-01-31T12:00:00.123 berthctld[41]: warn: node n3: lost after 30 s
 */
#ifndef BERTH_BASE_LOG_H
#define BERTH_BASE_LOG_H

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* Name of the program (borrowed for ever) and the least important level that
 * is written. Not called: "berth", LOG_INFO. */
void log_init(const char *program, enum log_level level);

/* "error", "warn", "info", "debug"; -1 for another word. */
int log_level_parse(const char *name);

void log_write(enum log_level level, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#define log_error(...) log_write(LOG_ERROR, __VA_ARGS__)
#define log_warn(...) log_write(LOG_WARN, __VA_ARGS__)
#define log_info(...) log_write(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_write(LOG_DEBUG, __VA_ARGS__)

#endif
