/* SPDX-License-Identifier: Apache-2.0
 *
 * apply_session.h - objects judged here and given to the cluster, as options say
 *
 *     apply_session_take ... once for each text, then apply_session_end
 */
#ifndef BERTH_CLI_APPLY_SESSION_H
#define BERTH_CLI_APPLY_SESSION_H

#include "cli/apply_batch.h"
#include "cli/command.h"
#include "spec/label_spec.h"

struct table;

enum dry_run { DRY_NOT, DRY_HERE, DRY_THERE };

struct apply_session {
    /* As options say. */
    struct common common;
    bool is_quiet;
    enum dry_run dry_run;
    enum apply_output output;
    const char *name_space;
    struct label_spec selector;
    /* As the command is. */
    const char *word; /* "applied" */
    Berth__ObjectApply__Verb verb;
    /* What came of it. */
    struct apply_batch batch;
    struct manifest *manifests; /* that were taken: the batch is of them */
    size_t n_manifests;
    size_t n_taken, n_refused, n_shown;
    struct table *table; /* of -o wide; made when it is needed */
};

/* Setters of --dry-run, --output and --selector of a struct apply_session, which must
 * be the first member of whatever the options are read into. */
int apply_session_set_dry_run(const struct opt *opt, const char *value, void *ctx,
                              struct err *err);
int apply_session_set_output(const struct opt *opt, const char *value, void *ctx,
                             struct err *err);
int apply_session_set_selector(const struct opt *opt, const char *value, void *ctx,
                               struct err *err);

#define OPTS_APPLY                                                               \
    {.name = "dry-run",                                                          \
     .arg = OPT_OPTIONAL,                                                        \
     .meta = "client|server",                                                    \
     .set = apply_session_set_dry_run,                                           \
     .help = "only judge: here, which needs no cluster, or by the cluster"},     \
        {.name = "output",                                                       \
         .letter = 'o',                                                          \
         .arg = OPT_NEEDED,                                                      \
         .meta = "FORM",                                                         \
         .set = apply_session_set_output,                                        \
         .help = "yaml, json: the objects with defaults filled in; name; wide: " \
                 "what their pods ask for"},                                     \
        {.name = "json",                                                         \
         .set = opt_flag,                                                        \
         .offset = offsetof(struct apply_session, common.json),                  \
         .help = "as -o json"},                                                  \
        {.name = "namespace",                                                    \
         .letter = 'n',                                                          \
         .arg = OPT_NEEDED,                                                      \
         .meta = "NAME",                                                         \
         .set = opt_string,                                                      \
         .offset = offsetof(struct apply_session, name_space),                   \
         .help = "namespace of objects that name none (default)"},               \
        {.name = "quiet",                                                        \
         .letter = 'q',                                                          \
         .set = opt_flag,                                                        \
         .offset = offsetof(struct apply_session, is_quiet),                     \
         .help = "no warnings"},                                                 \
        OPTS_CONFIG(struct apply_session, common)

/* Judge the objects of a text that words call 'name'; those without a mistake are kept
 * for apply_session_end, or with --dry-run shown at once. An exit status. */
int apply_session_take(struct apply_session *session, const char *name,
                       const char *text, size_t len);
/* Give them to the cluster, end what is shown. An exit status, of this part. */
int apply_session_end(struct apply_session *session);
void apply_session_fini(struct apply_session *session);

/* The command that does so with the files of -f; 'word' is what has been done. */
int apply_files(const struct usage *usage, const char *word,
                Berth__ObjectApply__Verb verb, int argc, char **argv);

#endif
