"""Writes a library anew, with all of it that can be trusted and nothing else."""

import uuid

from audiosearch.store.blocks import block_heard
from audiosearch.store.check import Inspection
from audiosearch.store.database import Database
from audiosearch.store.hearing import write_heard
from audiosearch.store.schema import FORMAT, file_of


def rewrite(database: Database, found: Inspection) -> None:
    """Replace a database's pages by those of a new one, all or nothing.

    Parameters
    ----------
    database : Database
        The library's.
    found : Inspection
        Says what to keep; rows of other recordings are left out, and their files with them.
    """
    file = database.file.with_name(f"{database.file.name}.part")
    file.unlink(missing_ok=True)
    sound = Inspection()  # damage is listed already
    new = Database(file)
    try:
        with new.transaction():
            meta = {"library_id": uuid.uuid4().hex, **found.meta, "format": str(FORMAT)}
            if not found.trusted:
                meta.pop("space", None)  # an empty library has none
            for pair in meta.items():
                new.write("meta", pair)
            for row in sound.sound_rows(database, "folders"):
                new.write("folders", row, "INSERT OR REPLACE")
            for row in sound.sound_rows(database, "recordings"):
                if row[0] in found.trusted:
                    new.write("recordings", row)
            for row in sound.sound_rows(database, "files"):
                held = file_of(row).recording_id
                if held is None or held in found.trusted:
                    new.write("files", row)
            for row in sound.sound_rows(database, "blocks"):
                if row[0] in found.trusted:
                    new.write("blocks", row)
                    write_heard(new, row[0], block_heard(row))
        database.become(new)
    finally:
        new.close()
        file.unlink()
