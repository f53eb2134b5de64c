"""What people send: pictures written again, attachments checked, names cleaned, files served to those who may read."""

import io
import struct
import subprocess
import sys
import zipfile
import zlib
from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from PIL import Image
from werkzeug.datastructures import FileStorage

from cptsapp.kernel import attachments, files, pictures
from cptsapp.kernel.access import Visibility
from cptsapp.kernel.db import now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.files import StoredFile

# Decoders grumble about odd metadata and sizes; in production these lines go to the log.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::RuntimeWarning")

ADHERENT = frozenset({"account", "adherent"})


def picture(kind="JPEG", size=(900, 600), mode="RGB", **options) -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert(mode).save(out, kind, **options)
    return out.getvalue()


def upload(data: bytes, name="photo.jpg") -> FileStorage:
    return FileStorage(io.BytesIO(data), filename=name)


def office(extension=".docx", extra=(), **members) -> bytes:
    main = attachments.MAIN_PART.get(extension)
    parts = {"[Content_Types].xml": b"<Types/>", main: b"<document/>"} if main else {}
    if not main:
        parts = {
            "mimetype": attachments.TYPES[extension].encode(),
            "content.xml": b"<a/>",
            "META-INF/manifest.xml": b"<m/>",
        }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (parts | members | dict(extra)).items():
            archive.writestr(name, data)
    return out.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG that says it is huge and holds almost nothing."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


def refusal(check, *given) -> str | None:
    """Return the sentence with which `check` refuses, or None; any other exception fails the test."""
    try:
        check(*given)
    except RuleError as error:
        return str(error)
    return None


PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


# --- pictures -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_picture_of_each_kind_becomes_a_webp(kind):
    result = pictures.encode(picture(kind))
    assert pictures.sniff(result.data) == "image/webp"
    assert (result.width, result.height) == (900, 600)
    assert pictures.size(result.small) == (640, 427)


@pytest.mark.parametrize(
    ("kind", "mode"),
    [("PNG", "P"), ("PNG", "LA"), ("PNG", "RGBA"), ("PNG", "1"), ("PNG", "I;16"), ("JPEG", "CMYK"), ("JPEG", "L")],
)
def test_every_colour_mode_is_read(kind, mode):
    assert pictures.encode(picture(kind, mode=mode)).width == 900


def test_a_large_picture_is_brought_to_1600_pixels():
    result = pictures.encode(picture(size=(5000, 2500)))
    assert (result.width, result.height) == (1600, 800)


def test_a_small_picture_keeps_its_size_and_has_no_smaller_one():
    result = pictures.encode(picture(size=(300, 200)))
    assert (result.width, result.height, result.small) == (300, 200, None)


def test_a_photo_taken_upright_stays_upright():
    exif = Image.Exif()
    exif[0x0112] = 6  # the phone was held upright: turn a quarter to the right
    assert (pictures.encode(picture(exif=exif)).width, pictures.encode(picture(exif=exif)).height) == (600, 900)


def test_place_camera_profile_and_comments_stay_behind():
    exif = Image.Exif()
    exif[0x010F] = "CAMERA-SECRETE"
    exif.get_ifd(0x8825)[1] = "N"
    written = pictures.encode(picture(exif=exif, comment=b"COMMENTAIRE-SECRET", icc_profile=b"PROFIL-SECRET" * 20)).data
    read = Image.open(io.BytesIO(written))
    assert not read.getexif()
    assert "icc_profile" not in read.info
    assert b"SECRET" not in written


def test_what_is_hidden_behind_a_picture_stays_behind():
    hidden = picture() + office(secret=b"charge") + b"<script>alert(1)</script>"
    written = pictures.encode(hidden).data
    assert b"PK\x03\x04" not in written
    assert b"<script" not in written


