"""The 8 AudioSet clips: airplanes and church bells, told apart."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.service import Service, run_app, serving


@pytest.fixture(scope="module")
def clips(shared_data: Callable[[str], Path]) -> list[Path]:
    return sorted(shared_data("audioset-toy").glob("*.mp3"))


@pytest.fixture(scope="module")
def service(clips: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    workspace = tmp_path_factory.mktemp("audioset") / "workspace"
    with serving(workspace, "--encoder", "yamnet") as service:
        indexed = run_app("index", clips[0].parent, "--workspace", workspace)
        assert indexed.returncode == 0, indexed.stderr
        yield service


def class_of(name: str) -> str:
    return Path(name).stem.rpartition("_")[2]


def test_three_nearest_others_are_of_the_class(service: Service, clips: list[Path]) -> None:
    assert [class_of(clip.name) for clip in clips].count("airplane") == len(clips) / 2 == 4
    for clip in clips:
        matches = service.search({"uri": f"audioset-toy/{clip.name}"}, exclude_self=True)
        assert len(matches) == 7
        same = [match for match in matches if class_of(match["uri"]) == class_of(clip.name)]
        assert same == matches[:3]
        gap = matches[3]["scores"]["cosine"]["value"] - same[2]["scores"]["cosine"]["value"]
        print(f"{clip.name}: the other class begins {gap:.3f} beyond the own")
