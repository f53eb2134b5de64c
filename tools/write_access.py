"""Write `docs/acces.md` from the access that each view declares."""

import tempfile
from pathlib import Path

from cptsapp import create_app
from cptsapp.kernel.access import page_of_the_docs

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(folder, secret_key="x" * 40)
        Path("docs/acces.md").write_text(page_of_the_docs(app), encoding="utf-8")
