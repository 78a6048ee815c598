/* SPDX-License-Identifier: Apache-2.0
 *
 * hwloc_source.c - where a topology comes from, and its canonical form
 */
#include "topo/hwloc_source.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "topo/io_devices.h"
#include "topo/trial.h"
#include "topo/xml_scan.h"

#define MEMORY_STEP (UINT64_C(16) << 20)

static const char synthetic_prefix[] = "synthetic:";

/* hwloc takes these from the environment only. They have to be there before
 * other threads may read it: quiet about what it meets, and always its own
 * small XML reader and writer, so that the same machine gives the same bytes
 * whether or not the libxml plugin is installed, and no peer's bytes reach a
 * parser that can load entities. What hwloc can do here is no part of it. */
__attribute__((constructor)) static void set_hwloc_environment(void)
{
    setenv("HWLOC_HIDE_ERRORS", "2", 1);
    setenv("HWLOC_LIBXML", "0", 1);
    setenv("HWLOC_XML_EXPORT_SUPPORT", "0", 1);
}

/* What tells hardware apart, not machines. */
static bool info_is_hardware(const char *name)
{
    static const char *const kept[] = {"Architecture",    "CPUVendor",
                                       "CPUModel",        "CPUModelNumber",
                                       "CPUFamilyNumber", "CPUStepping"};
    for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
        if (strcmp(name, kept[i]) == 0)
            return true;
    return false;
}

static bool info_is_kept(const char *name)
{
    return info_is_hardware(name) || strcmp(name, IO_DEVICE_INFO) == 0;
}

static void strip_infos(hwloc_obj_t obj)
{
    unsigned int kept = 0;
    for (unsigned int i = 0; i < obj->infos_count; i++) {
        if (info_is_kept(obj->infos[i].name)) {
            obj->infos[kept++] = obj->infos[i];
            continue;
        }
        free(obj->infos[i].name);
        free(obj->infos[i].value);
    }
    obj->infos_count = kept;
}

static void strip_object(hwloc_obj_t obj)
{
    strip_infos(obj);
    free(obj->name);
    obj->name = NULL;
    if (obj->type == HWLOC_OBJ_NUMANODE) {
        obj->attr->numanode.local_memory -=
            obj->attr->numanode.local_memory % MEMORY_STEP;
        obj->attr->numanode.page_types_len = 0;
    }
}

static void strip_depth(hwloc_topology_t topology, int depth)
{
    hwloc_obj_t obj = NULL;
    while ((obj = hwloc_get_next_obj_by_depth(topology, depth, obj)))
        strip_object(obj);
}

static void make_canonical(hwloc_topology_t topology)
{
    for (int depth = 0; depth < hwloc_topology_get_depth(topology); depth++)
        strip_depth(topology, depth);
    strip_depth(topology, HWLOC_TYPE_DEPTH_NUMANODE);
}

static void topology_destroyp(hwloc_topology_t *topology)
{
    if (*topology)
        hwloc_topology_destroy(*topology);
}

/* What finds GPUs by talking to a display or to a compiler stays out of daemons. */
static void leave_out_components(hwloc_topology_t t)
{
    static const char *const names[] = {"gl", "opencl"};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        hwloc_topology_set_components(t, HWLOC_TOPOLOGY_COMPONENTS_FLAG_BLACKLIST,
                                      names[i]);
}

static int topology_prepare(enum hwloc_type_filter_e io, hwloc_topology_t *ret,
                            struct err *err)
{
    cleanup(topology_destroyp) hwloc_topology_t t = NULL;
    if (hwloc_topology_init(&t) < 0)
        return err_sys(err, errno, "cannot start hwloc");
    leave_out_components(t);
    hwloc_topology_set_io_types_filter(t, io);
    hwloc_topology_set_type_filter(t, HWLOC_OBJ_MISC, HWLOC_TYPE_FILTER_KEEP_NONE);
    hwloc_topology_set_type_filter(t, HWLOC_OBJ_MEMCACHE, HWLOC_TYPE_FILTER_KEEP_NONE);
#if HWLOC_API_VERSION >= 0x00020800
    hwloc_topology_set_flags(t, HWLOC_TOPOLOGY_FLAG_NO_MEMATTRS |
                                    HWLOC_TOPOLOGY_FLAG_NO_CPUKINDS);
#endif
    *ret = take(t);
    return 0;
}

static int topology_finish(hwloc_topology_t t, const char *what, struct err *err)
{
    if (hwloc_topology_load(t) < 0)
        return err_set(err, EINVAL, "%s is not a topology that hwloc understands",
                       what);
    int n = hwloc_get_nbobjs_by_type(t, HWLOC_OBJ_PU);
    if (n < 1)
        return err_set(err, EINVAL, "%s has no processor", what);
    if ((unsigned int)n > TOPO_PUS_MAX)
        return err_set(err, EINVAL, "%s has %d PUs: at most %u can be used", what, n,
                       TOPO_PUS_MAX);
    make_canonical(t);
    return 0;
}

/* 'with_io' is set up as 't' was, to be loaded with its I/O. What goes wrong with
 * that costs the devices only. */
static void topology_equip(hwloc_topology_t t, hwloc_topology_t with_io)
{
    if (hwloc_topology_load(with_io) == 0)
        io_devices_note(with_io, t);
}

static int set_text(const char *text, enum hwloc_type_filter_e io,
                    hwloc_topology_t *ret, struct err *err)
{
    int rc = topology_prepare(io, ret, err);
    if (rc == 0 && hwloc_topology_set_xmlbuffer(*ret, text, (int)strlen(text) + 1) < 0)
        return err_set(err, EINVAL, "the XML is not an hwloc export");
    return rc;
}

