/* SPDX-License-Identifier: Apache-2.0
 *
 * fields_container.c - fields of a container: what runs, with what, and how it is
 * watched
 */
#include "objects/pod.h"

#include "objects/field_rows.h"

static const char *const restarts[] = {MF_RESTARTS(WORDS_OF) NULL};
static const char *const pulls[] = {MF_PULLS(WORDS_OF) NULL};
static const char *const protocols[] = {MF_PROTOCOLS(WORDS_OF) NULL};
static const char *const schemes[] = {MF_SCHEMES(WORDS_OF) NULL};
static const char *const messages[] = {MF_MESSAGES(WORDS_OF) NULL};
static const char *const seccomps[] = {MF_SECCOMPS(WORDS_OF) NULL};

/* Variables. */
#define OWNER struct mf_field_ref
static const struct mf_field field_ref_rows[] = {
    GRANTED("apiVersion", MF_STRING, .preset = "v1", .help = "v1"),
    TEXT("fieldPath", path, .is_required = true,
         .help =
             "metadata.name, metadata.namespace, metadata.uid, metadata.labels['KEY'], "
             "metadata.annotations['KEY'], spec.nodeName, spec.serviceAccountName, "
             "status.hostIP, status.hostIPs, status.podIP, status.podIPs"),
};
#undef OWNER
TYPE(mf_type_field_ref, "ObjectFieldSelector", sizeof(struct mf_field_ref),
     field_ref_rows, "A field of the pod itself.");

#define OWNER struct mf_resource_ref
static const struct mf_field resource_ref_rows[] = {
    TEXT("containerName", container, .check = dns_label_check,
         .help = "whose; of a volume it must be said"),
    TEXT("resource", resource, .is_required = true,
         .help =
             "limits.cpu, limits.memory, limits.ephemeral-storage, requests.cpu, ..."),
    ROW("divisor", MF_QUANTITY, MEMBER(struct quantity, divisor),
        .help = "unit of the result; 1 unless said"),
};
#undef OWNER
TYPE(mf_type_resource_ref, "ResourceFieldSelector", sizeof(struct mf_resource_ref),
     resource_ref_rows, "An amount that a container asks for.");

#define OWNER struct mf_key_ref
static const struct mf_field key_ref_rows[] = {
    TEXT("name", name, .is_required = true, .check = dns_name_check,
         .help = "name of the ConfigMap or Secret"),
    TEXT("key", key, .is_required = true, .check = data_key_check,
         .help = "which of its keys"),
    TRUTH("optional", is_optional, .help = "go on without when it is not there"),
};
#undef OWNER
static TYPE(key_ref, "KeySelector", sizeof(struct mf_key_ref), key_ref_rows,
            "One key of a ConfigMap or Secret.");

#define OWNER struct mf_env_source
static const struct mf_field env_source_rows[] = {
    OBJECT("fieldRef", field, mf_type_field_ref, .help = "a field of the pod"),
    OBJECT("resourceFieldRef", resource, mf_type_resource_ref,
           .help = "an amount of a container"),
    OBJECT("configMapKeyRef", config_map, key_ref, .help = "a key of a ConfigMap"),
    OBJECT("secretKeyRef", secret, key_ref, .help = "a key of a Secret"),
    REFUSED("fileKeyRef", MF_ANY, "variables do not come from files of volumes"),
};
#undef OWNER
static TYPE(env_source, "EnvVarSource", sizeof(struct mf_env_source), env_source_rows,
            "Where the value of a variable comes from: one of these.");

#define OWNER struct mf_env
static const struct mf_field env_rows[] = {
    TEXT("name", name, .is_required = true, .check = env_name_check,
         .help = "name of the variable"),
    TEXT("value", value, .help = "its value; $(NAME) stands for an earlier variable"),
    OBJECT("valueFrom", from, env_source, .help = "or where it comes from"),
};
#undef OWNER
static TYPE(env, "EnvVar", sizeof(struct mf_env), env_rows, "A variable.");

#define OWNER struct mf_name_ref
static const struct mf_field name_ref_rows[] = {
    TEXT("name", name, .is_required = true, .check = dns_name_check,
         .help = "name of the ConfigMap or Secret"),
    TRUTH("optional", is_optional, .help = "go on without when it is not there"),
};
#undef OWNER
static TYPE(name_ref, "EnvSource", sizeof(struct mf_name_ref), name_ref_rows,
            "A whole ConfigMap or Secret.");

