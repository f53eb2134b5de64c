"""Pictures that people send: recognised by their content, decoded under limits, written again as clean WebP.

Writing again is the protection: whatever the file carried beside its pixels (place, camera, comments, a hidden
archive) stays behind. What cannot be decoded entirely is refused with a French sentence.
"""

from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from .errors import RuleError

LARGE, SMALL = 1600, 640  # longest sides, in pixels
MAIL = 1200  # twice the column of a letter
EXTENSIONS = {".jpg": "image/jpeg", ".jpeg": "image/jpeg"} | {
    f".{each}": f"image/{each}" for each in ("png", "webp", "gif")
}

# A decoder holds the whole picture, and some hold it several times: what each may open, in pixels, keeps one upload
# under 200 MiB. A sequential JPEG is the exception: it is decoded straight to a smaller size.
MOST_PIXELS = {"JPEG": 100_000_000, "PNG": 20_000_000, "GIF": 20_000_000, "WEBP": 12_000_000}
MOST_PIXELS_PROGRESSIVE = 24_000_000
SHRUNK_FIRST = 6_000_000
MOST_SCANS = 40  # a progressive JPEG of a camera has about ten; thousands are made to keep the decoder busy
Image.MAX_IMAGE_PIXELS = MOST_PIXELS["JPEG"]

UNREADABLE = "Cette image ne se lit pas : le fichier est abîmé ou incomplet. Enregistrez-la de nouveau en JPEG."
WRONG_TYPE = "Ce fichier n’est pas une image JPEG, PNG, WebP ou GIF. Choisissez une image de l’un de ces types."
TOO_LARGE = "Cette image a trop de pixels pour le site. Réduisez-la à 4 000 pixels de côté, puis envoyez-la de nouveau."
ANIMATED = "Les images animées ne sont pas acceptées. Envoyez une image fixe, en JPEG ou en PNG."

_TURNS = {
    2: [Image.Transpose.FLIP_LEFT_RIGHT],
    3: [Image.Transpose.ROTATE_180],
    4: [Image.Transpose.FLIP_TOP_BOTTOM],
    5: [Image.Transpose.TRANSPOSE],
    6: [Image.Transpose.ROTATE_270],
    7: [Image.Transpose.TRANSVERSE],
    8: [Image.Transpose.ROTATE_90],
}


@dataclass(frozen=True)
class Picture:
    """A clean WebP, its size in pixels, and a smaller one unless it is small already."""

    data: bytes
    width: int
    height: int
    small: bytes | None


@dataclass(frozen=True)
class MailPicture:
    """A JPEG, which every mail program shows, and its size in pixels."""

    data: bytes
    width: int
    height: int


def sniff(data: bytes) -> str | None:
    """Return the media type that the first bytes announce, or None when it is no picture of ours."""
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return "image/gif"
    return None


def encode(data: bytes, *, largest: int = LARGE) -> Picture:
    """Return the picture in `data` as clean WebP, upright, `largest` pixels at most; raise RuleError otherwise."""
    image = _decoded(data, largest)
    large, small = _fit(image, largest), _fit(image, SMALL)
    return Picture(_webp(large), large.width, large.height, _webp(small) if small.width < large.width else None)


def for_mail(data: bytes) -> MailPicture:
    """Return a picture as JPEG, on white where it lets the page be seen; raise RuleError when it cannot be read."""
    image = _fit(_decoded(data, MAIL), MAIL)
    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    out = BytesIO()
    image.convert("RGB").save(out, "JPEG", quality=80, optimize=True, progressive=True)
    return MailPicture(out.getvalue(), image.width, image.height)


def size(data: bytes) -> tuple[int, int] | None:
    """Return (width, height) in pixels without decoding, or None when it is no picture of ours."""
    if sniff(data) is None:
        return None
    try:
        with _opened(data) as image:
            return image.size
    except Exception:  # as above
        return None


def _opened(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data), formats=("JPEG", "PNG", "WEBP", "GIF"))


def _decoded(data: bytes, largest: int) -> Image.Image:
    if sniff(data) is None:
        raise RuleError(WRONG_TYPE)
    try:
        return _decode(data, largest)
    except RuleError:
        raise
    except Exception as error:  # decoders raise of every kind on made-up bytes: all mean the same to a person
        raise RuleError(UNREADABLE) from error


def _decode(data: bytes, largest: int) -> Image.Image:
    """Return the decoded picture, upright, in RGB or RGBA, not far above `largest` pixels, without its metadata."""
    try:
        image = _opened(data)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise RuleError(TOO_LARGE) from error
    with image:
        _refuse_heavy(image, data)
        turns = _TURNS.get(_orientation(image), [])
        image.draft("RGB", (largest, largest))
        image.load()
        alpha = "A" in image.getbands() or "transparency" in image.info
        if image.mode == "P":  # a palette cannot be averaged
            image = image.convert("RGBA" if alpha else "RGB")
        if image.width * image.height > SHRUNK_FIRST:  # before anything that copies it
            image = image.reduce(max(1, max(image.size) // largest))
        image = image.convert("RGBA" if alpha else "RGB")
    for turn in turns:
        image = image.transpose(turn)
    image.info = {}
    return image


def _refuse_heavy(image: Image.Image, data: bytes) -> None:
    """Refuse, from the header alone, what would cost too much to decode and what moves."""
    kind = "JPEG" if image.format == "MPO" else image.format
    most = MOST_PIXELS[kind]
    if kind == "JPEG" and image.info.get("progressive"):
        most = MOST_PIXELS_PROGRESSIVE
        if data.count(b"\xff\xda") > MOST_SCANS:
            raise RuleError(UNREADABLE)
    if image.width * image.height > most:
        raise RuleError(TOO_LARGE)
    # A phone's JPEG may hold two pictures (MPO): it does not move, the first is the photo.
    if kind != "JPEG" and getattr(image, "is_animated", False):
        raise RuleError(ANIMATED)


def _orientation(image: Image.Image) -> int:
    """Return the EXIF orientation, 1 to 8; broken metadata does not spoil a good picture."""
    try:
        return image.getexif().get(0x0112, 1)
    except Exception:  # the metadata parser raises of every kind as well
        return 1


def _fit(image: Image.Image, side: int) -> Image.Image:
    """Return the picture with no side above `side` pixels; a smaller one is not stretched."""
    scale = min(1, side / max(image.size))
    return image.resize([max(1, round(length * scale)) for length in image.size], Image.Resampling.LANCZOS)


def _webp(image: Image.Image) -> bytes:
    out = BytesIO()
    image.save(out, "WEBP", quality=82, method=4)
    return out.getvalue()
