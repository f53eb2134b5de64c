import io
import re
from datetime import date, timedelta

import pytest

from cptsapp.blueprints.news import desk
from cptsapp.blueprints.news.models import ARTICLES, published_between
from cptsapp.kernel import files, registry, search, versions
from cptsapp.kernel.dates import today
from cptsapp.kernel.db import now
from cptsapp.kernel.editing import typed_moment
from cptsapp.kernel.journal import JournalEntry
from cptsapp.kernel.publication import Phase
from tests.conftest import text_of

LIST = "/gestion/actualites/"


def shown(page: str, name: str) -> str:
    """Return the value of a field of the form."""
    found = re.search(rf'<(?:input|textarea)[^>]*name="{name}"[^>]*>', page)[0]
    return re.search(r'value="([^"]*)"', found)[1] if "value=" in found else ""


def form_of(browser, slug: str, **changes) -> dict:
    """Return what the editor's form would send."""
    page, item = browser.get(LIST + slug).text, ARTICLES.get(slug)
    header = item.document.header
    given = {key: header.get(key, "") for key in ("title", "summary", "theme", "published_at", "image", "image_alt")}
    return given | {"visibility": item.visibility, "body": item.document.body, "base": shown(page, "base")} | changes


def acts() -> list[str]:
    return [
        entry.action
        for entry in JournalEntry.select().where(JournalEntry.subject_kind == "news").order_by(JournalEntry.id)
    ]


def test_an_article_is_written_kept_as_a_draft_then_published(as_coordinator, client, coordinator):
    answer = as_coordinator.post(
        LIST + "nouveau", data={"title": "Été, santé !", "body": "Bonjour", "act": "draft", "visibility": "public"}
    )
    assert answer.status_code == 303
    assert answer.location == LIST + "ete-sante"
    assert "brouillon" in text_of(as_coordinator.get(answer.location).text)
    assert client.get("/actualites/ete-sante").status_code == 404
    answer = as_coordinator.post(LIST + "ete-sante", data=form_of(as_coordinator, "ete-sante", act="publish"))
    assert answer.status_code == 303
    assert "est publié, pour tout le monde" in text_of(as_coordinator.get(LIST + "ete-sante").text)
    assert client.get("/actualites/ete-sante").status_code == 200
    assert acts() == ["news.created", "news.published"]
    assert JournalEntry.get(JournalEntry.action == "news.created").actor_id == coordinator.id


def test_a_future_date_schedules(as_coordinator, client, write):
    write("un", state="draft")
    later = typed_moment(now() + timedelta(days=2)).replace(" ", "T")
    as_coordinator.post(LIST + "un", data=form_of(as_coordinator, "un", act="publish", published_at=later))
    assert ARTICLES.get("un").phase == Phase.SCHEDULED
    assert "paraîtra le" in text_of(as_coordinator.get(LIST + "un").text)
    assert client.get("/actualites/un").status_code == 404


def test_saving_keeps_the_state_and_the_keys_that_the_form_does_not_know(as_coordinator, write, settings):
    write("un", updated_at="2025-01-01 09:00")
    as_coordinator.post(LIST + "un", data=form_of(as_coordinator, "un", act="save", body="Nouveau texte"))
    text = ARTICLES.text("un")
    assert "updated_at: 2025-01-01 09:00" in text
    assert "state: published" in text
    assert "Nouveau texte" in text


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"title": ""}, "Donnez un titre."),
        ({"title": "x" * 161}, "160"),
        ({"summary": "x" * 301}, "300"),
        ({"published_at": "demain"}, "n’est pas une date"),
        ({"published_at": "2026-03-29T02:30"}, "n’existe pas"),
        ({"image": "/images/a.png", "image_alt": ""}, "Décrivez l’image"),
        ({"image": "https://x.exemple/a.png", "image_alt": "a"}, "Une image du site"),
        ({"theme": "inconnu"}, ""),
        ({"visibility": "tous"}, ""),
        ({"outlet": "Le Journal", "press_url": "javascript:x"}, "https://"),
        ({"press_url": "https://exemple.fr"}, "obligatoire"),
    ],
)
def test_a_refused_form_comes_back_with_its_sentence_and_all_that_was_typed(as_coordinator, write, change, sentence):
    before = write("un").hash
    data = form_of(as_coordinator, "un", act="save", body="Tout ce que j’ai tapé") | change
    answer = as_coordinator.post(LIST + "un", data=data)
    assert answer.status_code == 422
    assert sentence in text_of(answer.text)
    assert "Tout ce que j’ai tapé" in answer.text
    assert ARTICLES.get("un").hash == before


