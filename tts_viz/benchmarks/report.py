"""Output of a benchmark: a JSON file with the command, the date and the machine, and a Markdown table."""

from __future__ import annotations

import datetime
import json
import os
import platform
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from tts_viz.resources import ASSETS

FOLDER = ASSETS / "benchmarks"


def machine() -> dict[str, Any]:
    """The hardware and versions on which times depend."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if "model name" in line]
        cpu = names[0] if names else cpu
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    return {
        "cpu": cpu, "cores": os.cpu_count(), "threads": torch.get_num_threads(), "gpu": gpu,
        "torch": torch.__version__, "python": platform.python_version(),
    }  # fmt: skip


def write(name: str, rows: Sequence[dict[str, Any]], **more: Any) -> Path:
    """Writes assets/benchmarks/NAME.json. `rows`: metrics by name."""
    made = {
        "command": "python -m tts_viz " + shlex.join(sys.argv[1:]),
        "date": datetime.date.today().isoformat(),
        "machine": machine(),
        **more,
        "rows": [{k: round(v, 4) if isinstance(v, float) else v for k, v in row.items()} for row in rows],
    }
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}.json"
    path.write_text(json.dumps(made, indent=1) + "\n")
    return path


def table(rows: Sequence[dict[str, Any]]) -> str:
    """A Markdown table with one column for each metric."""
    names = list(rows[0])
    lines = [f"| {' | '.join(names)} |", "|---" * len(names) + "|"]
    lines += [f"| {' | '.join(_shown(row[name]) for name in names)} |" for row in rows]
    return "\n".join(lines)


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
