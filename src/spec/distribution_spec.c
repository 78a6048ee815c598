/* SPDX-License-Identifier: Apache-2.0
 *
 * distribution_spec.c - how tasks are dealt out: --distribution
 */
#include "spec/distribution_spec.h"

#include "base/mem.h"
#include "base/strv.h"
#include "spec/scan.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

static int read_plane(const char *word, struct distribution_spec *spec, struct err *err)
{
    struct scan s = {word, word + strlen("plane")};
    uint64_t n = 0;
    int rc;

    if (!scan_char(&s, '='))
        return scan_fail(&s, err, "'=' and a number of tasks are missing");
    rc = scan_number(&s, PLANE_MAX, &n, err);
    if (!rc && (*s.at || n == 0))
        return scan_fail(&s, err, "a plane of at least one task is needed");
    spec->plane = (uint32_t)n;
    return rc;
}

static int read_level(const char *word, unsigned int level, enum deal_kind *ret,
                      struct distribution_spec *spec, struct err *err)
{
    static const char *const names[] = {
        [DEAL_DEFAULT] = "*",     [DEAL_BLOCK] = "block",
        [DEAL_CYCLIC] = "cyclic", [DEAL_FCYCLIC] = "fcyclic",
        [DEAL_PLANE] = "plane",   [DEAL_ARBITRARY] = "arbitrary"};

    for (unsigned int kind = 0; kind < ARRAY_SIZE(names); kind++) {
        bool is_for_nodes = kind == DEAL_PLANE || kind == DEAL_ARBITRARY;

        if (kind == DEAL_PLANE ? strncmp(word, "plane", 5) != 0
                               : strcmp(word, names[kind]) != 0)
            continue;
        if (level == 0 ? kind == DEAL_FCYCLIC : is_for_nodes)
            break;
        *ret = (enum deal_kind)kind;
        return kind == DEAL_PLANE ? read_plane(word, spec, err) : 0;
    }
    return err_set(err, EINVAL, "'%.40s' is none of %s", word,
                   level == 0 ? "block, cyclic, plane=N, arbitrary"
                              : "block, cyclic, fcyclic");
}

static int read_flag(const char *word, struct distribution_spec *spec, struct err *err)
{
    if (strcasecmp(word, "pack") == 0)
        spec->pack = true;
    else if (strcasecmp(word, "nopack") == 0)
        spec->no_pack = true;
    else
        return err_set(err, EINVAL, "'%.40s' is neither Pack nor NoPack", word);
    return 0;
}

int distribution_parse(const char *text, struct distribution_spec *ret, struct err *err)
{
    struct distribution_spec spec = {.nodes = DEAL_DEFAULT};
    enum deal_kind *levels[] = {&spec.nodes, &spec.sockets, &spec.cores};
    cleanup(strv_freep) char **parts = strv_split(text, ",");
    cleanup(strv_freep) char **words =
        parts && parts[0] ? strv_split(parts[0], ":") : NULL;
    size_t n = 0;
    int rc = 0;

    /* Flags may stand alone: "Pack". */
    if (words && words[0] && !words[1] &&
        (strcasecmp(words[0], "pack") == 0 || strcasecmp(words[0], "nopack") == 0))
        rc = read_flag(words[0], &spec, err);
    else
        for (; !rc && words && words[n]; n++)
            rc = n < ARRAY_SIZE(levels)
                     ? read_level(words[n], (unsigned int)n, levels[n], &spec, err)
                     : err_set(err, EINVAL, "more than nodes:sockets:cores");
    for (size_t i = 1; !rc && parts && parts[0] && parts[i]; i++)
        rc = read_flag(parts[i], &spec, err);
    /* What holds for sockets holds for cores, unless that was said. */
    if (n < 3)
        spec.cores = spec.sockets;
    if (!rc)
        *ret = spec;
    return rc;
}
