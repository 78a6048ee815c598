/* SPDX-License-Identifier: Apache-2.0
 *
 * err.h - one channel for a failure's code, one for its words
 *
 * Functions return 0 or -Exxx. One whose failure a person may read takes a
 * 'struct err *' as its last parameter, which may be NULL. Words are written
 * only on failure, and wrapped on the way up:
 *     "job 17: image debian:12: layer 3: digest does not match"
 */
#ifndef BERTH_BASE_ERR_H
#define BERTH_BASE_ERR_H

#define ERR_TEXT_MAX 480

struct err {
    int code; /* positive errno value */
    char text[ERR_TEXT_MAX];
};

/* Write code and words (if 'err' is not NULL) and return -code. */
int err_set(struct err *err, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Like err_set, and append ": " and strerror(code). */
int err_sys(struct err *err, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Put "words: " before what 'err' already says. Returns -err->code. */
int err_wrap(struct err *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Stop the program when 'cond' holds: our own bug, never a peer's. */
#define BUG_ON(cond)                        \
    do {                                    \
        if (__builtin_expect(!!(cond), 0))  \
            bug(__FILE__, __LINE__, #cond); \
    } while (0)

void bug(const char *file, int line, const char *what) __attribute__((noreturn));

#endif
