"""The default mailer: a folder with one .eml file for each mail, which any mail program opens."""

import asyncio
import os
from pathlib import Path
from typing import Final

from ringmain.core.mail.port import Letter, Outcome

SUFFIX: Final = ".eml"


class Outbox:
    """Writes letters into `folder`. A letter is there whole or not at all, and once however often it is tried."""

    name = "outbox"

    def __init__(self, folder: Path) -> None:
        """Makes the folder. Raises OSError."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder

    async def send(self, letter: Letter) -> Outcome:
        """Write the file; postponed when the disk refuses."""
        try:
            await asyncio.to_thread(self._write, letter)
        except OSError as error:
            return Outcome(postponed=letter.recipients, text=f"the outbox cannot be written: {error.strerror}")
        return Outcome()

    def _write(self, letter: Letter) -> None:
        # The envelope, which mail programs show as two more headers.
        head = f"X-Envelope-From: {letter.sender}\r\nX-Envelope-To: {', '.join(letter.recipients)}\r\n".encode()
        unfinished = self._folder / f".{letter.key}.{os.getpid()}"
        try:
            with unfinished.open("wb") as file:
                file.write(head + letter.content)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(self._folder / f"{letter.key}{SUFFIX}")
        finally:
            unfinished.unlink(missing_ok=True)
        descriptor = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
