"""Reads the files under deploy/ for the checks."""

import json
import re
import shutil
import subprocess
import sys
from functools import cached_property
from pathlib import Path

import yaml

KUSTOMIZATIONS = ("base", "network-policy")


class StrictLoader(yaml.SafeLoader):
    """A YAML loader that refuses duplicate keys, as kustomize does and PyYAML does not."""

    def construct_mapping(self, node, deep=False):
        own = [self.construct_object(key, deep=True) for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"]
        for key in own:
            if own.count(key) > 1:
                raise yaml.YAMLError(f"the key {key!r} is given twice, {node.start_mark}")
        return super().construct_mapping(node, deep)


def load_yaml(text):
    return [document for document in yaml.load_all(text, StrictLoader) if document]


def tool(name):
    """Returns the path of a program: beside this interpreter, else on the PATH."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if not found:
        raise FileNotFoundError(f"{name} is missing: pip install -r deploy/requirements-check.txt")
    return found


class Deployment:
    """The files under deploy/ of one repository; each is read at most once."""

    def __init__(self, root):
        self.root = root
        self.folder = root / "deploy"
        self.notes = []

    @cached_property
    def stages(self):
        """The Dockerfile as (base image, name, [(instruction, rest)]) per stage."""
        text = (self.folder / "Dockerfile").read_text()
        lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
        stages = []
        for line in "\n".join(lines).replace("\\\n", " ").splitlines():
            instruction, _, rest = line.strip().partition(" ")
            if instruction == "FROM":
                image, _, name = rest.partition(" AS ")
                stages.append((image.split()[-1], name.strip(), []))
            elif instruction and stages:
                stages[-1][2].append((instruction, rest.strip()))
        return stages

    @cached_property
    def compose(self):
        """compose.yaml with the default of every variable."""
        text = (self.folder / "compose.yaml").read_text()
        return load_yaml(re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text))[0]

    @cached_property
    def resources(self):
        """Every Kubernetes object of every kustomization."""
        return [resource for name in KUSTOMIZATIONS for resource in build(self.folder / "kustomize" / name)]

    def of_kind(self, kind):
        found = [resource for resource in self.resources if resource["kind"] == kind]
        if not found:
            raise LookupError(f"there is no {kind}")
        return found

    @property
    def pod(self):
        return self.of_kind("Deployment")[0]["spec"]["template"]

    @property
    def worker(self):
        return self.pod["spec"]["containers"][0]

    @property
    def settings(self):
        return self.of_kind("ConfigMap")[0]["data"]

    @property
    def lanes(self):
        """QUIRE_LANES as {lane: permits}."""
        return {lane: int(permits) for lane, _, permits in (part.partition(":") for part in self.settings["QUIRE_LANES"].split(","))}


def build(folder):
    """Builds a kustomization that uses `resources` and `configMapGenerator`; refuses everything else.

    Unlike kustomize, it appends no hash to the names of generated ConfigMaps.
    """
    kustomization = load_yaml((folder / "kustomization.yaml").read_text())[0]
    unknown = set(kustomization) - {"apiVersion", "kind", "resources", "configMapGenerator"}
    if unknown:
        raise NotImplementedError(f"{folder.name}/kustomization.yaml uses {sorted(unknown)}, which deploy/checks/files.py cannot build")
    listed = set(kustomization["resources"]) | {"kustomization.yaml"}
    forgotten = {path.name for path in folder.glob("*.yaml")} - listed
    if forgotten:
        raise LookupError(f"{folder.name}/kustomization.yaml does not list {sorted(forgotten)}")
    resources = [resource for name in kustomization["resources"] for resource in load_yaml((folder / name).read_text())]
    for generator in kustomization.get("configMapGenerator", []):
        unknown = set(generator) - {"name", "envs"}
        if unknown:
            raise NotImplementedError(f"a configMapGenerator uses {sorted(unknown)}, which deploy/checks/files.py cannot build")
        data = {}
        for name in generator["envs"]:
            data |= read_env_file(folder / name)
        resources.append({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": generator["name"]}, "data": data})
    return resources


def read_env_file(path):
    lines = [line for line in path.read_text().splitlines() if line.strip() and not line.lstrip().startswith("#")]
    for line in lines:
        if "=" not in line:
            raise ValueError(f"{path.name}: {line!r} has no value; kustomize would take one from the caller's environment")
    names = [line.partition("=")[0] for line in lines]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f"{path.name} sets {sorted(twice)} twice")
    return {name: value for name, _, value in (line.partition("=") for line in lines)}


def build_with_kubectl(folder):
    """Returns what kustomize builds, without the hashes in names; None if there is no kubectl."""
    if not shutil.which("kubectl"):
        return None
    # Needs no cluster; fails if the program on the PATH is not kubectl.
    if subprocess.run(["kubectl", "kustomize", "--help"], capture_output=True).returncode != 0:
        return None
    done = subprocess.run(["kubectl", "kustomize", str(folder)], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"kubectl kustomize {folder.name}: {done.stderr.strip()}")
    generated = [generator["name"] for generator in load_yaml((folder / "kustomization.yaml").read_text())[0].get("configMapGenerator", [])]
    text = json.dumps(load_yaml(done.stdout))
    for name in generated:
        text = re.sub(rf'"{re.escape(name)}-[a-z0-9]{{10}}"', f'"{name}"', text)
    return json.loads(text)


def seconds(duration):
    """Reads `120s`, `20m`, `1h30m`."""
    parts = re.findall(r"(\d+)([hms])", duration)
    if "".join(number + unit for number, unit in parts) != duration:
        raise ValueError(f"{duration!r} is not a duration")
    return sum(int(number) * {"h": 3600, "m": 60, "s": 1}[unit] for number, unit in parts)


def size(quantity):
    """Reads `3Gi`, `1GiB`, `4g`, `134217728` as bytes."""
    number, unit = re.fullmatch(r"(\d+)\s*([kKmMgG]?)i?[bB]?", str(quantity)).groups()
    return int(number) * 1024 ** " kmg".index(unit.lower() or " ")