def test_broken_metadata_does_not_spoil_a_good_photo():
    photo = picture()
    exif = b"\xff\xe1" + struct.pack(">H", 40) + b"Exif\0\0" + b"MM\0*" + b"\xff" * 28
    assert pictures.encode(photo[:2] + exif + photo[2:]).width == 900


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "n’est pas une image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "n’est pas une image"),
        (b"<!doctype html><script>alert(1)</script>", "n’est pas une image"),
        (b"BM" + b"\0" * 60, "n’est pas une image"),
        (PDF, "n’est pas une image"),
        (b"\xff\xd8\xff\xe0<script>alert(1)</script>", "ne se lit pas"),
        (b"GIF89a/*<script>*/=1;alert(1)", "ne se lit pas"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "ne se lit pas"),
        (picture()[:-2000], "ne se lit pas"),
        (picture("PNG")[:-500], "ne se lit pas"),
        (picture("WEBP")[:-500], "ne se lit pas"),
        (png_header(1000, 1000), "ne se lit pas"),
        (png_header(60000, 60000), "trop de pixels"),
        (png_header(11000, 11000), "trop de pixels"),
        (png_header(5000, 5000), "trop de pixels"),
    ],
)
def test_what_is_no_whole_picture_is_refused_with_a_sentence(data, sentence):
    with pytest.raises(RuleError, match=sentence):
        pictures.encode(data)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_a_moving_picture_is_refused_rather_than_stopped(kind):
    out = io.BytesIO()
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    frames[0].save(out, kind, save_all=True, append_images=frames[1:])
    with pytest.raises(RuleError, match="animées"):
        pictures.encode(out.getvalue())


MUTATED = st.builds(
    lambda base, at, bytes_: base[: at % len(base)] + bytes_ + base[at % len(base) + len(bytes_) :],
    st.sampled_from([picture(kind, size=(40, 30)) for kind in ("JPEG", "PNG", "WEBP", "GIF")]),
    st.integers(0, 10_000),
    st.binary(min_size=1, max_size=40),
)


@given(st.one_of(st.binary(max_size=300), MUTATED))
@example(b"GIF89a")
@example(b"\x89PNG\r\n\x1a\n")
@hypothesis_settings(max_examples=400, deadline=None)
def test_any_bytes_are_a_picture_or_a_refusal(data):
    assert refusal(pictures.encode, data) in (
        None,
        pictures.WRONG_TYPE,
        pictures.UNREADABLE,
        pictures.TOO_LARGE,
        pictures.ANIMATED,
    )


BOMB = """
import re, sys, time
sys.path.insert(0, {root!r})
from cptsapp.kernel import attachments, pictures
from cptsapp.kernel.errors import RuleError


def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])


data = open({path!r}, "rb").read()
before, started = peak(), time.process_time()
try:
    pictures.encode(data) if pictures.sniff(data) else attachments.check("a.docx", data)
except RuleError:
    pass
print(peak() - before, time.process_time() - started)
"""


def flat_webp(side):
    out = io.BytesIO()
    Image.new("RGB", (side, side)).save(out, "WEBP", lossless=True, method=0)
    return out.getvalue()


def flat(kind, side, **options):
    out = io.BytesIO()
    Image.new("L", (side, side)).save(out, kind, **options)
    return out.getvalue()


def zip_bomb():
    return office(**{f"word/{i}.xml": b"\0" * 20_000_000 for i in range(10)})


def crowded_zip():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number in range(60_000):
            archive.writestr(f"{number}", b"")
    return out.getvalue()


@pytest.mark.parametrize(
    "bomb",
    [
        lambda: flat("PNG", 4470),
        lambda: picture("PNG", (4470, 4470), "RGBA"),
        lambda: flat("PNG", 12_000),
        lambda: flat("GIF", 4470),
        lambda: flat_webp(3400),
        lambda: flat_webp(12_000),
        lambda: flat("JPEG", 9_900),
        lambda: flat("JPEG", 4890, progressive=True),
        zip_bomb,
        crowded_zip,
    ],
    ids=["png", "alpha", "huge png", "gif", "webp", "huge webp", "jpeg", "progressive", "zip", "many entries"],
)
def test_a_bomb_costs_less_than_200_mib_and_two_seconds(bomb, tmp_path):
    path = tmp_path / "bombe"
    path.write_bytes(bomb())
    script = BOMB.format(root=str(sys.path[0] or "."), path=str(path))
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert int(out[0]) < 200 * 1024
    assert float(out[1]) < 2


