/* SPDX-License-Identifier: Apache-2.0
 *
 * objects.h - the table of objects of manifests: in memory and in the store alike
 *
 *     objects_make, objects_change ---> table, open batch ---> its kind is called
 *     objects_delete ---> deleted_at ---> its kind ends what it stands for
 *                    ---> objects_remove ---> what it made is deleted
 *
 * All of one turn of the loop is one batch: an object, the job of a pod, and what
 * follows from them are on disk together or not at all. After a restart the table is
 * as the store has it, and kinds are asked to go on (on_recovered).
 */
#ifndef BERTH_CONTROLLER_OBJECTS_H
#define BERTH_CONTROLLER_OBJECTS_H

#include "controller/controller.h"
#include "objects/manifest.h"

struct ctl_job;

struct ctl_object {
    /* Changed by its kind, then objects_changed: 'pod', 'workload', 'claim'. */
    Berth__ObjectRecord *record;
    const struct object_kind *kind;
    char *space;         /* whose namespace: "ACCOUNT", "default:UID"; ":" for none */
    char *path;          /* "SPACE/KIND/NAME", the order of all */
    struct ctl_job *job; /* of a Pod, while the table of jobs has it */
    char *waits_for;     /* of a Pod: why its job may not begin; NULL: nothing */
    struct ctl_object *made;        /* a list of what it made */
    struct ctl_object *prev, *next; /* its own place in such a list */
    struct ctl_object *maker;       /* NULL: nobody, or it is gone */
    size_t n_made;
    char **labels; /* strv: key, value, ...; see objects_label */
    bool has_labels;
    char **needs; /* strv, of a Pod: see pod_data.h */
    bool has_needs;
    bool is_new; /* not saved yet */
    /* Of claims and volumes (claims.h): each other; the pod that is first, or alone;
     * how many pods on nodes use it. Of a pod: it is counted there. */
    struct ctl_object *bound, *holder;
    uint32_t n_users;
    bool uses_claims;
    char *gang_address, *gang_names; /* of a Pod: see gang_hosts.h */
    bool has_gang_news;
    int64_t asked_at;      /* of a volume: when a node was to empty it; 0: not yet */
    int64_t busy_until;    /* a node was told to, and may be at it so long; 0: no */
    bool is_waiting;       /* the node is not up, and an event has said so */
    Berth__JobSpec *draft; /* of a Pod that is judged and not made yet */
    struct manifest read;  /* see objects_read */
    bool is_read;
    UT_hash_handle hh_uid, hh_key;
};

/* What there is to do beyond keeping it. Each may be NULL. What they change of the
 * record is saved by objects_changed; they may make and delete other objects. */
struct object_kind {
    const char *kind; /* "Pod" */
    /* Before 'object' is made ('old' NULL) or changed: judge and complete it. 'object'
     * has its new manifest, and is in no table yet. */
    int (*admit)(struct controller *ctl, struct ctl_object *object,
                 const struct ctl_object *old, char **warning, struct err *err);
    /* It is in the table and in the open batch. */
    void (*on_created)(struct controller *ctl, struct ctl_object *object);
    void (*on_changed)(struct controller *ctl, struct ctl_object *object);
    /* It was replaced as a whole, perhaps by the same text. */
    void (*on_replaced)(struct controller *ctl, struct ctl_object *object);
    /* It was asked to go: 'deleted_at' is set. It calls objects_remove, now or later;
     * NULL: that is done at once. 'grace' in seconds; -1: its own. */
    void (*on_deleting)(struct controller *ctl, struct ctl_object *object,
                        int64_t grace);
    /* It is about to leave the table. */
    void (*on_removed)(struct controller *ctl, struct ctl_object *object);
    /* A pod that 'object' made has another status, or is about to leave the table. It
     * may be deleted then, unless it is leaving. */
    void (*on_pod)(struct controller *ctl, struct ctl_object *object,
                   struct ctl_object *pod, bool is_leaving);
    /* After a restart, when all objects and jobs are there. */
    void (*on_recovered)(struct controller *ctl, struct ctl_object *object);
};
/* object_kinds.c; NULL: a kind that is not kept. */
const struct object_kind *object_kind_find(const char *kind);

/* ------------------------------------------------------------------ finding */

/* NULL: there is none. */
struct ctl_object *objects_find(const struct controller *ctl, const char *space,
                                const char *kind, const char *name);
struct ctl_object *objects_by_uid(const struct controller *ctl, const char *uid);
/* Who made it; NULL: a person, or it is gone. */
struct ctl_object *objects_maker(const struct controller *ctl,
                                 const struct ctl_object *object);
/* In order of their paths: 'i' below ctl->n_objects. The first after 'path'. */
size_t objects_after(const struct controller *ctl, const char *path);

/* Its manifest as a tree and as the struct of its kind ('struct mf_pod *', ...).
 * Borrowed until it changes; read when it is first asked for. */
const struct mf_object *objects_read(struct ctl_object *object);
/* Read what nobody needs any more once again when it is asked for. */
void objects_forget_read(struct ctl_object *object);
/* The label, or NULL: for label_spec_holds, with the address of a pointer to it. */
const char *objects_label(const void *object, const char *key);

/* What was made with that key. */
struct ctl_object *objects_by_key(const struct controller *ctl, const char *key);

/* ------------------------------------------------------------------ changing */

struct object_wish {
    const char *text; /* one object: JSON or YAML */
    size_t len;
    /* The object that makes it, whose owner and namespace it gets; NULL: a person: */
    const struct ctl_object *made_by;
    uint32_t uid, gid;
    const char *user, *name_space; /* of an object that names none */
    const char *key;               /* NULL: none */
};

/* Make an object. -EEXIST with words when there is one of that name. '*warning' (heap,
 * NULL: none; the pointer may be NULL) says what is done otherwise than written. */
int objects_make(struct controller *ctl, const struct object_wish *wish,
                 struct ctl_object **ret, char **warning, struct err *err);

/* A draft into the table and the open batch (object_make.h); 'root' is its manifest. */
void objects_enter(struct controller *ctl, struct ctl_object *object,
                   const struct node *root);
/* Another manifest, heap bytes that it takes over. */
void objects_set_manifest(struct controller *ctl, struct ctl_object *object, char *text,
                          size_t len, const struct node *root);

/* What a kind has changed in the record: a new revision, into the open batch; who
 * watches is told. */
void objects_changed(struct controller *ctl, struct ctl_object *object);

/* Ask it to go; asked again it changes nothing but a grace that is shorter. 'orphan':
 * what it made stays. It may be gone when this returns. */
void objects_delete(struct controller *ctl, struct ctl_object *object, int64_t grace,
                    bool orphan);
/* Take it out of the table, the store and the memory; what it made is deleted. */
void objects_remove(struct controller *ctl, struct ctl_object *object);

/* ------------------------------------------------------------------ events */

/* "Scheduled", "BackOff", ...: counted up when it is the same again (reason and
 * words). From 'source' "controller". */
void objects_event(struct controller *ctl, const struct ctl_object *object,
                   bool is_warning, const char *reason, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* ------------------------------------------------------------------ life */

/* Read the store, behind the jobs and before they go on. */
int objects_load(struct controller *ctl, struct err *err);
/* All is there: kinds go on. */
void objects_recovered(struct controller *ctl);
/* Each second. */
void objects_tick(struct controller *ctl, int64_t now);
void objects_clear(struct controller *ctl);
/* Of one that is in no table; NULL is fine. */
void object_free(struct ctl_object *object);

#endif
