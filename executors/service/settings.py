"""What flow.yml says about the HTTP service."""

from dataclasses import dataclass, field

from audiosearch.errors import InvalidQueryError

MAX_QUERIES = 32
MAX_RESULTS = 1000
"""What the OpenAPI document promises at most; flow.yml may allow less."""


@dataclass(frozen=True)
class Settings:
    """The gateway's ``uses_with``.

    Parameters
    ----------
    cors_origins : list of str
        Origins whose pages may call the service, such as ``https://example.org``.
    allowed_hosts : list of str
        Names under which the service is reached, beside this machine's own.
    allow_urls : bool
        Whether queries may name http(s) addresses, which are then fetched.
    max_body_mb : float
        The largest body that is read, in MB.
    max_queries : int
        Queries a request, up to ``MAX_QUERIES``.
    max_results : int
        Recordings answered a query, up to ``MAX_RESULTS``.
    max_searches : int
        Searches worked on at once.
    max_waiting : int
        Searches that may wait for that; one more is told to come back.
    timeout_s : float
        Time that a search may take, in seconds.

    Raises
    ------
    InvalidQueryError
        If a limit is not positive, or larger than it may be.
    """

    cors_origins: list[str] = field(default_factory=list)
    allowed_hosts: list[str] = field(default_factory=list)
    allow_urls: bool = False
    max_body_mb: float = 100
    max_queries: int = MAX_QUERIES
    max_results: int = MAX_RESULTS
    max_searches: int = 4
    max_waiting: int = 32
    timeout_s: float = 30

    def __post_init__(self) -> None:
        for name in ("max_body_mb", "max_queries", "max_results", "max_searches", "timeout_s"):
            if not getattr(self, name) > 0:
                raise InvalidQueryError(
                    f"received {name}: {getattr(self, name)!r}, expected a positive number"
                )
        for name, most in (("max_queries", MAX_QUERIES), ("max_results", MAX_RESULTS)):
            if getattr(self, name) > most:
                raise InvalidQueryError(
                    f"received {name}: {getattr(self, name)}, expected at most {most}"
                )
        if self.max_waiting < 0:
            raise InvalidQueryError(f"received max_waiting: {self.max_waiting}, expected 0 or more")
