/* SPDX-License-Identifier: Apache-2.0
 *
 * containerfile.h - a Containerfile as data: stages of instructions
 *
 * Pure: bytes in, a bounded structure out. The language is the one that Docker
 * documents for Dockerfiles: comments, parser directives (escape, syntax, check),
 * lines that go on, here-documents, options, shell and exec forms. Variables are
 * left as written: what they stand for depends on what was built before.
 */
#ifndef BERTH_BUILD_CONTAINERFILE_H
#define BERTH_BUILD_CONTAINERFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define CONTAINERFILE_BYTES_MAX (1U << 20)
#define CONTAINERFILE_STEPS_MAX 4096
#define CONTAINERFILE_STAGES_MAX 128
#define CONTAINERFILE_HEREDOCS_MAX 16
#define CONTAINERFILE_WORDS_MAX 4096 /* of one instruction */
#define CONTAINERFILE_FLAGS_MAX 64

enum instruction_kind {
#define INSTRUCTION(name, form, flags) INSTRUCTION_##name,
#include "build/instructions.def"
#undef INSTRUCTION
};

struct heredoc {
    char *name;   /* the word that ends it, without quotes */
    char *text;   /* its lines, each with its newline */
    bool expands; /* the word had no quotes */
    bool chomps;  /* "<<-": tabs at the beginning of its lines do not count */
};

/* A NAME=VALUE of ENV, ARG or LABEL, quotes and variables as written. */
struct pair {
    char *name;
    char *value; /* NULL: ARG without a default */
};

/* One instruction. Which members have something in them depends on its kind:
 * see instructions.def. */
struct instruction {
    enum instruction_kind kind;
    unsigned int line; /* it begins on, from 1 */
    char *text;        /* all of it in one line, to show and to tell from others */
    char **flags;      /* "mount=type=cache,target=/x", without the dashes */
    char *rest;        /* what follows the options, as one text */
    char **words;      /* WORDS, and every JSON form */
    bool is_json;
    struct pair *pairs;
    size_t n_pairs;
    struct heredoc *docs;
    size_t n_docs;
};

/* From one FROM up to the next. */
struct stage {
    struct instruction *from;
    const char *image, *name, *platform; /* of 'from'; name, platform: or NULL */
    struct instruction *steps;
    size_t n_steps;
};

struct containerfile {
    char *file; /* what to call it in words */
    char escape;
    struct instruction *all; /* in order; the arrays here point into it */
    size_t n_all;
    size_t n_globals; /* the ARGs before the first FROM are the first of 'all' */
    struct stage *stages;
    size_t n_stages;
    char **warnings; /* a strv of sentences, each with its line */
};

/* -EINVAL with "FILE:LINE: INSTRUCTION: words" for what is none, or is over the
 * bounds above. 'file' is only named. */
int containerfile_parse(const char *file, const char *bytes, size_t len,
                        struct containerfile **ret, struct err *err);
/* The instructions that an image's ONBUILD leaves to the images built from it: one
 * in each line, without FROM. One stage without a FROM comes out. */
int containerfile_parse_triggers(const char *file, const char *bytes, size_t len,
                                 struct containerfile **ret, struct err *err);
void containerfile_free(struct containerfile *file);
void containerfile_freep(struct containerfile **file);

const char *instruction_name(enum instruction_kind kind);
/* The last value of the option 'name', "" when it has none, NULL when absent. */
const char *instruction_flag(const struct instruction *in, const char *name);

/* Put "FILE:LINE: INSTRUCTION: " before what 'err' says. */
int instruction_wrap(const struct containerfile *file, const struct instruction *in,
                     struct err *err);

#endif
