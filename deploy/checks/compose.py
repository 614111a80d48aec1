"""compose.yaml: the official schema, and rules of ours for privileges, ports and start order."""

import subprocess

from checks.files import tool


def compose_schema(deployment):
    """compose.yaml conforms to the compose specification."""
    done = subprocess.run(
        [tool("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", "deploy/compose.yaml"],
        cwd=deployment.root, capture_output=True, text=True,
    )
    if done.returncode != 0:
        yield from (done.stdout + done.stderr).strip().splitlines()


def compose_hardening(deployment):
    """Services have no capabilities and publish ports on loopback only; the worker can write to /tmp only."""
    services = deployment.compose["services"]
    for name, service in services.items():
        if service.get("cap_drop") != ["ALL"] or service.get("cap_add"):
            yield f"{name} does not drop all capabilities"
        if "no-new-privileges:true" not in service.get("security_opt", []):
            yield f"{name} lacks no-new-privileges"
        for forbidden in ("privileged", "network_mode", "pid", "ipc"):
            if forbidden in service:
                yield f"{name} sets {forbidden}"
        for port in service.get("ports", []):
            if not str(port).startswith("127.0.0.1:"):
                yield f"{name} publishes {port} beyond loopback"
    for name in ("worker", "quire"):
        if not services[name].get("read_only"):
            yield f"{name} can write to its root file system"
        if not any(str(mount).startswith("/tmp") for mount in services[name].get("tmpfs", [])):
            yield f"{name} has no /tmp"


def compose_order(deployment):
    """Every service has a health check and starts after the services that it needs."""
    services = deployment.compose["services"]
    for name, service in services.items():
        runs_on = service.get("restart") != "no"
        if runs_on and "healthcheck" not in service:
            yield f"{name} has no healthcheck"
        for needed, how in service.get("depends_on", {}).items():
            expected = "service_healthy" if "healthcheck" in services[needed] else "service_completed_successfully"
            if how.get("condition") != expected:
                yield f"{name} waits for {needed} with {how.get('condition')}, not {expected}"
    missing = {"rabbitmq", "minio", "bucket"} - set(services["worker"].get("depends_on", {}))
    if missing:
        yield f"worker does not wait for {sorted(missing)}"


CHECKS = [compose_schema, compose_hardening, compose_order]