# --- attachments --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.pdf", PDF),
        ("a.docx", office(".docx")),
        ("a.xlsx", office(".xlsx")),
        ("a.pptx", office(".pptx")),
        ("a.odt", office(".odt")),
        ("a.ods", office(".ods")),
        ("a.csv", "nom;ville\nÉloïse;Yèbles\n".encode()),
        ("a.csv", "nom;ville\nÉloïse;Yèbles\n".encode("cp1252")),
        ("A.TXT", b"\xef\xbb\xbfbonjour"),
        ("a.jpg", picture()),
    ],
)
def test_documents_of_the_allowed_types_are_taken(name, data):
    assert attachments.check(name, data) == attachments.TYPES["." + name.rsplit(".", 1)[1].lower()]


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("a.exe", b"MZ", "pas accepté"),
        ("a.svg", b"<svg/>", "pas accepté"),
        ("a.html", b"<p>", "pas accepté"),
        ("a.zip", office(), "pas accepté"),
        ("sans extension", PDF, "pas accepté"),
        ("a.pdf.html", PDF, "pas accepté"),
        ("a.docm", office(), "macros"),
        ("a.doc", b"\xd0\xcf\x11\xe0", "ancien"),
        ("a.docx", b"\xd0\xcf\x11\xe0", "mot de passe"),
        ("a.docx", office(**{"word/vbaProject.bin": b"x"}), "macros"),
        (
            "a.docx",
            office(**{"[Content_Types].xml": b"application/vnd.ms-word.document.macroEnabled.main+xml"}),
            "macros",
        ),
        ("a.odt", office(".odt", **{"Basic/Standard/Module1.xml": b"x"}), "macros"),
        ("a.odt", office(".odt", **{"META-INF/manifest.xml": b"<manifest:encryption-data/>"}), "mot de passe"),
        ("a.xlsx", office(".docx"), "abîmé"),
        ("a.odt", office(".ods"), "abîmé"),
        ("a.docx", office(**{"../../etc/passwd": b"x"}), "abîmé"),
        ("a.docx", b"PK\x03\x04 presque", "abîmé"),
        ("a.docx", PDF, "abîmé"),
        ("a.pdf", b"<html>%PDF-1.7 %%EOF", "abîmé"),
        ("a.pdf", PDF[:20], "abîmé"),
        ("a.pdf", PDF + office() + b"%%EOF", "abîmé"),
        ("a.txt", b"\n <!DOCTYPE html><script>", "abîmé"),
        ("a.csv", b"<svg onload=alert(1)>", "abîmé"),
        ("a.csv", b"a;b\0c", "abîmé"),
        ("a.txt", b"", "vide"),
        ("a.jpg", b"<script>", "abîmé"),
        ("a.docx", office(**{"word/media/zero": b"\0" * 60_000_000}), "trop de données"),
    ],
)
def test_other_files_are_refused_with_a_sentence(name, data, sentence):
    with pytest.raises(RuleError, match=sentence):
        attachments.check(name, data)


@given(
    st.sampled_from(sorted(attachments.TYPES)),
    st.one_of(st.binary(max_size=200), st.binary(max_size=50).map(office().__add__)),
)
@hypothesis_settings(max_examples=300, deadline=None)
def test_any_bytes_are_an_attachment_or_a_refusal(extension, data):
    assert (refusal(attachments.check, "a" + extension, data) or ".").endswith(".")