def test_the_preview_shows_what_is_typed_and_writes_nothing(as_coordinator, write):
    before = write("un").hash
    data = {"title": "L'essai", "body": "Du **gras** <script>alert(1)</script>", "act": "preview"}
    part = as_coordinator.post(LIST + "un", data=data, headers={"HX-Request": "true"})
    whole = as_coordinator.post(LIST + "un", data=data)
    assert part.status_code == whole.status_code == 200
    assert "<strong>gras</strong>" in part.text
    assert "L’essai" in part.text
    assert "<script>alert" not in part.text
    assert "<html" not in part.text
    assert part.text.strip() in whole.text
    assert "Du **gras**" in whole.text
    assert ARTICLES.get("un").hash == before
    assert acts() == []


def test_the_second_of_two_editors_sees_both_texts_and_chooses(as_coordinator, write):
    write("un", "Texte de départ")
    mine = form_of(as_coordinator, "un", act="save", body="Mon texte")
    other = form_of(as_coordinator, "un", act="save", body="Le texte de l’autre")
    as_coordinator.post(LIST + "un", data=other)
    answer = as_coordinator.post(LIST + "un", data=mine)
    assert answer.status_code == 409
    text = text_of(answer.text)
    assert "Mon texte" in answer.text
    assert "Le texte de l’autre" in answer.text
    assert "Garder le mien" in text
    assert "Prendre l’autre" in text
    assert ARTICLES.get("un").document.body == "Le texte de l’autre\n"
    kept = [versions.read("actualites", "un", each.id).decode() for each in versions.of("actualites", "un")]
    assert any("Mon texte" in each for each in kept)
    again = as_coordinator.post(LIST + "un", data=mine | {"base": shown(answer.text, "base")})
    assert again.status_code == 303
    assert ARTICLES.get("un").document.body == "Mon texte\n"


def test_an_article_thrown_away_meanwhile_is_not_lost(as_coordinator, write):
    write("un")
    mine = form_of(as_coordinator, "un", act="save", body="Mon texte")
    as_coordinator.post(LIST + "un/corbeille")
    answer = as_coordinator.post(LIST + "un", data=mine)
    assert answer.status_code == 409
    assert "Mon texte" in answer.text
    assert f'action="{LIST}nouveau"' in answer.text
    assert [each.slug for each in versions.trashed("actualites")] == ["un"]


def test_versions_are_listed_compared_and_restored(as_coordinator, write):
    write("un", "Première mouture")
    as_coordinator.post(LIST + "un", data=form_of(as_coordinator, "un", act="save", body="Seconde mouture"))
    page = as_coordinator.get(LIST + "un/versions")
    assert "Camille Exemple" in page.text
    assert "Fichier modifié sur le disque" in page.text
    first = versions.of("actualites", "un")[-1]
    compared = as_coordinator.get(f"{LIST}un/versions/{first.id}").text
    assert "<del>Première</del>" in compared
    assert "<ins>Seconde</ins>" in compared
    assert as_coordinator.post(f"{LIST}un/versions/{first.id}/retablir").status_code == 303
    assert ARTICLES.get("un").document.body == "Première mouture\n"
    assert as_coordinator.get(f"{LIST}un/versions/19990101T000000000000Z-00000000-1").status_code == 404
    assert acts() == ["news.saved", "news.restored"]


