/* SPDX-License-Identifier: Apache-2.0
 *
 * env.c - what the server's library and the tasks are told by environment
 */
#include "server.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct setting {
    const char *name, *value;
};

/* For libpmix in the server. "native" alone: the munge component would try to
 * reach a daemon that containers do not see. "hash" keeps all data in memory;
 * the shared-memory stores need files that tasks can open. */
static const struct setting for_server[] = {
    {"PMIX_MCA_psec", "native"},
    {"PMIX_MCA_gds", "hash"},
};

/* For the tasks. OpenMPI 4 under a launcher that it does not know takes each task
 * for a job of one, unless the component that judges so is left out. Tasks are
 * bound already. */
static const struct setting for_tasks[] = {
    {"PMIX_MCA_psec", "native"},
    {"PMIX_MCA_gds", "hash"},
    {"OMPI_MCA_schizo", "^orte"},
    {"OMPI_MCA_hwloc_base_binding_policy", "none"},
    {"OMPI_MCA_orte_externally_bound", "1"},
};

/* Without a fast fabric OpenMPI spends 200 ms looking for one. */
static const struct setting for_tasks_on_tcp[] = {
    {"OMPI_MCA_pml", "ob1"},
    {"OMPI_MCA_btl", "^openib,uct,ofi,usnic"},
};

/* A task that waits for a message spins; here it would spin on another's core. */
static const struct setting for_tasks_that_share_cores[] = {
    {"OMPI_MCA_mpi_yield_when_idle", "1"},
};

#define N_OF(a) (sizeof(a) / sizeof((a)[0]))

static char *saved[N_OF(for_server)];

void env_server_enter(void)
{
    for (size_t i = 0; i < N_OF(for_server); i++) {
        const char *before = getenv(for_server[i].name);
        saved[i] = before ? strdup(before) : NULL;
        setenv(for_server[i].name, for_server[i].value, 1);
    }
}

void env_server_leave(void)
{
    for (size_t i = 0; i < N_OF(for_server); i++) {
        if (saved[i])
            setenv(for_server[i].name, saved[i], 1);
        else
            unsetenv(for_server[i].name);
        free(saved[i]);
        saved[i] = NULL;
    }
}

static bool holds_entries(const char *path)
{
    DIR *d = opendir(path);
    bool has = false;
    if (!d)
        return false;
    for (struct dirent *e; !has && (e = readdir(d));)
        has = e->d_name[0] != '.';
    closedir(d);
    return has;
}

static bool node_has_fabric(void)
{
    static const char *const classes[] = {"/sys/class/infiniband", "/sys/class/cxi",
                                          "/sys/class/hfi1"};
    for (size_t i = 0; i < N_OF(classes); i++)
        if (holds_entries(classes[i]))
            return true;
    return false;
}

static pmix_status_t add(char ***env, const struct setting *settings, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        pmix_status_t rc;
        PMIX_SETENV(rc, settings[i].name, settings[i].value, env);
        if (rc != PMIX_SUCCESS)
            return rc;
    }
    return PMIX_SUCCESS;
}

/* hwloc in a task need not look at the whole machine again. */
static pmix_status_t add_topology(char ***env, const char *file)
{
    const struct setting settings[] = {
        {"HWLOC_XMLFILE", file},
        {"HWLOC_THISSYSTEM", "1"},
        {"HWLOC_THISSYSTEM_ALLOWED_RESOURCES", "1"},
    };
    return file ? add(env, settings, N_OF(settings)) : PMIX_SUCCESS;
}

int env_of_task(const struct server *server, uint32_t rank, char ***ret_env,
                struct berth_mpi_err *err)
{
    char **env = NULL;
    pmix_proc_t proc;
    PMIX_LOAD_PROCID(&proc, server->nspace, rank);
    pmix_status_t rc = PMIx_server_setup_fork(&proc, &env);
    if (rc == PMIX_SUCCESS)
        rc = add(&env, for_tasks, N_OF(for_tasks));
    if (rc == PMIX_SUCCESS && !node_has_fabric())
        rc = add(&env, for_tasks_on_tcp, N_OF(for_tasks_on_tcp));
    if (rc == PMIX_SUCCESS && server->is_crowded)
        rc = add(&env, for_tasks_that_share_cores, N_OF(for_tasks_that_share_cores));
    if (rc == PMIX_SUCCESS)
        rc = add_topology(&env, server->topology_file);
    if (rc != PMIX_SUCCESS) {
        for (char **s = env; s && *s; s++)
            free(*s);
        free(env);
        return fail(err, EIO, "PMIx has no environment for task %u: %s", rank,
                    PMIx_Error_string(rc));
    }
    *ret_env = env;
    return 0;
}
