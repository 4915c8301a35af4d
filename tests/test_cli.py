"""The command line as a person types it: what it prints, and one clear sentence for every foreseeable fault."""

import io
import json
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

import pytest
import structlog

from bot.cli import main
from bot.processors.base import Check
from bot.sandbox.stage import MANAGEMENT, STAFF, Stage
from bot.settings import SettingsError, load
from bot.setup import EXAMPLE, checks
from proofs.nursery import Ended
from tests.world import World


def privacybot(*arguments: str, given: str = "", cwd: Path | None = None) -> Ended:
    """Runs the program in this process, as its console script does, and gives what it printed."""
    out, err = io.StringIO(), io.StringIO()
    with (
        mock.patch.object(sys, "argv", ["privacybot", *arguments]),
        mock.patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(given.encode()))),
        redirect_stdout(out),
        redirect_stderr(err),
        chdir(cwd or Path.cwd()),
        pytest.raises(SystemExit) as end,
    ):
        main()
    structlog.reset_defaults()
    return Ended(end.value.code or 0, out.getvalue(), err.getvalue())


def settings(folder: Path, **changes: str) -> Path:
    """A complete settings file with lines changed: `settings(folder, address='address = "x"')`; "" takes one out."""
    lines = {
        "mailbox": "[mailbox]",
        "address": 'address = "info@lesseausoap.com"',
        "since": "since = 2026-01-01",
        "tenant_id": 'tenant_id = "t"',
        "client_id": 'client_id = "c"',
        "secret": 'client_secret_file = "client.secret"',
        "people": "[people]",
        "staff": 'staff = ["privacy@lesseausoap.com"]',
        "management": 'management = ["directie@lesseausoap.com"]',
        **changes,
    }
    (folder / "client.secret").write_text("a secret")
    file = folder / "settings.toml"
    file.write_text("\n".join(line for line in lines.values() if line))
    return file


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"address": ""}, "mailbox.address is missing"),
        ({"address": 'address = "info"'}, "mailbox.address 'info' is not an e-mail address"),
        ({"people": "", "staff": "", "management": ""}, "people is missing"),
        ({"staff": "staff = []"}, "people.staff"),
        ({"secret": ""}, "mailbox.client_certificate is missing"),
        ({"secret": 'client_secret = "abc"'}, "mailbox.client_secret may not stand here"),
        (
            {"secret": 'client_secret_file = "client.secret"\ngraph_url = "http://graph.example"'},
            "must start with https://",
        ),
        ({"since": "since = yesterday"}, "is not valid TOML"),
        ({"since": 'since = 2026-01-01\nsinse = "x"'}, "mailbox.sinse is not a known setting"),
        ({"staff": 'staff = ["info@lesseausoap.com"]'}, "may not hold the mailbox itself"),
        ({"management": 'management = ["directie@lesseausoap.com"]\n[limits]\nmessages_per_minute = 0'}, "loopback"),
    ],
)
def test_a_wrong_setting_is_one_sentence_with_file_key_and_mend(
    tmp_path: Path, changes: dict[str, str], words: str
) -> None:
    file = settings(tmp_path, **changes)
    with pytest.raises(SettingsError) as raised:
        load(file)
    assert words in str(raised.value)
    assert str(file) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_missing_settings_leave_with_2_and_one_line(tmp_path: Path) -> None:
    done = privacybot("run", "--once", "--config", str(tmp_path / "none.toml"))
    assert done.code == 2
    assert len(done.err.strip().splitlines()) == 1
    assert "privacybot init" in done.err


def test_a_secret_may_come_from_a_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = settings(tmp_path, secret="")
    monkeypatch.setenv("PRIVACYBOT_MAILBOX__CLIENT_SECRET", "from a variable")
    secret = load(file).mailbox.client_secret
    assert secret is not None
    assert secret.get_secret_value() == "from a variable"


def test_terms_prints_the_dates_of_the_law() -> None:
    shown = json.loads(privacybot("terms", "2027-02-26").out)
    assert (shown["legal_due"], shown["work_by"]) == ("2027-03-26", "2027-03-25")
    wrong = privacybot("terms", "gisteren")
    assert (wrong.code, "not a date" in wrong.err) == (2, True)


