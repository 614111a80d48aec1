"""The Dockerfile: hadolint, and rules of ours for the content of the image."""

import json
import re
import subprocess

from checks.files import tool

PDFIUM_REQUIREMENTS = "deploy/dev/pdfium-requirements.txt"
REQUIRED_LABELS = ("title", "description", "version", "revision", "licenses", "base.name")


def dockerfile_lint(deployment):
    """hadolint has no complaint about the Dockerfile."""
    done = subprocess.run(
        [tool("hadolint"), "--no-color", "--failure-threshold", "style", "deploy/Dockerfile"],
        cwd=deployment.root, capture_output=True, text=True,
    )
    if done.returncode != 0:
        yield from (done.stdout + done.stderr).strip().splitlines()


def dockerfile_sources(deployment):
    """The Dockerfile copies every workspace member, and no path that is missing or ignored."""
    copied = []
    for _, _, instructions in deployment.stages:
        for instruction, rest in instructions:
            if instruction == "COPY" and "--from=" not in rest:
                copied += rest.split()[:-1]
    ignore = (deployment.folder / "Dockerfile.dockerignore").read_text().splitlines()
    kept = [line[1:] for line in ignore if line.startswith("!")]
    for path in copied:
        if not (deployment.root / path).exists():
            yield f"{path} is copied and does not exist"
        if not any(path == keep or path.startswith(f"{keep}/") for keep in kept):
            yield f"{path} is copied, and Dockerfile.dockerignore excludes it"
    members = re.search(r"^members = \[(.*?)\]", (deployment.root / "Cargo.toml").read_text(), re.S | re.M).group(1)
    for member in re.findall(r'"([^"]+)"', members):
        if member not in copied:
            yield f"{member} is a workspace member and is not copied: cargo would refuse the workspace"


def pdfium_is_pinned(deployment):
    """libpdfium is pinned by hash for both architectures, and its licences are copied."""
    fetch = " ".join(rest for _, name, instructions in deployment.stages if name == "pdfium" for _, rest in instructions)
    for needed in ("--require-hashes", "--no-deps", "--only-binary=:all:", "libpdfium.so", ".dist-info/licenses /out/licenses"):
        if needed not in fetch:
            yield f"the stage `pdfium` does not mention {needed}"
    if PDFIUM_REQUIREMENTS not in fetch:
        yield f"the stage `pdfium` does not use {PDFIUM_REQUIREMENTS}"
    requirements = (deployment.root / PDFIUM_REQUIREMENTS).read_text()
    if not re.search(r"^pypdfium2==[\d.]+", requirements, re.M):
        yield f"{PDFIUM_REQUIREMENTS} does not pin pypdfium2 to one version"
    hashes = re.findall(r"--hash=sha256:[0-9a-f]{64}\b", requirements)
    if len(hashes) < 2:
        yield f"{PDFIUM_REQUIREMENTS} has {len(hashes)} hashes; x86_64 and aarch64 need one each"


def final_stage(deployment):
    """The image is distroless, runs as 65532, and has a health check and labels."""
    base, _, instructions = deployment.stages[-1]
    last = dict(instructions)
    if base != "gcr.io/distroless/cc-debian12:nonroot":
        yield f"the final stage starts from {base}"
    if last.get("USER") != "65532:65532":
        yield f"USER is {last.get('USER')}; only a number lets Kubernetes verify runAsNonRoot"
    entrypoint = json.loads(last.get("ENTRYPOINT", "[]"))
    if entrypoint != ["/opt/quire/quire-worker"] or last.get("CMD") != '["run"]':
        yield f"the image starts {entrypoint} {last.get('CMD')}"
    if '"healthcheck"]' not in last.get("HEALTHCHECK", ""):
        yield "there is no HEALTHCHECK that runs `quire-worker healthcheck`"
    for stage in ("build", "pdfium"):
        if not any(op == "COPY" and rest == f"--from={stage} /out/ /opt/quire/" for op, rest in instructions):
            yield f"the files of the stage `{stage}` are not copied to /opt/quire/"
    for label in REQUIRED_LABELS:
        if f"org.opencontainers.image.{label}=" not in last.get("LABEL", ""):
            yield f"the label org.opencontainers.image.{label} is missing"


CHECKS = [dockerfile_lint, dockerfile_sources, pdfium_is_pinned, final_stage]
