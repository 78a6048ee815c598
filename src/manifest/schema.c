/* SPDX-License-Identifier: Apache-2.0
 *
 * schema.c - find fields, and put them into words
 */
#include "manifest/schema.h"

#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/nearest.h"

const struct mf_field *schema_field(const struct mf_type *type, const char *name)
{
    for (size_t i = 0; i < type->n_fields; i++)
        if (strcmp(type->fields[i].name, name) == 0)
            return &type->fields[i];
    return NULL;
}

const char *schema_nearest(const struct mf_type *type, const char *name)
{
    cleanup(freep) const char **names = xcalloc(type->n_fields + 1, sizeof(*names));

    for (size_t i = 0; i < type->n_fields; i++) {
        if (strcasecmp(type->fields[i].name, name) == 0)
            return type->fields[i].name;
        names[i] = type->fields[i].name;
    }
    return nearest_name(name, names, type->n_fields);
}

unsigned int schema_word(const char *const *words, const char *text)
{
    for (unsigned int i = 0; words[i]; i++)
        if (strcmp(words[i], text) == 0)
            return i + 1;
    return 0;
}

const char *schema_value_name(enum mf_value value)
{
    switch (value) {
    case MF_STRING:
        return "a text";
    case MF_INT:
        return "a whole number";
    case MF_BOOL:
        return "true or false";
    case MF_WORD:
        return "a word";
    case MF_QUANTITY:
        return "a quantity";
    case MF_PORT:
        return "the number or name of a port";
    case MF_INT_OR_STRING:
        return "a number or a text";
    case MF_TIME:
        return "a time";
    case MF_OBJECT:
        return "a group of fields";
    case MF_OBJECTS:
        return "a list of groups of fields";
    case MF_STRINGS:
        return "a list of texts";
    case MF_INTS:
        return "a list of whole numbers";
    case MF_WORDS:
        return "a list of words";
    case MF_STRING_MAP:
        return "texts by their keys";
    case MF_NAME_VALUES:
        return "a list of names and values";
    case MF_BYTES_MAP:
        return "base64 by its keys";
    case MF_QUANTITY_MAP:
        return "quantities by their keys";
    case MF_SCALARS:
        return "a value, or a list of values";
    case MF_ANY:
        return "anything";
    }
    return "anything";
}

const char *schema_treatment_name(enum mf_treatment treatment)
{
    switch (treatment) {
    case MF_HONOURED:
        return "honoured";
    case MF_WARNED:
        return "warned of";
    case MF_REFUSED:
        return "refused";
    }
    return "";
}
