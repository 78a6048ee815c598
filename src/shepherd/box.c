/* SPDX-License-Identifier: Apache-2.0
 *
 * box.c - from what a job says about its container to one that stands
 *
 * The job's directory is at the same path inside as outside: the lead's socket, the
 * script, and the places that PMIx hands to tasks are there. The node's own file
 * system needs no mounts but those the job asks for.
 */
#include "shepherd/box.h"

#include "base/io.h"
#include "base/mem.h"
#include "base/strv.h"
#include "container/seccomp_profile.h"
#include "image/store.h"
#include "shepherd/devices.h"
#include "shepherd/group.h"
#include "shepherd/host_libraries.h"
#include "shepherd/images.h"
#include "shepherd/job_file.h"
#include "shepherd/mounts.h"
#include "shepherd/runtime.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HOSTS_MAX (4 << 20)
/* Where containers are built: each in a mount namespace of its own, so one directory
 * does for all of a job, and none has to be made and removed for each step. */
#define BUILD_DIR "box"

const char *box_tools_dir(void)
{
    const char *dir = getenv("BERTH_TOOLS_DIR");

    return dir ? dir : BERTH_LIBEXECDIR "/bin";
}

const char *box_path_dir(const struct box *box)
{
    const char *dir = getenv("BERTH_NAMES_DIR");

    return box->image ? MOUNTS_TOOLS_INSIDE : dir ? dir : BERTH_LIBEXECDIR "/slurm";
}

const char *box_tools_program(const struct box *box)
{
    static char path[PATH_MAX];
    const char *dir = box->image_digest ? MOUNTS_TOOLS_INSIDE : box_tools_dir();

    (void)snprintf(path, sizeof(path), "%s/berth", dir);
    return path;
}

/* A directory of the job's: where the container is built, or the tools go. */
static int make_job_dir(const struct shepherd *sh, const char *name, char **ret,
                        struct err *err)
{
    char *path = xasprintf("%s/%s", sh->dir, name);

    if (mkdir(path, 0700) && errno != EEXIST) {
        int rc = err_sys(err, errno, "%s", path);

        free(path);
        return rc;
    }
    *ret = path;
    return 0;
}

static int choose_filter(const struct shepherd *sh, const Berth__ContainerSpec *spec,
                         struct container_spec *container,
                         struct seccomp_filter **ret_profile, struct err *err)
{
    bool confine_all = sh->assignment->confine_all;
    int rc;

    if (!spec->seccomp[0])
        return 0;
    if (strcmp(spec->seccomp, "unconfined") == 0) {
        if (confine_all)
            return err_set(err, EPERM,
                           "--seccomp=unconfined: this site lets nobody do without "
                           "its filter (container.allow_unconfined)");
        container->unconfined = true;
        return 0;
    }
    rc =
        seccomp_profile_compile(spec->seccomp, strlen(spec->seccomp), ret_profile, err);
    if (rc)
        return err_wrap(err, "--seccomp");
    container->profile = *ret_profile;
    container->unconfined = !confine_all;
    return 0;
}

static const char *text_or_null(const char *text)
{
    return text && text[0] ? text : NULL;
}

/* What a job says of its container that is not about places. */
static void describe(const Berth__ContainerSpec *spec, const struct image *image,
                     struct container_spec *container)
{
    container->layers = image ? (const char *const *)image->layers : NULL;
    container->n_layers = image ? image->n_layers : 0;
    container->as_root = spec->as_root;
    container->read_only = spec->read_only;
    container->overlay = text_or_null(spec->overlay);
    container->hostname = text_or_null(spec->hostname);
    container->no_network = strcmp(spec->network, "none") == 0;
    container->workdir = image ? text_or_null(image->workdir) : NULL;
}

static char **entrypoint_of(const Berth__ContainerSpec *spec, const struct image *image)
{
    char **own = NULL;

    if (!spec->has_entrypoint)
        return NULL;
    for (size_t i = 0; i < spec->n_entrypoint; i++)
        strv_add(&own, spec->entrypoint[i]);
    return own || !image ? own : strv_dup(image->entrypoint);
}

const char *box_workdir(const Berth__ContainerSpec *spec, const char *cwd)
{
    return spec && spec->workdir[0] ? spec->workdir : cwd;
}

char **box_command(const struct box *box, char *const *argv, size_t n)
{
    char **all = strv_dup(box->entrypoint);

    for (size_t i = 0; i < n; i++)
        strv_add(&all, argv[i]);
    return all;
}

/* One with a name is joined when it is there, and else made so that others may. */
static int create_or_join(const struct shepherd *sh, const char *name,
                          struct container_spec *spec, struct box *box, struct err *err)
{
    int namespaces[CONTAINER_NAMESPACES];
    int rc = 0;

