/* SPDX-License-Identifier: Apache-2.0
 *
 * cdi_name.c - what vendors, classes and devices may be called
 */
#include "spec/cdi_name.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

static bool is_alnum(char c)
{
    return c && isalnum((unsigned char)c) && (unsigned char)c < 128;
}

static bool is_letter(char c)
{
    return is_alnum(c) && !(c >= '0' && c <= '9');
}

/* Letters, digits and 'others', the first and the last a letter or digit. */
static bool is_word(const char *s, size_t len, const char *others)
{
    if (!len || !is_alnum(s[0]) || !is_alnum(s[len - 1]))
        return false;
    for (size_t i = 0; i < len; i++)
        if (!is_alnum(s[i]) && (!s[i] || !strchr(others, s[i])))
            return false;
    return true;
}

static int check_kind(const char *kind, size_t len, struct err *err)
{
    const char *slash = memchr(kind, '/', len);
    size_t n = slash ? (size_t)(slash - kind) : 0;

    if (!slash)
        return err_set(err, EINVAL,
                       "'%.*s' is no kind of devices, which is VENDOR/CLASS "
                       "(nvidia.com/gpu)",
                       (int)(len < 80 ? len : 80), kind);
    if (!is_letter(kind[0]) || !is_word(kind, n, "_-."))
        return err_set(err, EINVAL, "'%.*s' is no vendor", (int)(n < 80 ? n : 80),
                       kind);
    if (!is_letter(slash[1]) || !is_word(slash + 1, len - n - 1, "_-."))
        return err_set(err, EINVAL, "'%.*s' is no class of devices",
                       (int)(len - n - 1 < 80 ? len - n - 1 : 80), slash + 1);
    return 0;
}

int cdi_check_kind(const char *kind, struct err *err)
{
    return check_kind(kind, strlen(kind), err);
}

int cdi_check_device(const char *name, struct err *err)
{
    if (!is_word(name, strlen(name), "_-.:"))
        return err_set(err, EINVAL,
                       "'%.80s' is no device's name (letters, digits, '_', '-', '.' "
                       "and ':', the first and the last a letter or digit)",
                       name);
    return 0;
}

int cdi_check_name(const char *name, struct err *err)
{
    const char *eq = strchr(name, '=');
    int rc;

    if (strlen(name) > CDI_NAME_MAX)
        return err_set(err, EINVAL, "'%.40s...' is longer than %d characters", name,
                       CDI_NAME_MAX);
    if (!eq)
        return err_set(err, EINVAL,
                       "'%.80s' is no CDI name, which is VENDOR/CLASS=DEVICE "
                       "(nvidia.com/gpu=0)",
                       name);
    rc = check_kind(name, (size_t)(eq - name), err);
    return rc ? rc : cdi_check_device(eq + 1, err);
}
