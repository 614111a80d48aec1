"""Types of command line arguments."""

from __future__ import annotations

import argparse
from pathlib import Path


def existing(text: str) -> Path:
    path = Path(text).resolve()
    if not path.exists():
        raise argparse.ArgumentTypeError(f"{text} does not exist")
    return path