#define OWNER struct mf_env_from
static const struct mf_field env_from_rows[] = {
    TEXT("prefix", prefix, .check = env_name_check, .help = "put before each name"),
    OBJECT("configMapRef", config_map, name_ref, .help = "all keys of a ConfigMap"),
    OBJECT("secretRef", secret, name_ref, .help = "all keys of a Secret"),
};
#undef OWNER
static TYPE(env_from, "EnvFromSource", sizeof(struct mf_env_from), env_from_rows,
            "Variables from all keys of a ConfigMap or Secret: one of these.");

/* Ports, amounts, mounts. */
#define OWNER struct mf_port
static const struct mf_field port_rows[] = {
    TEXT("name", name, .check = port_name_check, .help = "name, unique in the pod"),
    NUMBER("containerPort", container_port, .is_required = true, PORT_RANGE,
           .help = "the port that is listened on"),
    NUMBER("hostPort", host_port, .min = 0, .max = 65535,
           .help = "the node's port that leads there; 0: none"),
    TEXT("hostIP", host_ip, .check = ip_address_check,
         .help = "which of the node's addresses"),
    WORD("protocol", protocol, protocols, .preset = "TCP", .help = "protocol"),
};
#undef OWNER
static TYPE(port, "ContainerPort", sizeof(struct mf_port), port_rows,
            "A port that a container listens on.");

#define OWNER struct mf_resources
static const struct mf_field resources_rows[] = {
    AMOUNTS("limits", limits,
            .help = "the most it may use: cpu, memory, "
                    "ephemeral-storage, nvidia.com/gpu, ..."),
    AMOUNTS("requests", requests,
            .help = "what is set aside for it; what is not said is as limits have it"),
    REFUSED("claims", MF_ANY, "devices are asked for in limits"),
};
#undef OWNER
TYPE(mf_type_resources, "ResourceRequirements", sizeof(struct mf_resources),
     resources_rows, "What is set aside, and what is the most.");

#define OWNER struct mf_mount
static const struct mf_field mount_rows[] = {
    TEXT("name", name, .is_required = true, .help = "name of a volume of the pod"),
    TEXT("mountPath", path, .is_required = true,
         .help = "where it is in the container"),
    TRUTH("readOnly", is_read_only, .help = "it cannot be written to"),
    TEXT("subPath", sub_path, .check = relative_path_check,
         .help = "a path in the volume, in place of all of it"),
    TEXT("subPathExpr", sub_path_expr, .check = relative_path_check,
         .help = "the same, with $(NAME) for variables"),
    REFUSED("mountPropagation", MF_STRING,
            "mounts of a container stay in it, and those of the node out of it",
            .harmless = "None"),
    WARNED("recursiveReadOnly", MF_STRING, "mounts below are as they are",
           .harmless = "Disabled"),
};
#undef OWNER
static TYPE(mount, "VolumeMount", sizeof(struct mf_mount), mount_rows,
            "A volume of the pod, shown in a container.");

/* Probes and hooks. */
#define OWNER struct mf_exec
static const struct mf_field exec_rows[] = {
    TEXTS("command", command, .is_required = true,
          .help = "program and arguments; no shell is asked"),
};
#undef OWNER
static TYPE(exec_action, "ExecAction", sizeof(struct mf_exec), exec_rows,
            "Run a program in the container; status 0 is good.");

#define OWNER struct mf_http_get
static const struct mf_field http_rows[] = {
    TEXT("path", path, .preset = "/", .help = "path of the request"),
    ROW("port", MF_PORT, MEMBER(struct mf_port_ref, port), .is_required = true,
        PORT_RANGE, .help = "number or name of the port"),
    TEXT("host", host, .check = word_check, .help = "host; the pod unless said"),
    WORD("scheme", scheme, schemes, .preset = "HTTP", .help = "scheme"),
    ROW("httpHeaders", MF_NAME_VALUES, MEMBER(mf_pairs, headers),
        .help = "headers, each with name and value"),
};
#undef OWNER
static TYPE(http_get, "HTTPGetAction", sizeof(struct mf_http_get), http_rows,
            "Ask by HTTP; a status from 200 to 399 is good.");

