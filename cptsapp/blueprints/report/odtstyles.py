"""The look of a report in OpenDocument: its page, header and footer, and styles named as word processors name them."""

from xml.etree import ElementTree

from .opendocument import element, tag

FONT = "'Liberation Sans', Arial, Helvetica, sans-serif"
COLOUR = "#14504a"
WIDTH_CM = 17  # of the text, on a sheet of A4
HEADINGS = (("16pt", "0.9cm"), ("13pt", "0.7cm"), ("12pt", "0.6cm"), *[("11pt", "0.5cm")] * 3)
"""Size and space before, of each level."""


def styles(title: str, owner: str, language: str) -> ElementTree.Element:
    """Return the styles of a document; `owner` and `title` are read at the top of its pages."""
    made = element("office:document-styles", office__version="1.3")
    _named(ElementTree.SubElement(made, tag("office:styles")), language)
    _page(ElementTree.SubElement(made, tag("office:automatic-styles")))
    _master(ElementTree.SubElement(made, tag("office:master-styles")), title, owner)
    return made


def style(held, name: str, family: str, parent: str = "", **attributes) -> ElementTree.Element:
    made = element("style:style", style__name=name, style__family=family, **attributes)
    if "_20_" in name:
        made.set(tag("style:display-name"), name.replace("_20_", " "))
    if parent:
        made.set(tag("style:parent-style-name"), parent)
    held.append(made)
    return made


def _paragraph(held, name: str, parent: str, paragraph: dict, text: dict | None = None, **attributes):
    made = style(held, name, "paragraph", parent, **attributes)
    made.append(element("style:paragraph-properties", **paragraph))
    if text:
        made.append(element("style:text-properties", **text))


def _named(held, language: str):
    code, country = language.split("-")
    plain = {"fo__font_family": FONT, "fo__font_size": "10.5pt", "fo__language": code, "fo__country": country}
    widows = {"fo__widows": "2", "fo__orphans": "2"}
    _paragraph(held, "Standard", "", {"fo__margin_bottom": "0.25cm", "fo__line_height": "125%"} | widows, plain)
    bold = {"fo__font_weight": "bold", "fo__color": COLOUR}
    _paragraph(held, "Title", "Standard", {"fo__margin_bottom": "0.15cm"}, bold | {"fo__font_size": "22pt"})
    for level, (size, before) in enumerate(HEADINGS, 1):
        spaces = {"fo__margin_top": before, "fo__margin_bottom": "0.2cm", "fo__keep_with_next": "always"}
        outline = {"style__default_outline_level": str(level)}
        _paragraph(held, f"Heading_20_{level}", "Standard", spaces, bold | {"fo__font_size": size}, **outline)
    margins = {"fo__margin_left": "0.8cm", "fo__padding_left": "0.3cm", "fo__border_left": f"1.5pt solid {COLOUR}"}
    _paragraph(held, "Quotations", "Standard", margins)
    tight = {"fo__margin_bottom": "0cm", "fo__line_height": "115%"}
    _paragraph(held, "Table_20_Contents", "Standard", tight, {"fo__font_size": "9.5pt"})
    strong = {"fo__font_weight": "bold"}
    _paragraph(held, "Table_20_Heading", "Table_20_Contents", {"fo__keep_with_next": "always"}, strong)
    _paragraph(held, "Table_20_Number", "Table_20_Contents", {"fo__text_align": "end"})
    _paragraph(held, "Table_20_Number_20_Heading", "Table_20_Heading", {"fo__text_align": "end"})
    _paragraph(held, "List_20_Contents", "Standard", {"fo__margin_bottom": "0.1cm"})
    small = {"fo__font_size": "8.5pt", "fo__color": "#555555"}
    _paragraph(held, "Header", "Standard", {"fo__margin_bottom": "0cm"}, small)
    _paragraph(held, "Footer", "Standard", {"fo__margin_bottom": "0cm", "fo__text_align": "end"}, small)
    for name, properties in (
        ("Gras", {"fo__font_weight": "bold"}),
        ("Italique", {"fo__font_style": "italic"}),
        ("Chasse", {"fo__font_family": "'Liberation Mono', 'Courier New', monospace"}),
        ("Barre", {"style__text_line_through_style": "solid"}),
    ):
        style(held, name, "text").append(element("style:text-properties", **properties))
    for name, bullet in (("Puces", True), ("Numeros", False)):
        _list(held, name, bullet)


def _list(held, name: str, bullet: bool):
    made = ElementTree.SubElement(held, tag("text:list-style"), {tag("style:name"): name})
    for level in range(1, 7):
        sign = {"text__bullet_char": "•"} if bullet else {"style__num_format": "1", "style__num_suffix": "."}
        kind = "bullet" if bullet else "number"
        row = element(f"text:list-level-style-{kind}", text__level=str(level), **sign)
        place = element("style:list-level-properties", text__list_level_position_and_space_mode="label-alignment")
        at = f"{0.6 * level:.1f}cm"
        label = {"text__label_followed_by": "listtab", "text__list_tab_stop_position": at}
        place.append(element("style:list-level-label-alignment", fo__margin_left=at, fo__text_indent="-0.5cm", **label))
        row.append(place)
        made.append(row)


def _page(held):
    layout = element("style:page-layout", style__name="Page")
    margins = {f"fo__margin_{side}": "2cm" for side in ("left", "right", "top", "bottom")}
    sheet = {"fo__page_width": "21cm", "fo__page_height": "29.7cm", "style__print_orientation": "portrait"}
    layout.append(element("style:page-layout-properties", **sheet, **margins))
    for name, side in (("header", "bottom"), ("footer", "top")):
        space = element("style:header-footer-properties", fo__min_height="0.9cm", **{f"fo__margin_{side}": "0.4cm"})
        ElementTree.SubElement(layout, tag(f"style:{name}-style")).append(space)
    held.append(layout)


def _master(held, title: str, owner: str):
    page = element("style:master-page", style__name="Standard", style__page_layout_name="Page")
    header = ElementTree.SubElement(page, tag("style:header"))
    header.append(element("text:p", " · ".join(filter(None, (owner, title))), text__style_name="Header"))
    foot = element("text:p", "Page ", text__style_name="Footer")
    number = element("text:page-number", "1", text__select_page="current")
    number.tail = " sur "
    foot.append(number)
    foot.append(element("text:page-count", "1"))
    ElementTree.SubElement(page, tag("style:footer")).append(foot)
    held.append(page)
