/* SPDX-License-Identifier: Apache-2.0
 *
 * images.c - which nodes have got which images, as far as jobs have told
 */
#include "controller/images.h"

#include <stdlib.h>
#include <string.h>

#include "base/bitset.h"
#include "base/log.h"
#include "base/mem.h"
#include "controller/jobs.h"
#include "controller/nodes.h"

#define IMAGES_MAX 4096
#define SOURCES_MAX 3
#define NODE_NONE UINT32_MAX

/* A user's image is his alone; the site's is everybody's. */
struct ctl_image {
    char key[120]; /* "sha256:...@1000", "sha256:...@site" */
    uint32_t number;
    struct bitset *nodes;
    uint32_t coming; /* the node that was first told to get it, or NODE_NONE */
    UT_hash_handle hh;
};

void images_fini(struct controller *ctl)
{
    struct ctl_image *image, *next;

    HASH_ITER(hh, ctl->images, image, next)
    {
        HASH_DEL(ctl->images, image);
        bitset_destroy(image->nodes);
        free(image);
    }
}

static bool make_key(const Berth__JobSpec *spec, const char *digest, char key[120])
{
    const Berth__ContainerSpec *container = spec->container;
    bool site = container && container->image_site &&
                strcmp(container->image_digest, digest) == 0;
    int n = site ? snprintf(key, 120, "%s@site", digest)
                 : snprintf(key, 120, "%s@%u", digest, spec->uid);

    return digest[0] && n < 120;
}

static struct ctl_image *find_or_make(struct controller *ctl, const char *key)
{
    struct ctl_image *image;

    HASH_FIND_STR(ctl->images, key, image);
    if (image || HASH_COUNT(ctl->images) >= IMAGES_MAX)
        return image;
    image = xcalloc(1, sizeof(*image));
    memcpy(image->key, key, strlen(key) + 1);
    image->number = HASH_COUNT(ctl->images) + 1;
    image->nodes = bitset_create(ctl->config->n_nodes);
    image->coming = NODE_NONE;
    HASH_ADD_STR(ctl->images, key, image);
    return image;
}

static struct ctl_image *image_of(struct controller *ctl, const Berth__JobSpec *spec)
{
    char key[120];

    if (!spec->container || ctl->config->image.shared == CONFIG_SHARED_YES ||
        !make_key(spec, spec->container->image_digest, key))
        return NULL;
    return find_or_make(ctl, key);
}

uint32_t images_number(struct controller *ctl, const Berth__JobSpec *spec)
{
    const struct ctl_image *image = image_of(ctl, spec);

    return image ? image->number : 0;
}

void images_learn(struct controller *ctl, const struct ctl_job *cj,
                  const Berth__JobEnded *ended)
{
    for (size_t i = 0; i < ended->n_images; i++) {
        const Berth__ImageHeld *held = ended->images[i];
        struct ctl_image *image = NULL;
        char key[120];

        if (make_key(cj->job.spec, held->digest, key))
            image = find_or_make(ctl, key);
        for (size_t n = 0; image && n < held->n_nodes; n++) {
            const struct ctl_node *node = nodes_find(ctl, held->nodes[n]);

            if (!node)
                continue;
            bitset_set(image->nodes, node->index);
            sched_image_held(ctl->sched, image->number, node->index);
        }
    }
}

static void add_source(Berth__LaunchJob *launch, const struct ctl_node *node)
{
    Berth__ImageSource *source = xmalloc(sizeof(*source));

    berth__image_source__init(source);
    source->node = node->config->name;
    source->address = node->config->address;
    source->port = nodes_port(node);
    launch->image_from[launch->n_image_from++] = source;
}

/* Where nobody has it yet, the first job's first node gets it, and the others wait
 * for that one: a registry is asked once. */
void images_fill_sources(struct controller *ctl, const struct ctl_job *cj,
                         Berth__LaunchJob *launch)
{
    struct ctl_image *image = image_of(ctl, cj->job.spec);
    const struct ctl_node *lead = nodes_lead(ctl, cj);

    if (!image || !lead || bitset_test(image->nodes, lead->index))
        return;
    launch->image_from = xcalloc(SOURCES_MAX, sizeof(*launch->image_from));
    for (size_t i = bitset_next(image->nodes, 0);
         i < image->nodes->nbits && launch->n_image_from < SOURCES_MAX;
         i = bitset_next(image->nodes, i + 1))
        if (nodes_is_up(&ctl->nodes[i]))
            add_source(launch, &ctl->nodes[i]);
    if (launch->n_image_from)
        return;
    if (image->coming == NODE_NONE || !nodes_is_up(&ctl->nodes[image->coming]))
        image->coming = lead->index;
    else if (image->coming != lead->index)
        add_source(launch, &ctl->nodes[image->coming]);
}

void images_clear_sources(Berth__LaunchJob *launch)
{
    for (size_t i = 0; i < launch->n_image_from; i++)
        free(launch->image_from[i]);
    free(launch->image_from);
}
