from pathlib import Path

from executors.flow import flow_config, load_flow


def test_long_paths_with_spaces_reach_the_microservices(tmp_path: Path) -> None:
    workspace = tmp_path / f"{'long ' * 30}folder with spaces"
    flow = load_flow(flow_config(workspace, port=45_999, encoder="yamnet"))
    boxes = [flow._deployment_nodes[name] for name in ("segmenter", "encoder", "indexer", "ranker")]
    assert {box.args.workspace for box in boxes} == {str(workspace.resolve())}