@given(st.integers(0, 2000), st.binary(min_size=1, max_size=30))
@hypothesis_settings(max_examples=300, deadline=None)
def test_a_damaged_archive_is_an_attachment_or_a_refusal(at, bytes_):
    data = office()
    at %= len(data)
    damaged = data[:at] + bytes_ + data[at + len(bytes_) :]
    assert (refusal(attachments.check, "a.docx", damaged) or ".").endswith(".")


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\moi\\Bilan 2026.PDF", "Bilan 2026.PDF"),
        ("a\r\nSet-Cookie: b\x00.pdf", "aSet-Cookie: b.pdf"),
        ("facture\u202efdp.exe", "facturefdp.exe"),
        ("  .pdf", "fichier.pdf"),
        ("", "fichier"),
        (None, "fichier"),
        ("é" * 300 + ".pdf", "é" * 116 + ".pdf"),
        ("Compte\u00a0rendu.pdf", "Compte rendu.pdf"),
    ],
)
def test_the_name_shown_holds_no_folder_and_no_hidden_sign(sent, shown):
    assert attachments.display_name(sent) == shown


@given(st.text(max_size=300))
def test_any_name_gives_one_line_of_120_signs_at_most(name):
    shown = attachments.display_name(name)
    assert 0 < len(shown) <= 120
    assert shown.isprintable()
    assert "/" not in shown
    assert "\\" not in shown
    assert attachments.display_name(shown) == shown


# --- keeping and serving ------------------------------------------------------------------------------------------


@pytest.fixture
def public_photo(app):
    return files.store_image(upload(picture()), visibility=Visibility.PUBLIC)


@pytest.fixture
def pdf(app):
    return files.store_attachment(upload(PDF, "Compte rendu.pdf"), visibility=Visibility.PUBLIC)


@pytest.fixture
def uses():
    """The features that say what shows a file: none but those of the test."""
    kept = list(files.file_uses)
    files.file_uses[:] = []
    yield files.file_uses
    files.file_uses[:] = kept


def test_the_same_picture_sent_twice_is_kept_once(app, public_photo):
    again = files.store_image(upload(picture(), "autre.jpg"))
    assert again == public_photo
    assert StoredFile.select().count() == 1
    assert len(list(files.settings.uploads.rglob("*.webp"))) == 2  # the picture and its small one


def test_nothing_is_left_of_a_refused_file(app):
    with pytest.raises(RuleError):
        files.store_image(upload(b"<svg/>", "a.jpg"))
    assert not files.settings.uploads.exists()
    assert not StoredFile.select().exists()


def test_a_file_over_the_limit_is_refused(app, settings):
    settings.max_upload_mb = 1
    with pytest.raises(RuleError, match="dépasse 1 Mo"):
        files.store_attachment(upload(b"a" * (1024**2 + 1), "a.txt"))


def test_an_attached_picture_is_written_again_as_well(app):
    stored = files.store_attachment(upload(picture("PNG"), "affiche.png"))
    assert stored.media_type == "image/webp"
    assert stored.original_name == "affiche.png"
    assert stored.url.startswith("/images/")


def test_a_public_picture_shows_and_may_be_kept_by_caches(client, public_photo, uses):
    response = client.get(public_photo.url)
    assert response.status_code == 200
    assert response.mimetype == "image/webp"
    assert response.headers["Cache-Control"] == "public, max-age=86400"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in response.headers
    small = client.get(files.image_info(public_photo.url).small_url)
    assert pictures.size(small.data) == (640, 427)
    assert client.get(public_photo.url, headers={"If-None-Match": response.headers["ETag"]}).status_code == 304


def test_a_picture_has_the_visibility_of_what_shows_it(client, public_photo, uses):
    uses.append(lambda name: [Visibility.ADHERENTS] if name == public_photo.name else [])
    hidden, missing = client.get(public_photo.url), client.get("/images/" + "0" * 32 + ".webp")
    assert hidden.status_code == missing.status_code == 404
    assert hidden.data == missing.data
    assert files.may_see(public_photo.name, ADHERENT, Visibility.PUBLIC)
    uses.append(lambda name: [Visibility.PUBLIC])
    assert client.get(public_photo.url).status_code == 200


def test_a_picture_that_nothing_shows_yet_is_for_the_coordination(client, app, uses):
    photo = files.store_image(upload(picture()))
    assert client.get(photo.url).status_code == 404
    assert not files.may_see(photo.name, ADHERENT, photo.visibility)


