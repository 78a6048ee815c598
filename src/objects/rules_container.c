/* SPDX-License-Identifier: Apache-2.0
 *
 * rules_container.c - how the fields of a container go together
 */
#include "objects/rules.h"

#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "base/strv.h"
#include "base/units.h"
#include "objects/find.h"
#include "objects/identity.h"

#define same(a, b) (strcmp(a, b) == 0)
#define HOST_PORTS_MAX 2048

static const char *const field_paths[] = {
    "metadata.name",           "metadata.namespace", "metadata.uid",   "spec.nodeName",
    "spec.serviceAccountName", "status.hostIP",      "status.hostIPs", "status.podIP",
    "status.podIPs",
};

static bool is_subscript(const char *path, const char *of)
{
    size_t len = strlen(of), end = strlen(path);

    return strncmp(path, of, len) == 0 && strncmp(path + len, "['", 2) == 0 &&
           end > len + 4 && strcmp(path + end - 2, "']") == 0;
}

void judge_field_ref(const struct rules *r, const char *path,
                     const struct mf_field_ref *ref, bool is_volume)
{
    struct rule_path at = below(path, ".fieldPath");

    if (is_subscript(ref->path, "metadata.labels") ||
        is_subscript(ref->path, "metadata.annotations"))
        return;
    if (is_volume &&
        (same(ref->path, "metadata.labels") || same(ref->path, "metadata.annotations")))
        return;
    /* Of these, files hold only the first three. */
    for (size_t i = 0; i < (is_volume ? 3 : ARRAY_SIZE(field_paths)); i++)
        if (same(ref->path, field_paths[i]))
            return;
    rule_broken(
        r, at.s,
        "'%.64s' is no field that can be had: metadata.name, metadata.namespace, "
        "metadata.uid, metadata.labels%s, metadata.annotations%s%s",
        ref->path, is_volume ? "" : "['KEY']", is_volume ? "" : "['KEY']",
        is_volume ? ""
                  : ", spec.nodeName, spec.serviceAccountName, "
                    "status.hostIP, status.podIP");
}

void judge_resource_ref(const struct rules *r, const char *path,
                        const struct mf_resource_ref *ref,
                        const struct mf_pod_spec *spec)
{
    static const char *const resources[] = {
        "limits.cpu",   "limits.memory",   "limits.ephemeral-storage",
        "requests.cpu", "requests.memory", "requests.ephemeral-storage",
    };
    bool is_known = strncmp(ref->resource, "limits.hugepages-", 17) == 0 ||
                    strncmp(ref->resource, "requests.hugepages-", 19) == 0;

    for (size_t i = 0; i < ARRAY_SIZE(resources); i++)
        is_known |= same(ref->resource, resources[i]);
    if (!is_known)
        rule_broken(r, below(path, ".resource").s,
                    "'%.64s' is no amount that can be had: limits.cpu, limits.memory, "
                    "limits.ephemeral-storage, requests.cpu, ...",
                    ref->resource);
    if (ref->container && !pod_has_container(spec, ref->container))
        rule_broken(r, below(path, ".containerName").s, "there is no container '%s'",
                    ref->container);
}

static void judge_env(const struct rules *r, const char *path, const struct mf_env *env,
                      const struct mf_pod_spec *spec)
{
    const struct mf_env_source *from = env->from;
    struct rule_path at = below(path, ".valueFrom");

    if (!from)
        return;
    if (env->value)
        rule_broken(r, at.s, "only one of value and valueFrom can be said");
    rule_one_of(r, at.s,
                !!from->field + !!from->resource + !!from->config_map + !!from->secret,
                "fieldRef, resourceFieldRef, configMapKeyRef and secretKeyRef");
    if (from->field)
        judge_field_ref(r, below(at.s, ".fieldRef").s, from->field, false);
    if (from->resource)
        judge_resource_ref(r, below(at.s, ".resourceFieldRef").s, from->resource, spec);
}

static void judge_variables(const struct rules *r, const char *path,
                            const struct mf_container *c,
                            const struct mf_pod_spec *spec)
{
    for (size_t i = 0; i < c->env.n; i++)
        judge_env(r, below(path, ".env[%zu]", i).s, &c->env.items[i], spec);
    for (size_t i = 0; i < c->env_from.n; i++)
        rule_one_of(r, below(path, ".envFrom[%zu]", i).s,
                    !!c->env_from.items[i].config_map + !!c->env_from.items[i].secret,
                    "configMapRef and secretRef");
}

