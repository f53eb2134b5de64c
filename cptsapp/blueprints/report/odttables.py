"""The tables of a report in OpenDocument: heads that come back on each page, columns as wide as what they hold, numbers
to the right. A table is dressed once all its rows are written."""

import re
from xml.etree import ElementTree

from .odtstyles import COLOUR, WIDTH_CM, style
from .opendocument import element, tag

NARROWEST, WIDEST = 6, 40  # characters that a column is counted for
_NUMBER = re.compile(r"[-–]|moins de 5|[-−+]?[\d\s\u202f\u00a0]+(?:,\d+)?[\s\u202f\u00a0]*[%€]?")
HEAD, CELL = "Table_20_Heading", "Table_20_Contents"


def common(held):
    """Write the styles that all tables share."""
    border = f"0.5pt solid {COLOUR}"
    for name, colour in (("Case", ""), ("CaseTete", "#e6f0ee")):
        fill = {"fo__background_color": colour} if colour else {}
        sides = {"fo__border_bottom": border, "fo__border_top": border, "fo__padding": "0.12cm"}
        style(held, name, "table-cell").append(element("style:table-cell-properties", **sides, **fill))
    style(held, "Rangee", "table-row").append(element("style:table-row-properties", fo__keep_together="always"))
    whole = {"style__width": f"{WIDTH_CM}cm", "table__align": "margins", "table__border_model": "collapsing"}
    spaces = {"fo__margin_top": "0.15cm", "fo__margin_bottom": "0.4cm"}
    style(held, "Tableau", "table").append(element("style:table-properties", **whole, **spaces))


def dress(table: ElementTree.Element, rank: int, held) -> None:
    """Give a table its name, its columns, its head, and its numbers their place; their styles are written in `held`."""
    rows = list(table)
    table.set(tag("table:name"), f"Tableau{rank}")
    table.set(tag("table:style-name"), "Tableau")
    heads = [row for row in rows if len(row) and all(_of(cell) == HEAD for cell in row)]
    body = [row for row in rows if row not in heads]
    width = max((len(row) for row in rows), default=1)
    texts = [["".join(row[at].itertext()).strip() for row in rows if at < len(row)] for at in range(width)]
    numeric = [_is_numeric(body, at) for at in range(width)]
    for row in rows:
        row.set(tag("table:style-name"), "Rangee")
        for at, cell in enumerate(row):
            cell.set(tag("table:style-name"), "CaseTete" if row in heads else "Case")
            if numeric[at]:
                for block in cell:
                    block.set(tag("text:style-name"), "Table_20_Number" + ("_20_Heading" if _of(cell) == HEAD else ""))
    if heads and heads == rows[: len(heads)] and body:
        group = element("table:table-header-rows")
        for row in heads:
            table.remove(row)
            group.append(row)
        table.insert(0, group)
    for at in reversed(range(width)):
        table.insert(0, element("table:table-column", table__style_name=_column(held, rank, at, texts[at])))


def _of(cell: ElementTree.Element) -> str:
    """Return the style of what a cell says."""
    return cell[0].get(tag("text:style-name"), "") if len(cell) else ""


def _is_numeric(rows: list, at: int) -> bool:
    """Tell whether a column holds numbers, but for a word here and there: « oui », « Sans source »."""
    said = [text for row in rows if at < len(row) and (text := "".join(row[at].itertext()).strip())]
    return at > 0 and 2 * sum(_NUMBER.fullmatch(each) is not None for each in said) > len(said)


def _column(held, rank: int, at: int, texts: list[str]) -> str:
    name = f"T{rank}C{at}"
    longest = min(WIDEST, max(NARROWEST, *map(len, texts), 0))
    width = element("style:table-column-properties", style__rel_column_width=f"{longest}*")
    style(held, name, "table-column").append(width)
    return name
