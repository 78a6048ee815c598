/* SPDX-License-Identifier: Apache-2.0
 *
 * mem.h - memory that is there, and locals that clean themselves
 *
 * The x-functions never return NULL: running out of memory on a small
 * allocation of our own ends the program, and recovery brings it back. Sizes
 * that come from a peer are bounded first.
 */
#ifndef BERTH_BASE_MEM_H
#define BERTH_BASE_MEM_H

#include <stddef.h>

void *xmalloc(size_t size) __attribute__((malloc, returns_nonnull));
void *xcalloc(size_t n, size_t size) __attribute__((malloc, returns_nonnull));
void *xrealloc(void *p, size_t n, size_t size) __attribute__((returns_nonnull));
char *xstrdup(const char *s) __attribute__((malloc, returns_nonnull));
char *xstrndup(const char *s, size_t n) __attribute__((malloc, returns_nonnull));
void *xmemdup(const void *p, size_t size) __attribute__((malloc, returns_nonnull));
char *xasprintf(const char *fmt, ...)
    __attribute__((malloc, returns_nonnull, format(printf, 1, 2)));

/* Replace the heap string '*slot' by a copy of 's' (NULL clears it). */
void str_replace(char **slot, const char *s);

/* cleanup(freep) char *s = ...;   cleanup(closep) int fd = -1; */
#define cleanup(fn) __attribute__((cleanup(fn), unused))

void freep(void *pp);
void closep(int *fd);

/* Hand a pointer over: the value is returned, the variable becomes NULL. */
#define take(p)                    \
    __extension__({                \
        __typeof__(p) took_ = (p); \
        (p) = NULL;                \
        took_;                     \
    })

/* Hand a descriptor over: the value is returned, the variable becomes -1. */
#define take_fd(fd)          \
    __extension__({          \
        int took_fd_ = (fd); \
        (fd) = -1;           \
        took_fd_;            \
    })

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