static void judge_ports(const struct rules *r, const char *path,
                        const struct mf_container *c, bool has_host_network)
{
    for (size_t i = 0; i < c->ports.n; i++) {
        const struct mf_port *port = &c->ports.items[i];
        struct rule_path at = below(path, ".ports[%zu]", i);

        if (has_host_network && port->host_port > 0 &&
            port->host_port != port->container_port)
            rule_broken(r, below(at.s, ".hostPort").s,
                        "with hostNetwork it is containerPort, %d",
                        (int)port->container_port);
        for (size_t j = 0; port->name && j < i; j++)
            if (c->ports.items[j].name && same(c->ports.items[j].name, port->name))
                rule_broken(r, below(at.s, ".name").s, "a second port '%s'",
                            port->name);
    }
}

static bool has_volume(const struct mf_pod_spec *spec, const char *name)
{
    for (size_t i = 0; i < spec->volumes.n; i++)
        if (same(spec->volumes.items[i].name, name))
            return true;
    return false;
}

static void judge_mounts(const struct rules *r, const char *path,
                         const struct mf_container *c, const struct mf_pod_spec *spec)
{
    for (size_t i = 0; i < c->mounts.n; i++) {
        const struct mf_mount *mount = &c->mounts.items[i];
        struct rule_path at = below(path, ".volumeMounts[%zu]", i);

        if (!has_volume(spec, mount->name))
            rule_broken(r, below(at.s, ".name").s, "the pod has no volume '%.64s'",
                        mount->name);
        if (mount->sub_path && mount->sub_path_expr)
            rule_broken(r, below(at.s, ".subPathExpr").s,
                        "only one of subPath and subPathExpr can be said");
        if (strchr(mount->path, ':'))
            rule_broken(r, below(at.s, ".mountPath").s, "there is a ':' in it");
        for (size_t j = 0; j < i; j++)
            if (same(c->mounts.items[j].path, mount->path))
                rule_broken(r, below(at.s, ".mountPath").s,
                            "'%.64s' is mounted upon already", mount->path);
    }
}

static bool is_ours(const char *resource)
{
    return same(resource, "cpu") || same(resource, "memory") ||
           same(resource, "ephemeral-storage") ||
           strncmp(resource, "hugepages-", 10) == 0;
}

static void judge_amounts(const struct rules *r, const char *path,
                          const mf_amounts *amounts)
{
    for (size_t i = 0; i < amounts->n; i++) {
        const struct mf_amount *amount = &amounts->items[i];
        struct rule_path at = strchr(amount->resource, '/')
                                  ? below(path, "[%s]", amount->resource)
                                  : below(path, ".%s", amount->resource);
        bool is_cpu = same(amount->resource, "cpu");

        if (!is_ours(amount->resource) && !strchr(amount->resource, '/'))
            rule_broken(r, at.s,
                        "unknown resource: cpu, memory, ephemeral-storage, "
                        "hugepages-2Mi, or with its vendor, nvidia.com/gpu");
        else if (is_cpu && amount->quantity.nano % 1000000)
            rule_broken(r, at.s, "a thousandth of a core, 1m, is the least");
        else if (!is_cpu && amount->quantity.nano && strchr(amount->resource, '/'))
            rule_broken(r, at.s, "there are only whole ones");
        else if (!is_cpu && amount->quantity.nano)
            rule_doubtful(r, at.s,
                          "a fraction of a byte: 'm' is a thousandth, 'M' a million");
    }
}

static void judge_resources(const struct rules *r, const char *path,
                            const struct mf_resources *resources)
{
    judge_amounts(r, below(path, ".limits").s, &resources->limits);
    judge_amounts(r, below(path, ".requests").s, &resources->requests);
    for (size_t i = 0; i < resources->requests.n; i++) {
        const struct mf_amount *request = &resources->requests.items[i];
        const struct quantity *limit =
            amount_find(&resources->limits, request->resource);
        bool is_foreign = !is_ours(request->resource);
        struct rule_path at = below(path, is_foreign ? ".requests[%s]" : ".requests.%s",
                                    request->resource);

        if (!limit && is_foreign)
            rule_broken(r, at.s, "this is asked for in limits");
        else if (limit && quantity_compare(&request->quantity, limit) > 0)
            rule_broken(r, at.s, "more than the limit");
        else if (limit && is_foreign &&
                 quantity_compare(&request->quantity, limit) != 0)
            rule_broken(r, at.s, "not the same as in limits");
    }
}

static bool has_port(const struct mf_container *c, const char *name)
{
    for (size_t i = 0; i < c->ports.n; i++)
        if (c->ports.items[i].name && same(c->ports.items[i].name, name))
            return true;
    return false;
}

static void judge_port_ref(const struct rules *r, const char *path,
                           const struct mf_port_ref *port, const struct mf_container *c)
{
    if (port->name && !has_port(c, port->name))
        rule_broken(r, below(path, ".port").s, "the container has no port '%s'",
                    port->name);
}

enum probe_kind { PROBE_LIVENESS, PROBE_READINESS, PROBE_STARTUP };

