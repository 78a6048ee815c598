/* SPDX-License-Identifier: Apache-2.0
 *
 * fields_volume.c - fields of volumes, of those that last and of claims to them
 */
#include "objects/objects.h"

#include "objects/field_rows.h"

static const char *const host_paths[] = {MF_HOST_PATHS(WORDS_OF) NULL};
static const char *const accesses[] = {MF_ACCESSES(WORDS_OF) NULL};
static const char *const reclaims[] = {MF_RECLAIMS(WORDS_OF) NULL};

#define OWNER struct mf_empty_dir
static const struct mf_field empty_dir_rows[] = {
    TEXT("medium", medium, .help = "\"\": the node's disk; Memory: its memory"),
    ROW("sizeLimit", MF_QUANTITY, MEMBER(struct quantity, size_limit),
        .help = "the most it may hold; on disk, the pod is evicted when it holds more"),
};
#undef OWNER
static TYPE(empty_dir, "EmptyDirVolumeSource", sizeof(struct mf_empty_dir),
            empty_dir_rows, "An empty directory that lives as long as the pod.");

#define OWNER struct mf_host_dir
static const struct mf_field host_dir_rows[] = {
    TEXT("path", path, .is_required = true, .check = absolute_path_check,
         .help = "path on the node that the site shows (pods.host_paths)"),
    WORD("type", type, host_paths, .help = "what must be there; \"\": anything"),
};
#undef OWNER
static TYPE(host_dir, "HostPathVolumeSource", sizeof(struct mf_host_dir), host_dir_rows,
            "A directory or file of the node.");

#define OWNER struct mf_item
static const struct mf_field item_rows[] = {
    TEXT("key", key, .is_required = true, .check = data_key_check, .help = "which key"),
    TEXT("path", path, .is_required = true, .check = relative_path_check,
         .help = "which file"),
    NUMBER("mode", mode, FILE_MODE, .help = "its mode; the volume's unless said"),
};
#undef OWNER
static TYPE(item, "KeyToPath", sizeof(struct mf_item), item_rows,
            "A key that becomes a file.");

#define OWNER struct mf_data_source
static const struct mf_field config_map_rows[] = {
    TEXT("name", name, .is_required = true, .check = dns_name_check,
         .help = "name of the ConfigMap"),
    OBJECTS("items", items, item, .help = "these keys; all unless said"),
    NUMBER("defaultMode", mode, FILE_MODE, .preset = "420",
           .help = "mode of the files (420 is 0644)"),
    TRUTH("optional", is_optional, .help = "go on without when it is not there"),
};
static const struct mf_field secret_rows[] = {
    TEXT("secretName", name, .is_required = true, .check = dns_name_check,
         .help = "name of the Secret"),
    OBJECTS("items", items, item, .help = "these keys; all unless said"),
    NUMBER("defaultMode", mode, FILE_MODE, .preset = "420",
           .help = "mode of the files (420 is 0644)"),
    TRUTH("optional", is_optional, .help = "go on without when it is not there"),
};
/* In projected volumes secrets are named as all else is. */
static const struct mf_field projected_data_rows[] = {
    TEXT("name", name, .is_required = true, .check = dns_name_check,
         .help = "name of the ConfigMap or Secret"),
    OBJECTS("items", items, item, .help = "these keys; all unless said"),
    TRUTH("optional", is_optional, .help = "go on without when it is not there"),
};
#undef OWNER
static TYPE(config_map, "ConfigMapVolumeSource", sizeof(struct mf_data_source),
            config_map_rows, "The keys of a ConfigMap as files.");
static TYPE(secret, "SecretVolumeSource", sizeof(struct mf_data_source), secret_rows,
            "The keys of a Secret as files, never on disk in clear.");
static TYPE(projected_data, "DataProjection", sizeof(struct mf_data_source),
            projected_data_rows, "The keys of a ConfigMap or Secret as files.");

#define OWNER struct mf_downward_item
static const struct mf_field downward_item_rows[] = {
    TEXT("path", path, .is_required = true, .check = relative_path_check,
         .help = "which file"),
    OBJECT("fieldRef", field, mf_type_field_ref, .help = "a field of the pod"),
    OBJECT("resourceFieldRef", resource, mf_type_resource_ref,
           .help = "an amount of a container"),
    NUMBER("mode", mode, FILE_MODE, .help = "its mode; the volume's unless said"),
};
#undef OWNER
static TYPE(downward_item, "DownwardAPIVolumeFile", sizeof(struct mf_downward_item),
            downward_item_rows, "A field of the pod that becomes a file.");

