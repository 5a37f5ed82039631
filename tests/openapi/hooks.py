"""Has schemathesis name what is there, so that it is not refused for that alone."""

import json
import os
from typing import Any

import schemathesis
from schemathesis import HookContext

KNOWN = json.loads(os.environ["AUDIOSEARCH_KNOWN"])


@schemathesis.hook
def map_path_parameters(context: HookContext, values: Any) -> Any:
    """Name a recording of the library: never the one to be removed."""
    if values and "recording_id" in values and context.operation.method != "delete":
        return {**values, "recording_id": KNOWN["recording_id"]}
    return values


@schemathesis.hook
def map_body(context: HookContext, body: Any) -> Any:
    """Name a file of the library where any text is named."""
    sounds = body.get("data") if isinstance(body, dict) else None
    for sound in sounds if isinstance(sounds, list) else ():
        uri = sound.get("uri") if isinstance(sound, dict) else None
        if isinstance(uri, str) and uri and context.operation.path != "/remove":
            sound["uri"] = KNOWN["uri"]
    return body
