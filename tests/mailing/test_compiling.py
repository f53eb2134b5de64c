"""A letter compiled once: what each person reads is what leaves, and an independent parser reads it back."""

import email
import email.policy
import re
from datetime import datetime

import pytest

from cptsapp.blueprints.mailing import rules
from cptsapp.blueprints.mailing.compiling import Compiled, compile
from cptsapp.blueprints.mailing.letters import Letter, Recipient, values_for, without_fields
from cptsapp.blueprints.mailing.models import Mailing, State
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.mail import Identity

IDENTITY = Identity(
    "CPTS de la Brie été", "lettre@exemple.fr", "bonjour@exemple.fr", "retours@exemple.fr", "1 rue Neuve, Provins"
)
LETTER = Letter(
    subject="Bonjour {prenom|à tous} : la lettre d’été",
    preheader="Ce mois-ci",
    html="<p>{bonjour},</p>\n<p>« Œuvre » {nom}.</p>\n.\n..point\n" + "<p>" + "mot " * 400 + "é" * 500 + "</p>",
    text="{bonjour},\n\n.\n..points\n" + "x" * 2000 + "\n{nom} {inconnu} =fin",
    archive_url="https://www.exemple.fr/lettre/archives/3",
    list_name="La lettre de l’été",
)
CAMILLE = Recipient(
    "camille@exemple.fr",
    values_for(["Camille"], ["Camille <b>Éx & Co"]),
    "https://www.exemple.fr/lettre/d/abc?x=1&y=2",
    "https://www.exemple.fr/lettre/p/abc",
)
AT = datetime(2026, 7, 14, 8, 30)


def parsed(content: bytes):
    return email.message_from_bytes(content, policy=email.policy.default)


@pytest.fixture
def compiled(app):
    return compile(LETTER, IDENTITY)


def test_the_mail_is_the_preview_byte_for_byte_and_keeps_so_when_stored(compiled):
    content = compiled.message_for(CAMILLE, message_id="<1@exemple.fr>", at=AT)
    message = parsed(content)
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text.get_payload(decode=True).decode().replace("\r\n", "\n") == compiled.text_for(CAMILLE)
    assert html.get_payload(decode=True).decode().replace("\r\n", "\n") == compiled.html_for(CAMILLE)
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert Compiled.from_json(compiled.to_json()).message_for(CAMILLE, message_id="<1@exemple.fr>", at=AT) == content
    assert max(map(len, content.split(b"\r\n"))) < 200
    assert b"\n." not in content
    assert b"\n" not in content.replace(b"\r\n", b"")


def test_a_name_is_escaped_in_the_html_only_and_an_unknown_one_gives_way(compiled):
    assert "Camille &lt;b&gt;Éx &amp; Co" in compiled.html_for(CAMILLE)
    assert "Camille <b>Éx & Co {inconnu} =fin" in compiled.text_for(CAMILLE)
    nobody = Recipient("a@exemple.fr", {}, "https://x", "https://y")
    assert compiled.subject_for(nobody) == "Bonjour à tous : la lettre d’été"
    assert "Bonjour,\n" in compiled.text_for(nobody)
    assert "vous {inconnu}" in compiled.text_for(nobody)
    assert values_for(["A", "B"], ["A X", "B Y"]) == {
        "prenom": "A et B",
        "nom": "A X et B Y",
        "bonjour": "Bonjour A et B",
    }
    assert values_for([""], ["Hôpital"]) == {"nom": "Hôpital"}
    assert values_for(list("abcd"), list("abcd")) == {}
    assert without_fields("{bonjour}, {prenom|ami} {nom}") == "Bonjour, ami vous"


def test_the_headers_are_those_that_providers_ask_for(compiled):
    message = parsed(compiled.message_for(CAMILLE, message_id="<1@exemple.fr>", at=AT))
    for name in ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "List-Id", "Reply-To", "Precedence"):
        assert len(message.get_all(name)) == 1, name
    assert message["To"] == "camille@exemple.fr"
    assert message["Message-ID"] == "<1@exemple.fr>"
    assert message["Subject"] == "Bonjour Camille : la lettre d’été"
    assert message["Date"].endswith("+0200")
    assert message["Reply-To"] == "bonjour@exemple.fr"
    assert message["List-Unsubscribe"] == f"<{CAMILLE.unsubscribe_url}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["List-Id"].endswith("<lettre.exemple.fr>")
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Precedence"] == "bulk"
    assert message["X-Auto-Response-Suppress"] == "All"
    assert re.fullmatch(r"[0-9a-f]{8}:lettre:exemple-fr:cpts", message["Feedback-ID"])
    assert message["Archived-At"] == "<https://www.exemple.fr/lettre/archives/3>"
    elsewhere = [value for name, value in message.items() if name != "To"]
    assert not any("camille@" in value for value in elsewhere)


def test_a_test_mail_unsubscribes_nobody_and_a_break_in_an_address_is_refused(compiled):
    message = parsed(compiled.message_for(CAMILLE, message_id="<1@exemple.fr>", at=AT, is_test=True))
    assert message["List-Unsubscribe"] is None
    assert message["List-Unsubscribe-Post"] is None
    with pytest.raises(ValueError):
        compiled.message_for(Recipient("a@exemple.fr\nBcc: b@exemple.fr"), message_id="<1@e.fr>", at=AT)
    sneaky = compile(Letter("Objet\r\nBcc: b@exemple.fr", "", "", ""), IDENTITY)
    content = sneaky.message_for(CAMILLE, message_id="<1@exemple.fr>", at=AT)
    assert parsed(content)["Bcc"] is None
    assert b"Bcc" in content


def test_the_body_says_who_writes_and_how_to_stop_in_both_parts_and_asks_nothing_of_another_host(compiled):
    text, html = compiled.text_for(CAMILLE), compiled.html_for(CAMILLE)
    for part in (text, html.replace("&amp;", "&")):
        assert CAMILLE.unsubscribe_url in part
        assert CAMILLE.preferences_url in part
        assert "1 rue Neuve, Provins" in part
        assert "bonjour@exemple.fr" in part
        assert LETTER.archive_url in part
    assert 'lang="fr"' in html
    assert "max-width:600px" in html
    assert not re.search(r"<(script|form|link|img|iframe)|@import|url\(", html)
    assert "<" not in text.replace("<b>", "")
    assert not compiled.is_too_heavy
    assert compile(Letter("", "", "x" * 100_000, ""), IDENTITY).is_too_heavy


def test_two_copies_differ_only_by_names_and_personal_links(compiled):
    other = Recipient("b@exemple.fr", {}, "https://www.exemple.fr/lettre/d/zzz", "https://www.exemple.fr/lettre/p/zzz")
    links = [set(re.findall(r"https?://[^\s\"<]+", compiled.text_for(each))) for each in (CAMILLE, other)]
    assert all("/lettre/d/" in link or "/lettre/p/" in link for link in links[0] ^ links[1])


def test_a_letter_has_one_open_sending_and_is_frozen_once_it_starts(app):
    first = rules.open_for("essai", 4)
    assert rules.open_for("essai", 4) == first
    assert not rules.is_frozen(first)
    rules.refuse_frozen("essai", 4)
    Mailing.update(state=State.SENDING, started_at=AT).where(Mailing.id == first.id).execute()
    with pytest.raises(RuleError, match="ne change plus"):
        rules.refuse_frozen("essai", 4)
    assert rules.open_for("essai", 4) != first
