"""Numbers and names that stand in two files and must agree."""

import re

from checks.files import seconds, size

# Settings that always exist. docs/configuration.md names the others.
CONTRACT = {
    "QUIRE_AMQP_URL", "QUIRE_CONFIG", "QUIRE_HTTP_ADDR", "QUIRE_JOB_TIMEOUT", "QUIRE_LANES", "QUIRE_LEASE",
    "QUIRE_MANAGEMENT_URL",
    "QUIRE_MAX_AGE", "QUIRE_MAX_ATTEMPTS", "QUIRE_MAX_PAGES", "QUIRE_MAX_PAGE_PIXELS", "QUIRE_MAX_RESULT_BYTES",
    "QUIRE_MAX_SOURCE_BYTES", "QUIRE_PDFIUM_LIBRARY", "QUIRE_RENDERERS", "QUIRE_RENDERER_ISOLATION",
    "QUIRE_RENDERER_MEMORY", "QUIRE_SANDBOX", "QUIRE_TENANT_JOBS", "QUIRE_S3_BUCKET", "QUIRE_S3_ENDPOINT", "QUIRE_S3_PATH_STYLE", "QUIRE_S3_PREFIX",
    "QUIRE_SHUTDOWN_GRACE", "QUIRE_SOURCE_BUCKETS", "QUIRE_SOURCE_HOSTS",
}
SETTING = re.compile(r"\bQUIRE_[A-Z0-9_]*[A-Z0-9]")
# Memory of the parent beside the renderers: it plans 100 MB and 2 MB per job, and a result may be large.
PARENT_MEMORY = 512 * 1024**2
# RabbitMQ's default: after it the broker takes the delivery away from the worker.
CONSUMER_TIMEOUT_SECONDS = 30 * 60
# After the drain the worker gives jobs back and closes both connections.
AFTER_GRACE_SECONDS = 15


def images_are_pinned(deployment):
    """Every image has a tag or a digest, and none is `latest`."""
    syntax = (deployment.folder / "Dockerfile").read_text().splitlines()[0].removeprefix("# syntax=")
    stages = {name for _, name, _ in deployment.stages}
    images = [syntax] + [image for image, _, _ in deployment.stages if image not in stages]
    images += [service["image"] for service in deployment.compose["services"].values()]
    images += [container["image"] for container in deployment.pod["spec"]["containers"]]
    for image in images:
        tag = image.rpartition("/")[2].partition(":")[2]
        if "@sha256:" not in image and tag in ("", "latest"):
            yield f"{image} is not pinned: give it a tag other than latest, or a digest"


def grace_periods(deployment):
    """The stop timeouts exceed QUIRE_SHUTDOWN_GRACE; QUIRE_LEASE is at most half of the broker's consumer timeout."""
    given = deployment.pod["spec"].get("terminationGracePeriodSeconds", 30)
    grace = seconds(deployment.settings["QUIRE_SHUTDOWN_GRACE"])
    if given < grace + AFTER_GRACE_SECONDS:
        yield f"Deployment: terminationGracePeriodSeconds is {given}, QUIRE_SHUTDOWN_GRACE {grace} s: make it {grace + AFTER_GRACE_SECONDS} or more"
    worker = deployment.compose["services"]["worker"]
    given, grace = seconds(worker.get("stop_grace_period", "10s")), seconds(worker["environment"]["QUIRE_SHUTDOWN_GRACE"])
    if given < grace + AFTER_GRACE_SECONDS:
        yield f"compose: stop_grace_period is {given} s, QUIRE_SHUTDOWN_GRACE {grace} s: make it {grace + AFTER_GRACE_SECONDS} s or more"
    for where, settings in (("worker.env", deployment.settings), ("compose", worker["environment"])):
        lease = seconds(settings["QUIRE_LEASE"])
        if lease * 2 > CONSUMER_TIMEOUT_SECONDS:
            yield f"{where}: QUIRE_LEASE is {lease} s, the broker's consumer timeout {CONSUMER_TIMEOUT_SECONDS} s"


def lanes_scale(deployment):
    """KEDA has one trigger per lane of QUIRE_LANES, whose value is the lane's permits, and one for each short tier, whose
    value is all permits: jobs of every lane wait there."""
    expected = {f"quire.jobs.{lane}": str(permits) for lane, permits in deployment.lanes.items()}
    expected |= {f"quire.retry.{tier}": str(sum(deployment.lanes.values())) for tier in ("5s", "30s")}
    triggers = deployment.of_kind("ScaledObject")[0]["spec"]["triggers"]
    queues = [trigger["metadata"].get("queueName") for trigger in triggers]
    if sorted(queues) != sorted(expected):
        yield f"the triggers watch {sorted(queues)}, QUIRE_LANES has {sorted(expected)}"
    for trigger in triggers:
        queue, value = trigger["metadata"].get("queueName"), trigger["metadata"].get("value")
        if queue in expected and value != expected[queue]:
            yield f"{queue}: value is {value}, a pod takes {expected[queue]}"


