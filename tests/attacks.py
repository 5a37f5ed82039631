"""Ways to make a service read a file, or visit a host, that is none of the asker's business.

``TRAVERSALS`` are uris that try to leave a library folder named ``sounds``; each is made for a
target, so that the same form can be tried with a file that is there and with one that is not.
``SSRF`` are URLs that lead to the machine's own network; ``{port}`` stands for a server's port.
"""

import base64
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

FOLDER = "sounds"
"""Name of the library folder that the traversals start from."""


@dataclass(frozen=True)
class Target:
    """A file outside, which need not exist; ``root`` is a folder of ``library_roots``."""

    path: Path
    library: Path
    root: Path

    @property
    def up(self) -> str:
        """Give the way from the library folder: ``../outside/secret.wav``."""
        return os.path.relpath(self.path, self.library)

    @property
    def root_up(self) -> str:
        """Give the way from the root, relative too."""
        return os.path.relpath(self.path, self.root)

    @property
    def name(self) -> str:
        return self.path.name

    def pick(self, there: str, absent: str) -> str:
        """Choose a system's own file that exists as the target does."""
        return there if self.path.exists() else absent


def lay_traps(target: Target) -> None:
    """Make what some forms need: links in the library, and a folder whose name begins as its own.

    A dangling link is made to a target that is not there.
    """
    library = target.library
    (library / f"link-{target.name}").symlink_to(target.path)
    (library / f"relative-{target.name}").symlink_to(target.up)
    (library / f"chain-{target.name}").symlink_to(f"link-{target.name}")
    (library / "deep").mkdir(exist_ok=True)
    folders = {
        "folder": target.path.parent,
        "deep/up": Path("../.."),
        "kernel": Path("/proc/1/root"),
    }
    for link, to in folders.items():
        if not (library / link).is_symlink():
            (library / link).symlink_to(to)
    evil = library.with_name(f"{FOLDER}-evil")
    evil.mkdir(exist_ok=True)
    if target.path.exists():
        shutil.copy(target.path, evil)


def _dots(t: Target, dots: str, slash: str = "/") -> str:
    """Spell the dots and slashes on the way up in another manner."""
    return f"{FOLDER}/{t.up.replace('/', slash).replace('..', dots)}"


def _playlist(media_type: str, text: str) -> str:
    return f"data:{media_type};base64,{base64.b64encode(text.encode()).decode()}"


