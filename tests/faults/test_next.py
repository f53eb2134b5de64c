"""The address asked for after a login never leaves the site: 300 generated values, 20,000 in the long run."""

import os
import re
from urllib.parse import urljoin, urlsplit

from hypothesis import given, settings
from hypothesis import strategies as st

from cptsapp.kernel.urls import safe_next

COUNT = 20_000 if os.environ.get("CPTS_FAULTS") == "long" else 300
SITE = "https://www.exemple.fr"
PIECES = st.sampled_from(
    ["/", "//", "\\", "\t", "\n", "\r", "@", ":", "?", "#", ".", "..", "%2f", "%5c", "%09", "ailleurs.fr", "https:",
     "http://", "javascript:", "data:", "www.exemple.fr", "espace", " ", "\u2028", "\0", "；", "／", "\ufeff", "[", "]"]
)  # fmt: skip


def as_a_browser_reads(target: str) -> str:
    """Return where a browser goes: it drops tabs and newlines, trims blanks, and reads \\ as /."""
    cleaned = re.sub(r"[\t\r\n]", "", target).strip("".join(map(chr, range(33)))).replace("\\", "/")
    return urljoin(f"{SITE}/connexion", cleaned)


@settings(max_examples=COUNT, deadline=None)
@given(
    st.one_of(st.lists(PIECES, max_size=8).map("".join), st.text(max_size=40), st.text(max_size=40).map("/".__add__))
)
def test_what_follows_a_login_is_on_this_site(target):
    followed = safe_next(target)
    assert followed.startswith("/")
    assert followed.isprintable()
    assert urlsplit(as_a_browser_reads(followed))[:2] == ("https", "www.exemple.fr")