    if (name[0])
        rc = hold_claim(sh->dir, name, &box->hold, namespaces, err);
    if (rc)
        return rc;
    spec->joinable = box->hold != NULL;
    if (!name[0] || box->hold)
        return container_create(spec, &box->container, err);
    rc = container_join(spec, namespaces, &box->container, err);
    for (size_t i = 0; i < CONTAINER_NAMESPACES; i++)
        (void)close(namespaces[i]);
    return rc ? err_wrap(err, "--container-name=%s", name) : 0;
}

/* Who makes it: what the job says goes before what the site says. */
static int choose_runtime(const struct shepherd *sh, const Berth__ContainerSpec *spec,
                          const char *name, struct container_spec *container,
                          struct runtime *runtime, char **ret_bundle, struct err *err)
{
    const Berth__Assignment *assignment = sh->assignment;
    const char *wanted = spec->runtime[0] ? spec->runtime : assignment->runtime;
    cleanup(freep) char *id =
        xasprintf("berth-%s-%u.%u-%s", assignment->node_name, sh->job, sh->epoch, name);
    cleanup(freep) char *dir = xasprintf("%s.runtime", name);
    struct runtime_choice choice = {
        .name = wanted, .program = assignment->oci_program, .id = id};
    int rc = 0;

    if (!wanted[0] || strcmp(wanted, "native") == 0)
        return 0;
    if (spec->name[0])
        return err_set(err, ENOTSUP,
                       "--container-name: only containers of the native runtime "
                       "(--runtime=native) can be shared");
    rc = make_job_dir(sh, dir, ret_bundle, err);
    choice.bundle = *ret_bundle;
    return rc ? rc : runtime_choose(&choice, container, runtime, err);
}

static char **pod_hosts(const struct shepherd *sh, size_t *ret_n)
{
    const Berth__Assignment *assignment = sh->assignment;
    const Berth__PodWish *pods = assignment->job ? assignment->job->spec->pod : NULL;

    if (assignment->step) {
        *ret_n = assignment->step->spec->n_hosts;
        return assignment->step->spec->hosts;
    }
    *ret_n = pods ? pods->n_hosts : 0;
    return pods ? pods->hosts : NULL;
}

/* The job's nodes by name, also where no name service knows them, and its helper pods.
 * Without these a real node's own file is what programs without an image see; with them
 * it is hidden in the container, never changed. */
static int add_hosts(const struct shepherd *sh, const struct image *image,
                     struct mounts *mounts, char **ret_file, struct err *err)
{
    cleanup(freep) char *file = xasprintf("%s/hosts", sh->dir);
    cleanup(freep) char *before = NULL;
    cleanup(freep) char *text = NULL;
    size_t n_pods;
    char *const *pods = pod_hosts(sh, &n_pods);
    int rc = 0;

    if ((!image && !sh->assignment->shares_machine && !n_pods) ||
        mounts_have(mounts, "/etc/hosts"))
        return 0;
    if (!job_file_is_there(file)) {
        (void)io_read_file("/etc/hosts", HOSTS_MAX, &before, NULL, NULL);
        text = mounts_hosts(before ? before : "", pods, n_pods, sh->grant->placement);
        if (!text)
            return 0;
        rc = job_file_write_once(file, text, err);
    }
    *ret_file = take(file);
    if (!rc && !image)
        mounts_append(mounts, (struct bind_mount){.source = *ret_file,
                                                  .target = "/etc/hosts",
                                                  .readonly = true,
                                                  .optional = true});
    return rc;
}

/* What --host-mpi asks for, and in '*ret_env' what comes with it. */
static int add_host_libraries(const struct shepherd *sh,
                              const Berth__ContainerSpec *spec,
                              const struct image *image, struct mounts *mounts,
                              char ***ret_env, struct err *err)
{
    const Berth__HostLibraries *set;
    int rc;

    if (!spec->host_mpi[0])
        return 0;
    rc = host_libraries_choose(sh->assignment, spec->host_mpi, &set, err);
    if (!rc)
        rc = host_libraries_mount(set, image, mounts, err);
    for (size_t i = 0; !rc && i < set->n_env; i++)
        strv_add(ret_env, set->env[i]);
    return rc;
}

static void settle_in(const struct box_place *place, struct mounts *mounts,
                      struct container_spec *container)
{
    for (size_t i = 0; i < place->n_mounts; i++)
        mounts_append(mounts, place->mounts[i]);
    container->sandbox = place->sandbox;
    container->hosts = place->hosts;
    container->groups = place->groups;
    container->n_groups = place->n_groups;
    container->oom_score = place->oom_score;
    container->fake_ids = place->fake_ids;
}