def memory_and_disk(deployment):
    """Memory limits cover every renderer at its own limit; /tmp holds the source of every job in hand."""
    settings = deployment.settings
    renderers = int(settings["QUIRE_RENDERERS"]) * size(settings["QUIRE_RENDERER_MEMORY"])
    limit = size(deployment.worker["resources"]["limits"]["memory"])
    if limit < renderers + PARENT_MEMORY:
        yield f"Deployment: the memory limit is {limit >> 20} MiB; renderers need {renderers >> 20} MiB and the parent {PARENT_MEMORY >> 20} MiB"
    sources = sum(deployment.lanes.values()) * size(settings["QUIRE_MAX_SOURCE_BYTES"])
    for volume in deployment.pod["spec"]["volumes"]:
        room = size(volume["emptyDir"].get("sizeLimit", 0))
        if room < sources:
            yield f"Deployment: /tmp has {room >> 20} MiB; the sources of all jobs in hand need {sources >> 20} MiB"
        if size(deployment.worker["resources"]["limits"]["ephemeral-storage"]) <= room:
            yield "Deployment: the limit of ephemeral-storage does not cover /tmp and the logs"
    worker = deployment.compose["services"]["worker"]
    settings = worker["environment"]
    room = size(re.search(r"size=(\w+)", worker["tmpfs"][0]).group(1))
    permits = sum(int(part.partition(":")[2]) for part in settings["QUIRE_LANES"].split(","))
    if room < permits * size(settings["QUIRE_MAX_SOURCE_BYTES"]):
        yield "compose: /tmp does not hold the source of every job in hand"
    if size(worker["mem_limit"]) < int(settings["QUIRE_RENDERERS"]) * size(settings.get("QUIRE_RENDERER_MEMORY", "1g")) + room + PARENT_MEMORY:
        yield "compose: mem_limit does not cover renderers, parent and /tmp, which is a tmpfs"


def references(deployment):
    """Objects refer to objects that exist, selectors select the pod, and the README shows how to create each secret."""
    spec, labels = deployment.pod["spec"], deployment.pod["metadata"]["labels"]
    names = {(resource["kind"], resource["metadata"]["name"]) for resource in deployment.resources}
    wanted = [("ServiceAccount", spec.get("serviceAccountName"))]
    wanted += [("ConfigMap", source["configMapRef"]["name"]) for source in deployment.worker["envFrom"]]
    for scaled in deployment.of_kind("ScaledObject"):
        wanted.append((scaled["spec"]["scaleTargetRef"].get("kind", "Deployment"), scaled["spec"]["scaleTargetRef"]["name"]))
        wanted += [("TriggerAuthentication", trigger["authenticationRef"]["name"]) for trigger in scaled["spec"]["triggers"]]
    for kind, name in wanted:
        if (kind, name) not in names:
            yield f"{kind}/{name} does not exist, and another object refers to it"
    selectors = [("Deployment", deployment.of_kind("Deployment")[0]["spec"]["selector"])]
    selectors += [("PodDisruptionBudget", deployment.of_kind("PodDisruptionBudget")[0]["spec"]["selector"])]
    selectors += [("NetworkPolicy", deployment.of_kind("NetworkPolicy")[0]["spec"]["podSelector"])]
    selectors += [("topologySpreadConstraints", entry["labelSelector"]) for entry in spec["topologySpreadConstraints"]]
    for where, selector in selectors:
        if not selector.get("matchLabels") or not selector["matchLabels"].items() <= labels.items():
            yield f"{where} does not select the worker's pods"
    secrets = [(entry["name"], entry["key"]) for entry in deployment.of_kind("TriggerAuthentication")[0]["spec"]["secretTargetRef"]]
    for variable in deployment.worker["env"]:
        secret = variable["valueFrom"]["secretKeyRef"]
        secrets.append((secret["name"], secret["key"]))
    commands = (deployment.folder / "README.md").read_text().replace("\\\n", " ").splitlines()
    for name, key in secrets:
        if not any(f"secret generic {name} " in command and f"--from-literal={key}=" in command for command in commands):
            yield f"README.md does not show how to create the key {key} of the Secret {name}"


def settings_exist(deployment):
    """Every QUIRE_* name in these files is a setting that the worker knows."""
    known = set(CONTRACT)
    documentation = deployment.root / "docs" / "configuration.md"
    if documentation.exists():
        known |= set(SETTING.findall(documentation.read_text()))
    else:
        deployment.notes.append("docs/configuration.md does not exist: settings were compared with the list in across.py only")
    known |= {f"{name}_FILE" for name in known}
    files = [deployment.folder / name for name in ("Dockerfile", "compose.yaml", "README.md")]
    files += sorted(path for path in (deployment.folder / "kustomize").rglob("*") if path.is_file())
    for path in files:
        for name in sorted(set(SETTING.findall(path.read_text())) - known):
            yield f"{path.relative_to(deployment.root)}: {name} is not a setting of the worker"


CHECKS = [images_are_pinned, grace_periods, lanes_scale, memory_and_disk, references, settings_exist]
