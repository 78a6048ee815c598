/* SPDX-License-Identifier: Apache-2.0
 *
 * io_devices.c - GPUs and NICs of a topology, kept as notes on its root
 */
#include "topo/io_devices.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"

#define VENDOR_NVIDIA 0x10de
#define VENDOR_CRAY 0x17db
#define CLASS_NETWORK 0x02
#define CLASS_INFINIBAND 0x0207
#define CLASS_VGA 0x0300
#define CLASS_3D 0x0302
#define CLASS_DISPLAY 0x0380
#define CLASS_ACCELERATOR 0x1200
#define NOTES_MAX 256
#define NAMES_MAX 32

/* ------------------------------------------------------------------- what is what */

/* Names that the runtimes of GPUs give: "cuda0". */
static size_t runtime_prefix(const char *name)
{
    static const char *const prefixes[] = {"cuda", "nvml", "rsmi", "ze"};
    for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
        size_t len = strlen(prefixes[i]);
        if (strncmp(name, prefixes[i], len) == 0 && isdigit((unsigned char)name[len]))
            return len;
    }
    return 0;
}

static bool is_runtime_device(hwloc_obj_t obj)
{
    return obj->type == HWLOC_OBJ_OS_DEVICE && obj->name && runtime_prefix(obj->name);
}

static bool is_gpu(hwloc_obj_t pci)
{
    const struct hwloc_pcidev_attr_s *attr = &pci->attr->pcidev;
    if (attr->class_id == CLASS_3D || attr->class_id == CLASS_DISPLAY ||
        attr->class_id == CLASS_ACCELERATOR ||
        (attr->class_id == CLASS_VGA && attr->vendor_id == VENDOR_NVIDIA))
        return true;
    for (hwloc_obj_t os = pci->io_first_child; os; os = os->next_sibling)
        if (is_runtime_device(os))
            return true;
    return false;
}

static bool is_nic(hwloc_obj_t pci)
{
    return pci->attr->pcidev.class_id >> 8 == CLASS_NETWORK;
}

static bool is_fast_nic(hwloc_obj_t pci)
{
    if (pci->attr->pcidev.class_id == CLASS_INFINIBAND ||
        (is_nic(pci) && pci->attr->pcidev.vendor_id == VENDOR_CRAY))
        return true;
    for (hwloc_obj_t os = pci->io_first_child; os; os = os->next_sibling)
        if (os->type == HWLOC_OBJ_OS_DEVICE &&
            os->attr->osdev.type == HWLOC_OBJ_OSDEV_OPENFABRICS)
            return true;
    return false;
}

/* --------------------------------------------------------------------- its type */

/* Letters, digits, perhaps letters: "V100", "MI300A". */
static bool is_model(const char *word, size_t len)
{
    size_t i = 0, letters, digits;
    while (i < len && isupper((unsigned char)word[i]))
        i++;
    letters = i;
    while (i < len && isdigit((unsigned char)word[i]))
        i++;
    digits = i - letters;
    while (i < len && isupper((unsigned char)word[i]))
        i++;
    return i == len && letters > 0 && letters < 4 && digits > 0 && digits < 5;
}

/* The model within a name: "Tesla V100-SXM2-16GB" is a v100; NULL: none. */
static char *type_in(const char *name)
{
    const char *p = name ? strchr(name, '[') : NULL;
    for (p = p ? p : name; p && *p;) {
        size_t len = 0;
        while (isalnum((unsigned char)p[len]))
            len++;
        if (is_model(p, len)) {
            char *type = xstrndup(p, len);
            for (char *c = type; *c; c++)
                *c = (char)tolower((unsigned char)*c);
            return type;
        }
        p += len ? len : 1;
    }
    return NULL;
}

static char *gpu_type(hwloc_obj_t pci)
{
    char *type = NULL;
    for (hwloc_obj_t os = pci->io_first_child; os && !type; os = os->next_sibling)
        type = type_in(hwloc_obj_get_info_by_name(os, "GPUModel"));
    return type ? type : type_in(hwloc_obj_get_info_by_name(pci, "PCIDevice"));
}

/* -------------------------------------------------------------------------- notes */

struct notes {
    hwloc_obj_t root;
    unsigned int n;
};

/* The n-th name that each runtime has for it. */
static char *nth_names(hwloc_obj_t pci, unsigned int nth)
{
    struct strbuf text = STRBUF_INIT;
    for (hwloc_obj_t os = pci->io_first_child; os; os = os->next_sibling) {
        unsigned int before = 0;
        if (!is_runtime_device(os))
            continue;
        size_t len = runtime_prefix(os->name);
        for (hwloc_obj_t o = pci->io_first_child; o != os; o = o->next_sibling)
            before += is_runtime_device(o) && strncmp(o->name, os->name, len) == 0;
        if (before == nth)
            strbuf_printf(&text, "%s%.*s", text.len ? "," : "", NAMES_MAX, os->name);
    }
    return text.len ? strbuf_take(&text) : NULL;
}

