"""Elements of OpenDocument, with the names of its spaces written short. Source: OASIS OpenDocument 1.3."""

import re
from xml.etree import ElementTree

NAMES = {
    "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
    "style": "urn:oasis:names:tc:opendocument:xmlns:style:1.0",
    "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
    "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
    "fo": "urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0",
    "svg": "urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0",
    "xlink": "http://www.w3.org/1999/xlink",
    "dc": "http://purl.org/dc/elements/1.1/",
    "meta": "urn:oasis:names:tc:opendocument:xmlns:meta:1.0",
    "manifest": "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0",
}
for _prefix, _name in NAMES.items():
    ElementTree.register_namespace(_prefix, _name)
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def tag(name: str) -> str:
    prefix, local = name.split(":")
    return f"{{{NAMES[prefix]}}}{local}"


def element(name: str, text: str = "", **attributes) -> ElementTree.Element:
    """Return an element: `text__style_name="Gras"` is the attribute text:style-name."""
    made = ElementTree.Element(tag(name))
    for key, value in attributes.items():
        prefix, local = key.split("__")
        made.set(tag(f"{prefix}:{local.replace('_', '-')}"), legal(value))
    made.text = legal(text) or None
    return made


def legal(text: str) -> str:
    """Return a text without the signs that XML cannot hold."""
    return _ILLEGAL.sub("", text)
