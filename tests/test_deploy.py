"""What is given to install the product holds together."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
HARDENING = [
    "NoNewPrivileges=true",
    "ProtectSystem=strict",
    "ProtectHome=true",
    "CapabilityBoundingSet=\n",
    "UMask=0077",
]


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_a_service_writes_in_its_own_instance_alone_and_is_no_root(unit):
    text = unit.read_text(encoding="utf-8")
    assert all(line in text for line in HARDENING)
    assert "User=cptsapp" in text
    assert re.findall(r"^ReadWritePaths=(.*)$", text, re.M) == ["/var/lib/cptsapp/%i"]


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed here")
def test_systemd_reads_the_services_without_a_remark(tmp_path):
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8")
        text = re.sub(r"^(Exec\w+=)\S+", r"\1/bin/true", text, flags=re.M)  # the program is not installed here
        name = unit.name.replace("@.", "@senart.")
        (tmp_path / unit.name).write_text(text.replace("User=cptsapp", "User=root"), encoding="utf-8")
        (tmp_path / name).symlink_to(tmp_path / unit.name)
    names = [str(tmp_path / unit.name.replace("@.", "@senart.")) for unit in UNITS]
    said = subprocess.run(["systemd-analyze", "verify", "--man=no", *names], capture_output=True, text=True)
    ours = [line for line in (said.stdout + said.stderr).splitlines() if "cptsapp" in line]
    assert ours == []


def test_the_image_pins_what_it_installs_and_is_no_root():
    text = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    assert "make_venv.sh python3 .venv requirements.txt" in text  # which asks for the hashes
    assert "--require-hashes" in (ROOT / "tools/make_venv.sh").read_text()
    assert text.index("USER cptsapp") < text.index("CMD [")
    copied = [word for line in re.findall(r"^COPY (?!--from)(.*)$", text, re.M) for word in line.split()[:-1]]
    allowed = {line[1:] for line in (DEPLOY / "Containerfile.dockerignore").read_text().split() if line[0] == "!"}
    assert set(copied) == allowed
    assert all((ROOT / name).exists() for name in copied)


@pytest.mark.skipif(not shutil.which("caddy"), reason="caddy is not installed here")
def test_caddy_reads_its_file():
    said = subprocess.run(["caddy", "adapt", "--config", str(DEPLOY / "Caddyfile")], capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    assert "21000000" in said.stdout