TRAVERSALS: dict[str, Callable[[Target], str]] = {
    # Relative ways up
    "up": lambda t: f"{FOLDER}/{t.up}",
    "up from the root": lambda t: t.root_up,
    "up from a folder of the root": lambda t: f"toy-data/../{t.root_up}",
    "up and down the root": lambda t: f"toy-data/../../{t.root.name}/toy-data/../{t.root_up}",
    "up with single dots": lambda t: f"./{FOLDER}/././{t.up}",
    "up beyond the top": lambda t: f"{FOLDER}/{'../' * 60}{t.path.relative_to('/')}",
    "up twice": lambda t: f"{FOLDER}/{t.up}/../{t.name}",
    "up through a file": lambda t: f"{FOLDER}/first.wav/../{t.up}",
    "up through nothing": lambda t: f"{FOLDER}/nothing/../{t.up}",
    "up with many slashes": lambda t: _dots(t, "..", "////"),
    "up after a double slash": lambda t: f"{FOLDER}//{t.up}",
    "up from a single file": lambda t: f"files/{t.up}",
    "up from an upload": lambda t: f"data/{t.up}",
    "up, very long": lambda t: f"{FOLDER}/{'deep/../' * 1_000}{t.up}",
    "capitals": lambda t: f"{FOLDER.upper()}/{t.up}",
    # Absolute ways
    "absolute": lambda t: str(t.path),
    "two slashes": lambda t: f"/{t.path}",
    "three slashes": lambda t: f"//{t.path}",
    "many slashes": lambda t: "/" * 5_000 + str(t.path),
    "absolute below the library": lambda t: f"{t.library}/{t.up}",
    "absolute below the root": lambda t: f"{t.root}/{t.root_up}",
    "absolute within a uri": lambda t: f"{FOLDER}/{t.path}",
    "absolute within the root": lambda t: f"toy-data/{t.path}",
    "absolute after a dot": lambda t: f".{t.path}",
    "absolute after a blank": lambda t: f" {t.path}",
    "absolute after a tab": lambda t: f"\t{t.path}",
    "absolute after a byte order mark": lambda t: f"\ufeff{t.path}",
    "neighbour whose name begins alike": lambda t: f"{FOLDER}-evil/{t.name}",
    "neighbour, absolute": lambda t: f"{t.library}-evil/{t.name}",
    "neighbour, from within": lambda t: f"{FOLDER}/../{FOLDER}-evil/{t.name}",
    # Ways that a web server's decoder might undo
    "encoded dots": lambda t: _dots(t, "%2e%2e"),
    "encoded dots, capitals": lambda t: _dots(t, "%2E%2E"),
    "one encoded dot": lambda t: _dots(t, ".%2e"),
    "encoded slashes": lambda t: _dots(t, "..", "%2f"),
    "all encoded": lambda t: _dots(t, "%2e%2e", "%2f"),
    "encoded twice": lambda t: _dots(t, "%252e%252e", "%252f"),
    "encoded thrice": lambda t: _dots(t, "%25252e%25252e", "%25252f"),
    "encoded absolute": lambda t: quote(str(t.path), safe=""),
    "IIS's %u": lambda t: _dots(t, "%u002e%u002e", "%u2215"),
    "overlong, 2 bytes": lambda t: _dots(t, "%c0%ae%c0%ae", "%c0%af"),
    "overlong, 3 bytes": lambda t: _dots(t, "%e0%80%ae%e0%80%ae", "%e0%80%af"),
    "overlong, 4 bytes": lambda t: _dots(t, "%f0%80%80%ae%f0%80%80%ae"),
    "overlong as Latin-1": lambda t: _dots(t, "\xc0\xae\xc0\xae", "\xc0\xaf"),
    "overlong as text": lambda t: _dots(t, r"\xc0\xae\xc0\xae", r"\xc0\xaf"),
    "HTML entities": lambda t: _dots(t, "&#46;&#46;", "&#47;"),
    "stripped dots": lambda t: _dots(t, "....", "//"),
    "stripped ways up": lambda t: _dots(t, "..././"),
    # Other systems' ways
    "backslashes": lambda t: _dots(t, "..", "\\"),
    "backslashes and slashes": lambda t: _dots(t, "..", "\\/"),
    "encoded backslashes": lambda t: _dots(t, "..", "%5c"),
    "drive": lambda t: "C:" + str(t.path).replace("/", "\\"),
    "UNC": lambda t: r"\\localhost\c$" + str(t.path).replace("/", "\\"),
    "UNC with slashes": lambda t: f"//localhost{t.path}",
    "long UNC": lambda t: f"\\\\?\\{t.path}",
    "alternate stream": lambda t: f"{t.path}::$DATA",
    "home": lambda t: f"~{t.path}",
    "home of another": lambda t: f"~root/../{t.path}",
    "variable": lambda t: f"$HOME/../..{t.path}",
    "command": lambda t: f"$(echo {t.path})",
    # NUL, line breaks, blanks and dots at the end
    "NUL at the end": lambda t: f"{t.path}\0",
    "NUL before a suffix": lambda t: f"{t.path}\0.wav",
    "NUL on the way": lambda t: f"{FOLDER}/\0/../{t.up}",
    "encoded NUL": lambda t: f"{FOLDER}/{t.up}%00.wav",
    "line break first": lambda t: f"\n{t.path}",
    "line break last": lambda t: f"{t.path}\r\n",
    "line break between": lambda t: f"{FOLDER}/first.wav\r\n{t.path}",
    "dot at the end": lambda t: f"{FOLDER}/{t.up}.",
    "dots at the end": lambda t: f"{FOLDER}/{t.up}/...",
    "slash at the end": lambda t: f"{t.path}/",
    "folder's dot at the end": lambda t: f"{FOLDER}/{t.up}/.",
    "blank at the end": lambda t: f"{FOLDER}/{t.up} ",
    "query at the end": lambda t: f"{t.path}?x=1",
    "unknown fragment": lambda t: f"{t.path}#xywh=0,0,1,1",
    # Characters that look alike, or that a normalisation turns into dots and slashes
    "one dot leaders (U+2024)": lambda t: _dots(t, "\u2024\u2024"),
    "two dot leader (U+2025)": lambda t: _dots(t, "\u2025"),
    "wide dots (U+FF0E)": lambda t: _dots(t, "\uff0e\uff0e"),
    "division slash (U+2215)": lambda t: _dots(t, "..", "\u2215"),
    "fraction slash (U+2044)": lambda t: _dots(t, "..", "\u2044"),
    "wide slash (U+FF0F)": lambda t: _dots(t, "..", "\uff0f"),
    "wide backslash (U+FF3C)": lambda t: _dots(t, "..", "\uff3c"),
    "zero width (U+200B)": lambda t: _dots(t, ".\u200b."),
    "right to left (U+202E)": lambda t: _dots(t, "..\u202e"),
    # Patterns
    "glob": lambda t: f"{t.path.parent}/*{t.name[1:]}",
    "glob up": lambda t: f"{FOLDER}/../*/{t.name}",
    "braces": lambda t: f"{{{FOLDER}/first.wav,{t.path}}}",
    "SQL": lambda t: f"' UNION SELECT '{t.path}' --",
    "LIKE": lambda t: f"%{t.name}",
    # Schemes
    "file:///": lambda t: f"file://{t.path}",
    "file://localhost": lambda t: f"file://localhost{t.path}",
    "file://127.0.0.1": lambda t: f"file://127.0.0.1{t.path}",
    "file:/": lambda t: f"file:{t.path}",
    "FILE:": lambda t: f"FILE:///{t.path}",
    "file: encoded": lambda t: f"file://{quote(str(t.path), safe='')}",
    "file: up": lambda t: f"file:{FOLDER}/{t.up}",
    "http:": lambda t: f"http://127.0.0.1{t.path}",
    "ftp:": lambda t: f"ftp://127.0.0.1{t.path}",
    "concat:": lambda t: f"concat:{t.path}",
    "concat: of two": lambda t: f"concat:{FOLDER}/first.wav|{t.path}",
    "subfile:": lambda t: f"subfile,,start,0,end,0,,:{t.path}",
    "crypto:": lambda t: f"crypto:{t.path}",
    "cache:": lambda t: f"cache:{t.path}",
    "pipe:": lambda t: f"pipe:{t.pick('0', '999')}",
    "fd:": lambda t: f"fd:{t.pick('0', '999')}",
    "lavfi": lambda t: f"lavfi:amovie={t.path}",
    "text": lambda t: f"data:text/plain,{t.path}",
    "playlist": lambda t: _playlist("audio/x-mpegurl", f"#EXTM3U\n#EXTINF:1,\n{t.path}\n"),
    "playlist of a URL": lambda t: _playlist(
        "application/vnd.apple.mpegurl", f"#EXTM3U\n#EXTINF:1,\nfile://{t.path}\n#EXT-X-ENDLIST\n"
    ),
    "ffconcat": lambda t: _playlist("text/plain", f"ffconcat version 1.0\nfile '{t.path}'\n"),
    "DASH": lambda t: _playlist(
        "application/dash+xml",
        f'<MPD><Period><AdaptationSet mimeType="audio/mp4"><Representation id="1" bandwidth="1">'
        f"<BaseURL>file://{t.path}</BaseURL></Representation></AdaptationSet></Period></MPD>",
    ),
    "XML entity": lambda t: _playlist(
        "text/xml", f'<!DOCTYPE x [<!ENTITY e SYSTEM "file://{t.path}">]><x>&e;</x>'
    ),
    # What the kernel offers
    "/proc root": lambda t: f"/proc/self/root{t.path}",
    "/proc root of a thread": lambda t: f"/proc/thread-self/root{t.path}",
    "/proc root of the first": lambda t: f"/proc/1/root{t.path}",
    "/proc working folder": lambda t: f"/proc/self/cwd/{t.root_up}",
    "/proc descriptor": lambda t: f"/proc/self/fd/{t.pick('0', '99999')}",
    "/proc file": lambda t: f"/proc/self/{t.pick('environ', 'absent')}",
    "/proc from within": lambda t: f"{FOLDER}/../../../../../../proc/self/root{t.path}",
    "/dev/fd": lambda t: f"/dev/fd/{t.pick('0', '99999')}",
    "/dev": lambda t: f"/dev/{t.pick('stdin', 'absent')}",
    "/dev, endless": lambda t: f"/dev/{t.pick('zero', 'absent')}",
    # Links in the library (see lay_traps)
    "link": lambda t: f"{FOLDER}/link-{t.name}",
    "relative link": lambda t: f"{FOLDER}/relative-{t.name}",
    "chain of links": lambda t: f"{FOLDER}/chain-{t.name}",
    "link, absolute": lambda t: f"{t.library}/link-{t.name}",
    "linked folder": lambda t: f"{FOLDER}/folder/{t.name}",
    "linked folder and up": lambda t: f"{FOLDER}/folder/../{t.path.parent.name}/{t.name}",
    "linked root": lambda t: f"{FOLDER}/kernel{t.path}",  # of which not even the link may be read
    "linked way up": lambda t: f"{FOLDER}/deep/up/{t.path.parent.name}/{t.name}",
}

