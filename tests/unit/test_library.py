import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from audiosearch.errors import (
    AudioSearchError,
    ForbiddenPathError,
    NotFoundError,
    UnreadableFileError,
)
from audiosearch.library import Library
from audiosearch.store.base import Store
from audiosearch.store.rows import File
from audiosearch.store.sqlite import SQLiteStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = SQLiteStore(tmp_path / "workspace")
    yield opened
    opened.close()


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """Make a folder with a.ogg, deep/b.ogg; beside it lie secret.ogg and secrets/c.ogg."""
    for name in ("music/a.ogg", "music/deep/b.ogg", "secret.ogg", "secrets/c.ogg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    return tmp_path / "music"


@pytest.fixture
def library(store: Store, music: Path) -> Library:
    made = Library(store)
    made.register(music)
    return made


def refusal(library: Library, uri: str) -> tuple[type[AudioSearchError], str]:
    with pytest.raises(AudioSearchError) as raised:
        library.resolve(uri)
    return type(raised.value), str(raised.value)


def test_uris_resolve_to_files_with_their_state(library: Library, music: Path) -> None:
    path = music / "deep" / "b.ogg"
    state = path.stat()
    expected = File("music/deep/b.ogg", str(path), state.st_size, state.st_mtime_ns)
    assert library.resolve("music/deep/b.ogg") == expected
    assert library.resolve(str(path)) == expected
    assert library.resolve("music/deep/./b.ogg") == expected
    assert library.resolve("music/deep/../deep/b.ogg") == expected


def test_names_of_folders_are_made_unique(store: Store, tmp_path: Path) -> None:
    library = Library(store)
    parents = [tmp_path / name for name in "abc"]
    names = [library.register(parent / "music") for parent in parents]
    assert names == ["music", "music-2", "music-3"]
    assert library.register(tmp_path / "files") == "files-2"
    assert library.register(tmp_path / "data") == "data-2"
    assert store.folders()["music-2"] == str(tmp_path / "b" / "music")


def test_a_folder_within_a_library_folder_adds_none(
    library: Library, store: Store, music: Path
) -> None:
    assert library.register(music / "deep") == "music"
    assert library.register(music) == "music"
    assert library.register(music / "deep" / "..") == "music"
    assert library.register(music.parent / "musical") == "musical"
    assert list(store.folders()) == ["music", "musical"]


def test_the_innermost_folder_names_a_file(library: Library, music: Path) -> None:
    assert library.register(music.parent) == music.parent.name
    assert library.resolve(str(music / "a.ogg")).uri == "music/a.ogg"
    assert (
        library.resolve(str(music.parent / "secret.ogg")).uri == f"{music.parent.name}/secret.ogg"
    )


def test_a_relative_folder_is_kept_absolute(
    store: Store, music: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(music)
    assert Library(store).register(Path()) == "music"
    assert store.folders() == {"music": str(music)}


def test_single_files_get_names_of_their_own(library: Library, store: Store, music: Path) -> None:
    first, second, third = (music.parent / part / "x.ogg" for part in ("1", "2", "3"))
    for path in (first, second, third):
        path.parent.mkdir()
        path.touch()
    uris = []
    for path in (first, second, third):
        file = library.admit(str(path), trusted=True)
        store.put_file(file)
        uris.append(file.uri)
    assert uris == ["files/x.ogg", "files/x-2.ogg", "files/x-3.ogg"]
    assert library.resolve(str(second), trusted=True).uri == "files/x-2.ogg"
    assert library.resolve("files/x-2.ogg").path == str(second)


def test_single_files_on_their_way_keep_their_names(
    library: Library, store: Store, tmp_path: Path
) -> None:
    """Files of one name are resolved before the first of them is in the store."""
    paths = [tmp_path / folder / "same.ogg" for folder in ("one", "two", "three")]
    for path in paths:
        path.parent.mkdir()
        path.touch()
    expected = ["files/same.ogg", "files/same-2.ogg", "files/same-3.ogg"]
    for _ in range(2):
        assert [library.admit(str(path), trusted=True).uri for path in paths] == expected
        store.put_file(File(expected[1], str(paths[1]), code="silent"))


def test_only_the_owner_reads_anywhere(library: Library, music: Path) -> None:
    secret = music.parent / "secret.ogg"
    assert library.resolve(str(secret), trusted=True).path == str(secret)
    with pytest.raises(ForbiddenPathError, match=r"python app\.py index FOLDER"):
        library.resolve(str(secret))
    with pytest.raises(ForbiddenPathError):
        library.admit(str(secret))


@pytest.mark.parametrize(
    "uri",
    [
        "music/../secret.ogg",
        "music/deep/../../secret.ogg",
        "music//{outside}/secret.ogg",
        "{outside}/secret.ogg",
        "{outside}/music/../secret.ogg",
        "/etc/passwd",
        "music/../../../../../../../../etc/passwd",
        "music/../music-other/x",
        "../secret.ogg",
        "..",
        "/",
        "file://{outside}/secret.ogg",
        "music/link.ogg",
        "music/folder/c.ogg",
        "music/deep/up/secret.ogg",
        "music/chain.ogg",
        "~/secret.ogg",
        "workspace/library.sqlite",
    ],
)
def test_ways_out_are_closed(library: Library, music: Path, uri: str) -> None:
    outside = music.parent
    (outside / "music-other").mkdir()
    (outside / "music-other" / "x").touch()
    (music / "link.ogg").symlink_to(outside / "secret.ogg")
    (music / "chain.ogg").symlink_to("link.ogg")
    (music / "folder").symlink_to("../secrets")
    (music / "deep" / "up").symlink_to("../..")
    assert refusal(library, uri.format(outside=outside))[0] is ForbiddenPathError


@pytest.mark.parametrize(
    "uri", ["music/../{}", "{outside}/{}", "music/folder/{}", "music/link-to-{}", "../{}"]
)
def test_nothing_tells_whether_a_file_outside_exists(
    library: Library, music: Path, uri: str
) -> None:
    (music / "folder").symlink_to(music.parent)
    messages = []
    for name in ("secret.ogg", "absent.ogg"):
        (music / f"link-to-{name}").symlink_to(music.parent / name)
        error, message = refusal(library, uri.format(name, outside=music.parent))
        assert error is ForbiddenPathError
        messages.append(message.replace(name, "NAME"))
    assert messages[0] == messages[1]


@pytest.mark.parametrize(
    "uri",
    [
        "music/%2e%2e/secret.ogg",
        "music/..%2fsecret.ogg",
        "music/%61.ogg",
        "music/a.ogg%00",
        "music/..\\secret.ogg",
        "music/．．/secret.ogg",
        "music/absent.ogg",
        "music/a.ogg/..a",
        "music/" + "a" * 300,
        "music/" + "a/" * 5000,
    ],
)
def test_encoded_and_odd_forms_are_names_like_any(library: Library, uri: str) -> None:
    assert refusal(library, uri)[0] is NotFoundError


def test_a_file_whose_name_looks_encoded(library: Library, music: Path) -> None:
    for name in ("%2e%2e", "100%.ogg", "a b.ogg", "ü#t=1,2.ogg", "-n.ogg", "..."):
        (music / name).touch()
        assert library.resolve(f"music/{name}").path == str(music / name)


@pytest.mark.parametrize("uri", ["music/a.ogg\0.txt", "\0", "music/\0/../../secret.ogg"])
def test_nul_names_no_file(library: Library, uri: str) -> None:
    assert refusal(library, uri) == (NotFoundError, "a uri with a NUL character names no file")


def test_links_within_the_library_are_followed(library: Library, music: Path) -> None:
    (music / "same.ogg").symlink_to("deep/b.ogg")
    file = library.resolve("music/same.ogg")
    assert (file.uri, file.size) == ("music/same.ogg", (music / "deep" / "b.ogg").stat().st_size)


def test_a_library_folder_that_is_a_link(store: Store, music: Path) -> None:
    link = music.parent / "link"
    link.symlink_to(music)
    library = Library(store)
    assert library.register(link) == "link"
    assert library.resolve("link/a.ogg").path == str(link / "a.ogg")
    assert refusal(library, "link/../secret.ogg")[0] is ForbiddenPathError


def test_the_real_path_of_a_library_folder_that_is_a_link(store: Store, music: Path) -> None:
    link = music.parent / "link"
    link.symlink_to(music)
    library = Library(store)
    library.register(link)
    assert library.admit(str(music / "a.ogg")).uri == "link/a.ogg"
    assert refusal(library, str(music / ".." / "secret.ogg"))[0] is ForbiddenPathError


def test_ways_by_outside_into_a_library_folder(library: Library, music: Path) -> None:
    way = music.parent / "secrets" / "way"
    way.symlink_to(music)
    for path in (f"{way}/a.ogg", f"{way}/absent.ogg", f"/proc/self/root{music}/a.ogg"):
        assert refusal(library, path)[0] is ForbiddenPathError
    assert library.resolve(str(way / "a.ogg"), trusted=True).path == f"{way}/a.ogg"


def test_broken_links_and_loops(library: Library, music: Path) -> None:
    (music / "broken.ogg").symlink_to("absent.ogg")
    (music / "loop.ogg").symlink_to("loop.ogg")
    error, message = refusal(library, "music/broken.ogg")
    assert error is NotFoundError
    assert "a broken link" in message
    assert refusal(library, "music/loop.ogg")[0] is UnreadableFileError


def test_what_is_no_regular_file(library: Library, music: Path) -> None:
    os.mkfifo(music / "pipe.ogg")
    for uri in ("music/deep", "music/deep/", "music/pipe.ogg"):
        assert refusal(library, uri)[0] is UnreadableFileError


@pytest.mark.parametrize("uri", ["music", "music/", ""])
def test_a_folder_alone_is_no_file(library: Library, uri: str) -> None:
    assert refusal(library, uri)[0] in (ForbiddenPathError, UnreadableFileError)


def test_known_files_that_are_gone(library: Library, store: Store, music: Path) -> None:
    store.put_file(library.resolve("music/a.ogg"))
    (music / "a.ogg").unlink()
    assert refusal(library, "music/a.ogg") == (NotFoundError, "there is no file music/a.ogg")


def test_sound_that_came_in_a_request_is_no_file(library: Library, store: Store) -> None:
    store.put_file(File("data/audio-1"))
    assert refusal(library, "data/audio-1")[0] is ForbiddenPathError


def test_messages_show_no_server_paths(library: Library, music: Path) -> None:
    (music / "broken.ogg").symlink_to("absent.ogg")
    (music / "out.ogg").symlink_to("../secret.ogg")
    for uri in ("music/broken.ogg", "music/absent.ogg", "music/deep", "music/out.ogg", "../x"):
        assert str(music.parent) not in refusal(library, uri)[1]


def test_paths_below_a_root(store: Store, tmp_path: Path) -> None:
    for name in ("toy-data/deep/x.ogg", "top.ogg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    library = Library(store, [tmp_path])
    assert library.resolve("toy-data/deep/x.ogg").path == str(tmp_path / "toy-data/deep/x.ogg")
    assert store.folders() == {}
    for uri in ("toy-data/deep/x.ogg", str(tmp_path / "toy-data/deep/x.ogg")):
        assert library.admit(uri).uri == "toy-data/deep/x.ogg"
    assert store.folders() == {"toy-data": str(tmp_path / "toy-data")}
    assert library.admit("top.ogg").uri == "files/top.ogg"
    assert list(store.folders()) == ["toy-data"]
    for uri in ("../x.ogg", f"{tmp_path}-other/x.ogg", "toy-data/../../x.ogg"):
        assert refusal(library, uri)[0] is ForbiddenPathError
    assert refusal(library, "toy-data/y.ogg")[0] is NotFoundError


def test_library_folders_come_before_roots(store: Store, tmp_path: Path) -> None:
    mine, below_root = tmp_path / "mine" / "toy-data", tmp_path / "root" / "toy-data"
    for folder in (mine, below_root):
        folder.mkdir(parents=True)
        (folder / "x.ogg").touch()
    (below_root / "y.ogg").touch()
    library = Library(store, [tmp_path / "root"])
    library.register(mine)
    assert library.resolve("toy-data/x.ogg").path == str(mine / "x.ogg")
    assert library.admit("toy-data/y.ogg").uri == "toy-data-2/y.ogg"
    assert library.resolve("toy-data-2/y.ogg").path == str(below_root / "y.ogg")
    assert library.resolve("toy-data/x.ogg").path == str(mine / "x.ogg")


def test_a_refused_path_registers_nothing(store: Store, tmp_path: Path) -> None:
    (tmp_path / "root" / "toy-data").mkdir(parents=True)
    (tmp_path / "secret.ogg").touch()
    (tmp_path / "root" / "toy-data" / "out.ogg").symlink_to(tmp_path / "secret.ogg")
    library = Library(store, [tmp_path / "root"])
    for uri in ("toy-data/out.ogg", "toy-data/absent.ogg", "toy-data"):
        with pytest.raises(AudioSearchError):
            library.admit(uri)
    assert store.folders() == {}


@pytest.mark.parametrize("uri", [".git/config", "music/.cache/a.wav", ".venv", "music/.hidden.wav"])
def test_hidden_files_are_the_owners_alone(store: Store, tmp_path: Path, uri: str) -> None:
    path = tmp_path / uri
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("secret")
    library = Library(store, [tmp_path])
    for asked in (uri, str(path), uri.replace(path.name, ".nothing")):
        with pytest.raises(ForbiddenPathError):
            library.locate(asked)
    assert library.locate(str(path), trusted=True) == path


def test_a_path_longer_than_any_is_not_followed(library: Library) -> None:
    with pytest.raises(NotFoundError, match="longer than a path can be"):
        library.resolve("music/" + "a/" * 100_000)


def test_a_link_put_in_the_place_of_a_file_leads_strangers_nowhere(
    library: Library, store: Store, music: Path
) -> None:
    store.put_file(library.resolve("music/a.ogg"))
    (music / "a.ogg").unlink()
    (music / "a.ogg").symlink_to(music.parent / "secret.ogg")
    with pytest.raises(ForbiddenPathError, match="has become a link"):
        library.resolve("music/a.ogg")
    assert library.resolve("music/a.ogg", trusted=True).size == len("secret.ogg")


def test_a_link_that_the_owner_indexed_is_read(library: Library, store: Store, music: Path) -> None:
    (music / "link.ogg").symlink_to(music.parent / "secret.ogg")
    store.put_file(library.resolve(str(music / "link.ogg"), trusted=True))
    assert library.resolve("music/link.ogg").uri == "music/link.ogg"
