"""Measures how fast the whole program is, and writes ``speed.json``, ``speed.md``, ``speed.png``.

    python -m benchmarks.speed [--quick]

Recordings are made of the clips in ``../shared/music`` (``AUDIOSEARCH_TEST_DATA`` names another
folder than ``../shared``) and kept in ``benchmarks/inputs``. Nothing else should run meanwhile.
"""

import argparse
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.quality.clips import TEST_DATA
from benchmarks.speed.inputs import Inputs, remove_parts
from benchmarks.speed.machine import describe
from benchmarks.speed.plan import FULL, QUICK, Part, parts
from benchmarks.speed.plots import draw
from benchmarks.speed.report import markdown
from benchmarks.speed.targets import targets

BENCHMARKS = Path(__file__).resolve().parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a little of everything, to try it")
    parser.add_argument("--only", help="parts whose names contain this")
    args = parser.parse_args()
    folder = BENCHMARKS / "results" / ("quick" if args.quick else "")
    machine, started = describe(), time.monotonic()
    remove_parts(BENCHMARKS / "inputs")
    try:
        inputs = Inputs(BENCHMARKS / "inputs", TEST_DATA / "music")
    except FileNotFoundError as error:
        sys.exit(str(error))
    todo = parts(QUICK if args.quick else FULL, inputs)
    results = {
        name: measured(name, part) for name, part in todo.items() if (args.only or "") in name
    }
    machine["elapsed_s"] = time.monotonic() - started
    print(write(folder, machine, results))
    if any("failed" in result for result in results.values()):
        sys.exit(1)


def measured(name: str, part: Part) -> dict[str, Any]:
    """Measure a part; one that fails is told, and the others go on."""
    started = time.monotonic()
    try:
        result = part()
    except Exception as error:  # whatever it is, the figures of the others are worth having
        result = {"failed": f"{type(error).__name__}: {error}"}
    print(f"{name}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    return result


def write(folder: Path, machine: dict[str, Any], results: dict[str, Any]) -> str:
    """Write the results to a folder; gives the Markdown."""
    folder.mkdir(parents=True, exist_ok=True)
    aims = [{**asdict(each), "reached": each.reached} for each in targets(results, machine["amx"])]
    document = {"machine": machine, "targets": aims, **results}
    (folder / "speed.json").write_text(json.dumps(document, indent=1) + "\n")
    text = markdown(machine, results)
    (folder / "speed.md").write_text(text)
    if all("failed" not in results.get(name, {"failed": ""}) for name in ("growth", "serving")):
        draw(results, folder / "speed.png")
    return text


if __name__ == "__main__":
    main()
