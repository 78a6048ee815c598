/* SPDX-License-Identifier: Apache-2.0
 *
 * field_rows.h - how rows of the tables of fields are written
 *
 * Before the rows of a type, OWNER is its struct. A row names the field, the member
 * that it goes to, and then what else there is to say. The member's C type is checked.
 */
#ifndef BERTH_OBJECTS_FIELD_ROWS_H
#define BERTH_OBJECTS_FIELD_ROWS_H

#include "base/mem.h"
#include "manifest/schema.h"
#include "objects/types.h"
#include "spec/object_name.h"

/* The offset of a member whose type must be 'type'. */
#define MEMBER(type, member)                                                           \
    (offsetof(OWNER, member) +                                                         \
     0 * sizeof(                                                                       \
             char[__builtin_types_compatible_p(__typeof__(((OWNER *)0)->member), type) \
                      ? 1                                                              \
                      : -1]))
/* Of one whose size must be that of 'type': enums, lists, pointers to structs. */
#define SIZED(type, member)    \
    (offsetof(OWNER, member) + \
     0 * sizeof(char[sizeof(((OWNER *)0)->member) == sizeof(type) ? 1 : -1]))

#define ROW(name_, value_, offset_, ...)                               \
    {                                                                  \
        .name = name_, .value = value_, .offset = offset_, __VA_ARGS__ \
    }
#define TEXT(name_, member_, ...) \
    ROW(name_, MF_STRING, MEMBER(char *, member_), __VA_ARGS__)
#define NUMBER(name_, member_, ...) \
    ROW(name_, MF_INT, MEMBER(int64_t, member_), __VA_ARGS__)
#define TRUTH(name_, member_, ...) \
    ROW(name_, MF_BOOL, MEMBER(bool, member_), __VA_ARGS__)
#define WORD(name_, member_, words_, ...) \
    ROW(name_, MF_WORD, SIZED(int, member_), .words = words_, __VA_ARGS__)
#define OBJECT(name_, member_, type_, ...) \
    ROW(name_, MF_OBJECT, SIZED(void *, member_), .of = &(type_), __VA_ARGS__)
#define OBJECTS(name_, member_, type_, ...) \
    ROW(name_, MF_OBJECTS, SIZED(mf_pairs, member_), .of = &(type_), __VA_ARGS__)
#define TEXTS(name_, member_, ...) \
    ROW(name_, MF_STRINGS, MEMBER(char **, member_), __VA_ARGS__)
#define PAIRS(name_, member_, ...) \
    ROW(name_, MF_STRING_MAP, MEMBER(mf_pairs, member_), __VA_ARGS__)
#define AMOUNTS(name_, member_, ...)                                                   \
    ROW(name_, MF_QUANTITY_MAP, MEMBER(mf_amounts, member_), .check = label_key_check, \
        __VA_ARGS__)

/* Without a member. */
#define WARNED(name_, value_, note_, ...) \
    ROW(name_, value_, MF_NO_MEMBER, .treatment = MF_WARNED, .note = note_, __VA_ARGS__)
#define REFUSED(name_, value_, note_, ...)                                   \
    ROW(name_, value_, MF_NO_MEMBER, .treatment = MF_REFUSED, .note = note_, \
        __VA_ARGS__)
/* What it asks for already holds. */
#define GRANTED(name_, value_, ...) ROW(name_, value_, MF_NO_MEMBER, __VA_ARGS__)

#define WORDS_OF(id, word) word,
#define TYPE(variable, name_, owner_size, rows, help_)   \
    const struct mf_type variable = {.name = name_,      \
                                     .help = help_,      \
                                     .size = owner_size, \
                                     .fields = rows,     \
                                     .n_fields = ARRAY_SIZE(rows)}

#define POSITIVE .min = 1, .max = INT32_MAX
#define NOT_NEGATIVE .min = 0, .max = INT32_MAX
#define PORT_RANGE .min = 1, .max = 65535
#define FILE_MODE .min = 0, .max = 0777
#define ANY_ID .min = 0, .max = UINT32_MAX - 1

#endif
