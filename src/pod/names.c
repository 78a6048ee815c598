/* SPDX-License-Identifier: Apache-2.0
 *
 * names.c - what a pod calls itself, and the files in which it looks names up (pure)
 */
#include "pod/names.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/strv.h"

#define LABEL_MAX 63
#define DOMAIN "svc.cluster.local"
#define BLANKS " \t"

/* -------------------------------------------------------------------- names */

/* A name as a host's: at most 63 characters of it; heap. */
static char *host_label(const char *name)
{
    char *label = xstrndup(name, LABEL_MAX);

    /* What is left of a longer name still has to be one. */
    for (size_t len = strlen(label); len > 0 && strchr("-.", label[len - 1]); len--)
        label[len - 1] = '\0';
    return label;
}

char *pod_hostname(const struct mf_pod *pod)
{
    return host_label(pod->spec->hostname            ? pod->spec->hostname
                      : pod->meta && pod->meta->name ? pod->meta->name
                                                     : "pod");
}

/* -------------------------------------------------------------------- hosts */

/* "HOST.SUBDOMAIN.NAMESPACE.svc.cluster.local"; NULL without a subdomain. */
static char *full_name(const char *host, const char *subdomain, const char *name_space)
{
    return subdomain ? xasprintf("%s.%s.%s." DOMAIN, host, subdomain,
                                 name_space ? name_space : "default")
                     : NULL;
}

static void add_host(struct strbuf *sb, const char *address, const char *host,
                     const char *subdomain, const char *name_space)
{
    cleanup(freep) char *full = full_name(host, subdomain, name_space);

    strbuf_printf(sb, "%s\t%s%s%s\n", address, full ? full : "", full ? "\t" : "",
                  host);
}

static void add_own(struct strbuf *sb, const struct mf_pod *pod,
                    const struct pod_hosts *hosts)
{
    cleanup(freep) char *host = pod_hostname(pod);

    strbuf_puts(sb, "127.0.0.1\tlocalhost\n"
                    "::1\tlocalhost ip6-localhost ip6-loopback\n"
                    "fe00::0\tip6-localnet\n"
                    "fe00::0\tip6-mcastprefix\n"
                    "fe00::1\tip6-allnodes\n"
                    "fe00::2\tip6-allrouters\n");
    add_host(sb, hosts->address[0] ? hosts->address : "127.0.0.1", host,
             pod->spec->subdomain, hosts->name_space);
}

static void add_aliases(struct strbuf *sb, const struct mf_pod_spec *spec)
{
    for (size_t i = 0; i < spec->host_aliases.n; i++) {
        const struct mf_host_alias *alias = &spec->host_aliases.items[i];
        cleanup(freep) char *names = strv_join(alias->names, "\t");

        strbuf_printf(sb, "%s\t%s\n", alias->ip, names);
    }
}

/* Texts of hosts and addresses alone, so that a line stays one. */
static bool is_plain(const char *word)
{
    return *word && !word[strspn(word, "abcdefghijklmnopqrstuvwxyz"
                                       "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:-_")];
}

static void add_member(struct pod_gang *gang, char *const *words, const char *own)
{
    char *label = strv_len(words) == 3 ? host_label(words[1]) : NULL;
    size_t at = strv_len(gang->words);

    if (!label || strcmp(label, own) == 0 || !is_plain(words[0]) || !is_plain(label) ||
        !is_plain(words[2])) {
        free(label);
        return;
    }
    strv_add(&gang->words, words[0]);
    strv_take(&gang->words, label);
    strv_add(&gang->words, words[2]);
    gang->v = xrealloc(gang->v, gang->n + 1, sizeof(*gang->v));
    gang->v[gang->n++] = (struct pod_neighbour){
        .address = gang->words[at],
        .name = gang->words[at + 1],
        .subdomain = strcmp(words[2], "-") == 0 ? NULL : gang->words[at + 2]};
}

void pod_gang_read(const char *text, size_t len, const struct mf_pod *self,
                   struct pod_gang *ret)
{
    cleanup(freep) char *copy = xstrndup(text ? text : "", len);
    cleanup(freep) char *own = pod_hostname(self);
    char *rest = copy, *line;

    *ret = (struct pod_gang){0};
    while (ret->n < POD_GANG_MAX && (line = strsep(&rest, "\n"))) {
        cleanup(strv_freep) char **words = strv_split(line, " ");

        add_member(ret, words, own);
    }
}

void pod_gang_fini(struct pod_gang *gang)
{
    strv_free(gang->words);
    free(gang->v);
    *gang = (struct pod_gang){0};
}