/* 'place' is NULL but for containers of pods. */
static int create(struct shepherd *sh, const Berth__ContainerSpec *spec,
                  const struct box_place *place, const char *cwd, const char *name,
                  struct box **ret, struct err *err)
{
    static const Berth__ContainerSpec plain = BERTH__CONTAINER_SPEC__INIT;
    cleanup(image_freep) struct image *image = NULL;
    cleanup(seccomp_filter_freep) struct seccomp_filter *profile = NULL;
    cleanup(freep) char *work_dir = NULL;
    struct container_spec container = {
        .user = sh->owner.name, .home = sh->owner.home, .shell = sh->owner.shell};
    struct mount_sources sources = {.tools = box_tools_dir(),
                                    .home = sh->owner.home,
                                    .job_dir = place ? NULL : sh->dir,
                                    .cwd = cwd,
                                    .task_prolog = sh->assignment->task_prolog,
                                    .task_epilog = sh->assignment->task_epilog};
    const Berth__DevicePolicy *policy = sh->assignment->devices;
    cleanup(devices_fini) struct devices devices = {0};
    cleanup(runtime_fini) struct runtime runtime = {.argv = NULL};
    cleanup(freep) char *bundle = NULL;
    cleanup(freep) char *hosts = NULL;
    cleanup(strv_freep) char **env = NULL;
    struct mounts mounts = {0};
    struct box *box;
    int rc = make_job_dir(sh, BUILD_DIR, &work_dir, err);

    if (!spec)
        spec = &plain;
    if (!rc && spec->image[0])
        rc = images_find(sh, spec, &image, err);
    if (!rc)
        rc = devices_find(policy, spec->devices, spec->n_devices, &devices, err);
    if (!rc)
        rc = choose_filter(sh, spec, &container, &profile, err);
    if (rc)
        return rc;
    describe(spec, image, &container);
    if (image)
        mounts_of_image(&sources, spec, &mounts);
    rc = devices_mount(&devices, policy, image != NULL, &mounts, err);
    env = devices_variables(&devices);
    if (!rc)
        rc = add_host_libraries(sh, spec, image, &mounts, &env, err);
    if (!rc && !place)
        rc = add_hosts(sh, image, &mounts, &hosts, err);
    container.hosts = hosts;
    container.groups = group_doors(sh, &container.n_groups);
    mounts_of_job(spec, &mounts);
    if (place)
        settle_in(place, &mounts, &container);
    container.links = devices.links;
    container.n_links = image ? devices.n_links : 0;
    container.no_gpus = policy && policy->gpus_are_given;
    container.mounts = mounts.v;
    container.n_mounts = mounts.n;
    container.work_dir = work_dir;
    if (!rc && !place)
        rc = choose_runtime(sh, spec, name, &container, &runtime, &bundle, err);
    box = xcalloc(1, sizeof(*box));
    if (!rc)
        rc = create_or_join(sh, spec->name, &container, box, err);
    mounts_fini(&mounts);
    if (rc) {
        hold_destroy(box->hold);
        free(box);
        return rc;
    }
    box->bundle = take(bundle);
    box->device_env = take(env);
    box->image_env = image ? strv_dup(image->env) : NULL;
    box->entrypoint = entrypoint_of(spec, image);
    box->image_digest = image ? xstrdup(image->digest) : NULL;
    box->image = take(image);
    *ret = box;
    return 0;
}

int box_create(struct shepherd *sh, const Berth__ContainerSpec *spec, const char *cwd,
               const char *name, struct box **ret, struct err *err)
{
    int rc = create(sh, spec, NULL, cwd, name, ret, err);

    group_close_doors(sh);
    return rc;
}

int box_create_in(struct shepherd *sh, const Berth__ContainerSpec *spec,
                  const struct box_place *place, const char *name, struct box **ret,
                  struct err *err)
{
    return create(sh, spec, place, "", name, ret, err);
}

int box_share(struct box *box, uv_loop_t *loop, struct err *err)
{
    return box->hold ? hold_serve(box->hold, loop, box->container, err) : 0;
}

void box_end_tasks(struct box *box)
{
    if (box->hold)
        (void)container_sweep(box->container, NULL);
    else
        container_kill(box->container);
}

void box_destroy(struct box *box)
{
    if (!box)
        return;
    hold_destroy(box->hold);
    container_destroy(box->container);
    if (box->bundle)
        (void)io_remove_tree(box->bundle, NULL);
    free(box->bundle);
    strv_free(box->image_env);
    strv_free(box->device_env);
    strv_free(box->entrypoint);
    free(box->image_digest);
    image_free(box->image);
    free(box);
}
