#!/usr/bin/env python3
"""Breaks a copy of the deployment files, one place at a time, and expects the check meant for it to fail.

Every check has at least one mutation here, which shows that the check can fail.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from check import CHECKS, run_check
from checks.files import Deployment

DEPLOYMENT = "kustomize/base/deployment.yaml"
SCALED = "kustomize/base/scaledobject.yaml"
AUTHENTICATION = "kustomize/base/triggerauthentication.yaml"
SETTINGS = "kustomize/base/worker.env"

# (check, file under deploy/, text, what to put in its place)
MUTATIONS = [
    ("dockerfile_lint", "Dockerfile", "python:3.13-slim-bookworm", "python"),
    ("dockerfile_lint", "Dockerfile", "# hadolint ignore=DL3008,SC2086\n", ""),
    ("dockerfile_lint", "Dockerfile", 'CMD ["run"]', "CMD run"),
    ("dockerfile_lint", "Dockerfile", "WORKDIR /src", "WORKDIR src"),
    ("dockerfile_sources", "Dockerfile", "COPY tests tests\n", ""),
    ("dockerfile_sources", "Dockerfile", "COPY worker worker", "COPY workers worker"),
    ("dockerfile_sources", "Dockerfile.dockerignore", "!schemas\n", ""),
    ("pdfium_is_pinned", "Dockerfile", " --require-hashes", ""),
    ("pdfium_is_pinned", "Dockerfile", "cp -R unpacked/pypdfium2-*.dist-info/licenses /out/licenses/pdfium", "true"),
    ("pdfium_is_pinned", "dev/pdfium-requirements.txt", "pypdfium2==", "pypdfium2>="),
    ("pdfium_is_pinned", "dev/pdfium-requirements.txt", "--hash=sha256:dd", "--hash=md5:dd"),
    ("final_stage", "Dockerfile", "cc-debian12:nonroot\nCOPY", "cc-debian12:debug-nonroot\nCOPY"),
    ("final_stage", "Dockerfile", "USER 65532:65532", "USER nonroot"),
    ("final_stage", "Dockerfile", 'CMD ["/opt/quire/quire-worker", "healthcheck"]', 'CMD ["/bin/true"]'),
    ("final_stage", "Dockerfile", 'ENTRYPOINT ["/opt/quire/quire-worker"]', 'ENTRYPOINT ["/opt/quire/quire"]'),
    ("final_stage", "Dockerfile", "COPY --from=pdfium /out/ /opt/quire/", "COPY --from=pdfium /out/ /usr/lib/"),
    ("final_stage", "Dockerfile", "image.licenses=", "image.licence="),
    ("compose_schema", "compose.yaml", "stop_grace_period: 150s", "stop_grace_perid: 150s"),
    ("compose_schema", "compose.yaml", "retries: 3", "retries: [3]"),
    ("compose_hardening", "compose.yaml", '"127.0.0.1:15672:15672"', '"15672:15672"'),
    ("compose_hardening", "compose.yaml", "  cap_drop: [ALL]", "  cap_drop: [NET_RAW]"),
    ("compose_hardening", "compose.yaml", "no-new-privileges:true", "apparmor:unconfined"),
    ("compose_hardening", "compose.yaml", "    read_only: true\n    # Sources", "    # Sources"),
    ("compose_hardening", "compose.yaml", "    pids_limit: 512", "    privileged: true"),
    ("compose_order", "compose.yaml", "rabbitmq: { condition: service_healthy }\n      minio: { condition: service_healthy }\n      bucket", "rabbitmq: { condition: service_started }\n      minio: { condition: service_healthy }\n      bucket"),
    ("compose_order", "compose.yaml", "      bucket: { condition: service_completed_successfully }\n", ""),
    ("compose_order", "compose.yaml", '    healthcheck:\n      test: ["CMD", "/opt/quire/quire-worker", "healthcheck"]\n      interval: 10s\n      timeout: 5s\n      retries: 3\n      start_period: 30s\n', ""),
    ("kustomize_builds", "kustomize/base/kustomization.yaml", "  - poddisruptionbudget.yaml\n", ""),
    ("kustomize_builds", "kustomize/base/kustomization.yaml", "resources:", "namePrefix: my-\nresources:"),
    ("kustomize_builds", DEPLOYMENT, "      maxUnavailable: 0\n", "      maxUnavailable: 0\n      maxUnavailable: 1\n"),
    ("kustomize_builds", SETTINGS, "QUIRE_RENDERERS=2", "QUIRE_RENDERERS=2\nQUIRE_RENDERERS=3"),
    ("kustomize_builds", SETTINGS, "QUIRE_RENDERERS=2", "QUIRE_RENDERERS"),
    ("kubernetes_schema", DEPLOYMENT, "runAsNonRoot: true", 'runAsNonRoot: "yes"'),
    ("kubernetes_schema", DEPLOYMENT, "terminationGracePeriodSeconds", "terminationGracePeriodSecond"),
    ("kubernetes_schema", DEPLOYMENT, 'prometheus.io/port: "9464"', "prometheus.io/port: 9464"),
    ("kubernetes_schema", "kustomize/network-policy/networkpolicy.yaml", "policyTypes: [Ingress, Egress]", "policyType: [Ingress, Egress]"),
    ("kinds_are_covered", "kustomize/base/poddisruptionbudget.yaml", "policy/v1\n", "policy/v1beta1\n"),
    ("kinds_are_covered", SCALED, "keda.sh/v1alpha1", "keda.sh/v1"),
    ("no_namespace", "kustomize/base/serviceaccount.yaml", "  name: quire-worker\n", "  name: quire-worker\n  namespace: default\n"),
    ("restricted_pod_security", DEPLOYMENT, "        runAsNonRoot: true\n", ""),
    ("restricted_pod_security", DEPLOYMENT, "        runAsUser: 65532\n", "        runAsUser: 0\n"),
    ("restricted_pod_security", DEPLOYMENT, "          type: RuntimeDefault", "          type: Unconfined"),
    ("restricted_pod_security", DEPLOYMENT, "            allowPrivilegeEscalation: false\n", ""),
    ("restricted_pod_security", DEPLOYMENT, "drop: [ALL]", "add: [ALL]"),
    ("restricted_pod_security", DEPLOYMENT, "              drop: [ALL]", "              drop: [ALL]\n              add: [SYS_ADMIN]"),
    ("restricted_pod_security", DEPLOYMENT, "            allowPrivilegeEscalation: false", "            allowPrivilegeEscalation: false\n            privileged: true"),
    ("restricted_pod_security", DEPLOYMENT, "            allowPrivilegeEscalation: false", "            allowPrivilegeEscalation: false\n            procMount: Unmasked"),
    ("restricted_pod_security", DEPLOYMENT, "      enableServiceLinks: false", "      hostPID: true"),
    ("restricted_pod_security", DEPLOYMENT, "containerPort: 9464", "containerPort: 9464\n              hostPort: 9464"),
    ("restricted_pod_security", DEPLOYMENT, "          emptyDir:", "          hostPath: { path: /tmp }\n          emptyDir:"),
    ("restricted_pod_security", DEPLOYMENT, "        fsGroup: 65532", "        sysctls: [{ name: net.core.somaxconn, value: '1' }]"),
    ("pod_conventions", DEPLOYMENT, "      automountServiceAccountToken: false\n", ""),
    ("pod_conventions", "kustomize/base/serviceaccount.yaml", "automountServiceAccountToken: false", "automountServiceAccountToken: true"),
    ("pod_conventions", DEPLOYMENT, "      enableServiceLinks: false\n", ""),
    ("pod_conventions", DEPLOYMENT, "            readOnlyRootFilesystem: true\n", ""),
    ("pod_conventions", DEPLOYMENT, "              memory: 3Gi\n              # /tmp", "              memory: 3Gi\n              cpu: 2\n              # /tmp"),
    ("pod_conventions", DEPLOYMENT, "            sizeLimit: 6Gi", "            medium: Memory"),
    ("pod_conventions", DEPLOYMENT, "  revisionHistoryLimit: 5", "  replicas: 3"),
    ("probes", DEPLOYMENT, "path: /livez", "path: /readyz"),
    ("probes", DEPLOYMENT, "readinessProbe:", "lifecycle:"),
    ("probes", SETTINGS, "0.0.0.0:9464", "127.0.0.1:9464"),
    ("probes", SETTINGS, "0.0.0.0:9464", "0.0.0.0:9090"),
    ("probes", "kustomize/network-policy/networkpolicy.yaml", "port: 9464", "port: 9090"),
    ("keda_schema", SCALED, "cooldownPeriod: 300", "cooldownPerid: 300"),
    ("keda_schema", SCALED, "        vhostName: /\n        mode: QueueLength\n        value: \"8\"", "        vhost: /\n        mode: QueueLength\n        value: \"8\""),
    ("keda_schema", SCALED, 'value: "8"', "value: 8"),
    ("keda_schema", SCALED, "currentReplicasIfHigher", "currentReplicasIfMore"),
    ("keda_schema", SCALED, "stabilizationWindowSeconds", "stabilisationWindowSeconds"),
    ("keda_schema", AUTHENTICATION, "parameter: username", "parameter: user"),
    ("keda_counts_running_jobs", SCALED, "        protocol: http\n        queueName: quire.jobs.normal", "        protocol: amqp\n        queueName: quire.jobs.normal"),
    ("keda_counts_running_jobs", SCALED, '        value: "8"', '        value: "8"\n        excludeUnacknowledged: "true"'),
    ("keda_counts_running_jobs", SCALED, "        mode: QueueLength\n        value: \"8\"", "        mode: MessageRate\n        value: \"8\""),
    ("keda_counts_running_jobs", SCALED, "stabilizationWindowSeconds: 300", "stabilizationWindowSeconds: 0"),
    ("keda_counts_running_jobs", SCALED, "            - type: Pods\n              value: 1", "            - type: Percent\n              value: 100"),
    ("keda_credentials", AUTHENTICATION, "parameter: password", "parameter: key"),
    ("images_are_pinned", "Dockerfile", "dockerfile:1.7", "dockerfile:latest"),
    ("images_are_pinned", "compose.yaml", "rabbitmq:4.2-management", "rabbitmq"),
    ("images_are_pinned", "compose.yaml", "${IMAGE_TAG:-0.1.0}", "${IMAGE_TAG:-latest}"),
    ("images_are_pinned", DEPLOYMENT, "image: quire-worker:0.1.0", "image: registry:5000/quire-worker"),
    ("grace_periods", DEPLOYMENT, "terminationGracePeriodSeconds: 150", "terminationGracePeriodSeconds: 120"),
    ("grace_periods", DEPLOYMENT, "      terminationGracePeriodSeconds: 150\n", ""),
    ("grace_periods", SETTINGS, "QUIRE_SHUTDOWN_GRACE=120s", "QUIRE_SHUTDOWN_GRACE=5m"),
    ("grace_periods", SETTINGS, "QUIRE_LEASE=15m", "QUIRE_LEASE=16m"),
    ("grace_periods", "compose.yaml", "stop_grace_period: 150s", "stop_grace_period: 2m"),
    ("lanes_scale", SETTINGS, "normal:8", "normal:9"),
    ("lanes_scale", SETTINGS, ",bulk:4", ""),
    ("lanes_scale", SETTINGS, ",bulk:4", ",bulk:4,night:1"),
    ("lanes_scale", SCALED, 'value: "8"', 'value: "16"'),
    ("lanes_scale", SCALED, "queueName: quire.jobs.bulk", "queueName: quire.job.bulk"),
    ("memory_and_disk", SETTINGS, "QUIRE_RENDERERS=2", "QUIRE_RENDERERS=3"),
    ("memory_and_disk", SETTINGS, "QUIRE_MAX_SOURCE_BYTES=268435456", "QUIRE_MAX_SOURCE_BYTES=536870912"),
    ("memory_and_disk", DEPLOYMENT, "ephemeral-storage: 7Gi", "ephemeral-storage: 5Gi"),
    ("memory_and_disk", "compose.yaml", "mem_limit: 4g", "mem_limit: 3g"),
    ("memory_and_disk", "compose.yaml", "size=1g", "size=256m"),
    ("references", DEPLOYMENT, "serviceAccountName: quire-worker", "serviceAccountName: quire"),
    ("references", DEPLOYMENT, "            - configMapRef:\n                name: quire-worker", "            - configMapRef:\n                name: quire"),
    ("references", DEPLOYMENT, "name: quire-amqp, key: url", "name: quire-amqp, key: uri"),
    ("references", SCALED, "  scaleTargetRef:\n    name: quire-worker", "  scaleTargetRef:\n    name: worker"),
    ("references", SCALED, "      authenticationRef:\n        name: quire-worker\n    - type: rabbitmq\n      name: normal", "      authenticationRef:\n        name: keda\n    - type: rabbitmq\n      name: normal"),
    ("references", AUTHENTICATION, "key: management-username", "key: username"),
    ("references", "kustomize/base/poddisruptionbudget.yaml", "    matchLabels:\n      app.kubernetes.io/name: quire-worker", "    matchLabels:\n      app: quire-worker"),
    ("references", "README.md", "--from-literal=secret-access-key=", "--from-literal=secret-key="),
    ("settings_exist", "compose.yaml", "QUIRE_RENDERERS:", "QUIRE_RENDERER_COUNT:"),
    ("settings_exist", SETTINGS, "QUIRE_S3_BUCKET=", "QUIRE_BUCKET="),
    ("settings_exist", DEPLOYMENT, "QUIRE_AMQP_URL", "QUIRE_AMQP_URI"),
]
# Only kustomize itself notices these: it refuses the folder, or reads it differently from our builder.
WITH_KUBECTL = [
    ("kustomize_builds", "kustomize/base/kustomization.yaml", "  - deployment.yaml", "  - deployment.yaml\n  - deployment.yaml"),
    ("kustomize_builds", SETTINGS, "QUIRE_RENDERERS=2", "  QUIRE_RENDERERS=2"),
]


def main():
    root = Path(__file__).resolve().parent.parent
    checks = {check.__name__: check for check in CHECKS}
    mutations = MUTATIONS + (WITH_KUBECTL if shutil.which("kubectl") else [])
    survived = [f"{name} has no mutation" for name in checks if name not in {mutation[0] for mutation in mutations}]

    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        shutil.copytree(root / "deploy", copy / "deploy", ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("Cargo.toml", "Cargo.lock"):
            shutil.copy(root / name, copy / name)
        for member in ("schemas", "producer", "worker", "tests"):
            (copy / member).mkdir()

        for name, file, text, replacement in mutations:
            path = copy / "deploy" / file
            original = path.read_text()
            if text not in original:
                survived.append(f"{name}: {text!r} does not occur in {file}")
                continue
            path.write_text(original.replace(text, replacement, 1))
            reasons = run_check(checks[name], Deployment(copy))
            path.write_text(original)
            change = f"{file}: {text.strip().splitlines()[0].strip()!r} -> {(replacement.strip().splitlines() or [''])[-1].strip()!r}"
            if reasons:
                print(f"noticed  {name}: {change}\n           {reasons[0][:160]}")
            else:
                survived.append(f"{name} did not notice {change}")

        for check in CHECKS:
            survived += [f"{check.__name__} fails on the untouched copy: {reason}" for reason in run_check(check, Deployment(copy))]

    for reason in survived:
        print(f"SURVIVED {reason}")
    print(f"{len(mutations)} mutations, {len(survived)} complaints")
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