char *pod_hosts_text(const struct mf_pod *pod, const struct pod_hosts *hosts)
{
    struct strbuf sb = STRBUF_INIT;

    if (hosts->node_hosts) {
        strbuf_puts(&sb, hosts->node_hosts);
        if (sb.len && sb.s[sb.len - 1] != '\n')
            strbuf_putc(&sb, '\n');
    } else {
        add_own(&sb, pod, hosts);
    }
    for (size_t i = 0; i < hosts->n_neighbours; i++)
        add_host(&sb, hosts->neighbours[i].address, hosts->neighbours[i].name,
                 hosts->neighbours[i].subdomain, hosts->name_space);
    add_aliases(&sb, pod->spec);
    return strbuf_take(&sb);
}

/* ----------------------------------------------------------------- resolver */

struct resolver {
    char **servers, **searches, **options;
};

static void resolver_fini(struct resolver *r)
{
    strv_free(r->servers);
    strv_free(r->searches);
    strv_free(r->options);
}

static void add_once(char ***list, const char *word, size_t max)
{
    if (strv_len(*list) < max && !strv_has(*list, word))
        strv_add(list, word);
}

static size_t name_len(const char *option)
{
    return strcspn(option, ":");
}

/* "ndots:5" takes the place of "ndots:1". */
static void set_option(char ***list, const char *option)
{
    size_t len = name_len(option);

    strv_foreach (old, *list)
        if (name_len(*old) == len && strncmp(*old, option, len) == 0) {
            str_replace(old, option);
            return;
        }
    strv_add(list, option);
}

/* The last search line counts, as in glibc. */
static void read_line(struct resolver *r, const char *line)
{
    cleanup(strv_freep) char **words = strv_split(line, BLANKS);
    size_t n = strv_len(words);

    if (n < 2)
        return;
    if (strcmp(words[0], "nameserver") == 0) {
        add_once(&r->servers, words[1], POD_NAME_SERVERS);
    } else if (strcmp(words[0], "search") == 0 || strcmp(words[0], "domain") == 0) {
        strv_free(take(r->searches));
        for (size_t i = 1; i < n; i++)
            add_once(&r->searches, words[i], POD_NAME_SEARCHES);
    } else if (strcmp(words[0], "options") == 0) {
        for (size_t i = 1; i < n; i++)
            set_option(&r->options, words[i]);
    }
}

static void read_text(struct resolver *r, const char *text)
{
    cleanup(strv_freep) char **lines = strv_split(text, "\n");

    strv_foreach (line, lines)
        read_line(r, *line);
}

static void add_config(struct resolver *r, const struct mf_dns_config *config)
{
    strv_foreach (server, config->servers)
        add_once(&r->servers, *server, POD_NAME_SERVERS);
    strv_foreach (search, config->searches)
        add_once(&r->searches, *search, POD_NAME_SEARCHES);
    for (size_t i = 0; i < config->options.n; i++) {
        const struct mf_pair *pair = &config->options.items[i];
        bool has_value = pair->value && pair->value[0];
        cleanup(freep) char *option = xasprintf(
            "%s%s%s", pair->key, has_value ? ":" : "", has_value ? pair->value : "");

        set_option(&r->options, option);
    }
}

static void put_line(struct strbuf *sb, const char *keyword, char *const *words)
{
    cleanup(freep) char *all = strv_join(words, " ");

    if (words)
        strbuf_printf(sb, "%s %s\n", keyword, all);
}

char *pod_resolver_text(const struct mf_pod *pod, const char *node_text,
                        const char *server)
{
    cleanup(resolver_fini) struct resolver r = {NULL, NULL, NULL};
    struct strbuf sb = STRBUF_INIT;

    if (pod->spec->dns != MF_DNS_NONE)
        read_text(&r, node_text);
    if (server && pod->spec->dns != MF_DNS_NONE) {
        strv_free(take(r.servers));
        strv_add(&r.servers, server);
    }
    if (pod->spec->dns_config)
        add_config(&r, pod->spec->dns_config);
    strv_foreach (s, r.servers)
        strbuf_printf(&sb, "nameserver %s\n", *s);
    put_line(&sb, "search", r.searches);
    put_line(&sb, "options", r.options);
    return strbuf_take(&sb);
}

bool pod_resolver_is_local(const char *text)
{
    cleanup(resolver_fini) struct resolver r = {NULL, NULL, NULL};

    read_text(&r, text);
    strv_foreach (server, r.servers)
        if (strncmp(*server, "127.", 4) != 0 && strcmp(*server, "::1") != 0)
            return false;
    return r.servers != NULL;
}
