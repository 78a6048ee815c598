/* SPDX-License-Identifier: Apache-2.0
 *
 * fixture.h - an image of two layers, containers over it, tasks in them
 *
 * All tests run as the caller; when that is root, once more as an ordinary user
 * over layers that root owns (a site's image store), and once more as that user
 * inside a user namespace (a personal cluster).
 */
#ifndef BERTH_TESTS_CONTAINER_FIXTURE_H
#define BERTH_TESTS_CONTAINER_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "container/container.h"

struct fixture {
    const char *base, *top;     /* layer directories */
    const char *layers[2];      /* top, base */
    char *outside, *work;       /* directories of the caller's on the node */
    struct container_spec spec; /* over both layers */
};

struct outcome {
    int status;
    bool started;
    pid_t pid;
    uint64_t max_rss_kib;
    char out[4096];
    char words[256];
};

/* The fixture of the test program. */
struct fixture *fixture(void);

/* Make the image, run 'tests' as each kind of caller, remove all again. */
int run_as_each(const char *name, const struct CMUnitTest *tests, size_t n);

/* Build a container; fails the test with the words of what went wrong. */
struct container *start(const struct container_spec *spec);
/* Build one that must not succeed; returns its words (static). */
const char *start_refused(const struct container_spec *spec);
void container_destroyp(struct container **c);
/* The pid of its init in the namespaces that it is in. */
int inside_pid(const struct container *c);

/* A task with the default environment and a pipe as its standard output, whose
 * read end is *ret_out. argv[0] "probe" is in PATH. */
void begin(struct container *c, uint32_t id, struct task_spec task, int *ret_out);
void next_event(struct container *c, struct container_event *ret);

/* Start a task, wait for its end. */
void run_spec(struct container *c, struct task_spec task, struct outcome *ret);
void run_v(struct container *c, struct outcome *ret, char *const *argv);
#define run(c, ret, ...) run_v(c, ret, (char *const[]){__VA_ARGS__, NULL})
/* What 'probe' prints for these arguments in 'c' (static). */
#define probe(c, ...) probe_v(c, (char *const[]){A("probe"), __VA_ARGS__, NULL})
const char *probe_v(struct container *c, char *const *argv);

/* Modifiable copies of literals: argument vectors are not const. */
#define A(text) ((char[]){text})

#endif
