import pytest

from cptsapp.kernel.pdf import sheet_of, winansi


@pytest.mark.parametrize(
    ("text", "held"),
    [("L’œuvre à 20 €", "L’œuvre à 20 €"), ("Łukasz Đặng", "Lukasz Dang"), ("1\u202f000", "1\u00a0000"), ("漢", "?")],
)
def test_a_text_keeps_what_the_fonts_hold(text, held):
    assert winansi(text) == held


def test_a_sheet_is_a_pdf_in_french():
    sheet = sheet_of("Reçu")
    sheet.add_page()
    assert bytes(sheet.output()).startswith(b"%PDF")