def test_what_is_thrown_away_comes_back_with_one_click(as_coordinator, client, article):
    answer = as_coordinator.post(LIST + "depistage/corbeille")
    assert client.get("/actualites/depistage").status_code == 404
    page = as_coordinator.get(answer.location).text
    assert "Annuler" in page
    assert "«\xa0Dépistage du diabète\xa0» est dans la corbeille" in page
    assert "Rétablir Dépistage du diabète" in as_coordinator.get(LIST + "corbeille").text
    undo = re.search(r'action="([^"]*/retablir)"', page)[1]
    assert as_coordinator.post(undo).status_code == 303
    assert client.get("/actualites/depistage").status_code == 200
    assert "La corbeille est vide" in as_coordinator.get(LIST + "corbeille").text


def test_a_renamed_article_redirects_however_often_it_moves(as_coordinator, client, article):
    as_coordinator.post(LIST + "depistage/adresse", data={"slug": "Dépistage 2026"})
    as_coordinator.post(LIST + "depistage-2026/adresse", data={"slug": "semaine"})
    for old in ("depistage", "depistage-2026"):
        answer = client.get(f"/actualites/{old}")
        assert (answer.status_code, answer.location) == (301, "/actualites/semaine")
    as_coordinator.post(LIST + "semaine/adresse", data={"slug": "depistage"})
    assert client.get("/actualites/depistage").status_code == 200
    assert client.get("/actualites/semaine").location == "/actualites/depistage"


def test_a_redirect_does_not_betray_what_one_may_not_read(as_coordinator, client, write):
    write("un", visibility="bureau")
    as_coordinator.post(LIST + "un/adresse", data={"slug": "deux"})
    assert client.get("/actualites/un").status_code == 404


def test_an_address_that_is_taken_is_refused(as_coordinator, write):
    write("un")
    write("deux")
    for slug in ("deux", "themes", "../x", ""):
        as_coordinator.post(LIST + "un/adresse", data={"slug": slug})
    assert ARTICLES.get("un") or ARTICLES.get("x")
    assert ARTICLES.get("deux").title == "Deux"


def test_a_private_link_shows_a_draft_to_anybody_until_it_is_closed(as_coordinator, client, write):
    write("un", "Texte secret", state="draft")
    page = as_coordinator.post(LIST + "un/lien").text
    path = re.search(r'value="http://127.0.0.1:8000(/apercu/[^"]+)"', page)[1]
    answer = client.get(path)
    assert "Texte secret" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert client.get("/apercu/inconnu").status_code == 404
    as_coordinator.post(LIST + "un/lien/retirer")
    assert client.get(path).status_code == 404


def test_a_private_link_dies_after_fourteen_days(as_coordinator, client, write, monkeypatch):
    write("un", state="draft")
    page = as_coordinator.post(LIST + "un/lien").text
    path = re.search(r'value="http://127.0.0.1:8000(/apercu/[^"]+)"', page)[1]
    later = now() + timedelta(days=15)
    monkeypatch.setattr("cptsapp.kernel.tokens.now", lambda: later)
    assert client.get(path).status_code == 404


def test_an_image_is_sent_described_cleaned_and_shown(as_coordinator, client, write, png):
    write("un")
    data = form_of(as_coordinator, "un", act="save", image_alt="Une pharmacie")
    data["image_file"] = (io.BytesIO(png), "../../Ma photo.png")
    assert as_coordinator.post(LIST + "un", data=data).status_code == 303
    item = ARTICLES.get("un")
    assert re.fullmatch(r"/images/[0-9a-f]+\.webp", item.image)
    assert client.get(item.image).status_code == 200
    assert 'alt="Une pharmacie"' in client.get("/actualites/un").text


