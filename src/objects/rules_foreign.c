/* SPDX-License-Identifier: Apache-2.0
 *
 * rules_foreign.c - labels and annotations that would mean something elsewhere
 *
 * Both are free texts, so nothing of them is wrong. Some do what a field does, in older
 * Kubernetes or with a program that extends it; where Berth does not, that is said.
 */
#include "objects/rules.h"

#include <string.h>

#include "base/mem.h"

#define QUEUES "the annotations berth/account and berth/partition say where it waits"
#define GANGS "the annotations berth/gang and berth/gang-size start pods together"
#define PLACE "spec.affinity and topologySpreadConstraints say where pods go"

/* What a key begins with, and what is said of it. */
static const struct {
    const char *begin, *words;
} foreign[] = {
    {"container.apparmor.security.beta.kubernetes.io/",
     "profiles of AppArmor are the node's"},
    {"seccomp.security.alpha.kubernetes.io/", "securityContext.seccompProfile says it"},
    {"container.seccomp.security.alpha.kubernetes.io/",
     "securityContext.seccompProfile says it"},
    {"security.alpha.kubernetes.io/", "spec.securityContext.sysctls says it"},
    {"pod.alpha.kubernetes.io/init-containers", "spec.initContainers says it"},
    {"pod.beta.kubernetes.io/init-containers", "spec.initContainers says it"},
    {"scheduler.alpha.kubernetes.io/affinity", "spec.affinity says it"},
    {"scheduler.alpha.kubernetes.io/tolerations", "spec.tolerations says it"},
    {"kubernetes.io/ingress-bandwidth", "what pods send and get is not limited"},
    {"kubernetes.io/egress-bandwidth", "what pods send and get is not limited"},
    {"k8s.v1.cni.cncf.io/networks", "a pod has one network"},
    {"volume.alpha.kubernetes.io/storage-class", "spec.storageClassName says it"},
    {"volume.beta.kubernetes.io/storage-class", "spec.storageClassName says it"},
    {"volume.beta.kubernetes.io/mount-options", "mounts are as the node has them"},
    {"kueue.x-k8s.io/queue-name", QUEUES},
    {"kueue.x-k8s.io/priority-class", "a QOS is one: the annotation berth/qos"},
    {"kueue.x-k8s.io/pod-group", GANGS},
    {"kueue.x-k8s.io/podset-", PLACE},
    {"scheduling.volcano.sh/queue-name", QUEUES},
    {"scheduling.k8s.io/group-name", GANGS},
    {"scheduling.x-k8s.io/pod-group", GANGS},
    {"pod-group.scheduling.sigs.k8s.io", GANGS},
};

static void judge_pairs(const struct rules *r, const char *path, const mf_pairs *pairs)
{
    for (size_t i = 0; i < pairs->n; i++) {
        const char *key = pairs->items[i].key;

        for (size_t f = 0; f < ARRAY_SIZE(foreign); f++) {
            if (strncmp(key, foreign[f].begin, strlen(foreign[f].begin)) != 0)
                continue;
            rule_doubtful(r, below(path, "[%s]", key).s, "without effect: %s",
                          foreign[f].words);
            break;
        }
    }
}

void judge_foreign(const struct rules *r, const char *path, const struct mf_meta *meta)
{
    judge_pairs(r, below(path, ".labels").s, &meta->labels);
    judge_pairs(r, below(path, ".annotations").s, &meta->annotations);
}
