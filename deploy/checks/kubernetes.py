"""The Kubernetes objects: the API's own schemas, the restricted pod security standard, and rules of ours."""

import kubernetes_validate

from checks.files import KUSTOMIZATIONS, build, build_with_kubectl
from checks.keda import SCHEMAS as KEDA_SCHEMAS

# The oldest release that KEDA 2.20 supports, and the newest that has schemas.
VERSIONS = ("1.33", "1.37")
# Volumes that the restricted standard allows.
ALLOWED_VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}


def name_of(resource):
    return f"{resource['kind']}/{resource['metadata']['name']}"


def kustomize_builds(deployment):
    """kustomize builds every folder, with the same result as our own builder."""
    for name in KUSTOMIZATIONS:
        folder = deployment.folder / "kustomize" / name
        ours = sorted(build(folder), key=name_of)
        theirs = build_with_kubectl(folder)
        if theirs is None:
            deployment.notes.append(f"no kubectl: {name} was built by deploy/checks/files.py alone")
        elif sorted(theirs, key=name_of) != ours:
            different = [name_of(resource) for resource in theirs if resource not in ours]
            yield f"{name}: kustomize builds {different or 'fewer objects'} differently"


def kubernetes_schema(deployment):
    """Every object conforms strictly to the API of the oldest and of the newest Kubernetes."""
    for resource in deployment.resources:
        for version in VERSIONS:
            try:
                kubernetes_validate.validate(resource, version, strict=True)
            except kubernetes_validate.SchemaNotFoundError:
                break  # `kinds_are_covered` reports it
            except kubernetes_validate.ValidationError as error:
                yield f"{name_of(resource)}, {version}: {'.'.join(map(str, error.path))}: {error.message}"


def kinds_are_covered(deployment):
    """Every kind has a schema of the API or of ours."""
    for resource in deployment.resources:
        if (resource["apiVersion"], resource["kind"]) in KEDA_SCHEMAS:
            continue
        for version in VERSIONS:
            try:
                kubernetes_validate.validate(resource, version, strict=True)
            except kubernetes_validate.SchemaNotFoundError:
                yield f"{name_of(resource)} ({resource['apiVersion']}) has no schema in {version}"
            except kubernetes_validate.ValidationError:
                pass  # `kubernetes_schema` reports it


def no_namespace(deployment):
    """No object names a namespace: an overlay names it."""
    for resource in deployment.resources:
        if "namespace" in resource["metadata"]:
            yield f"{name_of(resource)} is in {resource['metadata']['namespace']}"


def restricted_pod_security(deployment):
    """The pod satisfies the restricted pod security standard."""
    spec = deployment.pod["spec"]
    pod = spec.get("securityContext", {})
    for shared in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(shared):
            yield f"the pod shares the host's: {shared}"
    for volume in spec.get("volumes", []):
        kinds = set(volume) - {"name"}
        if not kinds or not kinds <= ALLOWED_VOLUMES:
            yield f"the volume {volume['name']} is a {sorted(kinds)}"
    if pod.get("sysctls"):
        yield "the pod sets sysctls"
    for container in spec["containers"] + spec.get("initContainers", []):
        own = container.get("securityContext", {})
        name = container["name"]
        if own.get("runAsNonRoot", pod.get("runAsNonRoot")) is not True:
            yield f"{name} may run as root"
        if own.get("runAsUser", pod.get("runAsUser")) in (None, 0):
            yield f"{name} names no user but root"
        if own.get("seccompProfile", pod.get("seccompProfile", {})).get("type") not in ("RuntimeDefault", "Localhost"):
            yield f"{name} runs without a seccomp profile"
        # Absence is not `false` here: the default of each of these is the dangerous value.
        if own.get("allowPrivilegeEscalation") is not False:
            yield f"{name} may escalate its privileges"
        if own.get("privileged"):
            yield f"{name} is privileged"
        capabilities = own.get("capabilities", {})
        if "ALL" not in capabilities.get("drop", []) or not set(capabilities.get("add", [])) <= {"NET_BIND_SERVICE"}:
            yield f"{name} keeps capabilities: {capabilities}"
        if own.get("procMount", "Default") != "Default":
            yield f"{name} sees an unmasked /proc"
        if any("hostPort" in port for port in container.get("ports", [])):
            yield f"{name} takes a port of the host"


def pod_conventions(deployment):
    """The pod holds no token and no writable root, is bounded in memory and disk, and is not throttled."""
    spec, worker = deployment.pod["spec"], deployment.worker
    if spec.get("automountServiceAccountToken") is not False:
        yield "the pod mounts a token"
    if deployment.of_kind("ServiceAccount")[0].get("automountServiceAccountToken") is not False:
        yield "the service account hands out tokens"
    if spec.get("enableServiceLinks") is not False:
        yield "the pod inherits other services as environment variables; an unknown QUIRE_* one stops the worker"
    if worker.get("securityContext", {}).get("readOnlyRootFilesystem") is not True:
        yield "the root file system is writable"
    limits, requests = worker["resources"].get("limits", {}), worker["resources"].get("requests", {})
    for needed in ("memory", "ephemeral-storage"):
        if needed not in limits or needed not in requests:
            yield f"{needed} needs a request and a limit"
    if "cpu" in limits:
        yield "a CPU limit throttles rendering"
    if "cpu" not in requests:
        yield "cpu is not requested"
    for volume in spec.get("volumes", []):
        if "emptyDir" in volume and "sizeLimit" not in volume["emptyDir"]:
            yield f"the volume {volume['name']} has no size limit"
    if "replicas" in deployment.of_kind("Deployment")[0]["spec"]:
        yield "the Deployment sets replicas, which belong to KEDA"


def probes(deployment):
    """Probes ask the right path at the port that the worker listens on."""
    worker = deployment.worker
    for probe, path in (("startupProbe", "/readyz"), ("readinessProbe", "/readyz"), ("livenessProbe", "/livez")):
        asked = worker.get(probe, {}).get("httpGet", {})
        if asked.get("path") != path or asked.get("port") != "http":
            yield f"{probe} asks {asked.get('path')} at {asked.get('port')}, not {path} at http"
    address, _, port = deployment.settings["QUIRE_HTTP_ADDR"].rpartition(":")
    if address not in ("0.0.0.0", "[::]"):
        yield f"the worker listens on {address}, which no probe reaches"
    ports = {entry["name"]: entry["containerPort"] for entry in worker.get("ports", [])}
    if ports.get("http") != int(port):
        yield f"the port http is {ports.get('http')}, QUIRE_HTTP_ADDR says {port}"
    scraped = deployment.pod["metadata"]["annotations"].get("prometheus.io/port")
    if scraped != port:
        yield f"prometheus.io/port is {scraped}, QUIRE_HTTP_ADDR says {port}"
    for policy in deployment.of_kind("NetworkPolicy"):
        allowed = [entry["port"] for rule in policy["spec"]["ingress"] for entry in rule.get("ports", [])]
        if int(port) not in allowed:
            yield f"the NetworkPolicy allows {allowed}, QUIRE_HTTP_ADDR says {port}"


CHECKS = [
    kustomize_builds, kubernetes_schema, kinds_are_covered, no_namespace,
    restricted_pod_security, pod_conventions, probes,
]
