/* SPDX-License-Identifier: Apache-2.0
 *
 * probe.h - attempts to break out of a container, each with a verdict
 *
 * A probe does one thing that a container must not let it do. It is harmless where
 * it succeeds: it writes back the value it has read, kills only whom it is told
 * to, asks for what it does not use. So the same program runs inside Berth, where each
 * attempt has to fail, and bare as root, where each has to succeed.
 *
 *     probe NAME[=ARGUMENT] ...     one line each: NAME VERDICT WORDS
 *     probe list                    the names
 *     probe handle-of PATH          what "file-handle" takes
 *     probe with-key NAME COMMAND   in a session that has a key of this name
 */
#ifndef BERTH_ESCAPE_PROBE_H
#define BERTH_ESCAPE_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum verdict {
    HELD,    /* refused */
    ESCAPED, /* it worked */
    ABSENT   /* this kernel or machine has no such thing */
};

struct finding {
    enum verdict verdict;
    char words[160];
};

/* 'argument' is "" when none was given. */
typedef struct finding probe_fn(const char *argument);

struct probe {
    const char *name;
    probe_fn *run;
};

extern const struct probe file_probes[], process_probes[], namespace_probes[],
    kernel_probes[], flood_probes[];

struct finding escaped(const char *format, ...) __attribute__((format(printf, 1, 2)));
struct finding held(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* What errno says about a refusal: ABSENT where the thing is not there at all. */
struct finding refused(const char *what);
/* ESCAPED when 'rc' is not negative, else refused. */
struct finding judge(long rc, const char *what);

/* Write to 'path' what it holds. 0 or -1 and errno. */
int write_same(const char *path);
/* Run 'fn' in a child, which may end as it likes; its finding, or ABSENT. */
struct finding in_child(probe_fn *fn, const char *argument);
/* In a user and mount namespace of its own, as its root. 0 or -1 and errno. */
int become_nested_root(void);
/* Print the handle of 'path'; the status to exit with. */
int print_handle(const char *path);
/* Execute 'argv' in a session with a key; returns when that fails. */
int run_with_key(const char *name, char **argv);
/* Whether 'marker', an absolute path of the host, is below what 'dir' shows. */
bool shows_marker(const char *dir, const char *marker);

#endif