def test_sort_reads_a_line_and_answers_a_line() -> None:
    line = json.dumps(
        {
            "id": "a",
            "from": "a@example.nl",
            "subject": "AVG",
            "body": "Graag inzage in al mijn gegevens.",
            "headers": {},
        }
    )
    (shown,) = [json.loads(one) for one in privacybot("sort", given=line + "\n").out.splitlines()]
    assert set(shown) == {"id", "kind", "rights", "flags", "delivery", "on_behalf", "certain", "reasons", "slots"}
    assert (shown["kind"], shown["rights"]) == ("request", ["access"])
    wrong = privacybot("sort", given="{nee\n")
    assert (wrong.code, "line 1" in wrong.err) == (2, True)


def test_read_never_fails_on_a_broken_message(tmp_path: Path) -> None:
    broken = tmp_path / "broken.eml"
    broken.write_bytes(b"\x00\xff From: ???\n\nContent-Type: multipart/mixed\r\r\nhallo")
    done = privacybot("read", str(broken), cwd=tmp_path)
    assert done.code == 0
    shown = json.loads(done.out)
    assert shown["defects"]
    assert shown["origin"] != "own"


def test_read_knows_the_web_form_of_the_shop_from_the_settings(tmp_path: Path) -> None:
    form = "webformulier@lesseausoap.example"
    file = tmp_path / "form.eml"
    file.write_text(f"From: {form}\nSubject: Bericht\nAuto-Submitted: auto-generated\n\nWelke zeep is zonder geur?\n")
    lines = {"since": f'since = 2026-01-01\nform_senders = ["{form}"]'}
    known = privacybot("read", str(file), "--config", str(settings(tmp_path, **lines)))
    assert json.loads(known.out)["origin"] == "human"
    unknown = privacybot("read", str(file), "--config", str(settings(tmp_path)))
    assert json.loads(unknown.out)["origin"] == "auto-reply"


def test_at_is_refused_for_microsofts_own_hosts_and_for_the_past(world: World, tmp_path: Path) -> None:
    real = privacybot("run", "--once", "--at", "2026-03-05T09:00", "--config", str(settings(tmp_path)))
    assert (real.code, "loopback" in real.err) == (2, True)
    file = str(world.stage.settings_file)
    assert privacybot("run", "--once", "--at", "2026-03-05T09:00", "--config", file).code == 0
    past = privacybot("run", "--once", "--at", "2026-03-04T09:00", "--config", file)
    assert (past.code, "before" in past.err) == (2, True)


@pytest.mark.parametrize(
    ("secret", "code"), [("wrong", "AADSTS7000215"), (None, "AADSTS7000222")], ids=["wrong secret", "expired secret"]
)
def test_a_refused_token_names_its_code_and_the_mend(world: World, secret: str | None, code: str) -> None:
    if secret is None:
        world.graph.entra.secret_expired = True
    else:
        (world.stage.folder / "client.secret").write_text(secret)
    done = privacybot("run", "--once", "--config", str(world.stage.settings_file))
    assert done.code == 1
    assert code in done.err
    assert "secret" in done.err
    assert len(done.err.strip().splitlines()) == 1


def test_doctor_finds_everything_well_and_names_what_is_not(world: World) -> None:
    found = {check.check: check for check in checks(load(world.stage.settings_file))}
    assert {name for name, check in found.items() if check.ok is False} == set()
    assert found["scope"].ok is True

    world.graph.in_scope.add(MANAGEMENT)
    (world.stage.folder / "client.secret").write_text(world.graph.client_secret)
    found = {check.check: check for check in checks(load(world.stage.settings_file))}
    assert found["scope"].ok is False
    assert "microsoft365.ps1" in found["scope"].say

    world.graph.in_scope.clear()
    found = {check.check: check for check in checks(load(world.stage.settings_file))}
    assert found["mailbox"].ok is False


