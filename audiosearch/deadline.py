"""When a request must be answered: work behind it stops soon after."""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from audiosearch.errors import DeadlineError

PARAMETER = "deadline"
"""Its name among the parameters that travel with a request."""


@dataclass(frozen=True)
class Deadline:
    """A moment that processes of one machine agree on.

    Parameters
    ----------
    at : float
        Seconds since the epoch; by default never.
    """

    at: float = math.inf

    @classmethod
    def after(cls, seconds: float) -> Self:
        """Give the deadline so many seconds from now."""
        return cls(time.time() + seconds)

    @classmethod
    def of(cls, parameters: Mapping[str, Any]) -> Self:
        """Read the deadline of a request; without one there is none."""
        return cls(float(parameters.get(PARAMETER, math.inf)))

    @property
    def left_s(self) -> float:
        """Tell how many seconds are left; negative if it has passed."""
        return self.at - time.time()

    def check(self) -> None:
        """Raise DeadlineError if it has passed."""
        if self.left_s < 0:
            raise DeadlineError(
                "the request took longer than the service allows (timeout_s); ask for "
                "a shorter stretch, for fewer queries at once, or again when it is less busy"
            )