#define OWNER struct mf_tcp_socket
static const struct mf_field tcp_rows[] = {
    ROW("port", MF_PORT, MEMBER(struct mf_port_ref, port), .is_required = true,
        PORT_RANGE, .help = "number or name of the port"),
    TEXT("host", host, .check = word_check, .help = "host; the pod unless said"),
};
#undef OWNER
static TYPE(tcp_socket, "TCPSocketAction", sizeof(struct mf_tcp_socket), tcp_rows,
            "Connect; an open port is good.");

#define OWNER struct mf_grpc
static const struct mf_field grpc_rows[] = {
    NUMBER("port", port, .is_required = true, PORT_RANGE, .help = "number of the port"),
    TEXT("service", service, .help = "which service; the server itself unless said"),
};
#undef OWNER
static TYPE(grpc_action, "GRPCAction", sizeof(struct mf_grpc), grpc_rows,
            "Ask grpc.health.v1.Health/Check, without TLS; SERVING is good.");

#define OWNER struct mf_probe
static const struct mf_field probe_rows[] = {
    OBJECT("exec", exec, exec_action, .help = "run a program"),
    OBJECT("httpGet", http, http_get, .help = "ask by HTTP"),
    OBJECT("tcpSocket", tcp, tcp_socket, .help = "connect"),
    OBJECT("grpc", grpc, grpc_action, .help = "ask by gRPC"),
    NUMBER("initialDelaySeconds", initial_delay, NOT_NEGATIVE, .preset = "0",
           .help = "how long after the start"),
    NUMBER("timeoutSeconds", timeout, POSITIVE, .preset = "1",
           .help = "no answer for so long is bad"),
    NUMBER("periodSeconds", period, POSITIVE, .preset = "10", .help = "how often"),
    NUMBER("successThreshold", success_threshold, POSITIVE, .preset = "1",
           .help = "good after so many good ones in a row"),
    NUMBER("failureThreshold", failure_threshold, POSITIVE, .preset = "3",
           .help = "bad after so many bad ones in a row"),
    NUMBER("terminationGracePeriodSeconds", grace, POSITIVE,
           .help = "time to end when it is bad; the pod's unless said"),
};
#undef OWNER
static TYPE(
    probe, "Probe", sizeof(struct mf_probe), probe_rows,
    "How a container is looked after: one of exec, httpGet, tcpSocket and grpc.");

#define OWNER struct mf_sleep
static const struct mf_field sleep_rows[] = {
    NUMBER("seconds", seconds, .is_required = true, NOT_NEGATIVE, .help = "how long"),
};
#undef OWNER
static TYPE(sleep_action, "SleepAction", sizeof(struct mf_sleep), sleep_rows, "Wait.");

#define OWNER struct mf_hook
static const struct mf_field hook_rows[] = {
    OBJECT("exec", exec, exec_action, .help = "run a program"),
    OBJECT("httpGet", http, http_get, .help = "ask by HTTP"),
    OBJECT("sleep", sleep, sleep_action, .help = "wait"),
    REFUSED("tcpSocket", MF_ANY, "use exec, httpGet or sleep"),
};
#undef OWNER
static TYPE(hook, "LifecycleHandler", sizeof(struct mf_hook), hook_rows,
            "What is done: one of these.");

#define OWNER struct mf_lifecycle
static const struct mf_field lifecycle_rows[] = {
    OBJECT("postStart", post_start, hook, .help = "right after the start"),
    OBJECT("preStop", pre_stop, hook, .help = "before it is told to end"),
    TEXT("stopSignal", stop_signal, .help = "signal that tells it to end: SIGTERM"),
};
#undef OWNER
static TYPE(lifecycle, "Lifecycle", sizeof(struct mf_lifecycle), lifecycle_rows,
            "What is done when a container starts and ends.");

/* Security. */
#define OWNER struct mf_seccomp
static const struct mf_field seccomp_rows[] = {
    WORD("type", kind, seccomps, .is_required = true, .help = "which filter"),
    TEXT("localhostProfile", profile, .check = relative_path_check,
         .help = "of Localhost: a file of the site"),
};
#undef OWNER
TYPE(mf_type_seccomp, "SeccompProfile", sizeof(struct mf_seccomp), seccomp_rows,
     "Which system calls are filtered.");

