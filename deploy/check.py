#!/usr/bin/env python3
"""Checks the deployment files without a container engine, a cluster or a network.

    python3 -m venv .venv && .venv/bin/pip install -r deploy/requirements-check.txt
    .venv/bin/python deploy/check.py

Prints one line per check, the reasons under those that failed, and exits 1 if any did.
"""

import argparse
import sys
import time
from pathlib import Path

try:
    from checks import across, compose, image, keda, kubernetes
    from checks.files import Deployment
except ModuleNotFoundError as missing:
    sys.exit(f"{missing.name} is not installed: run this in an environment made from deploy/requirements-check.txt")

CHECKS = image.CHECKS + compose.CHECKS + kubernetes.CHECKS + keda.CHECKS + across.CHECKS


def run_check(check, deployment):
    """Returns the reasons for which `check` failed; a check that breaks has failed too."""
    try:
        return list(check(deployment))
    except Exception as error:  # one broken file must not hide the results of the other checks
        return [f"{type(error).__name__}: {error}"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent, help="the repository to check")
    root = parser.parse_args().root.resolve()

    started = time.monotonic()
    deployment = Deployment(root)
    failed = 0
    for check in CHECKS:
        reasons = run_check(check, deployment)
        failed += bool(reasons)
        title = check.__doc__.strip().splitlines()[0].rstrip(".")
        print(f"{'failed' if reasons else 'ok':<7} {check.__name__}: {title}")
        for reason in reasons:
            print("          " + reason.replace("\n", "\n          "))
    for note in deployment.notes:
        print(f"note    {note}")
    print(f"{len(CHECKS) - failed} of {len(CHECKS)} checks passed in {time.monotonic() - started:.1f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
