"""What leaves: the preview, the mail and the archive come from one source."""

import io
import re
from dataclasses import replace

import pytest
from PIL import Image
from werkzeug.datastructures import FileStorage

from cptsapp.blueprints.mailing import rules as mailings
from cptsapp.blueprints.mailing.audience import Step
from cptsapp.blueprints.mailing.compiling import compile
from cptsapp.blueprints.mailing.content import recipient
from cptsapp.blueprints.mailing.letters import Recipient, values_for
from cptsapp.blueprints.newsletter import relay, rules, wording
from cptsapp.blueprints.newsletter.contents import Block, content_of
from cptsapp.blueprints.newsletter.models import Issue, Kind
from cptsapp.blueprints.newsletter.rendering import letter_of, reading_of
from cptsapp.blueprints.person import rules as persons
from cptsapp.blueprints.person.models import Person
from cptsapp.kernel import files, registry
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.mail import Kind as MailKind
from cptsapp.kernel.mail import identity_for
from cptsapp.kernel.registry import Segment
from tests.newsletter.conftest import heading, write


@pytest.fixture
def picture(app):
    data = io.BytesIO()
    Image.new("RGB", (800, 400), "teal").save(data, "PNG")
    data.seek(0)
    return files.store_mail_image(FileStorage(data, "a.png"))


@pytest.fixture
def full(letter, picture, settings):
    settings.base_url = "https://cpts.exemple.fr"
    blocks = (
        heading("À vos agendas"),
        Block(
            kind="picked", source="event", key="soiree", title="Une <soirée>", blurb="Venez **tous**.", details="jeudi",
            url="/evenements/soiree", readers="adherents", image=picture.id, image_alt="Une salle",
        ),
        Block(title="Libre", blurb=f"![Un plan]({picture.url})", shows_image=False),
    )  # fmt: skip
    write(letter, blocks=blocks)
    return Issue.get_by_id(letter.id)


def test_the_mail_holds_in_mail_programs(full):
    letter = letter_of(full)
    assert letter.subject == "La lettre d’hiver"
    assert "Lettre n°" in letter.html
    assert f'href="https://cpts.exemple.fr{full.blocks[1].url}"' in letter.html
    assert "Une &lt;soirée&gt;" in letter.html
    assert "<strong>tous</strong>" in letter.html
    assert "Réservé aux adhérents" in letter.html
    assert letter.html.count("<img") == 2
    for tag in re.findall(r"<img[^>]*>", letter.html):
        assert re.search(r'src="https://cpts\.exemple\.fr/images/\w+\.jpg" alt="[^"]+" width="544" height="272"', tag)
    assert not re.search(r"<script|<form|<style|class=|<link", letter.html)
    assert letter.archive_url == f"https://cpts.exemple.fr/lettre/archives/{full.slug}"
    assert letter_of(full, replace(content_of(full), archive="adherents")).archive_url == ""


def test_the_text_part_says_the_same_with_every_link(full):
    letter = letter_of(full)
    for words in ("À vos agendas", "Une <soirée>", "jeudi", "Venez tous.", "[Une salle]", "[Un plan]"):
        assert words in letter.text
    links = set(re.findall(r'href="(https[^"]+)"', letter.html))
    assert links == {"https://cpts.exemple.fr/evenements/soiree"}
    assert all(each in letter.text for each in links)
    assert not re.search(r"\.jpg|<p|&lt;|\*\*", letter.text)


def test_each_reads_their_name_and_the_archive_nobodys(full):
    compiled = compile(letter_of(full), identity_for(MailKind.COLLECTIVE))
    read = compiled.html_for(Recipient("a@exemple.fr", values_for(["Inès"], ["Inès Fictive"])))
    assert "Bonjour Inès," in read
    shown = str(reading_of(full).editorial)
    assert "Bonjour," in shown
    assert "{bonjour}" not in shown + wording.words_of(full) + relay.text_of(full) + relay.html_of(full)


def test_the_kit_that_partners_forward_holds_nobodys_links(full, client):
    for kit in (relay.text_of(full), relay.html_of(full)):
        assert "La lettre d’hiver" in kit
        assert "https://cpts.exemple.fr/evenements/soiree" in kit
        assert not re.search(r"desabonnement|preferences|\ue000", kit)
        assert "Lire sur le site" not in kit
    rules.started(full.id)
    full = Issue.get_by_id(full.id)
    assert f"https://cpts.exemple.fr/lettre/archives/{full.slug}" in relay.text_of(full)
    assert relay.share_text(full).splitlines()[0] == "La lettre d’hiver"


def test_a_picture_of_a_letter_is_read_by_mail_programs_and_kept_with_the_letter(full, picture, client):
    assert client.get(picture.url).status_code == 200
    files.StoredFile.update(created_at=files.now() - files.timedelta(days=60)).execute()
    assert files.purge_orphans(files.now().date()) == 0
    write(full, blocks=())
    assert files.purge_orphans(files.now().date()) == 1


def test_a_message_has_no_number_and_no_title_of_its_own(make):
    message = make(Kind.MESSAGE, subject="Une réunion", editorial="Bonjour")
    letter = letter_of(message)
    assert "<h1" not in letter.html
    assert "Lettre n°" not in letter.html + letter.text
    assert letter.text == "Bonjour"
    assert letter_of(make(Kind.MESSAGE)).subject == "Message"


def test_what_people_get_is_the_preview_and_the_archive_opens_as_it_leaves(full, client, as_coordinator, mailbox):
    reader = persons.create(given_name="Inès", family_name="Fictive", email="ines@exemple.fr")
    assert client.get(full.url).status_code == 404
    mailing = mailings.open_for("newsletter", full.id)
    mailings.set_audience(mailing.id, [Step("or", "ines", "oui")])
    before = compile(letter_of(full), identity_for(MailKind.COLLECTIVE))
    mailings.start(mailing.id)
    [letter] = mailbox.to("ines@exemple.fr")
    whom = recipient(reader.email, values_for(["Inès"], ["Inès Fictive"]))
    assert letter.html.strip() == before.html_for(whom).strip()
    assert letter.text.strip() == before.text_for(whom).strip()
    assert letter.message["Subject"] == "La lettre d’hiver"
    assert client.get(full.url).status_code == 200
    with pytest.raises(RuleError, match="Dupliquez-la"):
        write(full, subject="Trop tard")


def test_a_letter_stopped_before_anything_left_comes_back_to_its_desk(full, client):
    persons.create(given_name="Inès", family_name="Fictive", email="ines@exemple.fr")
    mailing = mailings.open_for("newsletter", full.id)
    mailings.set_audience(mailing.id, [Step("or", "ines", "oui")])
    mailings.start(mailing.id)
    assert client.get(full.url).status_code == 200
    mailings.cancel(mailing.id)
    assert client.get(full.url).status_code == 404
    write(full, subject="Encore un mot")


@pytest.fixture(autouse=True)
def one_reader(monkeypatch):
    """« ines »: the one person of that name."""
    found = lambda value: Person.select(Person.id).where(Person.given_name == "Inès")  # noqa: E731
    mine = Segment("ines", "Inès", lambda: [("oui", "Oui")], found)
    monkeypatch.setattr(registry, "segments", [*registry.segments, mine])
