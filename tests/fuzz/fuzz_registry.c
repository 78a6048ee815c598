/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_registry.c - any bytes as what registries and their users say: an image's
 * name, a challenge, a config.json, a document, a Link header
 */
#include "fuzz.h"

#include <string.h>

#include "base/mem.h"
#include "registry/catalogue.h"
#include "registry/challenge.h"
#include "registry/dockercfg.h"
#include "registry/media.h"
#include "registry/name.h"

static void try_name(const char *text)
{
    cleanup(registry_name_fini) struct registry_name name = {0}, again = {0};
    cleanup(freep) char *local = NULL;

    if (registry_name_parse(text, &name, NULL) < 0)
        return;
    BUG_ON(!*name.path || strchr(name.path, ':') || strstr(name.path, ".."));
    local = registry_name_local(&name);
    BUG_ON(registry_name_parse(local, &again, NULL) < 0);
    BUG_ON(strcmp(again.path, name.path) != 0);
}

static void try_challenge(const char *text)
{
    cleanup(challenge_fini) struct challenge c = challenge_parse(text);
    cleanup(freep) char *next = catalogue_next(text);

    BUG_ON(c.kind == CHALLENGE_BEARER && !c.realm);
    BUG_ON(next && !*next);
}

static void try_config(const char *bytes, size_t len)
{
    cleanup(dockercfg_answer_fini) struct dockercfg_answer answer = {0};
    cleanup(credentials_fini) struct credentials helper = {0};
    cleanup(freep) char *changed = NULL, *out = NULL;

    (void)dockercfg_find(bytes, len, "a.org", "x", &answer, NULL);
    (void)dockercfg_parse_helper(bytes, len, &helper, NULL);
    if (dockercfg_change(bytes, len, "a.org/x", "u", "p", &changed, NULL) == 0)
        BUG_ON(dockercfg_change(changed, strlen(changed), "a.org/x", NULL, NULL, &out,
                                NULL) < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup(freep) char *text = xstrndup((const char *)data, size);
    enum media_kind kind;

    try_name(text);
    try_challenge(text);
    try_config((const char *)data, size);
    (void)media_judge(NULL, (const char *)data, size, &kind, NULL);
    return 0;
}
