/* SPDX-License-Identifier: Apache-2.0
 *
 * fields_data.c - fields of ConfigMaps, Secrets and volumes that last
 */
#include "objects/objects.h"

#include "objects/field_rows.h"

#define META                                                    \
    OBJECT("metadata", meta, mf_type_meta, .is_required = true, \
           .help = "name and labels")
#define STATUS WARNED("status", MF_ANY, "the cluster says this, not the manifest")

#define OWNER struct mf_config_map
static const struct mf_field config_map_rows[] = {
    META,
    PAIRS("data", data, .check = data_key_check, .help = "texts by their keys"),
    ROW("binaryData", MF_BYTES_MAP, MEMBER(mf_blobs, binary), .check = data_key_check,
        .help = "bytes by their keys, in base64"),
    TRUTH("immutable", is_immutable, .help = "it cannot be changed"),
};
#undef OWNER
TYPE(mf_type_config_map, "ConfigMap", sizeof(struct mf_config_map), config_map_rows,
     "Texts that pods get as variables or files.");

#define OWNER struct mf_secret
static const struct mf_field secret_rows[] = {
    META,
    ROW("data", MF_BYTES_MAP, MEMBER(mf_blobs, data), .check = data_key_check,
        .help = "bytes by their keys, in base64"),
    PAIRS("stringData", text, .check = data_key_check,
          .help = "texts by their keys, stronger than data"),
    TEXT("type", type, .preset = "Opaque", .help = "what it is for"),
    TRUTH("immutable", is_immutable, .help = "it cannot be changed"),
};
#undef OWNER
TYPE(mf_type_secret, "Secret", sizeof(struct mf_secret), secret_rows,
     "What pods get as variables or files, and nobody else may read.");

#define OWNER struct mf_persistent_volume
static const struct mf_field volume_rows[] = {
    META,
    OBJECT("spec", spec, mf_type_volume_spec, .is_required = true,
           .help = "what it is"),
    STATUS,
};
#undef OWNER
TYPE(mf_type_persistent_volume, "PersistentVolume", sizeof(struct mf_persistent_volume),
     volume_rows, "A directory that outlives pods.");

#define OWNER struct mf_claim
static const struct mf_field claim_rows[] = {
    META,
    OBJECT("spec", spec, mf_type_claim_spec, .is_required = true,
           .help = "what is wanted"),
    STATUS,
};
#undef OWNER
TYPE(mf_type_claim, "PersistentVolumeClaim", sizeof(struct mf_claim), claim_rows,
     "A volume that lasts, asked for.");
