"""Exit 0 when the site answers that it is well, under its own name: `python deploy/healthcheck.py [port]`."""

import os
import sys
import tomllib
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit


def main(port: str = "8000") -> int:
    chosen = Path(os.environ.get("CPTS_INSTANCE", "instance"), "cpts.toml")
    written = tomllib.loads(chosen.read_text(encoding="utf-8")) if chosen.is_file() else {}
    base_url = os.environ.get("CPTS_BASE_URL") or written.get("base_url") or f"http://127.0.0.1:{port}"
    request = urllib.request.Request(f"http://127.0.0.1:{port}/healthz", headers={"Host": urlsplit(base_url).netloc})
    try:
        return 0 if urllib.request.urlopen(request, timeout=4).status == 200 else 1  # noqa: S310 (our own loopback)
    except OSError as error:
        print(error)
        return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