static void judge_probe(const struct rules *r, const char *path, enum probe_kind kind,
                        const struct mf_probe *probe, const struct mf_container *c)
{
    if (!probe)
        return;
    rule_one_of(r, path, !!probe->exec + !!probe->http + !!probe->tcp + !!probe->grpc,
                "exec, httpGet, tcpSocket and grpc");
    if (probe->http)
        judge_port_ref(r, below(path, ".httpGet").s, &probe->http->port, c);
    if (probe->tcp)
        judge_port_ref(r, below(path, ".tcpSocket").s, &probe->tcp->port, c);
    if (kind != PROBE_READINESS && probe->success_threshold != 1)
        rule_broken(r, below(path, ".successThreshold").s,
                    "1 is all that it can be here");
    if (kind == PROBE_READINESS && probe->grace != MF_UNSET)
        rule_broken(r, below(path, ".terminationGracePeriodSeconds").s,
                    "a readiness probe ends nothing");
}

static void judge_hook(const struct rules *r, const char *path,
                       const struct mf_hook *hook, const struct mf_container *c)
{
    if (!hook)
        return;
    rule_one_of(r, path, !!hook->exec + !!hook->http + !!hook->sleep,
                "exec, httpGet and sleep");
    if (hook->http)
        judge_port_ref(r, below(path, ".httpGet").s, &hook->http->port, c);
}

static void judge_lifecycle(const struct rules *r, const char *path,
                            const struct mf_lifecycle *lifecycle,
                            const struct mf_container *c)
{
    struct err err;
    int signal;

    judge_hook(r, below(path, ".postStart").s, lifecycle->post_start, c);
    judge_hook(r, below(path, ".preStop").s, lifecycle->pre_stop, c);
    if (lifecycle->stop_signal &&
        signal_parse(lifecycle->stop_signal, &signal, &err) < 0)
        rule_broken(r, below(path, ".stopSignal").s, "%s", err.text);
}

/* Of all capabilities one asks for what holds: ports below 1024 are anybody's in the
 * network of a pod. */
static bool is_granted(const char *capability, const struct mf_pod_spec *spec)
{
    if (strncmp(capability, "CAP_", 4) == 0)
        capability += 4;
    return same(capability, "NET_BIND_SERVICE") && !spec->has_host_network;
}

static void judge_capabilities(const struct rules *r, const char *path,
                               const struct mf_capabilities *capabilities,
                               const struct mf_pod_spec *spec)
{
    size_t i = 0;

    strv_foreach (word, capabilities->add) {
        if (!is_granted(*word, spec))
            rule_broken(r, below(path, ".add[%zu]", i).s,
                        "refused: %s: containers have no capabilities outside of "
                        "themselves",
                        *word);
        i++;
    }
}

/* One of the numbers that a container asks for, beside what all of them get. */
static void judge_number(const struct rules *r, const char *path, int64_t wish,
                         int64_t all)
{
    if (wish == MF_UNSET || wish == all)
        return;
    if (wish == 0)
        rule_doubtful(r, path,
                      "0, but it appears as %" PRId64 ", as all containers of the pod: "
                      "it may do what its user may, and owners of files are imitated",
                      all);
    else
        rule_broken(r, path,
                    "%" PRId64 ", where another container has %" PRId64
                    ": the containers of a pod appear as one user",
                    wish, all);
}

static void judge_identity(const struct rules *r, const char *path,
                           const struct mf_container *c, const struct mf_pod_spec *spec)
{
    struct pod_identity all = pod_identity_of(spec);
    bool must_not = (c->security && c->security->must_not_be_root) ||
                    (spec->security && spec->security->must_not_be_root);

    judge_number(r, below(path, ".runAsUser").s, pod_container_user(spec, c), all.user);
    judge_number(r, below(path, ".runAsGroup").s, pod_container_group(spec, c),
                 all.group);
    if (must_not && all.user == 0 && pod_container_user(spec, c) != 0)
        rule_broken(r, below(path, ".runAsNonRoot").s,
                    "another container has runAsUser 0: the containers of a pod appear "
                    "as one user");
}

static void judge_security(const struct rules *r, const char *path,
                           const struct mf_security *security,
                           const struct mf_pod_spec *spec)
{
    const struct mf_seccomp *seccomp = security->seccomp;

    if (security->capabilities)
        judge_capabilities(r, below(path, ".capabilities").s, security->capabilities,
                           spec);

    if (security->must_not_be_root && security->user == 0)
        rule_broken(r, below(path, ".runAsUser").s,
                    "0 is root, which runAsNonRoot forbids");
    if (seccomp && (seccomp->kind == MF_SECCOMP_LOCAL) != !!seccomp->profile)
        rule_broken(r, below(path, ".seccompProfile.localhostProfile").s,
                    "it belongs to type Localhost, which needs it");
}

