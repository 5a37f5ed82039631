"""Writes a run's results as Markdown."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from benchmarks.speed.targets import CLIPS, ORIGINAL, SONGS, speed_of, targets

ENCODERS = ("vggish", "yamnet")
HOUR_S = 3600
Row = Sequence[object]


def markdown(machine: dict[str, Any], results: dict[str, Any]) -> str:
    """Write all sections.

    Parameters
    ----------
    machine : dict
        As of ``describe``.
    results : dict
        What each part gave, by its name; ``{"failed": message}`` where it failed.
    """
    sections = {
        "Targets": _targets(machine, results),
        "Indexing": _indexing(results),
        "Without a server": _alone(results),
        "Starting": _starting(results),
        "Processor time, s an hour of audio": _processors(results),
        "Most memory, MB": _memory(results),
        "Limits": _limits(machine, results),
        "Searching": _searching(results),
        "How cost grows": _growth(results),
    }
    written = [f"## {title}\n\n{text}" for title, text in sections.items() if text]
    return "\n\n".join(["# Speed", *_head(machine, results), *written]) + "\n"


def table(head: Sequence[str], rows: Iterable[Row]) -> str:
    """Write a table, numbers to the right; an empty text where there are no rows."""
    body = [[_cell(each) for each in row] for row in rows]
    if not body:
        return ""
    rule = ["---"] + ["---:"] * (len(head) - 1)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *body))


def _cell(value: object) -> str:
    """Write three digits of a number, and more only before the point."""
    if value is None:
        return ""
    if not isinstance(value, float):
        return str(value)
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _head(machine: dict[str, Any], results: dict[str, Any]) -> Iterator[str]:
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    flags = "AMX" if machine["amx"] else "bf16 without AMX" if machine["bf16"] else "no bf16"
    yield (
        f"By `make bench` on {machine['date']}, commit {machine['commit']}: {machine['cores']} "
        f"cores of {machine['processor']} ({flags}), {machine['memory_gb']} GB, "
        f"{machine['system']}, Python {machine['python']}, {versions}. The load was "
        f"{machine['load']:.1f} at the start; the run took {machine['elapsed_s']:.0f} s."
    )
    for name, result in results.items():
        if "failed" in result:
            yield f"**{name} failed: {result['failed']}**"


def _targets(machine: dict[str, Any], results: dict[str, Any]) -> str:
    rows = [
        (
            each.name,
            f"{'≥' if each.at_least else '<'} {each.bound:g}",
            each.measured,
            "yes" if each.reached else "**no**",
        )
        for each in targets(results, machine["amx"])
    ]
    return table(["", "target", "measured", "reached"], rows)


def _indexing(results: dict[str, Any]) -> str:
    head = ["× real time"]
    head += [f"{name}{what}" for name in ENCODERS for what in ("", ", of its engine's limit")]
    head += ["the original, soxr", "with kaiser_best", "vggish / original, soxr"]
    kinds = dict.fromkeys(kind for name in ENCODERS for kind in _runs(results, name))
    return table(head, [(kind, *_indexing_cells(results, kind)) for kind in kinds])


def _indexing_cells(results: dict[str, Any], kind: str) -> Iterator[object]:
    for name in ENCODERS:
        speed, limit = speed_of(results, name, kind), _stages(results, name).get("engine")
        yield speed
        yield f"{100 * speed / limit:.0f} %" if speed and limit else None
    original = results.get("original", {}).get("indexing", {})
    soxr, vggish = original.get(f"{kind}, {ORIGINAL}"), speed_of(results, "vggish", kind)
    yield soxr
    yield original.get(f"{kind}, kaiser_best")
    yield vggish / soxr if vggish and soxr else None


def _alone(results: dict[str, Any]) -> str:
    rows = []
    for name in ENCODERS:
        run = results.get(f"alone, {name}", {})
        if "audio_s" in run:
            speed = run["audio_s"] / run["elapsed_s"]
            rows.append((name, run["audio_s"] / 60, run["elapsed_s"], speed))
    return table(["`index` starts and ends one", "minutes", "s", "× real time"], rows)


def _starting(results: dict[str, Any]) -> str:
    help_s = results.get("start", {}).get("help_s")
    rows: list[Row] = [("`python app.py --help`", help_s)] if help_s else []
    rows += [(f"`serve`, {row['windows']:,} windows", row["ready_s"]) for row in _sizes(results)]
    return table(["", "s"], rows)


def _processors(results: dict[str, Any]) -> str:
    """Tell each role's share, and the bytes that went between the processes."""
    columns = [
        (name, kind, run)
        for name in ENCODERS
        for kind, run in _runs(results, name).items()
        if kind in (CLIPS, SONGS)
    ]
    roles = dict.fromkeys(role for _, _, run in columns for role in run["cpu_s"])
    rows: list[Row] = []
    for role in roles:
        spent = [_an_hour(run["cpu_s"].get(role, 0.0), run) for _, _, run in columns]
        if max(spent) >= 0.5:
            rows.append((role, *spent))
    if columns:
        spent_s = [(sum(run["cpu_s"].values()), run) for _, _, run in columns]
        rows += [
            ("together", *(_an_hour(each, run) for each, run in spent_s)),
            ("cores kept busy", *(each / run["elapsed_s"] for each, run in spent_s)),
            ("MB over the loopback", *(_an_hour(run["bytes"] / 1e6, run) for _, run in spent_s)),
        ]
    return table(["", *(f"{name}, {kind}" for name, kind, _ in columns)], rows)