def test_an_image_without_description_is_refused_but_not_lost(as_coordinator, write, png):
    write("un")
    data = form_of(as_coordinator, "un", act="save") | {"image_file": (io.BytesIO(png), "a.png")}
    answer = as_coordinator.post(LIST + "un", data=data)
    assert answer.status_code == 422
    assert "Décrivez l’image" in answer.text
    assert shown(answer.text, "image").startswith("/images/")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
        ("a.png", b"pas une image"),
        ("a.png", b"\x89PNG\r\n\x1a\n" + b"\x00" * 200),
        ("a.html", b"<script>alert(1)</script>"),
    ],
)
def test_what_is_not_a_picture_is_refused_beside_its_field(as_coordinator, write, name, data):
    before = write("un").hash
    sent = form_of(as_coordinator, "un", act="save", body="Mon texte", image_alt="x") | {
        "image_file": (io.BytesIO(data), name)
    }
    answer = as_coordinator.post(LIST + "un", data=sent)
    assert answer.status_code == 422
    assert 'id="image_file-erreur"' in answer.text
    assert "Mon texte" in answer.text
    assert ARTICLES.get("un").hash == before


def test_attachments_are_kept_named_and_taken_away(as_coordinator, client, write):
    write("un")
    data = form_of(as_coordinator, "un", act="save")
    data["attachment_files"] = [(io.BytesIO(b"a;b\n1;2\n"), "Chiffres.csv"), (io.BytesIO(b"note"), "note.txt")]
    assert as_coordinator.post(LIST + "un", data=data).status_code == 303
    first, second = ARTICLES.get("un").attachments
    assert (first.label, second.label) == ("Chiffres.csv", "note.txt")
    assert client.get(first.file).headers["Content-Disposition"].startswith("attachment")
    data = form_of(as_coordinator, "un", act="save") | {
        "attachments-0-file": first.file,
        "attachments-0-label": "Les chiffres",
        "attachments-1-file": second.file,
        "attachments-1-remove": "y",
    }
    as_coordinator.post(LIST + "un", data=data)
    assert [each.label for each in ARTICLES.get("un").attachments] == ["Les chiffres"]
    assert "Les chiffres" in client.get("/actualites/un").text


def test_a_draft_s_image_is_for_the_coordination(as_coordinator, client, write, png):
    write("un", state="draft")
    data = form_of(as_coordinator, "un", act="save", image_alt="x") | {"image_file": (io.BytesIO(png), "a.png")}
    as_coordinator.post(LIST + "un", data=data)
    image = ARTICLES.get("un").image
    assert client.get(image).status_code == 404
    assert as_coordinator.get(image).status_code == 200
    assert files.uses_of(image.rsplit("/", 1)[1])


def test_an_image_may_be_added_to_the_text(as_coordinator, write, png):
    write("un", "Le texte")
    data = form_of(as_coordinator, "un", act="save", insert_alt="Le plan") | {"insert_file": (io.BytesIO(png), "a.png")}
    as_coordinator.post(LIST + "un", data=data)
    assert re.search(r"Le texte\n\n!\[Le plan\]\(/images/[0-9a-f]+\.webp\)", ARTICLES.get("un").document.body)


def test_the_list_says_states_and_finds_by_words_and_filters(as_coordinator, write):
    write("publie", theme="prevention", author="Le bureau")
    write("brouillon", state="draft")
    write("reserve", "Le mot caché", visibility="adherents")
    page = text_of(as_coordinator.get(LIST).text)
    assert "2 en ligne" in page
    assert "1 brouillon" in page

    def found(query):
        part = as_coordinator.get(LIST + query, headers={"HX-Request": "true"}).text
        return [each for each in ("publie", "brouillon", "reserve") if f'href="{LIST}{each}"' in part]

    assert found("?etat=draft") == ["brouillon"]
    assert found("?theme=prevention") == ["publie"]
    assert found("?lecteurs=adherents") == ["reserve"]
    assert found("?signature=Le+bureau") == ["publie"]
    assert found("?q=cache") == ["reserve"]


