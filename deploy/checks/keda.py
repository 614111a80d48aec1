"""KEDA's objects, which Kubernetes' own schemas do not cover.

The schemas list the fields that are used here and in KEDA 2.20's documentation, not all fields: an
unknown field fails, and is added here when it is needed. For the API server trigger metadata is a map
of strings, so it accepts a misspelt key; only this table refuses it.
"""

import jsonschema
import kubernetes_validate

# KEDA names the autoscaler `keda-hpa-<name>`, which must fit into a label.
LONGEST_NAME = 63 - len("keda-hpa-")
# Without queueLength, which `mode` and `value` replace.
RABBITMQ_METADATA = {
    "host", "hostFromEnv", "usernameFromEnv", "passwordFromEnv", "protocol", "queueName", "vhostName",
    "mode", "value", "activationValue", "useRegex", "operation", "pageSize", "excludeUnacknowledged",
    "timeout", "unsafeSsl",
}
RABBITMQ_PARAMETERS = {
    "host", "protocol", "vhostName", "username", "password", "tls", "ca", "cert", "key", "keyPassword",
    "workloadIdentityResource",
}


def fields(required, **properties):
    return {"type": "object", "additionalProperties": False, "required": required, "properties": properties}


TEXT = {"type": "string", "minLength": 1}
COUNT = {"type": "integer", "minimum": 0}
METADATA = fields(["name"], name=TEXT, labels={"type": "object"}, annotations={"type": "object"})
SCALED_OBJECT = fields(
    ["apiVersion", "kind", "metadata", "spec"],
    apiVersion=TEXT,
    kind=TEXT,
    metadata=METADATA,
    spec=fields(
        ["scaleTargetRef", "triggers"],
        scaleTargetRef=fields(["name"], apiVersion=TEXT, kind=TEXT, name=TEXT, envSourceContainerName=TEXT),
        pollingInterval={"type": "integer", "minimum": 1},
        initialCooldownPeriod=COUNT,
        cooldownPeriod=COUNT,
        idleReplicaCount=COUNT,
        minReplicaCount=COUNT,
        maxReplicaCount={"type": "integer", "minimum": 1},
        fallback=fields(
            ["failureThreshold", "replicas"],
            failureThreshold=COUNT,
            replicas=COUNT,
            behavior={"enum": ["static", "currentReplicas", "currentReplicasIfHigher", "currentReplicasIfLower"]},
        ),
        # The autoscaler's `behavior` is validated as a HorizontalPodAutoscaler below.
        advanced=fields(
            [],
            restoreToOriginalReplicaCount={"type": "boolean"},
            horizontalPodAutoscalerConfig=fields([], name=TEXT, behavior={"type": "object"}),
        ),
        triggers={
            "type": "array",
            "minItems": 1,
            "items": fields(
                ["type", "metadata"],
                type={"const": "rabbitmq"},
                name=TEXT,
                metricType={"enum": ["AverageValue", "Value"]},
                useCachedMetrics={"type": "boolean"},
                metadata=fields(["protocol", "queueName", "mode", "value"], **{key: TEXT for key in RABBITMQ_METADATA}),
                authenticationRef=fields(["name"], name=TEXT, kind={"enum": ["TriggerAuthentication", "ClusterTriggerAuthentication"]}),
            ),
        },
    ),
)
TRIGGER_AUTHENTICATION = fields(
    ["apiVersion", "kind", "metadata", "spec"],
    apiVersion=TEXT,
    kind=TEXT,
    metadata=METADATA,
    spec=fields(
        ["secretTargetRef"],
        secretTargetRef={
            "type": "array",
            "items": fields(["parameter", "name", "key"], parameter={"enum": sorted(RABBITMQ_PARAMETERS)}, name=TEXT, key=TEXT),
        },
    ),
)
SCHEMAS = {
    ("keda.sh/v1alpha1", "ScaledObject"): SCALED_OBJECT,
    ("keda.sh/v1alpha1", "TriggerAuthentication"): TRIGGER_AUTHENTICATION,
}


def keda_schema(deployment):
    """KEDA's objects use fields, trigger metadata and parameters that exist."""
    for resource in deployment.resources:
        schema = SCHEMAS.get((resource["apiVersion"], resource["kind"]))
        for error in jsonschema.Draft202012Validator(schema).iter_errors(resource) if schema else []:
            yield f"{resource['kind']}: {'.'.join(map(str, error.path))}: {error.message}"
    spec = deployment.of_kind("ScaledObject")[0]["spec"]
    behavior = spec.get("advanced", {}).get("horizontalPodAutoscalerConfig", {}).get("behavior", {})
    autoscaler = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "made-by-keda"},
        "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "any"}, "maxReplicas": 1, "behavior": behavior},
    }
    try:
        kubernetes_validate.validate(autoscaler, "1.33", strict=True)
    except kubernetes_validate.ValidationError as error:
        yield f"ScaledObject: the autoscaler's {'.'.join(map(str, error.path))}: {error.message}"


def keda_counts_running_jobs(deployment):
    """KEDA counts jobs in progress and scales down slowly, so that it does not remove busy pods."""
    scaled = deployment.of_kind("ScaledObject")[0]
    spec = scaled["spec"]
    if len(scaled["metadata"]["name"]) > LONGEST_NAME:
        yield f"the name is longer than {LONGEST_NAME}"
    for trigger in spec["triggers"]:
        metadata = trigger["metadata"]
        queue = metadata.get("queueName")
        if metadata.get("protocol") != "http":
            yield f"{queue}: protocol is {metadata.get('protocol')}; only http counts jobs in progress"
        if metadata.get("mode") != "QueueLength":
            yield f"{queue}: mode is {metadata.get('mode')}"
        if metadata.get("excludeUnacknowledged") == "true" or metadata.get("useRegex") == "true":
            yield f"{queue}: excludeUnacknowledged and useRegex change the count"
        if trigger.get("metricType", "AverageValue") != "AverageValue" and "fallback" in spec:
            yield f"{queue}: a fallback works with AverageValue only"
    down = spec.get("advanced", {}).get("horizontalPodAutoscalerConfig", {}).get("behavior", {}).get("scaleDown", {})
    if down.get("stabilizationWindowSeconds", 0) < 300:
        yield "scaleDown looks at less than five minutes"
    if any(policy["type"] != "Pods" or policy["value"] > 1 for policy in down.get("policies", [{"type": "Percent", "value": 100}])):
        yield "scaleDown removes more than one pod at a time"
    if spec.get("minReplicaCount", 0) > spec.get("maxReplicaCount", 100):
        yield "minReplicaCount is above maxReplicaCount"


def keda_credentials(deployment):
    """KEDA gets address, user and password as separate parameters."""
    parameters = [entry["parameter"] for entry in deployment.of_kind("TriggerAuthentication")[0]["spec"]["secretTargetRef"]]
    for needed in ("host", "username", "password"):
        if parameters.count(needed) != 1:
            yield f"the parameter {needed} is given {parameters.count(needed)} times, not once"


CHECKS = [keda_schema, keda_counts_running_jobs, keda_credentials]
