import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as tries
from hypothesis import strategies as st

from cptsapp.kernel import content, versions
from cptsapp.kernel.content import Collection, Document, FileConflict
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.frontmatter import Header, Malformed
from cptsapp.kernel.settings import settings


@dataclass(frozen=True)
class Text:
    document: Document
    title: str


def read(document):
    header = Header(document.header, document.lines)
    text = Text(document, header.text("title", required=True))
    header.finish()
    return text


@pytest.fixture
def folder(tmp_path):
    settings.configure(tmp_path / "instance", secret_key="x" * 40)
    folder = settings.content / "textes"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def texts(folder):
    yield Collection("textes", read)
    content.collections.pop("textes")


def put(folder, slug, title="Un titre", body="Du texte."):
    (folder / f"{slug}.md").write_text(f"---\ntitle: {title}\n---\n{body}\n", encoding="utf-8")


def seen_within_two_seconds(check):
    end = time.monotonic() + 2
    while time.monotonic() < end:
        if check():
            return True
        time.sleep(0.05)
    return False


def test_a_file_added_changed_or_removed_on_disk_shows_within_two_seconds(texts, folder):
    assert texts.all() == []
    put(folder, "un")
    assert seen_within_two_seconds(lambda: texts.get("un"))
    first = texts.version()
    put(folder, "un", "Autre titre")
    assert seen_within_two_seconds(lambda: texts.get("un").title == "Autre titre")
    assert texts.version() != first
    (folder / "un.md").unlink()
    assert seen_within_two_seconds(lambda: texts.get("un") is None)


def test_what_another_process_writes_shows_at_the_next_question(texts, folder):
    texts.create("un", {"title": "A"}, "", author=1)
    other = Collection("textes", read)  # stands for another worker
    for number in range(50):
        base = other.get("un").document.hash
        other.save("un", {"title": str(number)}, "", base=base, author=1)
        assert texts.get("un").title == str(number)


def test_two_changes_of_one_size_in_one_tick_are_both_seen(texts, folder):
    put(folder, "un", "aaaa")
    assert texts.get("un").title == "aaaa"
    stamp = (folder / "un.md").stat()
    put(folder, "un", "bbbb")
    os.utime(folder / "un.md", ns=(stamp.st_mtime_ns, stamp.st_mtime_ns))
    assert seen_within_two_seconds(lambda: texts.get("un").title == "bbbb")


def test_nothing_is_read_when_nothing_changed(texts, folder, monkeypatch):
    for number in range(20):
        put(folder, f"texte-{number}")
        os.utime(folder / f"texte-{number}.md", (1, 1))
    assert len(texts.all()) == 20
    kept = texts.get("texte-3")
    read_files = []
    monkeypatch.setattr(content.Collection, "parse", lambda *args: read_files.append(args))
    texts.refresh()
    assert texts.get("texte-3") is kept
    assert read_files == []


def test_a_malformed_file_is_listed_and_its_last_good_version_stays(texts, folder):
    put(folder, "un", "Bon titre")
    put(folder, "deux")
    texts.refresh()
    (folder / "un.md").write_text("---\ntitle: Diabète : le point\n---\n")
    (folder / "trois.md").write_text("rien")
    texts.refresh()
    assert texts.get("un").title == "Bon titre"
    assert texts.get("trois") is None
    listed = [(each.file, each.line, each.kept) for each in texts.broken()]
    assert listed == [("trois.md", 1, False), ("un.md", 2, True)]
    assert "guillemets" in texts.broken()[1].reason
    put(folder, "un", "Mieux")
    texts.refresh()
    assert texts.get("un").title == "Mieux"
    assert [each.file for each in texts.broken()] == ["trois.md"]


def test_the_last_good_version_outlives_the_process(texts, folder):
    put(folder, "un", "Bon titre")
    texts.refresh()
    (folder / "un.md").write_bytes(b"\xff\xfe")
    restarted = Collection("textes", read)
    assert restarted.get("un").title == "Bon titre"
    assert restarted.broken()[0].kept


@tries(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.one_of(st.binary(), st.binary().map(lambda each: b"---\ntitle: " + each + b"\n---\n")))
def test_no_file_breaks_the_others(texts, folder, data):
    put(folder, "bon")
    (folder / "autre.md").write_bytes(data)
    texts.refresh()
    assert texts.get("bon").title == "Un titre"
    assert (texts.get("autre") is not None) or [each.slug for each in texts.broken()] == ["autre"]


def test_a_name_that_makes_no_address_is_listed_with_a_better_one(texts, folder):
    put(folder, "Où Consulter")
    texts.refresh()
    assert "ou-consulter.md" in texts.broken()[0].reason
    assert texts.all() == []


def test_other_files_are_ignored(texts, folder):
    (folder / "notes.txt").write_text("x")
    (folder / ".cache.md").write_text("x")
    (folder / "_modele.md").write_text("x")
    (folder / "sous.md").mkdir()
    texts.refresh()
    assert texts.all() == texts.broken() == []


def test_a_new_text_takes_the_first_free_name(texts):
    names = [texts.create("un titre", {"title": "Un titre"}, "Texte", author=1).document.slug for _ in range(3)]
    assert names == ["un-titre", "un-titre-2", "un-titre-3"]
    assert texts.create("contact", {"title": "x"}, "", author=1, reserved={"contact"}).document.slug == "contact-2"


def test_every_version_is_kept_with_its_author(texts):
    text = texts.create("un", {"title": "A"}, "Un", author=1)
    text = texts.save("un", {"title": "B"}, "Deux", base=text.document.hash, author=2)
    texts.save("un", {"title": "B"}, "Deux", base=text.document.hash, author=2)
    kept = versions.of("textes", "un")
    assert [each.author for each in kept] == [2, 1]
    assert b"title: A" in versions.read("textes", "un", kept[1].id)
    assert versions.read("textes", "un", "../../cpts") is None


