"""What the fields of bodies may hold: what JSON, protobuf and SQLite all spell alike."""

from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field

from audiosearch.errors import InvalidQueryError
from audiosearch.fragments import MAX_S
from audiosearch.heard.names import understand


def _encodable(text: str) -> str:
    """Refuse lone surrogates, which JSON can spell and UTF-8 cannot."""
    text.encode()
    return text


def _as_list(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


def _known_kind(name: str) -> str:
    """Refuse what names no kind of sounds."""
    try:
        understand(name)
    except InvalidQueryError as error:
        raise ValueError(str(error)) from error
    return name


def _number(value: Any) -> Any:
    """Refuse what Pydantic would make a number of: truth values and texts."""
    if isinstance(value, bool | str):
        raise ValueError("expected a number")
    return value


def check_size(values: Any) -> Any:
    """Refuse an object of so many fields that telling of each would take minutes."""
    if isinstance(values, dict) and len(values) > MAX_FIELDS:
        raise ValueError(f"expected at most {MAX_FIELDS} fields")
    return values


MAX_FIELDS = 100
Value = TypeVar("Value")
Text = Annotated[str, AfterValidator(_encodable)]
Number = Annotated[float, Field(gt=-(2**53), lt=2**53, allow_inf_nan=False)]
Integer = Annotated[int, Field(gt=-(2**53), lt=2**53)]
Scalar = Text | bool | Integer | Number
Many = Annotated[list[Value], Field(min_length=1, max_length=1000)]
OneOrMany = Annotated[Many[Value] | Value, AfterValidator(_as_list)]
KindName = Annotated[Text, Field(min_length=1, max_length=100), AfterValidator(_known_kind)]
KindNames = Annotated[
    Annotated[list[KindName], Field(min_length=1, max_length=20)] | KindName,
    AfterValidator(_as_list),
]
SecondsText = Annotated[float, Field(ge=0, le=MAX_S, allow_inf_nan=False)]
Seconds = Annotated[SecondsText, BeforeValidator(_number)]
Distance = Annotated[float, Field(ge=0, le=2, allow_inf_nan=False), BeforeValidator(_number)]
Count = Annotated[int, BeforeValidator(_number)]


def check_stretch(start_s: float | None, end_s: float | None) -> None:
    """Raise ValueError if a stretch, in seconds, does not end after its start."""
    if end_s is not None and end_s <= (start_s or 0):
        raise ValueError(
            f"received start_s {start_s or 0:g} and end_s {end_s:g}, "
            "expected a stretch that ends after its start"
        )
