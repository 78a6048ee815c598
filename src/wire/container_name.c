/* SPDX-License-Identifier: Apache-2.0
 *
 * container_name.c - what --container-name says
 */
#include "wire/container_name.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/nearest.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"

static const char *const modes[] = {"auto", "create", "exec"};

static int parse_mode(const char *text, const char *mode,
                      enum container_name_mode *ret_mode, struct err *err)
{
    const char *near;

    for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
        if (strcmp(mode, modes[i]) == 0) {
            *ret_mode = (enum container_name_mode)i;
            return 0;
        }
    }
    if (strcmp(mode, "no_exec") == 0)
        return err_set(
            err, EINVAL,
            "'%s': a container that is there is joined: for another one take "
            "another name",
            text);
    near = nearest_name(mode, modes, ARRAY_SIZE(modes));
    if (near)
        return err_set(err, EINVAL, "'%s': did you mean ':%s'?", text, near);
    return err_set(err, EINVAL, "'%s': after ':' comes auto, create or exec", text);
}

int container_name_parse(const char *text, char ret_name[CONTAINER_NAME_MAX + 1],
                         enum container_name_mode *ret_mode, struct err *err)
{
    size_t len = strcspn(text, ":");

    if (len == 0 || len > CONTAINER_NAME_MAX)
        return err_set(err, EINVAL, "'%s': a container's name has 1 to %d characters",
                       text, CONTAINER_NAME_MAX);
    if (text[0] == '-' || text[0] == '.' || strspn(text, LETTERS "-.") < len)
        return err_set(
            err, EINVAL,
            "'%s': a container's name is of letters, digits, '_', '.' and '-', "
            "and begins with none of the last two",
            text);
    *ret_mode = CONTAINER_NAME_AUTO;
    if (text[len] && parse_mode(text, text + len + 1, ret_mode, err))
        return -EINVAL;
    memcpy(ret_name, text, len);
    ret_name[len] = '\0';
    return 0;
}
