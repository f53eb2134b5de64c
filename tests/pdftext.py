"""The words of a PDF made with the fonts that every reader has: enough to read our own, page by page."""

import re
import zlib

_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
_SHOWN = re.compile(rb"\(((?:\\.|[^\\()])*)\)\s*Tj")


def texts(pdf: bytes) -> list[str]:
    """Return the pieces of text of a PDF, in the order in which they are drawn."""
    found = []
    for stream in _STREAM.findall(pdf):
        try:
            drawn = zlib.decompress(stream)
        except zlib.error:
            continue
        for piece in _SHOWN.findall(drawn):
            plain = re.sub(rb"\\([()\\])", rb"\1", piece)
            found.append(plain.decode("cp1252", "replace").replace("\xa0", " "))
    return found