def _memory(results: dict[str, Any]) -> str:
    peaks = {name: results.get(f"indexing, {name}", {}).get("peak_bytes", {}) for name in ENCODERS}
    roles = dict.fromkeys(role for peak in peaks.values() for role in peak)
    measured = [name for name in ENCODERS if peaks[name]]
    rows = [(role, *(peaks[name].get(role, 0) / 1e6 for name in measured)) for role in roles]
    return table(["while all of it was indexed", *measured], rows)


def _limits(machine: dict[str, Any], results: dict[str, Any]) -> str:
    peaks = {key: value for key, value in results.get("peaks", {}).items() if key != "failed"}
    names = {"memory_gb_s": "memory copied, GB/s"}
    names |= {f"{each}_gflops": f"matrix products in {each}, GFLOP/s" for each in ("f32", "bf16")}
    rows: list[Row] = [(names[key], value) for key, value in peaks.items()]
    for name in ENCODERS:
        stages = _stages(results, name)
        rows += [
            (f"{name}: {stage} alone, × real time", stages[stage])
            for stage in ("decode", "encode", "engine")
            if stage in stages
        ]
        precision = "bf16" if machine["bf16"] else "f32"
        if stages and (peak := peaks.get(f"{precision}_gflops")):
            reached = stages["engine"] * stages["gflop_s"]
            rows.append((f"{name}: engine, GFLOP/s", reached))
            rows.append((f"— of the peak in {precision}", f"{100 * reached / peak:.0f} %"))
    return table(["", "measured"], rows)


def _searching(results: dict[str, Any]) -> str:
    sizes = _sizes(results)
    original = results.get("original", {}).get("query_ms", {})
    rows: list[Row] = [
        ("all processes, idle, GB", *(sum(row["idle_bytes"].values()) / 1e9 for row in sizes)),
        ("— after the searches", *(sum(row["used_bytes"].values()) / 1e9 for row in sizes)),
        *(
            (f"the first search: {stage}, ms", *(row["first_ms"][stage] for row in sizes))
            for stage in ("encode", "search", "all")
        ),
        *(
            (f"{stage}, ms: p50 (p95)", *(_pair(row["stages_ms"][stage]) for row in sizes))
            for stage in (sizes[0]["stages_ms"] if sizes else ())
        ),
        ("the original, ms: p50", *(original.get(str(row["windows"])) for row in sizes)),
    ]
    return table(["windows", *(f"{row['windows']:,}" for row in sizes)], rows if sizes else [])


def _growth(results: dict[str, Any]) -> str:
    runs = results.get("growth", {}).get("runs", {})
    indexing = table(
        ["yamnet, audio", "minutes", "s", "s an hour"],
        [
            (kind, run["audio_s"] / 60, run["elapsed_s"], _an_hour(run["elapsed_s"], run))
            for kind, run in runs.items()
        ],
    )
    library = table(
        ["vggish, windows", "indexing, s an hour", "indexer, MB", "matrix, MB", "p50, ms"],
        [
            (
                f"{row['windows']:,}",
                _an_hour(row["indexing"]["elapsed_s"], row["indexing"]),
                row["used_bytes"]["indexer"] / 1e6,
                row["matrix_bytes"] / 1e6,
                row["stages_ms"]["all"]["p50"],
            )
            for row in _sizes(results)
        ],
    )
    picture = "![Indexing, memory and searches by size](speed.png)"
    return "\n\n".join(filter(None, (indexing, library, picture if indexing and library else "")))


def _runs(results: dict[str, Any], encoder: str) -> dict[str, Any]:
    runs: dict[str, Any] = results.get(f"indexing, {encoder}", {}).get("runs", {})
    return runs


def _stages(results: dict[str, Any], encoder: str) -> dict[str, float]:
    stages = results.get(f"stages, {encoder}", {})
    return {} if "failed" in stages else stages


def _sizes(results: dict[str, Any]) -> list[dict[str, Any]]:
    sizes: list[dict[str, Any]] = results.get("serving", {}).get("sizes", [])
    return sizes


def _an_hour(amount: float, run: dict[str, Any]) -> float:
    return HOUR_S * amount / float(run["audio_s"])


def _pair(both: dict[str, float]) -> str:
    return f"{both['p50']:.1f} ({both['p95']:.1f})"