def test_a_change_made_on_disk_is_a_version_too(texts, folder):
    text = texts.create("un", {"title": "A"}, "Un", author=1)
    put(folder, "un", "Sur le disque")
    texts.refresh()
    assert [each.author for each in versions.of("textes", "un")] == [None, 1]
    put(folder, "un", "Pas encore vu")
    with pytest.raises(FileConflict):
        texts.save("un", {"title": "B"}, "", base=text.document.hash, author=2)


def test_the_second_of_two_editors_gets_both_texts_and_loses_nothing(texts):
    text = texts.create("un", {"title": "A"}, "Un", author=1)
    texts.save("un", {"title": "Le premier"}, "", base=text.document.hash, author=1)
    with pytest.raises(FileConflict) as caught:
        texts.save("un", {"title": "Le second"}, "", base=text.document.hash, author=2)
    assert "Le premier" in caught.value.theirs
    assert "Le second" in caught.value.mine
    assert any(b"Le second" in versions.read("textes", "un", each.id) for each in versions.of("textes", "un"))
    texts.save("un", {"title": "Le second"}, "", base=caught.value.revision, author=2)
    assert texts.get("un").title == "Le second"


def test_a_text_taken_away_meanwhile_is_a_conflict_with_nothing(texts):
    text = texts.create("un", {"title": "A"}, "Un", author=1)
    texts.trash("un", author=2)
    with pytest.raises(FileConflict) as caught:
        texts.save("un", {"title": "B"}, "", base=text.document.hash, author=1)
    assert caught.value.theirs is None


def test_what_makes_no_text_is_refused_and_not_written(texts):
    text = texts.create("un", {"title": "A"}, "Un", author=1)
    with pytest.raises(Malformed):
        texts.save("un", {"title": ""}, "", base=text.document.hash, author=1)
    assert texts.get("un").title == "A"


def test_the_trash_gives_back_what_it_was_given(texts):
    texts.create("un", {"title": "A"}, "Un", author=1)
    place = texts.trash("un", author=1)
    assert texts.get("un") is None
    assert [each.slug for each in versions.trashed("textes")] == ["un"]
    texts.create("un", {"title": "B"}, "", author=1)
    assert texts.untrash(place).document.slug == "un-2"
    assert versions.trashed("textes") == []
    with pytest.raises(RuleError):
        texts.untrash(place)
    with pytest.raises(RuleError):
        texts.untrash("../../cpts.toml")


def test_a_renamed_text_keeps_its_versions(texts):
    texts.create("un", {"title": "A"}, "Un", author=1)
    texts.create("pris", {"title": "A"}, "Un", author=1)
    assert texts.rename("un", "deux").title == "A"
    assert texts.get("un") is None
    assert len(versions.of("textes", "deux")) == 1
    for wrong in ("pris", "../un", "Été", "", "a/b"):
        with pytest.raises(RuleError):
            texts.rename("deux", wrong)


@pytest.mark.parametrize("slug", ["../secret", "..", "a/b", ".cache", "a\0b"])
def test_no_name_leaves_the_folder(texts, folder, slug):
    (folder.parent / "secret.md").write_text("---\ntitle: secret\n---\n")
    assert texts.get(slug) is None
    assert texts.text(slug) is None
    with pytest.raises(RuleError):
        texts.trash(slug, author=1)


def test_a_folder_that_is_missing_is_an_empty_one(texts, folder):
    folder.rmdir()
    texts.refresh()
    assert texts.all() == []
    assert texts.create("un", {"title": "A"}, "", author=1).title == "A"


def test_a_full_disk_does_not_keep_files_from_being_read(texts, folder, monkeypatch):
    def refuse(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(versions.tempfile, "mkstemp", refuse)
    put(folder, "un")
    texts.refresh()
    assert texts.get("un").title == "Un titre"


def test_what_follows_the_files_is_told_and_cannot_break_them(texts, folder):
    told = []
    texts.on_change += [lambda: told.append(1), lambda: 1 / 0]
    put(folder, "un")
    texts.refresh()
    texts.refresh()
    assert texts.get("un")
    assert told == [1]


WRITER = """
import sys
from tests.kernel.test_content import Collection, FileConflict, read, settings
settings.configure(sys.argv[1], secret_key="x" * 40)
texts, done = Collection("textes", read), 0
while done < 25:
    texts.refresh()
    document = texts.get("compteur").document
    try:
        texts.save("compteur", {"title": str(int(document.header["title"]) + 1)}, "", base=document.hash, author=1)
        done += 1
    except FileConflict:
        pass
"""


def test_writers_of_several_processes_never_overwrite_each_other(texts):
    texts.create("compteur", {"title": "0"}, "", author=1)
    command = [sys.executable, "-c", WRITER, str(settings.instance)]
    running = [subprocess.Popen(command, env=os.environ | {"PYTHONPATH": "."}) for _ in range(3)]
    assert [each.wait(60) for each in running] == [0, 0, 0]
    texts.refresh()
    assert texts.get("compteur").title == "75"


def test_readers_never_see_half_a_file(texts):
    document = texts.create("un", {"title": "0"}, "x" * 50_000, author=1).document
    stop, wrong = threading.Event(), []

    def look():
        while not stop.is_set():
            texts.refresh()
            wrong.extend(texts.broken())

    reader = threading.Thread(target=look)
    reader.start()
    for number in range(30):
        document = texts.save("un", {"title": str(number)}, "x" * 50_000, base=document.hash, author=1).document
    stop.set()
    reader.join()
    assert wrong == []
