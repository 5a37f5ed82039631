"""Makes the map of a library: ``python -m audiosearch.map_maker WORKSPACE PARENT``.

A process of its own, which stands back for searches, and ends with the thread that started it.
"""

import hashlib
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from audiosearch.lifetime import die_with_parent
from audiosearch.map import project, project_roughly
from audiosearch.map_file import SoundMap, read_map, write_map
from audiosearch.store import open_store
from audiosearch.store.rows import Recording
from audiosearch.tag_columns import tag_columns
from audiosearch.types import Vectors

NICENESS = 10
ROUGH = "rough"  # is no library's fingerprint: such a map is always stale


def make_map(workspace: Path) -> None:
    """Make the map of a library, and keep it; where there is none yet, first a rough one.

    Parameters
    ----------
    workspace : Path
        Where the library is; another process may write to it.
    """
    store = open_store(workspace, read_only=True)
    try:
        fingerprint, means = store.fingerprint(), store.mean_vectors()
        known = {each.id: each for each in store.recordings()}
    finally:
        store.close()
    unmarked = _without_points([known[each] for each in means.recording_ids if each in known])
    vectors = means.vectors[[each in known for each in means.recording_ids]]
    digest, before = _digest(vectors, unmarked), read_map(workspace)
    if before is None:
        write_map(workspace, replace(unmarked, points=project_roughly(vectors)))
    is_same = before is not None and before.vectors == digest  # tags or names alone have changed
    points = before.points if before and is_same else project(vectors)
    made = replace(unmarked, points=points, fingerprint=fingerprint, vectors=digest)
    write_map(workspace, made)


def _without_points(recordings: Sequence[Recording]) -> SoundMap:
    """Collect what is told of recordings beside their places."""
    columns = tag_columns([each.tags for each in recordings])
    codes = [each.codes for each in columns]
    return SoundMap(
        fingerprint=ROUGH,
        vectors=ROUGH,
        recording_ids=np.array([each.id for each in recordings], np.str_),
        uris=np.array([each.uris[0] for each in recordings], np.str_),
        points=np.zeros((len(recordings), 2), np.float32),
        tag_keys=np.array([each.key for each in columns], np.str_),
        tag_values=np.array([json.dumps(each.values) for each in columns], np.str_),
        tag_codes=np.array(codes, np.uint8).reshape(len(columns), len(recordings)),
    )


def _digest(vectors: Vectors, of: SoundMap) -> str:
    digest = hashlib.sha256(vectors.tobytes())
    digest.update("\n".join(of.recording_ids).encode())
    return digest.hexdigest()[:32]


if __name__ == "__main__":
    os.nice(NICENESS)
    die_with_parent(int(sys.argv[2]))
    make_map(Path(sys.argv[1]))
