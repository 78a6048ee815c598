/* SPDX-License-Identifier: Apache-2.0
 *
 * schema.h - the one table of all fields
 *
 * A type is a list of fields; a field says what it holds, what is put there when it is
 * missing, what may stand in it, how Berth takes it and where in the C struct it goes.
 * Checks (check.h), defaults (fill.h), the object model (decode.h), its documentation
 * (explain.h) and every message come from here.
 */
#ifndef BERTH_MANIFEST_SCHEMA_H
#define BERTH_MANIFEST_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum mf_value {                   /* member of the struct */
                MF_STRING,        /* char * */
                MF_INT,           /* int64_t */
                MF_BOOL,          /* bool */
                MF_WORD,          /* an enum of words.h */
                MF_QUANTITY,      /* struct quantity */
                MF_PORT,          /* struct mf_port_ref: a number or a name */
                MF_INT_OR_STRING, /* no member: a number, or "25%" */
                MF_TIME,          /* char *: RFC 3339 */
                MF_OBJECT,        /* pointer to the struct of 'of' */
                MF_OBJECTS,       /* MF_LIST of it */
                MF_STRINGS,       /* char **, a strv */
                MF_INTS,          /* mf_numbers */
                MF_WORDS,         /* mf_choices */
                MF_STRING_MAP,    /* mf_pairs */
                MF_NAME_VALUES,   /* mf_pairs, written as a list of {name, value} */
                MF_BYTES_MAP,     /* mf_blobs: base64 */
                MF_QUANTITY_MAP,  /* mf_amounts */
                MF_SCALARS,       /* no member: a single value, or a list of them */
                MF_ANY,           /* no member: whatever it is, it is not looked into */
};

enum mf_treatment {
    MF_HONOURED,
    MF_WARNED,  /* accepted without effect: a warning says 'note' */
    MF_REFUSED, /* it would change what runs: an error says 'note' */
};

#define MF_NO_MEMBER SIZE_MAX

struct mf_type;

struct mf_field {
    const char *name;
    enum mf_value value;
    enum mf_treatment treatment;
    bool is_required;
    size_t offset;            /* MF_NO_MEMBER: not kept */
    const struct mf_type *of; /* of MF_OBJECT and MF_OBJECTS */
    const char *const *words; /* of MF_WORD and MF_WORDS, NULL at the end */
    const char *preset;       /* as it is written; NULL: none */
    int64_t min, max;         /* of numbers; both 0: any */
    /* Of each text, or each key of a map; NULL: any. */
    int (*check)(const char *text, struct err *err);
    /* Of each value of a map. */
    int (*check_value)(const char *text, struct err *err);
    const char *harmless; /* of a field that is warned of or refused: asks for nothing;
                           * of truth values "false" unless said */
    const char *note;     /* why it is warned of or refused */
    const char *help;
};

struct mf_type {
    const char *name; /* "Container" */
    const char *help;
    size_t size; /* of the struct; 0: none */
    const struct mf_field *fields;
    size_t n_fields;
};

/* The field, or NULL. */
const struct mf_field *schema_field(const struct mf_type *type, const char *name);
/* The best guess at what 'name' was meant to be, or NULL. */
const char *schema_nearest(const struct mf_type *type, const char *name);
/* "a whole number from 1 to 65535", for words. */
const char *schema_value_name(enum mf_value value);
const char *schema_treatment_name(enum mf_treatment treatment);
/* Place of 'text' in 'words' counted from 1; 0: not there. */
unsigned int schema_word(const char *const *words, const char *text);

#endif