ALIASES: dict[str, Callable[[Path], str]] = {
    # Ways by outside to a file that may be read: they would tell what there is outside, and give
    # the file a second name.
    "/proc root": lambda path: f"/proc/self/root{path}",
    "/proc root of a thread": lambda path: f"/proc/thread-self/root{path}",
    "/proc root of a process": lambda path: f"/proc/{os.getpid()}/root{path}",
}

SSRF: dict[str, str] = {
    # This machine, spelled plainly
    "loopback": "http://127.0.0.1:{port}/",
    "loopback's network": "http://127.9.9.9:{port}/",
    "unspecified": "http://0.0.0.0:{port}/",
    "localhost": "http://localhost:{port}/",
    "localhost, rooted": "http://localhost.:{port}/",
    "localhost, capitals": "HTTP://LocalHost:{port}/",
    "below localhost": "http://sounds.localhost:{port}/",
    "TLS": "https://127.0.0.1:{port}/",
    "no port": "http://127.0.0.1/",
    # IPv4, spelled as inet_aton reads it
    "decimal": "http://2130706433:{port}/",
    "hexadecimal": "http://0x7f000001:{port}/",
    "hexadecimal parts": "http://0x7f.0x0.0x0.0x1:{port}/",
    "octal": "http://017700000001:{port}/",
    "octal parts": "http://0177.0.0.01:{port}/",
    "mixed": "http://0x7f.0.1:{port}/",
    "two parts": "http://127.1:{port}/",
    "three parts": "http://127.0.1:{port}/",
    "one part": "http://0:{port}/",
    "leading zeros": "http://127.000.000.001:{port}/",
    "overflow": "http://383.256.256.257:{port}/",
    "dot at the end": "http://127.0.0.1.:{port}/",
    # IPv6
    "IPv6 loopback": "http://[::1]:{port}/",
    "IPv6 loopback, whole": "http://[0000:0000:0000:0000:0000:0000:0000:0001]:{port}/",
    "IPv6 unspecified": "http://[::]:{port}/",
    "mapped": "http://[::ffff:127.0.0.1]:{port}/",
    "mapped, hexadecimal": "http://[::ffff:7f00:1]:{port}/",
    "compatible": "http://[::127.0.0.1]:{port}/",
    "NAT64": "http://[64:ff9b::7f00:1]:{port}/",
    "NAT64, local": "http://[64:ff9b:1::7f00:1]:{port}/",
    "6to4": "http://[2002:7f00:1::]:{port}/",
    "Teredo": "http://[2001:0:7f00:1::80ff:fffe]:{port}/",
    "unique local": "http://[fd00:ec2::254]/latest/meta-data/",
    "link-local": "http://[fe80::1]:{port}/",
    "zone": "http://[fe80::1%25lo]:{port}/",
    "zone of loopback": "http://[::1%25lo]:{port}/",
    # Networks around, and the metadata services of clouds
    "private 10": "http://10.0.0.1/",
    "private 172": "http://172.16.0.1/",
    "private 192": "http://192.168.0.1/",
    "carrier's": "http://100.64.0.1/",
    "multicast": "http://224.0.0.1/",
    "broadcast": "http://255.255.255.255/",
    "metadata": "http://169.254.169.254/latest/meta-data/",
    "metadata, decimal": "http://2852039166/latest/meta-data/",
    "metadata, mapped": "http://[::ffff:a9fe:a9fe]/latest/meta-data/",
    "metadata of Alibaba": "http://100.100.100.200/latest/meta-data/",
    "metadata of Azure": "http://168.63.129.16/metadata/",
    "metadata of Oracle": "http://192.0.0.192/latest/",
    "metadata of Google": "http://metadata.google.internal/computeMetadata/v1/",
    # Names
    "name with an address in it": "http://127.0.0.1.nip.example:{port}/",
    "name that leads here": "http://localtest.example:{port}/",
    "mDNS": "http://printer.local:{port}/",
    "single label": "http://intranet:{port}/",
    "empty label": "http://127.0.0.1..:{port}/",
    # Tricks with the parts of a URL
    "user": "http://public.example@127.0.0.1:{port}/",
    "user and password": "http://public.example:80@127.0.0.1:{port}/",
    "empty user": "http://@127.0.0.1:{port}/",
    "two users": "http://a@public.example@127.0.0.1:{port}/",
    "encoded user": "http://public.example%40127.0.0.1:{port}/",
    "fragment": "http://127.0.0.1:{port}#@public.example/",
    "query": "http://127.0.0.1:{port}?@public.example/",
    "backslash": "http://127.0.0.1:{port}\\@public.example/",
    "backslashes": "http:\\\\127.0.0.1:{port}\\",
    "backslash in the name": "http://public.example\\.127.0.0.1:{port}/",
    "encoded host": "http://%31%32%37.0.0.1:{port}/",
    "encoded NUL": "http://127.0.0.1%00.public.example:{port}/",
    "line break": "http://127.0.0.1:{port}/\r\nHost: public.example",
    "tab in the host": "http://127.0.\t0.1:{port}/",
    "circled digits": "http://①②⑦.⓪.⓪.①:{port}/",
    "circled letters": "http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ:{port}/",
    "wide digits": "http://１２７.０.０.１:{port}/",
    "ideographic stops": "http://127。0。0。1:{port}/",
    "no slashes": "http:127.0.0.1:{port}/",
    "one slash": "http:/127.0.0.1:{port}/",
    "three slashes": "http:///127.0.0.1:{port}/",
    "no scheme": "//127.0.0.1:{port}/",
    "blank before": " http://127.0.0.1:{port}/",
    "port beyond": "http://127.0.0.1:65616/",
    "port of SSH": "http://127.0.0.1:22/",
    "port 0": "http://127.0.0.1:0/",
    # Other schemes
    "gopher": "gopher://127.0.0.1:{port}/_GET%20/%20HTTP/1.0%0d%0a%0d%0a",
    "dict": "dict://127.0.0.1:{port}/info",
    "ftp": "ftp://127.0.0.1:{port}/x.wav",
    "file": "file:///etc/passwd",
    "jar": "jar:http://127.0.0.1:{port}/x.jar!/x.wav",
    "view-source": "view-source:http://127.0.0.1:{port}/",
    "url": "url:http://127.0.0.1:{port}/",
    "rtsp": "rtsp://127.0.0.1:{port}/x.wav",
    "icecast": "icecast://127.0.0.1:{port}/x.wav",
    "tcp": "tcp://127.0.0.1:{port}",
    "HLS": "hls+http://127.0.0.1:{port}/x.m3u8",
    "ldap": "ldap://127.0.0.1:{port}/x",
    "unix": "http+unix://%2Fvar%2Frun%2Fdocker.sock/x",
    "WebSocket": "ws://127.0.0.1:{port}/",
}