def test_doctor_compares_the_newest_mails_with_their_mime(world: World) -> None:
    def mime() -> Check:
        return next(check for check in checks(load(world.stage.settings_file)) if check.check == "mime")

    assert mime().ok is None
    world.asks_for_access()
    assert mime().ok is True
    world.graph.faults.add("GET", "*/[$]value", body=lambda raw: raw[: len(raw) // 2], times=None)
    assert mime().ok is False
    assert mime().say.startswith("1 of 1 mails lack words")

    world.graph.faults.clear()
    world.graph.faults.add("GET", "*/[$]value", status=400, code="ErrorItemCorrupt", times=None)
    found = {check.check: check for check in checks(load(world.stage.settings_file))}
    assert (found["delta"].ok, found["mime"].ok) == (True, None)


def test_doctor_asks_staff_to_answer_and_judges_what_came(world: World) -> None:
    file = str(world.stage.settings_file)
    privacybot("doctor", "--probe", "--config", file)
    world.stage.now = datetime.now(UTC) + timedelta(minutes=1)
    world.run()
    (asked,) = world.to(STAFF)
    world.stage.staff_reply(asked, "status")
    world.run(minutes=5)
    found = {check.check: check for check in checks(load(world.stage.settings_file))}
    assert found["internal mail"].ok is True
    assert len(world.to(STAFF)) == 2


def test_init_writes_settings_that_load_once_they_are_filled_in(tmp_path: Path) -> None:
    done = privacybot("init", str(tmp_path / "desk"))
    assert done.code == 0
    file = tmp_path / "desk" / "settings.toml"
    with pytest.raises(SettingsError, match="tenant_id"):
        load(file)
    text = file.read_text().replace('tenant_id = ""', 'tenant_id = "t"').replace('client_id = ""', 'client_id = "c"')
    file.write_text(text)
    assert load(file).people.staff == ["privacy@lesseausoap.com"]
    assert privacybot("init", str(tmp_path / "desk")).code == 1
    assert "{since}" in EXAMPLE


def test_nothing_personal_is_printed_unless_asked(world: World) -> None:
    world.asks_for_access()
    world.run(minutes=1)
    file = str(world.stage.settings_file)
    for command in (["mails"], ["cases"], ["case", "LES-2026-0001"], ["letters"], ["register"], ["status"]):
        shown = privacybot(*command, "--json", "--config", file)
        assert shown.code == 0
        assert "hanneke" not in shown.out.lower().replace("example.nl>", "")  # a Message-ID may name a domain
    asked = privacybot("case", "LES-2026-0001", "--json", "--personal", "--config", file)
    assert "hanneke.verbrugge@example.nl" in asked.out


def test_status_alive_is_no_when_nothing_was_read_for_long(world: World) -> None:
    file = str(world.stage.settings_file)
    done = privacybot("status", "--alive", "--config", file)  # the last poll was at the stage's moment, long ago
    assert done.code == 1
    world.stage.now = datetime.now(UTC)
    world.run()
    assert privacybot("status", "--alive", "--config", file).code == 0


def test_the_journal_verifies_and_a_changed_row_is_named(world: World) -> None:
    world.asks_for_access()
    world.run(minutes=1)
    file = str(world.stage.settings_file)
    assert privacybot("journal", "verify", "--config", file).code == 0
    bot = world.bot()
    with bot.store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE journal SET event = 'nothing' WHERE id = 2")
    bot.close()
    broken = privacybot("journal", "verify", "--config", file)
    assert (broken.code, "row 2" in broken.err) == (1, True)


def test_demo_plays_its_story_to_the_end_without_a_terminal() -> None:
    done = privacybot("demo")
    assert done.code == 0, done.out[-2000:]
    assert "overzicht.html" in done.out
    assert "NO " not in done.out


def test_a_stage_writes_settings_that_differ_from_production_in_hosts_alone(tmp_path: Path) -> None:
    with Stage(tmp_path, datetime(2026, 3, 2, 9, tzinfo=UTC)) as stage:
        assert load(stage.settings_file).mailbox.on_loopback
