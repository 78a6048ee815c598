/* SPDX-License-Identifier: Apache-2.0
 *
 * builder.h - one build under way: what its parts share
 */
#ifndef BERTH_BUILD_BUILDER_H
#define BERTH_BUILD_BUILDER_H

#include "build/build.h"
#include "build/containerfile.h"
#include "build/ignore.h"
#include "build/plan.h"
#include "build/scope.h"
#include "build/sources.h"
#include "build/state.h"

struct builder {
    const struct build_request *req;
    struct build_result *result;
    int lock; /* the store's, shared, from the first layer to the name */
    struct containerfile *file;
    struct plan plan;
    struct ignore ignore;
    struct source_tree context;
    struct scope_given given;
    struct scope globals;
    char **asked_args;    /* names of all ARGs met: for what was given in vain */
    struct state *states; /* one for each stage */
    size_t current;       /* stage */
    size_t number, total; /* steps; triggers of base images add to them */
    bool said_user;       /* the warning about USER was given */
};

/* What a step works on. */
struct step {
    struct builder *b;
    const struct containerfile *file; /* for words; triggers have one of their own */
    const struct instruction *in;
    struct state *state;
    bool cached, made_layer;
};

/* build.c */
void step_warn(const struct step *step, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* The current time in seconds, or SOURCE_DATE_EPOCH. */
int64_t builder_now(const struct builder *b);
/* Replace variables in one word; -EINVAL with words. */
int step_expand(const struct step *step, const char *word, char **ret, struct err *err);

/* step_layer.c: have a layer made, or found. 'material' (a strv) is what the step
 * depends on beside the steps before it. 'make' fills "upper" of the overlay
 * directory 'overlay'; 'scratch' is an empty directory that goes afterwards. */
typedef int make_fn(const struct step *step, const char *overlay, const char *scratch,
                    void *ctx, struct err *err);
int step_layer(struct step *step, char *const *material, make_fn *make, void *ctx,
               struct err *err);

/* A stage or an image that an instruction takes files from. */
struct origin {
    char **dirs; /* layers, topmost first; NULL: the context */
    char *what;  /* for words */
};
/* step_from.c: what "--from=REF" means; NULL is the context. */
int origin_find(const struct step *step, const char *ref, struct origin *ret,
                struct err *err);
void origin_fini(struct origin *origin);

/* One instruction each; step_from.c, step_copy.c, step_run.c, step_meta.c. */
int step_from(struct step *step, const struct planned *planned, struct err *err);
int step_copy(struct step *step, struct err *err);
int step_run(struct step *step, struct err *err);
int step_workdir(struct step *step, struct err *err);
int step_meta(struct step *step, struct err *err);

#endif
