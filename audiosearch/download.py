"""Downloads the models' weights."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import httpx

from audiosearch.background import in_daemon
from audiosearch.errors import DownloadError, is_disk_full
from audiosearch.publish import folder_lock, publish
from audiosearch.weights import ModelFile, model_files, sha256_of

OnProgress = Callable[[ModelFile, int, int | None], None]
"""Called with the file, the bytes that are there, and how many it will have, if the server says."""

READ_TIMEOUT_S = 30.0  # without a single byte


class _RefusedError(Exception):
    """What is there, or what came, is not the file that was asked for."""


# ValueError and ImportError are httpx's answers to proxy variables that it cannot use.
_FAILURES = (httpx.HTTPError, OSError, ValueError, ImportError, _RefusedError)


def download_model(
    model: str,
    folder: Path,
    on_progress: OnProgress | None = None,
    timeout_s: float = 10.0,
    base_url: str | None = None,
) -> None:
    """Download those files of a model that are not there yet.

    Proxy variables (``HTTPS_PROXY`` and so on) are honoured.

    Parameters
    ----------
    model : str
        Such as ``vggish``.
    folder : Path
        The models folder; made if it is absent.
    on_progress : callable, optional
        Told how far each file is.
    timeout_s : float
        How long a server may take to answer at all.
    base_url : str, optional
        Another place to get files of the same names from.

    Raises
    ------
    DownloadError
        If a file cannot be had. What arrived of it is kept and resumed the next time, unless the
        disk is full or the file is not the published one.
    """
    urls = {file: _url(file, base_url) for file in model_files(model)}
    try:
        for file, url in urls.items():
            download_file(file, url, folder, on_progress, timeout_s)
    except DownloadError as error:
        by_hand = " and ".join(f"{url} (sha256 {file.sha256})" for file, url in urls.items())
        raise DownloadError(
            f"{error}. Run the command again to go on, or put into {folder} by hand: {by_hand}. "
            "Meanwhile YAMNet works, which needs no download"
        ) from error


def download_file(
    file: ModelFile,
    url: str,
    folder: Path,
    on_progress: OnProgress | None = None,
    timeout_s: float = 10.0,
) -> None:
    """Download one file unless it is there; see ``download_model``."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with folder_lock(folder):
            _download_locked(file, url, folder / file.name, on_progress, timeout_s)
    except _FAILURES as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise DownloadError(f"could not get {file.name} from {url}: {reason}") from error


def _url(file: ModelFile, base_url: str | None) -> str:
    url = f"{base_url}/{file.name}" if base_url else file.url
    if url is None:
        raise DownloadError(
            f"{file.name} comes with the project and is not downloaded; if it is missing, "
            f"{file.remedy}"
        )
    return url


def _download_locked(
    file: ModelFile, url: str, path: Path, on_progress: OnProgress | None, timeout_s: float
) -> None:
    if path.exists():
        if sha256_of(path) != file.sha256:
            raise _RefusedError(f"{path} is there already, with another checksum: move it away")
        return
    part = path.with_name(f"{path.name}.part")
    try:
        _fetch(file, url, part, on_progress, timeout_s)
        received = sha256_of(part)
        if received != file.sha256:
            part.unlink()
            raise _RefusedError(f"received a file with sha256 {received}, expected {file.sha256}")
        publish(part, path)
    except OSError as error:
        if is_disk_full(error):
            part.unlink(missing_ok=True)
        raise


def _fetch(
    file: ModelFile, url: str, part: Path, on_progress: OnProgress | None, timeout_s: float
) -> None:
    """Bring ``part`` to its full length, going on where it ends if the server can."""
    done = part.stat().st_size if part.exists() else 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={done}-"} if done else {})
    with httpx.Client(timeout=READ_TIMEOUT_S, follow_redirects=True) as client:
        request = client.build_request("GET", url, headers=headers)
        with closing(_answer(client, request, timeout_s)) as response:
            if done and response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
                return  # nothing is missing; the checksum tells whether it is right
            response.raise_for_status()
            if response.status_code != httpx.codes.PARTIAL_CONTENT:
                done = 0  # the server sends the file from its start
            length = response.headers.get("Content-Length")
            total = done + int(length) if length else None
            with part.open("ab" if done else "wb") as out:
                for chunk in response.iter_raw():
                    out.write(chunk)
                    done += len(chunk)
                    if on_progress:
                        on_progress(file, done, total)


def _answer(client: httpx.Client, request: httpx.Request, timeout_s: float) -> httpx.Response:
    """Send a request and wait for the head of its answer, ``timeout_s`` at most.

    A timeout of httpx counts for each address of a host anew, and not for the name's look-up.
    """
    try:
        return in_daemon(client.send, request, stream=True).result(timeout_s)
    except TimeoutError:
        raise httpx.ConnectTimeout(f"no answer within {timeout_s:g} s") from None