#define OWNER struct mf_capabilities
static const struct mf_field capabilities_rows[] = {
    TEXTS("add", add, .help = "NET_BIND_SERVICE alone, which all have"),
    TEXTS("drop", drop, .help = "granted: none is there"),
};
#undef OWNER
static TYPE(capabilities, "Capabilities", sizeof(struct mf_capabilities),
            capabilities_rows, "Privileges of the kernel.");

#define OWNER struct mf_security
static const struct mf_field security_rows[] = {
    OBJECT("capabilities", capabilities, capabilities, .help = "none is given"),
    REFUSED("privileged", MF_BOOL, "no container is privileged"),
    NUMBER("runAsUser", user, ANY_ID,
           .help = "as whom it appears inside, the same in the whole pod; 0: root"),
    NUMBER("runAsGroup", group, ANY_ID, .help = "the group inside, likewise"),
    TRUTH("runAsNonRoot", must_not_be_root, .help = "refuse to appear as root"),
    TRUTH("readOnlyRootFilesystem", is_read_only,
          .help = "the image cannot be written to"),
    WARNED("allowPrivilegeEscalation", MF_BOOL, "programs never gain privileges"),
    OBJECT("seccompProfile", seccomp, mf_type_seccomp,
           .help = "filter of system calls"),
    REFUSED("procMount", MF_STRING, "/proc is always masked", .harmless = "Default"),
    WARNED("seLinuxOptions", MF_ANY, "labels of SELinux are the node's"),
    WARNED("appArmorProfile", MF_ANY, "profiles of AppArmor are the node's"),
    REFUSED("windowsOptions", MF_ANY, "nodes run Linux"),
};
#undef OWNER
static TYPE(security, "SecurityContext", sizeof(struct mf_security), security_rows,
            "As whom it runs, and what it may.");

#define OWNER struct mf_container
static const struct mf_field container_rows[] = {
    TEXT("name", name, .is_required = true, .check = dns_label_check,
         .help = "name, unique in the pod"),
    TEXT("image", image, .is_required = true, .check = word_check,
         .help = "image, as 'berth run --image' takes it"),
    TEXTS("command", command, .help = "in place of the image's ENTRYPOINT"),
    TEXTS("args", args, .help = "in place of the image's CMD"),
    TEXT("workingDir", workdir, .help = "working directory; the image's unless said"),
    OBJECTS("ports", ports, port, .help = "ports that are listened on"),
    OBJECTS("envFrom", env_from, env_from, .help = "variables from whole objects"),
    OBJECTS("env", env, env, .help = "variables, stronger than these"),
    OBJECT("resources", resources, mf_type_resources, .help = "amounts"),
    WARNED("resizePolicy", MF_ANY, "amounts are not changed while it runs"),
    WORD("restartPolicy", restart, restarts,
         .help = "of an init container, Always: it stays beside the others"),
    REFUSED("restartPolicyRules", MF_ANY, "the pod's restartPolicy holds"),
    OBJECTS("volumeMounts", mounts, mount, .help = "volumes that are shown"),
    REFUSED("volumeDevices", MF_ANY, "block devices are not handed on"),
    OBJECT("livenessProbe", liveness, probe,
           .help = "bad: it is ended and started anew"),
    OBJECT("readinessProbe", readiness, probe, .help = "bad: it gets no requests"),
    OBJECT("startupProbe", startup, probe,
           .help = "until good, no other probe is made"),
    OBJECT("lifecycle", lifecycle, lifecycle, .help = "hooks"),
    TEXT("terminationMessagePath", message_path, .preset = "/dev/termination-log",
         .help = "a file with its last words"),
    WORD("terminationMessagePolicy", message, messages, .preset = "File",
         .help = "where its last words are"),
    WORD("imagePullPolicy", pull, pulls,
         .help = "Always for images without tag or with :latest, else IfNotPresent"),
    OBJECT("securityContext", security, security, .help = "as whom, and what it may"),
    TRUTH("stdin", has_stdin, .help = "keep stdin open"),
    TRUTH("stdinOnce", has_stdin_once, .help = "until the first has left"),
    TRUTH("tty", has_tty, .help = "a terminal"),
};
#undef OWNER
TYPE(mf_type_container, "Container", sizeof(struct mf_container), container_rows,
     "One program of a pod, in an image.");
