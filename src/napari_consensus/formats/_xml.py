"""XML documents: read within bounds and without entities, each element with its line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from xml.etree.ElementTree import Element, ParseError, TreeBuilder
from xml.sax.saxutils import escape, quoteattr

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import XMLParser

from napari_consensus.errors import ReadError
from napari_consensus.formats._source import FileContent, head_text, open_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_DEEPEST = 64
_MOST = 20_000_000
_LARGEST = 1 << 30
_TEXT_AT_ONCE = 1 << 20
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BEFORE_ROOT = re.compile(r"\ufeff?\s*(?:<\?.*?\?>\s*|<!--.*?-->\s*)*<([^\s<>/!?]+)", re.DOTALL)


class XmlElement(Element):
    """One element of a document.

    Parameters
    ----------
    line
        Line of the file on which its start tag ends, from 1; 0 for one that was made.
    """

    line: int = 0


class XmlFile(NamedTuple):
    """A file and the document in it.

    Parameters
    ----------
    content
        The file.
    root
        Its outermost element.
    """

    content: FileContent
    root: XmlElement


class _TooLargeError(ValueError):
    """A document breaks a bound; the message says which."""


def parse_xml(path: Path) -> XmlFile:
    """Read an XML file.

    Raises
    ------
    ReadError
        Where it is not there, not text, no XML, declares a document type or entities, or is
        deeper or larger than any annotation file.
    """
    _check_size(path)
    content = open_text(path)
    builder = _Builder()
    parser = XMLParser(target=builder, forbid_dtd=True)
    builder.parser = parser
    try:
        # In pieces, so that a broken bound is seen before the rest is parsed.
        for start in range(0, len(content.data), _TEXT_AT_ONCE):
            parser.feed(content.data[start : start + _TEXT_AT_ONCE])
        root = parser.close()
    except ParseError as error:
        line = error.position[0]
        msg = f"{path}, row {line}: this is no XML, or it is cut off ({str(error).split(':')[0]})"
    except DefusedXmlException:
        msg = f"{path}: declares a document type or entities, which no annotation file needs"
    except _TooLargeError as error:
        msg = f"{path}: {error}"
    except (ValueError, LookupError) as error:
        msg = f"{path}: this is no XML that can be read ({str(error)[:80]})"
    else:
        return XmlFile(content, cast("XmlElement", root))
    raise ReadError(msg)


def root_of(path: Path) -> str:
    """Name of the outermost element by the first bytes of a file, "" where there is none."""
    start = head_text(path)
    found = _BEFORE_ROOT.match(start) if start[:200].lstrip("\ufeff \t\r\n")[:1] == "<" else None
    return found[1] if found else ""


def child_text(element: Element, tag: str) -> str:
    """Return the text of a child, without spaces around it; "" where there is none."""
    return (element.findtext(tag) or "").strip()


def line_of(element: Element) -> int:
    """Line of the file an element stands on, 0 where it was not read from one."""
    return element.line if isinstance(element, XmlElement) else 0


def start_tag(name: str, attributes: Mapping[str, object], *, empty: bool = False) -> str:
    """Return a start tag as text, or that of an element without content."""
    inner = "".join(f" {key}={quoteattr(_legal(value))}" for key, value in attributes.items())
    return f"<{name}{inner}{'/' if empty else ''}>"


def element(name: str, text: object, attributes: Mapping[str, object] | None = None) -> str:
    """Return an element that holds text."""
    return f"{start_tag(name, attributes or {})}{escape(_legal(text))}</{name}>"


def _legal(value: object) -> str:
    """Text without the characters that XML cannot hold."""
    return _ILLEGAL.sub("\ufffd", str(value))


class _Builder(TreeBuilder):
    """Builds elements that know their lines, within bounds."""

    def __init__(self) -> None:
        super().__init__(element_factory=self._made)
        self.parser: XMLParser | None = None
        self.depth = 0
        self.count = 0

    def start(self, tag: str, attrs: dict[Any, Any], /) -> Element:
        self.depth += 1
        self.count += 1
        if self.depth > _DEEPEST:
            msg = f"its elements are nested more than {_DEEPEST} deep"
            raise _TooLargeError(msg)
        if self.count > _MOST:
            msg = f"it has more than {_MOST:,} elements; split it"
            raise _TooLargeError(msg)
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        self.depth -= 1
        return super().end(tag)

    def _made(self, tag: str, attrs: dict[Any, Any]) -> XmlElement:
        element = XmlElement(tag, dict(attrs))
        if self.parser is not None:
            element.line = self.parser.parser.CurrentLineNumber
        return element


def _check_size(path: Path) -> None:
    try:
        size = path.stat().st_size
    except OSError:
        return  # reading says what is wrong
    if size > _LARGEST:
        msg = f"{path}: has {size:,} bytes; XML is read up to {_LARGEST:,}, so split it"
        raise ReadError(msg)
