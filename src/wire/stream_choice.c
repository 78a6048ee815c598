/* SPDX-License-Identifier: Apache-2.0
 *
 * stream_choice.c - what --input, --output and --error mean
 */
#include "wire/stream_choice.h"

#include <stdlib.h>
#include <string.h>

#include "base/pattern.h"

#define DIGITS_MAX 9 /* more are a file's name */

enum stream_choice stream_choose(const char *text, uint32_t *ret_task)
{
    size_t digits = strspn(text, "0123456789");

    if (text[0] == '\0' || strcmp(text, "all") == 0)
        return STREAM_ALL;
    if (strcmp(text, "none") == 0)
        return STREAM_NONE;
    if (text[digits] == '\0' && digits <= DIGITS_MAX) {
        *ret_task = (uint32_t)strtoul(text, NULL, 10);
        return STREAM_ONE;
    }
    return pattern_has(text, "tnN") ? STREAM_FILES : STREAM_FILE;
}
