/* SPDX-License-Identifier: Apache-2.0
 *
 * object_name.c - judge names by form
 */
#include "spec/object_name.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

static bool is_small(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_alnum(char c)
{
    return is_small(c) || (c >= 'A' && c <= 'Z');
}

/* Does every one of 'len' characters pass 'is_end', or in between stand in 'inner'? */
static bool has_form(const char *text, size_t len, bool (*is_end)(char),
                     const char *inner)
{
    if (!len || !is_end(text[0]) || !is_end(text[len - 1]))
        return false;
    for (size_t i = 0; i < len; i++)
        if (!is_end(text[i]) && !strchr(inner, text[i]))
            return false;
    return true;
}

static int refuse(struct err *err, const char *text, const char *want)
{
    return err_set(err, EINVAL, "'%.128s' is not %s", text, want);
}

int dns_label_check(const char *text, struct err *err)
{
    size_t len = strlen(text);

    if (len <= DNS_LABEL_MAX && has_form(text, len, is_small, "-"))
        return 0;
    return refuse(
        err, text,
        "a name: small letters, digits and '-' inside, at most 63 (\"web-1\")");
}

int name_space_check(const char *text, struct err *err)
{
    const char *user = strncmp(text, "default:", 8) == 0 ? text + 8 : NULL;

    if (!user)
        return dns_label_check(text, err);
    if (*user && *user != '-' && strlen(user) <= DNS_NAME_MAX &&
        !user[strspn(user, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                           "0123456789._-@$")])
        return 0;
    return refuse(err, text, "a user's own namespace: \"default:USER\"");
}

/* Labels joined by dots, of a text of 'len' characters. */
static bool is_dns_name(const char *text, size_t len)
{
    if (len > DNS_NAME_MAX)
        return false;
    for (;;) {
        const char *dot = memchr(text, '.', len);
        size_t part = dot ? (size_t)(dot - text) : len;

        if (!has_form(text, part, is_small, "-"))
            return false;
        if (!dot)
            return true;
        text += part + 1;
        len -= part + 1;
    }
}

int dns_name_check(const char *text, struct err *err)
{
    if (is_dns_name(text, strlen(text)))
        return 0;
    return refuse(err, text,
                  "a name: small letters, digits, '-' and '.' inside, at most 253 "
                  "(\"web-1.example\")");
}

int name_prefix_check(const char *text, struct err *err)
{
    size_t len = strlen(text);

    while (len && text[len - 1] == '-')
        len--;
    if (is_dns_name(text, len) && strlen(text) < DNS_NAME_MAX)
        return 0;
    return refuse(err, text, "the beginning of a name (\"web-\")");
}

int label_key_check(const char *text, struct err *err)
{
    const char *slash = strchr(text, '/');
    const char *name = slash ? slash + 1 : text;
    size_t len = strlen(name);

    if ((!slash || is_dns_name(text, (size_t)(slash - text))) && len <= DNS_LABEL_MAX &&
        has_form(name, len, is_alnum, "-_."))
        return 0;
    return refuse(
        err, text,
        "a label's name: letters, digits, '-', '_' and '.' inside, at most 63, "
        "perhaps behind a domain (\"example.com/app\")");
}

int label_value_check(const char *text, struct err *err)
{
    size_t len = strlen(text);

    if (!len || (len <= DNS_LABEL_MAX && has_form(text, len, is_alnum, "-_.")))
        return 0;
    return refuse(
        err, text,
        "a label's value: letters, digits, '-', '_' and '.' inside, at most 63");
}

int env_name_check(const char *text, struct err *err)
{
    const char *at = text;

    while (*at > ' ' && *at < 127 && *at != '=')
        at++;
    return at != text && !*at
               ? 0
               : refuse(err, text,
                        "a variable's name: no blanks, no '=' (\"MY_NAME\")");
}

int data_key_check(const char *text, struct err *err)
{
    size_t len = strlen(text);
    bool is_right = len && len <= DNS_NAME_MAX && strcmp(text, ".") != 0 &&
                    strncmp(text, "..", 2) != 0;

    for (; is_right && *text; text++)
        is_right = is_alnum(*text) || strchr("-_.", *text);
    return is_right ? 0
                    : err_set(err, EINVAL,
                              "not a key: letters, digits, '-', '_' and '.', at most "
                              "253, no '..' at the beginning (\"app.conf\")");
}

int port_name_check(const char *text, struct err *err)
{
    size_t len = strlen(text);

    if (len <= 15 && has_form(text, len, is_small, "-") && !strstr(text, "--") &&
        strspn(text, "0123456789-") != len)
        return 0;
    return refuse(
        err, text,
        "a port's name: small letters, digits and '-' inside, at most 15, one "
        "letter at least (\"http\")");
}

int absolute_path_check(const char *text, struct err *err)
{
    return text[0] == '/' ? 0 : refuse(err, text, "an absolute path (\"/data\")");
}

int relative_path_check(const char *text, struct err *err)
{
    const char *at = text;
    bool is_right = *text && *text != '/';

    for (; is_right; at = strchr(at, '/') + 1) {
        if (strncmp(at, "..", 2) == 0 && (!at[2] || at[2] == '/'))
            is_right = false;
        if (!strchr(at, '/'))
            break;
    }
    return is_right ? 0
                    : refuse(err, text,
                             "a path below another: no '/' at the "
                             "beginning, no '..' (\"a/b\")");
}

int ip_address_check(const char *text, struct err *err)
{
    unsigned char address[sizeof(struct in6_addr)];

    if (inet_pton(AF_INET, text, address) == 1 ||
        inet_pton(AF_INET6, text, address) == 1)
        return 0;
    return refuse(err, text, "an IP address (\"10.1.2.3\")");
}

int word_check(const char *text, struct err *err)
{
    const char *at = text;

    while ((unsigned char)*at > ' ' && *at != 127)
        at++;
    return at != text && !*at ? 0 : refuse(err, text, "one word without blanks");
}

int time_zone_check(const char *text, struct err *err)
{
    size_t len = strlen(text);

    if (len && len < 64 && strcmp(text, "Local") != 0 && !strstr(text, "..") &&
        text[0] != '/' && text[len - 1] != '/' &&
        strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                     "_+-/") == len)
        return 0;
    return refuse(err, text,
                  "the name of a time zone (\"Europe/Berlin\", \"Etc/UTC\")");
}
