"""The report: whole, harmless whatever the names are, with links that lead to the sounds."""

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import numpy as np
import pytest

from audiosearch.errors import InvalidLabelsError, SilentAudioError
from audiosearch.evaluation.evaluation import Evaluation, evaluate
from audiosearch.evaluation.labels import LabelTable, Row, Skipped
from audiosearch.evaluation.linking import LabelledMoment, LabelledRecording
from audiosearch.evaluation.metrics import measure, precision_curve
from audiosearch.evaluation.plots import draw_curves
from audiosearch.evaluation.recordings import Answer
from audiosearch.evaluation.report import MAX_LABELS, OTHERS, confusion, render
from audiosearch.store.base import Store
from audiosearch.types import Vectors
from tests.unit.evaluation.libraries import add, random_vectors, row

EVIL = "<script>alert('&amp;')</script>"
ODD = '50 % "quoted" & #1?.ogg'


class Page(HTMLParser):
    """What a browser makes of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for key, value in attributes if key in ("src", "href")]

    def handle_data(self, data: str) -> None:
        self.text += data


def embed(moment: LabelledMoment) -> Vectors:
    if moment.label == "silence":
        raise SilentAudioError("it is only silence")
    return random_vectors(1, 8, seed=moment.line)


def filled(store: Store, tmp_path: Path) -> Evaluation:
    """Evaluate recordings and moments with odd names and labels."""
    names = [ODD, f"{EVIL.replace('/', '')}.ogg", "ä.ogg", "d.ogg", "e.ogg", "f.ogg"]
    rows = []
    for number, name in enumerate(names):
        add(store, f"id {number}", random_vectors(3, 8, seed=number), f"sub/{name}")
        label = EVIL if number % 2 else "_$dog$"
        rows.append(row(number + 2, f"sub/{name}", label))
    add(store, "long", random_vectors(30, 8, seed=50), "long.ogg")
    for place in range(4):
        label = "silence" if place == 3 else EVIL
        rows.append(row(20 + place, "long.ogg", label, "", 10.0 * place, 10.0 * place + 6))
    table = LabelTable(rows, [Skipped(30, EVIL, "there is no such file")])
    return evaluate(table, store, embed)


def test_names_do_no_harm(store: Store, tmp_path: Path) -> None:
    page = Page(render(filled(store, tmp_path), Path(EVIL), Path("/sounds/reports")))
    assert "script" not in page.tags
    assert page.text.count(EVIL) > 5
    assert "_$dog$" in page.text


def test_links_lead_to_the_sounds_and_nowhere_else(store: Store, tmp_path: Path) -> None:
    page = Page(render(filled(store, tmp_path), Path("labels.csv"), Path("/sounds/reports")))
    files = {unquote(link.partition("#")[0]) for link in page.links}
    assert f"../sub/{ODD}" in files
    assert "../long.ogg" in files
    assert all(link.startswith("../") for link in page.links)
    assert any(link.startswith("../long.ogg#t=10.00,16.00") for link in page.links)


def test_nothing_is_loaded_but_sounds(store: Store, tmp_path: Path) -> None:
    html = render(filled(store, tmp_path), Path("labels.csv"), Path("/sounds"))
    page = Page(html)
    assert not {"link", "img", "iframe", "object", "script"} & set(page.tags)
    assert page.tags.count("svg") == 3
    assert "url(http" not in html and "@import" not in html
    for heading in ("Confusion", "Distances", "Precision by recall", "The worst", "Skipped"):
        assert heading in page.text


def test_what_cannot_be_encoded_is_told(store: Store, tmp_path: Path) -> None:
    evaluation = filled(store, tmp_path)
    assert [str(each) for each in evaluation.skipped] == [
        "line 23, long.ogg: it is not searched for: it is only silence",
        f"line 30, {EVIL}: there is no such file",
    ]
    assert evaluation.n_moments == 4
    assert evaluation.moments and len(evaluation.moments.queries) == 3
    document = evaluation.as_json()
    assert document["moment_threshold"] == evaluation.best_threshold
    assert document["skipped"][0]["line"] == 23
    assert document["scores"][0]["scores"]["r_precision"]["measured"]["value"] <= 1


def test_a_library_without_anything_labelled(store: Store) -> None:
    table = LabelTable([Row(2, "x", Path("/x"), "dog")], [])
    with pytest.raises(InvalidLabelsError, match="line 2, x: it is not indexed"):
        evaluate(table, store, embed)


def test_single_labels_need_no_report_of_answers(store: Store) -> None:
    add(store, "a", random_vectors(1, 8, seed=1))
    evaluation = evaluate(LabelTable([row(2, "a", "dog")], []), store, embed)
    assert "How good" in render(evaluation, Path("labels.csv"), Path("/sounds"))
    moment = row(3, "a", "dog", "", 1.0, 2.0)
    evaluation = evaluate(LabelTable([moment], []), store, embed)
    assert evaluation.best_threshold is None
    assert "How good" in render(evaluation, Path("labels.csv"), Path("/sounds"))


def answer(wanted: str, found: str) -> Answer:
    def labelled(label: str) -> LabelledRecording:
        return LabelledRecording("id", 1, "name", Path("/x"), label, "group")

    relevant = np.array([wanted == found, True])
    measured = measure(relevant), precision_curve(relevant)
    return Answer(labelled(wanted), [(0.1, labelled(found))], 1, 2, *measured)


def test_confusion_counts_the_nearest() -> None:
    counted = confusion([answer("a", "b"), answer("a", "a"), answer("b", "b"), answer("a", "b")])
    assert counted.labels == ["a", "b"]
    assert counted.counts.tolist() == [[1, 2], [0, 1]]


def test_rare_labels_are_put_together() -> None:
    answers = [answer(f"label {n:03}", f"label {n:03}") for n in range(MAX_LABELS)] * 2
    counted = confusion([*answers, answer("rare", "label 000"), answer("label 000", "rarer")])
    assert len(counted.labels) == MAX_LABELS + 1
    assert counted.labels[-1] == OTHERS
    assert counted.counts[-1, 0] == counted.counts[0, -1] == 1
    assert counted.counts.sum() == len(answers) + 2


def test_diagrams_take_the_colours_of_the_page() -> None:
    svg = draw_curves(np.linspace(1, 0, 101), {"a": np.ones(101), "b": np.zeros(101)})
    ElementTree.fromstring(svg)
    assert "stroke: currentColor" in svg
    assert "var(--colour-0)" in svg and "var(--colour-1)" in svg
    assert "#010203" not in svg and "#fe00" not in svg