static int load_text(const char *text, hwloc_topology_t *ret, struct err *err)
{
    cleanup(topology_destroyp) hwloc_topology_t t = NULL, with_io = NULL;
    int rc = set_text(text, HWLOC_TYPE_FILTER_KEEP_NONE, &t, err);
    if (rc == 0)
        rc = topology_finish(t, "the XML", err);
    if (rc == 0)
        rc = set_text(text, HWLOC_TYPE_FILTER_KEEP_IMPORTANT, &with_io, err);
    if (rc < 0)
        return rc;
    topology_equip(t, with_io);
    *ret = take(t);
    return 0;
}

int hwloc_source_try(const char *xml, struct err *err)
{
    hwloc_topology_t t;
    char *canonical;
    int rc = load_text(xml, &t, err);
    return rc < 0 ? rc : hwloc_source_export(t, &canonical, err);
}

int hwloc_source_parse(const char *xml, size_t len, hwloc_topology_t *ret,
                       struct err *err)
{
    if (len > 0 && xml[len - 1] == '\0')
        len--;
    if (len > TOPO_XML_MAX)
        return err_set(err, EINVAL, "the topology has %zu bytes: at most %u are read",
                       len, TOPO_XML_MAX);
    int rc = xml_scan_check(xml, len, err);
    if (rc < 0)
        return rc;
    cleanup(freep) char *text = xstrndup(xml, len);
    /* hwloc trusts that objects have all that it would have written itself: a PU
     * without a cpuset crashes it, and what it refuses it does not free. */
    if ((rc = trial_run(text, err)) < 0)
        return rc == -ECHILD
                   ? err_set(err, EINVAL, "the XML is not a whole hwloc export")
                   : rc;
    return load_text(text, ret, err);
}

/* "pack:2 core:4 pu:1" must not ask for more than can be used: hwloc would try
 * to make it. Levels multiply; attributes stand in parentheses. */
static int synthetic_check(const char *text, struct err *err)
{
    uint64_t product = 1;
    int parens = 0;
    for (const char *p = text; *p; p++) {
        parens += (*p == '(') - (*p == ')');
        if (*p != ':' || parens > 0)
            continue;
        unsigned long n = strtoul(p + 1, NULL, 10);
        product *= n > TOPO_PUS_MAX ? TOPO_PUS_MAX + 1 : n;
        if (product > TOPO_PUS_MAX)
            return err_set(err, EINVAL, "synthetic topology \"%s\": more than %u PUs",
                           text, TOPO_PUS_MAX);
    }
    return 0;
}

static int open_synthetic(const char *text, hwloc_topology_t *ret, struct err *err)
{
    int rc = synthetic_check(text, err);
    if (rc < 0)
        return rc;
    cleanup(topology_destroyp) hwloc_topology_t t = NULL;
    if ((rc = topology_prepare(HWLOC_TYPE_FILTER_KEEP_NONE, &t, err)) < 0)
        return rc;
    cleanup(freep) char *what = xasprintf("synthetic topology \"%s\"", text);
    if (hwloc_topology_set_synthetic(t, text) < 0)
        return err_set(err, EINVAL,
                       "%s: not understood; one that is: "
                       "\"pack:2 core:4 pu:1\"",
                       what);
    if ((rc = topology_finish(t, what, err)) < 0)
        return rc;
    *ret = take(t);
    return 0;
}

static int open_file(const char *path, hwloc_topology_t *ret, struct err *err)
{
    cleanup(freep) char *xml = NULL;
    size_t len;
    int rc = io_read_file(path, TOPO_XML_MAX, &xml, &len, err);
    if (rc < 0)
        return rc;
    rc = hwloc_source_parse(xml, len, ret, err);
    return rc < 0 && err ? err_wrap(err, "%s", path) : rc;
}

static int open_machine(hwloc_topology_t *ret, struct err *err)
{
    cleanup(topology_destroyp) hwloc_topology_t t = NULL, with_io = NULL;
    int rc = topology_prepare(HWLOC_TYPE_FILTER_KEEP_NONE, &t, err);
    if (rc == 0)
        rc = topology_finish(t, "this machine", err);
    if (rc == 0)
        rc = topology_prepare(HWLOC_TYPE_FILTER_KEEP_IMPORTANT, &with_io, err);
    if (rc < 0)
        return rc;
    topology_equip(t, with_io);
    *ret = take(t);
    return 0;
}

int hwloc_source_open(const char *source, hwloc_topology_t *ret, struct err *err)
{
    if (!source)
        return open_machine(ret, err);
    size_t n = strlen(source);
    if (strncmp(source, synthetic_prefix, sizeof(synthetic_prefix) - 1) == 0)
        return open_synthetic(source + sizeof(synthetic_prefix) - 1, ret, err);
    if (n > 4 && strcmp(source + n - 4, ".xml") == 0)
        return open_file(source, ret, err);
    return err_set(err, EINVAL,
                   "topology \"%s\": neither a file that ends in .xml nor "
                   "\"synthetic:...\"",
                   source);
}

int hwloc_source_export(hwloc_topology_t topology, char **ret_xml, struct err *err)
{
    char *xml = NULL;
    int len = 0;
    if (hwloc_topology_export_xmlbuffer(topology, &xml, &len, 0) < 0)
        return err_sys(err, errno, "hwloc cannot export the topology");
    *ret_xml = xstrdup(xml);
    hwloc_free_xmlbuffer(topology, xml);
    return 0;
}