/* What containers have that stay: probes and hooks. */
static void judge_watch(const struct rules *r, const char *path,
                        const struct mf_container *c)
{
    judge_probe(r, below(path, ".livenessProbe").s, PROBE_LIVENESS, c->liveness, c);
    judge_probe(r, below(path, ".readinessProbe").s, PROBE_READINESS, c->readiness, c);
    judge_probe(r, below(path, ".startupProbe").s, PROBE_STARTUP, c->startup, c);
    if (c->lifecycle)
        judge_lifecycle(r, below(path, ".lifecycle").s, c->lifecycle, c);
}

static void judge_role(const struct rules *r, const char *path,
                       const struct mf_container *c, bool is_init)
{
    if (!is_init && c->restart)
        rule_broken(r, below(path, ".restartPolicy").s,
                    "only init containers have one of their own; the pod's is "
                    "spec.restartPolicy");
    if (is_init && c->restart && c->restart != MF_RESTART_ALWAYS)
        rule_broken(r, below(path, ".restartPolicy").s, "Always is all that it can be");
    if (is_init && !c->restart &&
        (c->liveness || c->readiness || c->startup || c->lifecycle))
        rule_broken(r, path,
                    "an init container without restartPolicy: Always has "
                    "neither probes nor hooks");
}

static void judge_container(const struct rules *r, const char *path,
                            const struct mf_container *c,
                            const struct mf_pod_spec *spec, bool is_init)
{
    judge_role(r, path, c, is_init);
    judge_variables(r, path, c, spec);
    judge_ports(r, path, c, spec->has_host_network);
    judge_mounts(r, path, c, spec);
    if (c->resources)
        judge_resources(r, below(path, ".resources").s, c->resources);
    judge_watch(r, path, c);
    if (c->security)
        judge_security(r, below(path, ".securityContext").s, c->security, spec);
    judge_identity(r, below(path, ".securityContext").s, c, spec);
    if (c->has_stdin_once && !c->has_stdin)
        rule_doubtful(r, below(path, ".stdinOnce").s,
                      "without effect: stdin is not kept");
}

/* How often 'name' is among the first 'n' containers, init containers first. */
static bool is_taken(const struct mf_pod_spec *spec, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        const struct mf_container *c = i < spec->init.n
                                           ? &spec->init.items[i]
                                           : &spec->containers.items[i - spec->init.n];

        if (same(c->name, name))
            return true;
    }
    return false;
}

static bool ports_clash(const struct mf_port *a, const struct mf_port *b)
{
    return a->host_port > 0 && a->host_port == b->host_port &&
           a->protocol == b->protocol &&
           (!a->host_ip || !b->host_ip || same(a->host_ip, b->host_ip));
}

/* A port of the node, and who wants it. */
struct host_port {
    const struct mf_port *port;
    size_t container, place;
};

static size_t gather_host_ports(const struct mf_pod_spec *spec, struct host_port *ports)
{
    size_t n = 0;

    for (size_t i = 0; i < spec->containers.n; i++)
        for (size_t k = 0; k < spec->containers.items[i].ports.n; k++) {
            const struct mf_port *port = &spec->containers.items[i].ports.items[k];

            if (port->host_port > 0 && n < HOST_PORTS_MAX)
                ports[n++] = (struct host_port){port, i, k};
        }
    return n;
}

/* No two containers get the same port of the node. */
static void judge_host_ports(const struct rules *r, const char *path,
                             const struct mf_pod_spec *spec)
{
    cleanup(freep) struct host_port *ports = xcalloc(HOST_PORTS_MAX, sizeof(*ports));
    size_t n = gather_host_ports(spec, ports);

    if (n == HOST_PORTS_MAX)
        rule_broken(r, below(path, ".containers").s, "%d ports of the node, or more",
                    HOST_PORTS_MAX);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            if (ports_clash(ports[i].port, ports[j].port))
                rule_broken(r,
                            below(path, ".containers[%zu].ports[%zu].hostPort",
                                  ports[i].container, ports[i].place)
                                .s,
                            "this port of the node is taken by containers[%zu]",
                            ports[j].container);
}

void judge_containers(const struct rules *r, const char *path,
                      const struct mf_pod_spec *spec)
{
    size_t n = spec->init.n + spec->containers.n;

    for (size_t i = 0; i < n; i++) {
        bool is_init = i < spec->init.n;
        size_t place = is_init ? i : i - spec->init.n;
        const struct mf_container *c =
            is_init ? &spec->init.items[place] : &spec->containers.items[place];
        struct rule_path at =
            below(path, is_init ? ".initContainers[%zu]" : ".containers[%zu]", place);

        if (is_taken(spec, i, c->name))
            rule_broken(r, below(at.s, ".name").s, "a second container '%s'", c->name);
        judge_container(r, at.s, c, spec, is_init);
    }
    judge_host_ports(r, path, spec);
}