def test_several_articles_are_published_archived_or_thrown_away_at_once(as_coordinator, client, write):
    write("un", state="draft")
    write("deux", state="draft")
    as_coordinator.post(LIST + "lot", data={"action": "publier", "id": ["un", "deux"]})
    assert client.get("/actualites/un").status_code == client.get("/actualites/deux").status_code == 200
    as_coordinator.post(LIST + "lot", data={"action": "archiver", "id": ["un"]})
    assert ARTICLES.get("un").phase == Phase.ARCHIVED
    as_coordinator.post(LIST + "lot", data={"action": "corbeille", "id": ["un", "deux", "../../cpts"]})
    assert ARTICLES.all() == []
    assert as_coordinator.post(LIST + "lot", data={"action": "publier"}).status_code == 422


def test_the_list_is_exported(as_coordinator, article):
    answer = as_coordinator.post(LIST + "export", data={"format": "csv"})
    assert "Dépistage du diabète" in answer.get_data(as_text=True)
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_a_file_that_cannot_be_read_is_listed_and_mended_in_the_browser(as_coordinator, article, settings):
    path = settings.content / "actualites" / "depistage.md"
    path.write_text("---\ntitle: Diabète : le point\nstate: published\npublished_at: 2025-01-01\n---\nTexte\n")
    ARTICLES.refresh()
    page = text_of(as_coordinator.get(LIST).text)
    assert "depistage.md , ligne 2" in page
    assert "Sa dernière bonne version reste en ligne." in page
    raw = as_coordinator.get(LIST + "fichier/depistage").text
    data = {"base": shown(raw, "base"), "text": "---\ntitle: a: b\n---\n"}
    refused = as_coordinator.post(LIST + "fichier/depistage", data=data)
    assert refused.status_code == 422
    assert "Ligne 2" in text_of(refused.text)
    data["text"] = path.read_text().replace("Diabète : le point", '"Diabète : le point"')
    assert as_coordinator.post(LIST + "fichier/depistage", data=data).status_code == 303
    assert ARTICLES.broken() == []
    assert as_coordinator.get(LIST + "fichier/inconnu").status_code == 404
    assert as_coordinator.get(LIST + "fichier/..").status_code == 404


def test_a_text_is_found_no_more_as_soon_as_it_is_hidden_even_when_the_worker_sleeps(
    as_coordinator, client, write, monkeypatch
):
    write("un", "Le mot rarissime.")
    write("deux", "Un autre mot rarissime.")
    assert len(search.search("rarissime", visibilities=["public"]).hits) == 2
    monkeypatch.setattr(ARTICLES, "on_change", [])
    as_coordinator.post(LIST + "un", data=form_of(as_coordinator, "un", act="save", visibility="bureau"))
    as_coordinator.post(LIST + "deux/corbeille")
    assert "rarissime" not in text_of(client.get("/recherche?q=rariss").text)
    assert [hit.id for hit in search.search("rarissime", visibilities=["bureau"]).hits] == ["un"]


def test_a_text_hidden_while_the_worker_reads_the_others_is_not_found(write, monkeypatch):
    monkeypatch.setattr(ARTICLES, "on_change", [])
    read = [write("un", "Le mot rarissime.")]
    write("un", "Le mot rarissime.", state="draft")
    monkeypatch.setattr(ARTICLES, "all", lambda: read)
    desk.sync_search()
    assert search.search("rarissime", visibilities=["public"]).hits == []


