"""Libraries that are read at their first use."""

import subprocess
import sys

from cptsapp.kernel.later import Later

SELDOM = ["aiosmtpd", "dns", "feedgen", "fontTools", "fpdf", "icalendar", "lxml", "openpyxl", "zxcvbn"]


def test_a_module_is_imported_when_something_of_it_is_asked_for():
    sys.modules.pop("colorsys", None)
    colours = Later("colorsys")
    assert "colorsys" not in sys.modules
    assert colours.rgb_to_hsv(0, 0, 0) == (0, 0, 0)


def test_a_site_that_starts_reads_none_of_the_libraries_that_serve_seldom(app, tmp_path):
    asked = f"""
import sys
from cptsapp import create_app
create_app({str(tmp_path)!r}, secret_key="x" * 40)
print(sorted(set({SELDOM!r}) & set(sys.modules)))
"""
    assert subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout == "[]\n"
