import pytest

from audiosearch.config import read_flow_yml
from audiosearch.errors import InvalidQueryError
from executors.service.settings import Settings


def test_defaults_are_those_of_flow_yml() -> None:
    assert Settings() == Settings(**read_flow_yml()["gateway"]["uses_with"])


@pytest.mark.parametrize(
    ("name", "value"),
    [("max_body_mb", 0), ("max_queries", 33), ("max_results", 1001), ("max_waiting", -1)],
)
def test_limits_that_cannot_be(name: str, value: float) -> None:
    with pytest.raises(InvalidQueryError, match=name):
        Settings(**{name: value})