#define OWNER struct mf_downward
static const struct mf_field downward_rows[] = {
    OBJECTS("items", items, downward_item, .help = "the files"),
    NUMBER("defaultMode", mode, FILE_MODE, .preset = "420",
           .help = "mode of the files (420 is 0644)"),
};
static const struct mf_field projected_downward_rows[] = {
    OBJECTS("items", items, downward_item, .help = "the files"),
};
#undef OWNER
static TYPE(downward, "DownwardAPIVolumeSource", sizeof(struct mf_downward),
            downward_rows, "Fields of the pod as files.");
static TYPE(projected_downward, "DownwardAPIProjection", sizeof(struct mf_downward),
            projected_downward_rows, "Fields of the pod as files.");

#define OWNER struct mf_projection
static const struct mf_field projection_rows[] = {
    OBJECT("configMap", config_map, projected_data, .help = "keys of a ConfigMap"),
    OBJECT("secret", secret, projected_data, .help = "keys of a Secret"),
    OBJECT("downwardAPI", downward, projected_downward, .help = "fields of the pod"),
    REFUSED("serviceAccountToken", MF_ANY, "there are no service accounts"),
    REFUSED("clusterTrustBundle", MF_ANY, "the cluster keeps no certificates"),
    REFUSED("podCertificate", MF_ANY, "the cluster keeps no certificates"),
};
#undef OWNER
static TYPE(projection, "VolumeProjection", sizeof(struct mf_projection),
            projection_rows, "A part of a projected volume: one of these.");

#define OWNER struct mf_projected
static const struct mf_field projected_rows[] = {
    OBJECTS("sources", sources, projection, .is_required = true, .help = "the parts"),
    NUMBER("defaultMode", mode, FILE_MODE, .preset = "420",
           .help = "mode of the files (420 is 0644)"),
};
#undef OWNER
static TYPE(projected, "ProjectedVolumeSource", sizeof(struct mf_projected),
            projected_rows, "Several sources in one directory.");

#define OWNER struct mf_nfs
static const struct mf_field nfs_rows[] = {
    TEXT("server", server, .is_required = true, .check = word_check, .help = "host"),
    TEXT("path", path, .is_required = true, .check = absolute_path_check,
         .help = "path that it exports"),
    TRUTH("readOnly", is_read_only, .help = "it cannot be written to"),
};
#undef OWNER
static TYPE(nfs, "NFSVolumeSource", sizeof(struct mf_nfs), nfs_rows,
            "A directory of an NFS server.");

#define OWNER struct mf_claim_ref
static const struct mf_field claim_ref_rows[] = {
    TEXT("claimName", claim, .is_required = true, .check = dns_name_check,
         .help = "name of a PersistentVolumeClaim"),
    TRUTH("readOnly", is_read_only, .help = "it cannot be written to"),
};
#undef OWNER
static TYPE(claim_ref, "PersistentVolumeClaimVolumeSource", sizeof(struct mf_claim_ref),
            claim_ref_rows, "What a claim has got.");

/* Storage of clouds and appliances, all by one reason. */
#define NOT_OURS "Berth does not mount it: mount it on the nodes, and use hostPath"
#define FOREIGN_SOURCES                                                               \
    REFUSED("awsElasticBlockStore", MF_ANY, NOT_OURS),                                \
        REFUSED("azureDisk", MF_ANY, NOT_OURS),                                       \
        REFUSED("azureFile", MF_ANY, NOT_OURS), REFUSED("cephfs", MF_ANY, NOT_OURS),  \
        REFUSED("cinder", MF_ANY, NOT_OURS), REFUSED("csi", MF_ANY, NOT_OURS),        \
        REFUSED("fc", MF_ANY, NOT_OURS), REFUSED("flexVolume", MF_ANY, NOT_OURS),     \
        REFUSED("flocker", MF_ANY, NOT_OURS),                                         \
        REFUSED("gcePersistentDisk", MF_ANY, NOT_OURS),                               \
        REFUSED("glusterfs", MF_ANY, NOT_OURS), REFUSED("iscsi", MF_ANY, NOT_OURS),   \
        REFUSED("photonPersistentDisk", MF_ANY, NOT_OURS),                            \
        REFUSED("portworxVolume", MF_ANY, NOT_OURS),                                  \
        REFUSED("quobyte", MF_ANY, NOT_OURS), REFUSED("rbd", MF_ANY, NOT_OURS),       \
        REFUSED("scaleIO", MF_ANY, NOT_OURS), REFUSED("storageos", MF_ANY, NOT_OURS), \
        REFUSED("vsphereVolume", MF_ANY, NOT_OURS)

