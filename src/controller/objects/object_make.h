/* SPDX-License-Identifier: Apache-2.0
 *
 * object_make.h - from a text to an object that may be entered in the table
 */
#ifndef BERTH_CONTROLLER_OBJECT_MAKE_H
#define BERTH_CONTROLLER_OBJECT_MAKE_H

#include "controller/objects/objects.h"

#define OBJECT_BYTES_MAX (1536u << 10) /* of one, as it is kept */

/* One object that was read, and where it belongs. All zero: nothing. */
struct object_text {
    struct manifest manifest; /* holds one object */
    const struct object_kind *kind;
    char *space;
    char *name; /* NULL: it is to be given one */
    char *json; /* as it is kept */
    size_t json_len;
    uint64_t revision; /* that it says it changes; 0: any */
};

/* Read 'wish', which says who wishes. -EINVAL, -EACCES, -E2BIG with words; '*warning'
 * is added to. Ends with object_text_fini in any case. */
int object_text_read(struct controller *ctl, const struct object_wish *wish,
                     struct object_text *ret, char **warning, struct err *err);
void object_text_fini(struct object_text *text);

/* A new object of it, in no table (object_free). */
int object_draft(struct controller *ctl, const struct object_wish *wish,
                 struct object_text *text, struct ctl_object **ret, struct err *err);

/* Random letters that make no words, for the end of a name. */
#define OBJECT_SUFFIX 5
void object_suffix(char suffix[OBJECT_SUFFIX + 1]);

/* What is wrong with it, in a few words. Returns -EINVAL. */
int object_tell_errors(const struct report *report, const char *name, struct err *err);
/* As JSON, heap. */
char *object_print(const struct node *root, size_t *ret_len);

/* "A; B" in '*words', heap. */
void words_add(char **words, const char *more);

#endif
