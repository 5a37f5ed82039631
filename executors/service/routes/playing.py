"""What recordings look and sound like."""

import asyncio
from collections.abc import AsyncIterator
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import FileResponse, StreamingResponse

from audiosearch.fragments import MAX_S
from audiosearch.playback.clips import ClipFormat, clip
from audiosearch.playback.media import media_of
from audiosearch.playback.virtual_wav import VirtualWav, read_range, virtual_wav
from executors.service import answers
from executors.service.context import Service
from executors.service.problems import problems
from executors.service.ranges import byte_range
from executors.service.waiting_room import WaitingRoom

Start = Annotated[float, Query(ge=0, le=MAX_S, description="Where the stretch begins, in seconds.")]
End = Annotated[float, Query(gt=0, le=MAX_S, description="Where it ends, in seconds.")]
Points = Annotated[int, Query(ge=1, le=10_000, description="How many, at most.")]
Range = Annotated[str | None, Header(description="The bytes wanted, as bytes=0-99.")]

_TIMEOUT_S = 30.0  # to decode what is listened to
_WAITING = 32
_AT_ONCE = 2  # as many as the sandbox's workers: those that wait must not fill the shared threads
_BYTES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"audio/*": {}, "video/*": {}}, "description": "The sound"},
}
_PART: dict[int | str, dict[str, Any]] = {
    206: {"content": {"audio/*": {}, "video/*": {}}, "description": "A range of its bytes"},
}
_PRIVATE = {"Cache-Control": "private, no-cache"}
_UNPLAYABLE = ("undecodable", "no_audio", "unreadable", "busy", "timeout")


def playing(service: Service) -> APIRouter:
    """Make the routes of looking and listening."""
    router = APIRouter(
        prefix="/recordings/{recording_id}", tags=["library"], responses=problems("not_found")
    )

    turns = WaitingRoom("clips", _AT_ONCE, _WAITING, _TIMEOUT_S)

    async def decoded(function: Any, path: Path, *args: Any) -> Any:
        async with turns.turn() as deadline:
            return await asyncio.to_thread(
                service.sandbox.run,
                function,
                path,
                *args,
                timeout_s=_TIMEOUT_S,
                deadline=deadline,
            )

    @router.get("/peaks")
    async def peaks(
        recording_id: str, points: Points = 1000, start: Start = 0.0, end: End | None = None
    ) -> answers.Peaks:
        """Give what to draw as a waveform: at most 20 points a second are known."""
        told = await service.pipeline.ask(
            "peaks", recording_id=recording_id, points=points, start_s=start, end_s=end
        )
        return answers.Peaks(**told)

    @router.get(
        "/clip",
        response_class=Response,
        responses=_BYTES | problems("not_found", "too_long", *_UNPLAYABLE),
    )
    async def cut(
        recording_id: str, start: Start, end: End, format: ClipFormat = "wav"
    ) -> Response:
        """Give a stretch for listening, at the recording's own rate and channels."""
        file = await service.pipeline.file(recording_id)
        content = await decoded(clip, Path(file.path or ""), start, end, format, file.seek_table)
        return Response(content, headers=_PRIVATE, media_type=f"audio/{format}")

    @router.head("/audio", include_in_schema=False)
    @router.get(
        "/audio",
        response_class=Response,
        responses=_BYTES | _PART | problems("not_found", "unsatisfiable", *_UNPLAYABLE),
    )
    async def audio(
        request: Request,
        recording_id: str,
        format: Annotated[
            Literal["original", "wav"],
            Query(description="wav: as browsers play it, made of the original."),
        ] = "original",
        range: Range = None,
    ) -> Response:
        """Give the file, or a range of it; a header tells whether browsers play it."""
        file = await service.pipeline.file(recording_id)
        path = Path(file.path or "")
        if format == "wav":
            known = await service.pipeline.ask("recording", recording_id=recording_id)
            wav: VirtualWav = await decoded(virtual_wav, path, known["duration_s"], file.seek_table)
            response = _wav_response(wav, byte_range(range, wav.size), decoded)
            return _without_body(response) if request.method == "HEAD" else response
        if byte_range(range, path.stat().st_size) is None:
            _ignore_range(request)
        media = await decoded(media_of, path)
        return FileResponse(
            path,
            media_type=media.type,
            filename=path.name,
            content_disposition_type="inline",
            headers=_PRIVATE
            | {"X-Plays-In-Browsers": "true" if media.plays_in_browsers else "false"},
        )

    return router


def _wav_response(wav: VirtualWav, wanted: tuple[int, int] | None, decoded: Any) -> Response:
    """Answer a range of a virtual WAV file, decoded as it is sent."""
    first, last = wanted or (0, wav.size - 1)

    async def content() -> AsyncIterator[bytes]:
        for part in wav.ranges(first, last):
            yield await decoded(read_range, wav.source, wav.duration_s, *part, wav.seek_table)

    headers = _PRIVATE | {"Accept-Ranges": "bytes", "Content-Length": str(last - first + 1)}
    if wanted:
        headers["Content-Range"] = f"bytes {first}-{last}/{wav.size}"
    status = HTTPStatus.PARTIAL_CONTENT if wanted else HTTPStatus.OK
    return StreamingResponse(content(), status, headers, media_type="audio/wav")


def _ignore_range(request: Request) -> None:
    """Have the whole file answered: what is no range of bytes means all of them."""
    headers = request.scope["headers"]
    request.scope["headers"] = [each for each in headers if each[0] != b"range"]


def _without_body(response: Response) -> Response:
    return Response(status_code=response.status_code, headers=dict(response.headers))