static char *fabric_names(hwloc_obj_t pci)
{
    struct strbuf text = STRBUF_INIT;
    for (hwloc_obj_t os = pci->io_first_child; os; os = os->next_sibling)
        if (os->type == HWLOC_OBJ_OS_DEVICE && os->name &&
            os->attr->osdev.type == HWLOC_OBJ_OSDEV_OPENFABRICS)
            strbuf_printf(&text, "%s%.*s", text.len ? "," : "", NAMES_MAX, os->name);
    return text.len ? strbuf_take(&text) : NULL;
}

static const char *or_dash(const char *text)
{
    return text ? text : "-";
}

static void add_note(struct notes *notes, hwloc_obj_t pci, const char *name,
                     const char *type, const char *os_names)
{
    const struct hwloc_pcidev_attr_s *attr = &pci->attr->pcidev;
    hwloc_obj_t place = pci;
    char *pus = NULL;
    if (notes->n++ >= NOTES_MAX)
        return;
    while (place && !place->cpuset)
        place = place->parent;
    if (place)
        hwloc_bitmap_list_asprintf(&pus, place->cpuset);
    cleanup(freep) char *note = xasprintf(
        "%s %s %04x:%02x:%02x.%01x %s %s", name, or_dash(type), attr->domain, attr->bus,
        attr->dev, attr->func, or_dash(os_names), pus && *pus ? pus : "-");
    hwloc_obj_add_info(notes->root, IO_DEVICE_INFO, note);
    free(pus);
}

static void note_gpu(struct notes *notes, hwloc_obj_t pci)
{
    cleanup(freep) char *type = gpu_type(pci);
    cleanup(freep) char *first = nth_names(pci, 0);
    add_note(notes, pci, "gpu", type, first);
    for (unsigned int nth = 1;; nth++) {
        cleanup(freep) char *names = nth_names(pci, nth);
        if (!names)
            return;
        add_note(notes, pci, "gpu", type, names);
    }
}

void io_devices_note(hwloc_topology_t with_io, hwloc_topology_t canonical)
{
    struct notes notes = {.root = hwloc_get_root_obj(canonical)};
    bool any_fast = false;
    hwloc_obj_t pci = NULL;
    if (hwloc_obj_get_info_by_name(notes.root, IO_DEVICE_INFO))
        return;
    while ((pci = hwloc_get_next_pcidev(with_io, pci)))
        any_fast |= is_fast_nic(pci);
    while ((pci = hwloc_get_next_pcidev(with_io, pci))) {
        if (is_gpu(pci)) {
            note_gpu(&notes, pci);
        } else if (any_fast ? is_fast_nic(pci) : is_nic(pci)) {
            cleanup(freep) char *names = fabric_names(pci);
            add_note(&notes, pci, "nic", NULL, names);
        }
    }
}

/* ------------------------------------------------------------------------ reading */

/* The next word, moved past; NULL at the end or for "-". */
static char *next_word(const char **p)
{
    size_t len = strcspn(*p, " ");
    const char *word = *p;
    *p += len + ((*p)[len] == ' ');
    return len == 0 || (len == 1 && *word == '-') ? NULL : xstrndup(word, len);
}

/* Cores whose first PU is among these; all of them when there is none. */
static struct bitset *cores_of(const struct node_topo *topo, const char *pus)
{
    struct bitset *near = bitset_create(topo->n_cores), *indexes = NULL;
    if (pus && bitset_parse(pus, 65536, &indexes, NULL) == 0) {
        for (uint32_t i = 0; i < topo->n_cores; i++)
            if (bitset_test(indexes, strtoul(topo->pus_of[i], NULL, 10)))
                bitset_set(near, i);
    }
    bitset_destroy(indexes);
    if (bitset_count(near) == 0)
        bitset_set_range(near, 0, topo->n_cores);
    return near;
}

static bool is_known(const char *name)
{
    return name && (strcmp(name, "gpu") == 0 || strcmp(name, "nic") == 0);
}

static void read_note(const char *note, struct node_topo *topo)
{
    const char *p = note;
    struct topo_device *device = &topo->devices[topo->n_devices];
    cleanup(freep) char *name = next_word(&p);
    if (!is_known(name))
        return;
    *device = (struct topo_device){.name = take(name)};
    device->class = strcmp(device->name, "gpu") == 0 ? TOPO_GPU : TOPO_NIC;
    device->is_gres = device->class == TOPO_GPU;
    device->type = next_word(&p);
    device->bus = next_word(&p);
    device->os_names = next_word(&p);
    cleanup(freep) char *pus = next_word(&p);
    device->near = cores_of(topo, pus);
    topo->n_devices++;
}

void io_devices_read(hwloc_topology_t canonical, struct node_topo *topo)
{
    hwloc_obj_t root = hwloc_get_root_obj(canonical);
    topo->devices = xcalloc(NOTES_MAX, sizeof(*topo->devices));
    for (unsigned int i = 0; i < root->infos_count && topo->n_devices < NOTES_MAX; i++)
        if (strcmp(root->infos[i].name, IO_DEVICE_INFO) == 0)
            read_note(root->infos[i].value, topo);
}
