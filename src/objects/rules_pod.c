/* SPDX-License-Identifier: Apache-2.0
 *
 * rules_pod.c - pods, and what holds templates of them but is no job
 */
#include "objects/rules.h"

#include <string.h>

#include "base/mem.h"
#include "base/strv.h"

#define same(a, b) (strcmp(a, b) == 0)

static void judge_restart(const struct rules *r, const char *path,
                          const struct mf_pod_spec *spec, enum pod_owner owner)
{
    struct rule_path at = below(path, ".restartPolicy");

    if (owner == OWNED_BY_JOB && spec->restart == MF_RESTART_ALWAYS)
        rule_broken(r, at.s,
                    "a Job's pods have OnFailure or Never; it is Always unless said");
    if (owner == OWNED_BY_SET && spec->restart != MF_RESTART_ALWAYS)
        rule_broken(r, at.s, "pods that are to stay have Always");
}

static void judge_names(const struct rules *r, const char *path,
                        const struct mf_pod_spec *spec)
{
    if (spec->dns == MF_DNS_NONE && !(spec->dns_config && spec->dns_config->servers))
        rule_broken(r, below(path, ".dnsConfig.nameservers").s,
                    "with dnsPolicy None somebody must be asked");
    if (spec->gates.n && spec->node_name)
        rule_broken(r, below(path, ".nodeName").s,
                    "a pod with schedulingGates has no node yet");
    for (size_t i = 0; i < spec->host_aliases.n; i++)
        if (!spec->host_aliases.items[i].names)
            rule_doubtful(r, below(path, ".hostAliases[%zu]", i).s,
                          "without effect: no hostnames");
}

static void judge_identity(const struct rules *r, const char *path,
                           const struct mf_pod_spec *spec)
{
    const struct mf_pod_security *security = spec->security;

    if (!security)
        return;
    if (security->must_not_be_root && security->user == 0)
        rule_broken(r, below(path, ".securityContext.runAsUser").s,
                    "0 is root, which runAsNonRoot forbids");
    if (security->seccomp &&
        (security->seccomp->kind == MF_SECCOMP_LOCAL) != !!security->seccomp->profile)
        rule_broken(r, below(path, ".securityContext.seccompProfile").s,
                    "localhostProfile belongs to type Localhost, which needs it");
}

void judge_pod_spec(const struct rules *r, const char *path,
                    const struct mf_pod_spec *spec, enum pod_owner owner)
{
    judge_restart(r, path, spec, owner);
    judge_names(r, path, spec);
    judge_identity(r, path, spec);
    judge_volumes(r, path, spec);
    judge_containers(r, path, spec);
    judge_place(r, path, spec);
}

void judge_pod(const struct rules *r, const void *object)
{
    const struct mf_pod *pod = object;

    judge_meta(r, pod->meta, 253);
    judge_pod_spec(r, "spec", pod->spec, OWNED_BY_NOBODY);
}

static const char *label_of(const struct mf_meta *meta, const char *key)
{
    for (size_t i = 0; meta && i < meta->labels.n; i++)
        if (same(meta->labels.items[i].key, key))
            return meta->labels.items[i].value;
    return NULL;
}

/* A set that would not find its own pods makes ever more of them. */
static void judge_match(const struct rules *r, const char *path, const mf_pairs *match,
                        const struct mf_pod *template)
{
    for (size_t i = 0; i < match->n; i++) {
        const struct mf_pair *pair = &match->items[i];
        const char *value = label_of(template->meta, pair->key);

        if (!value || !same(value, pair->value))
            rule_broken(r, path, "the template's labels have no %s: %s", pair->key,
                        pair->value);
    }
}

void judge_workload(const struct rules *r, const void *object)
{
    const struct mf_workload *set = object;
    const struct mf_workload_spec *spec = set->spec;

    judge_meta(r, set->meta, 253);
    judge_selector(r, "spec.selector", spec->selector);
    judge_match(r, "spec.selector", &spec->match, spec->template);
    if (spec->selector)
        judge_match(r, "spec.selector", &spec->selector->match_labels, spec->template);
    judge_pod_spec(r, "spec.template.spec", spec->template->spec, OWNED_BY_SET);
}
