"""The units of deploy/systemd: what they start exists, what they set is a setting."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.settings import load

UNITS = Path(__file__).parents[1] / "deploy" / "systemd"
SERVICES = sorted(UNITS.glob("*.service"))


def lines(unit: Path, name: str) -> list[str]:
    """The values of a directive."""
    return re.findall(rf"^{name}=(.*)$", unit.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_what_a_unit_starts_is_a_command_with_these_options(unit: Path) -> None:
    (start,) = lines(unit, "ExecStart")
    program, command, *options = start.split()
    assert program == "/opt/privacybot/bin/privacybot"
    shown = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200", "TERM": "dumb"})
    assert shown.exit_code == 0
    assert all(option in shown.output for option in options if option.startswith("--"))


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_what_a_unit_sets_is_a_setting(unit: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = """
[mailbox]
address = "info@example.nl"
since = 2026-01-01
tenant_id = "tenant"
client_id = "client"
[people]
staff = ["privacy@example.nl"]
management = ["directie@example.nl"]
"""
    (tmp_path / "settings.toml").write_text(settings)
    for name, value in (line.split("=", 1) for line in lines(unit, "Environment")):
        monkeypatch.setenv(name, value.replace("%d", "/run/credentials/unit"))
    found = load(tmp_path / "settings.toml")
    assert found.mailbox.client_certificate == Path("/run/credentials/unit/mailbox.pem")
    assert found.store.url == "sqlite:////var/lib/privacybot/privacybot.db"
    assert found.store.keys.parent == found.store.key_file.parent == Path("/var/lib/privacybot-keys")


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_every_secret_file_that_a_unit_points_at_is_one_that_it_loads(unit: Path) -> None:
    loaded = {line.partition(":")[0] for line in lines(unit, "LoadCredential")}
    used = {line.partition("%d/")[2] for line in lines(unit, "Environment") if "%d/" in line}
    assert loaded == used


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_understands_the_units(tmp_path: Path) -> None:
    for unit in UNITS.iterdir():
        text = unit.read_text(encoding="utf-8").replace("/opt/privacybot/bin/privacybot", "/bin/true")
        (tmp_path / unit.name).write_text(text)
    names = [str(tmp_path / unit.name) for unit in UNITS.iterdir() if unit.suffix in (".service", ".timer")]
    checked = subprocess.run(["systemd-analyze", "verify", *names], capture_output=True, text=True, check=False)
    assert (checked.returncode, [line for line in checked.stderr.splitlines() if str(tmp_path) in line]) == (0, [])