def test_an_attachment_is_downloaded_and_never_run(client, pdf, uses):
    response = client.get(pdf.url)
    assert response.status_code == 200
    assert response.data == PDF
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert "Compte rendu.pdf" in response.headers["Content-Disposition"]
    assert "sandbox" in response.headers["Content-Security-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert client.get("/images/" + pdf.name).status_code == 404


def test_a_picture_put_by_hand_is_served_when_it_is_one(client, app, settings, uses):
    folder = settings.content / "images"
    folder.mkdir(parents=True)
    (folder / "equipe.jpg").write_bytes(picture())
    (folder / "piege.jpg").write_bytes(b"<script>alert(1)</script>")
    (folder / "dessin.svg").write_bytes(b"<svg/>")
    (folder / "menteur.png").write_bytes(picture("JPEG"))
    (settings.content / "secret.jpg").write_bytes(picture())
    (folder / "lien.jpg").symlink_to(settings.content / "secret.jpg")
    assert client.get("/images/equipe.jpg").mimetype == "image/jpeg"
    assert files.image_info("/images/equipe.jpg") == ("/images/equipe.jpg", "/images/equipe.jpg", 900, 600)
    for name in ("piege.jpg", "dessin.svg", "menteur.png", "lien.jpg", "absent.jpg", "..%2fsecret.jpg", "%00.jpg"):
        assert client.get(f"/images/{name}").status_code == 404, name
    uses.append(lambda name: [Visibility.BUREAU])
    assert client.get("/images/equipe.jpg").status_code == 404


# --- purging ------------------------------------------------------------------------------------------------------


@pytest.fixture
def old_photo(public_photo):
    StoredFile.update(created_at=now() - timedelta(days=40)).execute()
    return public_photo


def test_what_nothing_cites_is_removed_after_thirty_days(public_photo, old_photo, uses):
    assert files.purge_orphans(now().date()) == 1
    assert not StoredFile.select().exists()
    assert not list(files.settings.uploads.rglob("*.webp"))


def test_what_is_sent_again_while_the_purge_reads_is_kept(old_photo, uses):
    def sent_again(name):
        StoredFile.update(created_at=now()).execute()
        return []

    uses.append(sent_again)
    assert files.purge_orphans(now().date()) == 0
    assert old_photo.path.is_file()


def test_a_recent_file_is_kept(public_photo, uses):
    assert files.purge_orphans(now().date()) == 0


def test_what_a_text_or_an_old_version_cites_is_kept(old_photo, settings, uses):
    folder = settings.instance / "versions" / "actualites"
    folder.mkdir(parents=True)
    (folder / "ancienne.md").write_text(f"![photo]({old_photo.url.replace('.webp', '-640.webp')})", "utf-8")
    assert files.purge_orphans(now().date()) == 0


def test_what_a_feature_shows_is_kept(old_photo, uses):
    uses.append(lambda name: [Visibility.COORDINATION])
    assert files.purge_orphans(now().date()) == 0


def test_a_feature_that_cannot_answer_stops_the_purge(old_photo, uses):
    def broken(name):
        raise OSError

    uses.append(broken)
    with pytest.raises(OSError):
        files.purge_orphans(now().date())
    assert StoredFile.select().exists()


def test_mails_show_a_jpeg_that_anybody_may_read_whatever_the_picture(client, app, settings, uses):
    hidden = files.store_image(upload(picture("PNG", (2000, 1000), "RGBA")))
    folder = settings.content / "images"
    folder.mkdir(parents=True)
    (folder / "equipe.webp").write_bytes(picture("WEBP"))
    for address, size in ((hidden.url, (1200, 600)), ("/images/equipe.webp", (900, 600))):
        shown = files.mail_image(address)
        assert (shown.width, shown.height) == size
        answer = client.get(shown.url)
        assert answer.mimetype == "image/jpeg"
        assert pictures.size(answer.data) == size
        assert files.mail_image(shown.url) == shown
    assert client.get(hidden.url).status_code == 404
    assert files.mail_image("/images/absente.webp") is files.mail_image("https://ailleurs.fr/a.png") is None
