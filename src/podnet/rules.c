/* SPDX-License-Identifier: Apache-2.0
 *
 * rules.c - the nftables rules of a node, as text for nft(8) (pure)
 */
#include "podnet/rules.h"

#include "base/mem.h"
#include "base/strbuf.h"
#include "podnet/addresses.h"

struct text {
    struct strbuf sb;
    char cidr[IPV4_RANGE_TEXT_MAX], slice[IPV4_RANGE_TEXT_MAX];
};

/* A pod has root's rights in its own namespace and can call itself what it likes, and
 * has no IPv6 address of ours: what does not come from where its address is, goes. */
static void add_guard(struct text *t)
{
    strbuf_puts(&t->sb, "  chain guard {\n"
                        "    type filter hook prerouting priority raw; policy accept;\n"
                        "    iifname \"" PODNET_DEVICE_PREFIX "*\" jump from_pod\n"
                        "  }\n"
                        "  chain from_pod {\n"
                        "    meta nfproto ipv6 drop\n"
                        "    meta protocol ip fib saddr . iif oif eq 0 drop\n"
                        "  }\n");
}

static void add_subnet(struct text *t, const struct podnet_plan *p, size_t i)
{
    char mask[IPV4_TEXT_MAX], value[IPV4_TEXT_MAX];

    (void)ipv4_text(podnet_subnet_mask(p->slice, p->n_subnets), mask);
    (void)ipv4_text(podnet_subnet_value(p->slice, p->n_subnets, i), value);
    strbuf_printf(&t->sb,
                  "    ip saddr & %s == %s ip daddr & %s == %s accept comment \"%s\"\n",
                  mask, value, mask, value, i ? p->subnets[i - 1] : "no subnet");
}

/* Answers to what was masqueraded, and what goes to a pod by a port of the node, have
 * the pod's address here already. */
static void add_passing(struct text *t, const struct podnet_plan *p)
{
    strbuf_puts(&t->sb,
                "  chain forward {\n"
                "    type filter hook forward priority filter; policy accept;\n");
    if (p->passes_pods_only)
        strbuf_printf(&t->sb, "    ip saddr != %s ip daddr != %s drop\n", t->cidr,
                      t->cidr);
    if (p->n_subnets)
        strbuf_printf(&t->sb, "    ip saddr %s ip daddr %s jump between\n", t->cidr,
                      t->cidr);
    strbuf_puts(&t->sb, "  }\n");
}

/* Ports of the node are for everybody; nodes' own addresses may speak to any pod. */
static void add_subnets(struct text *t, const struct podnet_plan *p)
{
    char mask[IPV4_TEXT_MAX];

    strbuf_printf(&t->sb,
                  "  chain between {\n"
                  "    ct state established,related accept\n"
                  "    ct status dnat accept\n"
                  "    ip saddr & %s == 0.0.0.1 accept\n",
                  ipv4_text(~ipv4_mask(p->slice.prefix), mask));
    for (size_t i = 0; i <= p->n_subnets; i++)
        add_subnet(t, p, i);
    /* Told, so that nobody waits for an answer that does not come. */
    strbuf_puts(&t->sb, "    reject with icmpx admin-prohibited\n  }\n");
}

static void add_forward(struct text *t, const struct podnet_forward *f)
{
    char host[IPV4_TEXT_MAX], pod[IPV4_TEXT_MAX];

    strbuf_puts(&t->sb, "    ");
    if (f->port.host_ip)
        strbuf_printf(&t->sb, "ip daddr %s ", ipv4_text(f->port.host_ip, host));
    strbuf_printf(&t->sb, "%s dport %u dnat ip to %s:%u\n",
                  f->port.is_udp ? "udp" : "tcp", f->port.host_port,
                  ipv4_text(f->address, pod), f->port.pod_port);
}

/* To addresses of this node; not to 127.0.0.1, whose packets cannot leave it. */
static void add_ports(struct text *t, const struct podnet_plan *p)
{
    strbuf_puts(&t->sb, "  chain arriving {\n"
                        "    type nat hook prerouting priority dstnat; policy accept;\n"
                        "    fib daddr type local jump ports\n"
                        "  }\n"
                        "  chain own {\n"
                        "    type nat hook output priority -100; policy accept;\n"
                        "    ip daddr != 127.0.0.0/8 fib daddr type local jump ports\n"
                        "  }\n"
                        "  chain ports {\n");
    for (size_t i = 0; i < p->n_forwards; i++)
        add_forward(t, &p->forwards[i]);
    strbuf_puts(&t->sb, "  }\n");
}

/* What leaves the cluster does so in the node's name. A pod that calls its own port of
 * the node would get a packet from itself. */
static void add_leaving(struct text *t, const struct podnet_plan *p)
{
    char pod[IPV4_TEXT_MAX];

    strbuf_printf(&t->sb,
                  "  chain leaving {\n"
                  "    type nat hook postrouting priority srcnat; policy accept;\n"
                  "    ip saddr %s ip daddr != %s masquerade\n",
                  t->slice, t->cidr);
    for (size_t i = 0; i < p->n_forwards; i++) {
        (void)ipv4_text(p->forwards[i].address, pod);
        strbuf_printf(&t->sb, "    ip saddr %s ip daddr %s masquerade\n", pod, pod);
    }
    strbuf_puts(&t->sb, "  }\n");
}

char *podnet_rules(const struct podnet_plan *plan)
{
    struct text t = {.sb = STRBUF_INIT};
    char *removed = podnet_rules_removed(plan->table);

    (void)ipv4_range_text(plan->cidr, t.cidr);
    (void)ipv4_range_text(plan->slice, t.slice);
    strbuf_puts(&t.sb, removed);
    freep(&removed);
    strbuf_printf(&t.sb, "table inet %s {\n", plan->table);
    add_guard(&t);
    if (plan->n_subnets)
        add_subnets(&t, plan);
    if (plan->n_subnets || plan->passes_pods_only)
        add_passing(&t, plan);
    add_ports(&t, plan);
    add_leaving(&t, plan);
    strbuf_puts(&t.sb, "}\n");
    return strbuf_take(&t.sb);
}

/* One that is not there cannot be deleted: it is made first. */
char *podnet_rules_removed(const char *table)
{
    return xasprintf("table inet %s\ndelete table inet %s\n", table, table);
}
