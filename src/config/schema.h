/* SPDX-License-Identifier: Apache-2.0
 *
 * schema.h - the table of all keys
 *
 * A path is "node.heartbeat", or "nodes[].port" for a key of a list's items.
 * Defaults are written as in the file and go through the same setters.
 */
#ifndef BERTH_CONFIG_SCHEMA_H
#define BERTH_CONFIG_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum schema_type {
    SCHEMA_NAME,     /* char *: letters, digits, _ . - */
    SCHEMA_TEXT,     /* char *: "" is NULL */
    SCHEMA_PATH,     /* char *: absolute, or below %h; "" is NULL */
    SCHEMA_HOSTS,    /* char *: a host list, or a YAML list of them; "" is NULL */
    SCHEMA_NAMES,    /* char *: names and commas, or a YAML list; "" is NULL */
    SCHEMA_PATHS,    /* char *: absolute paths and commas, or a YAML list; "" is NULL */
    SCHEMA_WORDS,    /* char *: words and commas, or a YAML list; "" is NULL */
    SCHEMA_COUNTS,   /* char *: "a:2,b:5", or YAML's a: 2; "" is NULL */
    SCHEMA_GRES,     /* char *: "gpu:a100:4[0-15],fpga", or a list of these or of
                      * {name, type, count, cores, cdi}; "" is NULL */
    SCHEMA_CHOICE,   /* an enum: the place of the word in 'words' */
    SCHEMA_LEVEL,    /* char *: of the log */
    SCHEMA_BOOL,     /* bool */
    SCHEMA_PORT,     /* uint16_t */
    SCHEMA_COUNT,    /* uint32_t */
    SCHEMA_SECONDS,  /* uint32_t: a time with its unit */
    SCHEMA_DURATION, /* int64_t: the same; max INT64_MAX allows "unlimited" */
    SCHEMA_MEMORY,   /* uint64_t: MiB */
    SCHEMA_WEIGHT,   /* double */
};

struct schema_key {
    const char *path;
    enum schema_type type;
    size_t offset;      /* in struct config, or in the list's item */
    const char *preset; /* NULL: worked out after reading, or required */
    int64_t min, max;
    bool is_required;
    const char *help;
    const char *const *words; /* of SCHEMA_CHOICE; an enum without a word: NULL */
    size_t n_words;
};

/* An item of "nodes[]", before its names are expanded. */
struct node_group {
    char *names, *address;
    uint16_t port; /* 0: node.port */
    char *topology;
    uint64_t memory;
    char *features, *gres, *labels, *taints;
    unsigned int line;
};

extern const struct schema_key schema_table[];
extern const size_t schema_size;

enum schema_kind { SCHEMA_UNKNOWN, SCHEMA_VALUE, SCHEMA_SECTION, SCHEMA_LIST };

/* What stands at 'path' (inside of items: "nodes[].port"). '*ret_index' is
 * written for SCHEMA_VALUE. */
enum schema_kind schema_find(const char *path, size_t *ret_index);

/* Does key 'i' stand in 'scope' ("" or "nodes[].") and not in a list below? */
bool schema_in_scope(size_t i, const char *scope);

/* The best guess at what 'word' in the section 'prefix' ("", "node.",
 * "nodes[].") was meant to be, or NULL. Valid until the next call. */
const char *schema_suggest(const char *prefix, const char *word);

/* Values of several words (schema_words.c), as schema_set and schema_get see them. */
int schema_check_names(const struct schema_key *key, const char *text, struct err *err);
/* Absolute paths when 'are_paths'; else without blanks. */
int schema_check_words(const struct schema_key *key, const char *text, bool are_paths,
                       struct err *err);
int schema_check_counts(const struct schema_key *key, const char *text,
                        struct err *err);
int schema_set_choice(const struct schema_key *key, const char *text,
                      unsigned int *slot, struct err *err);
/* Words on why 'text' is no name of at most 'max' characters. */
int schema_check_name(const char *text, int64_t max, struct err *err);

/* Read 'text' into the key's field of 'object'; words do not name the key. */
int schema_set(const struct schema_key *key, const char *text, void *object,
               struct err *err);
/* The field as schema_set would read it; the caller frees it. */
char *schema_get(const struct schema_key *key, const void *object);

#endif