#define OWNER struct mf_volume
static const struct mf_field volume_rows[] = {
    TEXT("name", name, .is_required = true, .check = dns_label_check,
         .help = "name, unique in the pod"),
    OBJECT("emptyDir", empty_dir, empty_dir, .help = "an empty directory"),
    OBJECT("hostPath", host_path, host_dir, .help = "a directory of the node"),
    OBJECT("configMap", config_map, config_map, .help = "a ConfigMap"),
    OBJECT("secret", secret, secret, .help = "a Secret"),
    OBJECT("downwardAPI", downward, downward, .help = "fields of the pod"),
    OBJECT("projected", projected, projected, .help = "several of these"),
    OBJECT("nfs", nfs, nfs,
           .help = "a directory of an NFS server that nodes have mounted, or mount "
                   "(pods.nfs_mounts, pods.nfs)"),
    OBJECT("persistentVolumeClaim", claim, claim_ref, .help = "a volume that lasts"),
    REFUSED("ephemeral", MF_ANY, "claims are not made for pods: use emptyDir"),
    REFUSED("image", MF_ANY, "images are not mounted as volumes"),
    REFUSED("gitRepo", MF_ANY, "use an init container that clones into an emptyDir"),
    FOREIGN_SOURCES,
};
#undef OWNER
TYPE(mf_type_volume, "Volume", sizeof(struct mf_volume), volume_rows,
     "A directory that containers of a pod share: one source.");

#define OWNER struct mf_local_dir
static const struct mf_field local_rows[] = {
    TEXT("path", path, .is_required = true, .check = absolute_path_check,
         .help = "a directory of the nodes that nodeAffinity names"),
    WARNED("fsType", MF_STRING, "the directory is there already"),
};
#undef OWNER
static TYPE(local_dir, "LocalVolumeSource", sizeof(struct mf_local_dir), local_rows,
            "A directory of some nodes.");

#define OWNER struct mf_volume_affinity
static const struct mf_field volume_affinity_rows[] = {
    OBJECT("required", required, mf_type_node_selector,
           .help = "the nodes that have it"),
};
#undef OWNER
static TYPE(volume_affinity, "VolumeNodeAffinity", sizeof(struct mf_volume_affinity),
            volume_affinity_rows, "Where the volume can be reached.");

#define NO_BLOCK "volumes are directories, not block devices"
#define OWNER struct mf_volume_spec
static const struct mf_field volume_spec_rows[] = {
    AMOUNTS("capacity", capacity, .is_required = true,
            .help = "storage: how large it is"),
    ROW("accessModes", MF_WORDS, MEMBER(mf_choices, access), .words = accesses,
        .is_required = true, .help = "by whom at a time"),
    WORD("persistentVolumeReclaimPolicy", reclaim, reclaims, .preset = "Retain",
         .help = "what becomes of it when its claim has gone"),
    TEXT("storageClassName", storage_class, .help = "claims of this class get it"),
    OBJECT("claimRef", claim, mf_type_object_ref, .help = "the one claim that gets it"),
    OBJECT("nodeAffinity", affinity, volume_affinity, .help = "nodes that have it"),
    OBJECT("hostPath", host_path, host_dir,
           .help = "a directory that all nodes share, or each has"),
    OBJECT("local", local, local_dir, .help = "a directory of some nodes"),
    OBJECT("nfs", nfs, nfs, .help = "a directory of an NFS server"),
    WARNED("mountOptions", MF_STRINGS, "mounts are as the node has them"),
    REFUSED("volumeMode", MF_STRING, NO_BLOCK, .harmless = "Filesystem"),
    WARNED("volumeAttributesClassName", MF_STRING, "there are no such classes"),
    FOREIGN_SOURCES,
};
#undef OWNER
TYPE(mf_type_volume_spec, "PersistentVolumeSpec", sizeof(struct mf_volume_spec),
     volume_spec_rows, "A directory that outlives pods: one source.");

#define NO_COPY "volumes begin empty, or as they are"
#define OWNER struct mf_claim_spec
static const struct mf_field claim_spec_rows[] = {
    ROW("accessModes", MF_WORDS, MEMBER(mf_choices, access), .words = accesses,
        .is_required = true, .help = "by whom at a time"),
    OBJECT("resources", resources, mf_type_resources, .is_required = true,
           .help = "requests.storage: how large it must be"),
    OBJECT("selector", selector, mf_type_selector, .help = "labels of the volume"),
    TEXT("volumeName", volume, .check = dns_name_check, .help = "this volume"),
    TEXT("storageClassName", storage_class, .help = "a volume of this class"),
    REFUSED("volumeMode", MF_STRING, NO_BLOCK, .harmless = "Filesystem"),
    REFUSED("dataSource", MF_ANY, NO_COPY),
    REFUSED("dataSourceRef", MF_ANY, NO_COPY),
    WARNED("volumeAttributesClassName", MF_STRING, "there are no such classes"),
};
#undef OWNER
TYPE(mf_type_claim_spec, "PersistentVolumeClaimSpec", sizeof(struct mf_claim_spec),
     claim_spec_rows, "Which volume is wanted.");