def test_a_file_that_no_longer_reads_is_refused_not_lost_by_the_acts_on_the_list(as_coordinator, write, settings):
    write("un")
    write("deux")
    path = settings.content / "actualites" / "un.md"
    path.write_text("---\ntitle: a: b\n---\nTexte\n", encoding="utf-8")
    ARTICLES.refresh()
    assert as_coordinator.post(LIST + "lot", data={"action": "archiver", "id": ["un"]}).status_code == 422
    assert as_coordinator.post(LIST + "lot", data={"action": "archiver", "id": ["un", "deux"]}).status_code == 303
    assert ARTICLES.get("deux").phase == Phase.ARCHIVED
    assert as_coordinator.post(LIST + "un/adresse", data={"slug": "ailleurs"}).status_code == 303
    assert path.read_text(encoding="utf-8").startswith("---\ntitle: a: b")


def test_a_private_link_follows_its_text_and_shows_no_other(as_coordinator, client, write):
    write("un", "Le premier brouillon.", state="draft")
    link = as_coordinator.post(LIST + "un/lien").text.split("/apercu/")[1].split('"')[0]
    as_coordinator.post(LIST + "un/adresse", data={"slug": "ailleurs"})
    write("un", "Un tout autre brouillon.", state="draft")
    assert "Le premier brouillon." in text_of(client.get("/apercu/" + link).text)


def test_an_address_that_no_disk_could_hold_leads_to_no_text(as_coordinator):
    assert as_coordinator.post(LIST + "a" * 300 + "/corbeille").status_code == 422
    assert as_coordinator.get(LIST + "a" * 300).status_code == 404


@pytest.mark.parametrize("path", ["", "nouveau", "un", "un/versions", "corbeille", "fichier/un"])
def test_only_the_coordination_writes(client, as_adherent, as_bureau, write, path):
    write("un")
    assert client.get(LIST + path).status_code == 302
    assert as_adherent.get(LIST + path).status_code == 403
    assert as_bureau.get(LIST + path).status_code == 403


@pytest.mark.parametrize("path", ["", "nouveau", "un", "un/versions", "corbeille", "fichier/un", "?annuler=x"])
def test_looking_changes_nothing(as_coordinator, write, path, settings):
    write("un")
    as_coordinator.get(LIST)
    before = {each: each.stat().st_mtime_ns for each in settings.instance.rglob("*") if each.suffix == ".md"}
    entries = JournalEntry.select().count()
    assert as_coordinator.get(LIST + path).status_code == 200
    assert {each: each.stat().st_mtime_ns for each in settings.instance.rglob("*") if each.suffix == ".md"} == before
    assert JournalEntry.select().count() == entries


def test_somebody_else_s_words_are_escaped_everywhere(as_coordinator, client, write):
    write("un", "<img src=x onerror=alert(1)>", title="<script>alert(1)</script>", author="<b>x</b>", action="<i>")
    for browser, path in (
        (client, "/actualites/un"),
        (client, "/actualites/"),
        (as_coordinator, LIST),
        (as_coordinator, LIST + "un"),
    ):
        page = browser.get(path).text
        assert "<script>alert(1)" not in page
        assert not re.search(r"<img[^>]+onerror", page)
        assert "<b>x</b>" not in page


def test_publications_are_counted_by_period_and_theme(write):
    write("un", theme="prevention", published_at="2025-03-01 00:30")
    write("deux", theme="parcours", published_at="2025-03-31 23:30", press={"outlet": "Le Journal"})
    write("trois", state="archived", published_at="2025-04-01 00:00")
    write("quatre", state="draft")

    counts = {each.key: each.count(date(2025, 3, 1), date(2025, 3, 31)) for each in registry.indicators}
    assert counts["news.published"] == 2
    assert counts["news.press"] == 1
    assert counts["news.published.prevention"] == 1
    assert len(published_between(today(), today())) == 0


def test_what_waits_is_on_the_dashboard(write, app):
    card = next(each for each in registry.dashboard_cards if each.key == "news.drafts")
    assert card.load() is None
    write("plus-tard", published_at="2099-01-01 09:00")
    write("brouillon", state="draft")
    assert [each.slug for each in card.load()["articles"]] == ["plus-tard", "brouillon"]
