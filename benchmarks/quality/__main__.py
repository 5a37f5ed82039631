"""Measure how good the results are, and write the tables of ``docs/quality.md``: make quality."""

import json
import re
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.heard import heard_table
from benchmarks.quality.clips import PROJECT_DIR, TEST_DATA, read_sets
from benchmarks.quality.encoders import Cell, encoder_table, measure_encoders
from benchmarks.quality.moments import evaluate, measure_meeting, measure_moments, moment_table

DOCUMENT = PROJECT_DIR / "docs" / "quality.md"
RESULTS = PROJECT_DIR / "benchmarks" / "results" / "quality.json"


def main() -> None:
    if not (TEST_DATA / "esc10").exists():
        raise SystemExit(
            f"there are no labelled sounds in {TEST_DATA}; "
            "set AUDIOSEARCH_TEST_DATA to their folder"
        )
    sets = {each.name: each for each in read_sets()}
    rows = list(measure_encoders([*sets.values()]))
    esc10 = sets["ESC-10"]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        moments = list(measure_moments(esc10, sets["music"], folder))
        meeting = measure_meeting(sets["voices"], folder)
        labels = evaluate(
            esc10.folder / "labels.csv",
            *("--group-column", esc10.group_column, "--workspace", str(folder / "esc10")),
        )
    tables = {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "encoders": encoder_table(rows, [*sets.values()]),
        "labels": label_table(labels),
        "heard": heard_table(esc10.clips),
        "moments": moment_table(moments),
        "cry": moments_of("baby_cry", moments[2][1]),
        "meeting": moments_of(None, meeting),
        "songs": songs(rows[1].cells["music"]),
    }
    for name, table in tables.items():
        print(f"{name}\n{table}\n")
    fill(DOCUMENT, tables)
    measured = {
        "encoders": [asdict(row) for row in rows],
        "labels": labels,
        "meeting": meeting,
        "moments": [{**asdict(condition), **answer} for condition, answer in moments],
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(measured, indent=1) + "\n")


def label_table(answer: dict[str, Any]) -> str:
    """Make the Markdown table of what ``app.py evaluate`` measured, label by label."""
    measures = {
        "mAP": "average_precision",
        "P@1": "precision_at_1",
        "P@5": "precision_at_5",
        "R-precision": "r_precision",
    }
    lines = [
        f"| | queries | {' | '.join(measures)} |",
        "| --- | ---: |" + " ---: |" * len(measures),
    ]
    for row in answer["scores"]:
        cells = [_cell(row["scores"][name]["measured"]) for name in measures.values()]
        lines.append(f"| {row['label'] or 'all'} | {row['n_queries']} | {' | '.join(cells)} |")
    return "\n".join(lines)


def moments_of(label: str | None, answer: dict[str, Any]) -> str:
    """Say how well the moments of a label are found by default."""
    [row] = [each for each in answer["moment_scores"] if each["label"] == label]
    scores = row["default"]
    return (
        f"precision {scores['precision']['value']:.2f}, recall {scores['recall']['value']:.2f}, "
        f"F1 {scores['f1']['value']:.2f} ({scores['f1']['low']:.2f}–{scores['f1']['high']:.2f}), "
        f"{row['n_queries']} searches"
    )


def songs(cell: Cell) -> str:
    """Say how often another song of the artist is found."""
    return (
        f"the first song found is by the same artist for {cell.precision_at_1:.0%} of the songs, "
        f"of the first five {cell.precision_at_5:.0%}"
    )


def fill(document: Path, tables: dict[str, str]) -> None:
    """Put each table between the document's comments ``<!-- name -->`` and ``<!-- /name -->``."""
    text = document.read_text(encoding="utf-8")
    for name, table in tables.items():
        begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
        space = "\n" if "\n" in table or table.startswith("|") else ""
        filled = f"{begin}{space}{table}{space}{end}"
        pattern = f"{re.escape(begin)}.*?{re.escape(end)}"
        text = re.sub(pattern, filled.replace("\\", r"\\"), text, flags=re.DOTALL)
    document.write_text(text, encoding="utf-8")


def _cell(estimate: dict[str, float]) -> str:
    return f"{estimate['value']:.3f} ({estimate['low']:.2f}–{estimate['high']:.2f})"


if __name__ == "__main__":
    main()
