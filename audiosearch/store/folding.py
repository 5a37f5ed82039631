"""Makes texts comparable without regard to case."""

import json
import unicodedata

from audiosearch.types import Tags


def fold(text: str) -> str:
    """Give what texts have in common that differ in case alone, or in how accents are spelled.

    Examples
    --------
    >>> fold("STRASSE") == fold("Straße")
    True
    """
    return unicodedata.normalize("NFC", text.casefold())


def fold_values(tags: Tags) -> str:
    """Fold the values of tags, one a line; what is no text is spelled as JSON."""
    values = (each if isinstance(each, str) else json.dumps(each) for each in tags.values())
    return fold("\n".join(values))
