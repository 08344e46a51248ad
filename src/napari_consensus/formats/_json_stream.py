"""JSON documents read piece by piece, the one long list in them a run of entries at a time."""

from __future__ import annotations

import codecs
import hashlib
import json
import re
from typing import IO, TYPE_CHECKING, Any

from napari_consensus.errors import ReadError
from napari_consensus.formats._archives import opened
from napari_consensus.formats._source import FileContent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_consensus.progress import Progress

_BYTES_AT_ONCE = 1 << 18
_ENTRIES_AT_ONCE = 4096
# No number or escape that a piece cuts in two is longer.
_LONGEST_TOKEN = 512
_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class StreamedList:
    """A document that is a list, or an object with one long list in it.

    Parameters
    ----------
    path
        The file; .gz and .zip are unpacked on the way.
    key
        The member that holds the list where the document is an object.
    progress
        Reports bytes of the list.

    Attributes
    ----------
    content
        The file without its bytes.
    document
        The other members of an object, once all runs were taken; None where it is a list.
    listed
        Whether there was a list.

    Raises
    ------
    ReadError
        On opening and on taking runs: where the file is not there, not text, or no JSON.
    """

    def __init__(self, path: Path, key: str, progress: Progress) -> None:
        self._path = path
        self._key = key
        self._progress = progress
        self.document: Any = None
        self.listed = False
        self.content = _hashed(path)

    def runs(self) -> Iterator[list[Any]]:
        """Give the entries of the list in order, some thousand at a time."""
        with opened(self._path) as stream:
            text = _Text(stream, self._path)
            opening = text.peek()
            if opening == "[":
                self.listed = True
                yield from self._entries(text)
            elif opening == "{":
                yield from self._members(text)
            else:
                self.document = text.value()
            if text.peek():
                raise text.broken("something follows the end of the document")
        self._progress(self.content.size, self.content.size)

    def _members(self, text: _Text) -> Iterator[list[Any]]:
        self.document = {}
        text.take("{")
        if text.peek() == "}":
            text.take("}")
            return
        while True:
            key = text.value()
            if not isinstance(key, str):
                raise text.broken("a member needs a name in quotes")
            text.take(":")
            if key == self._key and text.peek() == "[" and not self.listed:
                self.listed = True
                yield from self._entries(text)
            else:
                self.document[key] = text.value()
            if text.take(",}") == "}":
                return

    def _entries(self, text: _Text) -> Iterator[list[Any]]:
        text.take("[")
        if text.peek() == "]":
            text.take("]")
            return
        more = True
        while more:
            entries, more = text.entries()
            yield entries
            self._progress(min(text.done, self.content.size), self.content.size)


def _hashed(path: Path) -> FileContent:
    digest = hashlib.sha256()
    size = 0
    start = b""
    # As it lies there: what it is packed in belongs to the file.
    try:
        with path.open("rb") as file:
            while piece := file.read(1 << 20):
                start = start or piece
                digest.update(piece)
                size += len(piece)
    except OSError:
        with opened(path):
            pass  # says what is wrong with it
    if not start.strip():
        msg = f"{path}: the file is empty"
        raise ReadError(msg)
    return FileContent(path, b"", digest.hexdigest(), size)


class _Text:
    """Text of a stream, of which only a piece is held at a time."""

    def __init__(self, stream: IO[bytes], path: Path) -> None:
        self._stream = stream
        self._path = path
        self._held = ""
        self._at = 0
        self._line = 1
        self._ended = False
        self.done = 0
        first = stream.read(_BYTES_AT_ONCE)
        coding = "utf-16" if first.startswith(_UTF16) else "utf-8-sig"
        if b"\0" in first and coding != "utf-16":
            msg = f"{path}: this is a binary file, not text; is its name right?"
            raise ReadError(msg)
        self._decoder = codecs.getincrementaldecoder(coding)()
        self._decode(first)

    def peek(self) -> str:
        """Return the next character that is no space, "" at the end."""
        while True:
            found = _SPACE.match(self._held, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._held) or self._ended:
                return self._held[self._at : self._at + 1]
            self._more()

    def take(self, characters: str) -> str:
        """Take the next character that is no space; it must be one of `characters`."""
        found = self.peek()
        if not found or found not in characters:
            raise self.broken(f"expected {' or '.join(characters)}")
        self._at += 1
        return found

    def value(self) -> Any:  # noqa: ANN401
        """Take the next value."""
        self.peek()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._held, self._at)
            except json.JSONDecodeError as error:
                if self._ended or self._is_sure(error):
                    self._at = min(error.pos, len(self._held))
                    raise self.broken(error.msg) from None
            except (ValueError, RecursionError) as error:
                msg = f"{self._path}: this is no JSON that can be read ({str(error)[:80]})"
                raise ReadError(msg) from None
            else:
                # A number may go on behind what is held.
                if end < len(self._held) or self._ended:
                    self._at = end
                    return value
            self._more()

    def _is_sure(self, error: json.JSONDecodeError) -> bool:
        """Whether more text could not mend an error."""
        far = error.pos + _LONGEST_TOKEN < len(self._held)
        return far and not error.msg.startswith("Unterminated")

    def entries(self) -> tuple[list[Any], bool]:
        """Take the next entries of a list, and whether more follow."""
        found: list[Any] = []
        decode, held = _DECODER.raw_decode, self._held
        while len(found) < _ENTRIES_AT_ONCE:
            try:
                value, end = decode(held, self._at)
                between = held[end]
            except (ValueError, RecursionError, IndexError):
                # Between pieces, or broken: the careful way finds out.
                value = self.value()
                between = self.take(",]")
                held, end = self._held, self._at - 1
            found.append(value)
            if between != ",":
                self._at = end
                if self.take(",]") == "]":
                    return found, False
                held, end = self._held, self._at - 1
            # Entries of most files stand a line each.
            self._at = end + 2 if held[end + 1 : end + 2] == "\n" else end + 1
            if self._at >= len(held) or held[self._at] in " \t\r\n":
                self.peek()
                held = self._held
        return found, True

    def broken(self, why: str) -> ReadError:
        """Return the one line for text that is no JSON here."""
        line = self._line + self._held.count("\n", 0, self._at)
        msg = f"{self._path}, row {line}: this is not JSON, or it is cut off ({why})"
        return ReadError(msg)

    def _more(self) -> None:
        """Hold more text; twice as much where a value does not fit into what is held."""
        self._line += self._held.count("\n", 0, self._at)
        self._held = self._held[self._at :]
        self._at = 0
        self._decode(self._stream.read(max(_BYTES_AT_ONCE, len(self._held))))

    def _decode(self, data: bytes) -> None:
        self.done += len(data)
        self._ended = not data
        try:
            self._held += self._decoder.decode(data, final=not data)
        except UnicodeDecodeError as error:
            line = self._line + self._held.count("\n") + data.count(b"\n", 0, error.start)
            byte = error.object[error.start]
            msg = (
                f"{self._path}, row {line}: byte 0x{byte:02X} is not UTF-8; save the file as UTF-8"
            )
            raise ReadError(msg) from None
