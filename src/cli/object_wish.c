/* SPDX-License-Identifier: Apache-2.0
 *
 * object_wish.c - what somebody waits for an object to be
 */
#include "cli/object_wish.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "cli/json_path.h"
#include "cli/object_document.h"

/* "TYPE[=VALUE]"; of a path in braces the '=' behind them. */
static void split(const char *text, struct object_wish *ret)
{
    const char *braces = text[0] == '{' ? strrchr(text, '}') : NULL;
    const char *eq = strchr(braces ? braces : text, '=');

    ret->what = eq ? xstrndup(text, (size_t)(eq - text)) : xstrdup(text);
    ret->value = eq ? xstrdup(eq + 1) : NULL;
}

static int check_path(const struct object_wish *wish, struct err *err)
{
    json_t *nothing = json_object(), *found = NULL;
    int rc = json_path_find(wish->what, nothing, &found, err);

    json_decref(found);
    json_decref(nothing);
    return rc;
}

int object_wish_parse(const char *text, struct object_wish *ret, struct err *err)
{
    *ret = (struct object_wish){.kind = WAIT_DELETE};
    if (strcasecmp(text, "delete") == 0)
        return 0;
    if (strcasecmp(text, "create") == 0) {
        ret->kind = WAIT_CREATE;
        return 0;
    }
    if (strncmp(text, "condition=", 10) == 0 && text[10] && text[10] != '=') {
        ret->kind = WAIT_CONDITION;
        split(text + 10, ret);
        return 0;
    }
    if (strncmp(text, "jsonpath=", 9) == 0 && text[9]) {
        ret->kind = WAIT_PATH;
        split(text + 9, ret);
        return check_path(ret, err);
    }
    return err_set(
        err, EINVAL,
        "'%.60s' is not condition=TYPE[=VALUE], jsonpath=PATH[=VALUE], delete "
        "or create",
        text);
}

void object_wish_fini(struct object_wish *wish)
{
    free(wish->what);
    free(wish->value);
}

static int path_holds(const struct object_wish *wish, json_t *document, struct err *err)
{
    struct strbuf text = STRBUF_INIT;
    json_t *found;
    int rc = json_path_find(wish->what, document, &found, err);
    bool is_there;

    if (rc < 0)
        return rc;
    is_there = json_array_size(found) > 0;
    json_decref(found);
    if (!wish->value || !is_there)
        return is_there;
    rc = json_path_print(wish->what, document, &text, err);
    if (rc == 0)
        rc = strcmp(text.s ? text.s : "", wish->value) == 0;
    strbuf_fini(&text);
    return rc;
}

/* What has ended otherwise does not become so any more. */
static int never_holds(const struct object_wish *wish, json_t *document,
                       struct err *err)
{
    static const char *const ends[] = {"Complete", "Failed"};
    const char *phase = object_text(document, "status", "phase", NULL);

    for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
        const char *is = object_condition(document, ends[i]);

        if (is && strcmp(is, "True") == 0 && strcasecmp(wish->what, ends[i]) != 0 &&
            strcasecmp(wish->what, ends[!i]) == 0)
            return err_set(err, EINVAL, "it is %s", ends[i]);
    }
    if (strcasecmp(wish->what, "Ready") == 0 &&
        (strcmp(phase, "Succeeded") == 0 || strcmp(phase, "Failed") == 0))
        return err_set(err, EINVAL, "it has ended: %s", phase);
    return 0;
}

int object_wish_holds(const struct object_wish *wish, json_t *document, struct err *err)
{
    const char *is, *wanted = wish->value ? wish->value : "True";

    if (wish->kind == WAIT_CREATE)
        return 1;
    if (wish->kind == WAIT_DELETE)
        return 0;
    if (wish->kind == WAIT_PATH)
        return path_holds(wish, document, err);
    is = object_condition(document, wish->what);
    if (is && strcasecmp(is, wanted) == 0)
        return 1;
    return wish->value ? 0 : never_holds(wish, document, err);
}
