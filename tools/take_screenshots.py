"""Take the two pictures of the README from a running demonstration (`make run`, then this in another terminal).

.venv/bin/python -m tools.take_screenshots [http://127.0.0.1:8000]
"""

import io
import os
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import expect, sync_playwright

from cptsapp.blueprints.account.demo import DEMO_PASSWORD

FOLDER = Path(__file__).parents[1] / "docs/images"
PAGES = {"accueil": "/", "gestion": "/gestion/"}
COORDINATOR = "coordinatrice@exemple.fr"
COLOURS, MOST_BYTES = 256, 200_000


def save(picture: bytes, path: Path):
    """Write a PNG of few colours: what a page holds, in a third of the bytes."""
    Image.open(io.BytesIO(picture)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    if path.stat().st_size > MOST_BYTES:
        sys.exit(f"{path} weighs {path.stat().st_size} bytes, more than {MOST_BYTES}")


def take(page, address: str):
    page.goto(address + PAGES["accueil"], wait_until="networkidle")
    save(page.screenshot(), FOLDER / "accueil.png")
    page.goto(address + "/connexion")
    page.get_by_label("Adresse e-mail").fill(COORDINATOR)
    page.get_by_label("Mot de passe", exact=True).fill(DEMO_PASSWORD)
    page.get_by_role("button", name="Se connecter", exact=True).click()
    page.wait_for_url("**/gestion/")
    expect(page.locator(".placeholder")).to_have_count(0)
    page.evaluate("document.fonts.ready")
    save(page.screenshot(), FOLDER / "gestion.png")


def main(address="http://127.0.0.1:8000"):
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        chrome = playwright.chromium.launch(
            executable_path=os.environ.get("CPTS_CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox"]
        )
        options = {"viewport": {"width": 1280, "height": 800}, "locale": "fr-FR", "reduced_motion": "reduce"}
        take(chrome.new_page(**options), address.rstrip("/"))
        chrome.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
