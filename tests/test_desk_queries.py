"""What each page of the gestion may ask of the database: a menu, a head and a list are a few queries."""

from playhouse.test_utils import count_queries

from tests.postgresql import counts_what_is_kept
from tests.test_access import rows

MOST = 20
# Pages that gather what many features say.
OTHERS = {"/gestion/": 40}
PAGES = [
    rule
    for rule, methods, held in rows()
    if "GET" in methods and held["coordination"] and "<" not in rule and rule.startswith("/gestion/")
]


def asked(browser, address) -> int:
    browser.get(address)  # what is read once per process, and what is kept until something is written
    with count_queries() as counted:
        assert browser.get(address).status_code in (200, 302, 303), address
    return counted.count


@counts_what_is_kept
def test_a_page_of_the_desk_asks_little(as_coordinator):
    assert len(PAGES) > 45
    as_coordinator.get("/gestion/")  # once, the list of the first steps writes in the session what it showed as left
    found = {address: asked(as_coordinator, address) for address in PAGES}
    assert {address: n for address, n in found.items() if n > OTHERS.get(address, MOST)} == {}


def test_a_member_s_file_asks_little(as_coordinator, adherent):
    assert asked(as_coordinator, f"/gestion/personnes/{adherent.person_id}") <= 45
