"""Whatever the colour, what is accepted can be read, by day and by night."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cptsapp.blueprints.association import colours

TOKENS = Path("cptsapp/static/tokens.css").read_text()
any_colour = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def pairs_of(palette, scheme):
    """Return every (text, background) that the pages draw with a palette."""
    backs = [scheme[name] for name in ("surface", "paper", "sunk")]
    on_pages = [(ink, back) for ink in (palette.brand, palette.strong) for back in backs]
    on_wash = [(ink, palette.wash) for ink in (palette.brand, palette.strong, scheme["ink"], scheme["ink-soft"])]
    return [*on_pages, *on_wash, (palette.on_brand, palette.brand), (palette.on_brand, palette.strong)]


@given(any_colour)
def test_an_accepted_colour_is_readable_everywhere_and_a_refused_one_has_a_way_out(colour):
    try:
        light, dark = colours.palettes(colour)
    except colours.UnreadableColour as error:
        light, dark = colours.palettes(error.nearest)
    for palette, scheme in ((light, colours.LIGHT), (dark, colours.DARK)):
        for ink, back in pairs_of(palette, scheme):
            assert colours.contrast(ink, back) >= 4.5, (colour, ink, back)


@given(any_colour)
def test_the_style_sheet_holds_nothing_but_colours(colour):
    sheet = colours.stylesheet(colours.nearest(colour))
    assert re.fullmatch(r"@layer tokens\{[^<>]*\}\n", sheet)
    assert sheet.count("--brand:") == 2


@pytest.mark.parametrize("colour", ["#ffffff", "#ffff00", "#777777", "#ff0000"])
def test_a_pale_colour_is_refused_with_the_reason_and_the_nearest_that_is_not(colour):
    with pytest.raises(colours.UnreadableColour, match="trop claire") as refusal:
        colours.palettes(colour)
    assert colours.contrast(refusal.value.nearest, "#f4f2eb") >= 4.5


def test_black_and_white_are_as_far_as_can_be():
    assert colours.contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize(
    ("typed", "read"), [("0B6E69", "#0b6e69"), (" #0b6 ", "#00bb66"), ("vert", None), ("#12345", None)]
)
def test_a_colour_is_read_however_it_is_typed(typed, read):
    assert colours.parse(typed) == read


@pytest.mark.parametrize(("scheme", "place"), [(colours.LIGHT, 0), (colours.DARK, 1)])
def test_the_backgrounds_are_those_of_the_pages(scheme, place):
    for name, colour in scheme.items():
        assert re.findall(rf"--{name}: (#\w{{6}})", TOKENS)[place] == colour, name
