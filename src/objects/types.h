/* SPDX-License-Identifier: Apache-2.0
 *
 * types.h - the types of manifests, by the files that hold their fields
 */
#ifndef BERTH_OBJECTS_TYPES_H
#define BERTH_OBJECTS_TYPES_H

#include "manifest/schema.h"

/* fields_meta.c */
extern const struct mf_type mf_type_meta, mf_type_selector, mf_type_object_ref;
/* fields_container.c */
extern const struct mf_type mf_type_container, mf_type_resources, mf_type_seccomp;
extern const struct mf_type mf_type_field_ref, mf_type_resource_ref;
/* fields_volume.c */
extern const struct mf_type mf_type_volume, mf_type_volume_spec, mf_type_claim_spec;
/* fields_place.c */
extern const struct mf_type mf_type_affinity, mf_type_toleration, mf_type_spread;
extern const struct mf_type mf_type_node_selector;
/* fields_pod.c */
extern const struct mf_type mf_type_pod, mf_type_template;
/* fields_job.c */
extern const struct mf_type mf_type_job, mf_type_cron_job;
/* fields_data.c */
extern const struct mf_type mf_type_config_map, mf_type_secret;
extern const struct mf_type mf_type_persistent_volume, mf_type_claim;
/* fields_workload.c */
extern const struct mf_type mf_type_controller, mf_type_deployment;
extern const struct mf_type mf_type_replica_set, mf_type_stateful_set;
extern const struct mf_type mf_type_daemon_set, mf_type_service, mf_type_named;

#endif
