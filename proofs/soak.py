"""`make soak`: the bot is killed hundreds of times, and in the end nothing is lost and nothing was sent twice.

First a day of 200 mails with a bad network, killed 300 times and more inside that one continuing story; then every kill
point alone. The table in `docs/reliability.md` is written by the run itself. `tests/test_crash.py` runs a twentieth.
"""

import os
import platform
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from heapq import heappop, heappush
from multiprocessing import get_context
from pathlib import Path

import bot
from bot import killpoint
from proofs.crash import End, Play, judge, later_that_week, play
from proofs.day import Reaction, Scripted, script
from proofs.nursery import Nursery
from proofs.scenes import MEDLEY, SCENES, TODAY

MAILS, KILLS = 200, 300
TOGETHER = timedelta(minutes=4)  # what happens within so much is there at the same start
DAYS_AFTER = 6  # until the last answer was watched for its 48 hours
REPORT = Path("docs/reliability.md")
BEGIN, END = "<!-- written by make soak: begin -->", "<!-- written by make soak: end -->"


# --- the day ----------------------------------------------------------------------------------------------------------


def day(
    stage: Play,
    mails: int,
    kills: int,
    seed: int = 20260302,
    days_after: int = DAYS_AFTER,
    together: timedelta = TOGETHER,
) -> End:
    """Plays the day of so many mails with at least so many kills, and with faults; without any when `kills` is 0."""
    chance = random.Random(seed + 1)
    waiting: list[tuple[datetime, int, Scripted | Reaction]] = []
    number = 0

    def plan(at: datetime, what: Scripted | Reaction) -> None:
        nonlocal number
        number += 1
        heappush(waiting, (at, number, what))

    stage.run()
    for one in script(seed, stage.stage.now + timedelta(minutes=5), mails, hours=mails / 20):
        plan(one.at, one)
    ticks = later_that_week(stage.stage.now + timedelta(hours=mails / 20), days_after)
    tick = next(ticks, None)
    while waiting or tick is not None:
        if waiting and (tick is None or waiting[0][0] <= tick):
            first = waiting[0][0]
            while waiting and waiting[0][0] <= first + together:
                at, _, what = heappop(waiting)
                stage.stage.now = max(stage.stage.now, at)
                if isinstance(what, Scripted):
                    stage.put(what)
                else:
                    stage.people.act(what)
        elif tick is not None:
            stage.stage.now = max(stage.stage.now, tick)
            tick = next(ticks, None)
        _moment(stage, chance, wanted=kills - stage.tally.killed if kills else 0)
        for reaction in stage.people.reactions():
            plan(stage.stage.now + timedelta(minutes=reaction.minutes), reaction)
    stage.good_weather()
    while stage.tally.killed < kills:
        stage.stage.later(minutes=11)
        _moment(stage, chance, wanted=kills - stage.tally.killed, rate=0.0)
    for _ in range(3):
        stage.run(minutes=20)
    return judge(stage)


def _moment(stage: Play, chance: random.Random, wanted: int, rate: float = 0.015) -> None:
    """One moment of the day: killed up to four times, then one start ends by itself."""
    tries = min(4, wanted)
    with stage.faults(chance, rate) if wanted > 0 and rate else nullcontext():
        for _ in range(tries):
            kill, kill_after = _death(stage, chance)
            ended = stage.once(kill=kill, kill_after=kill_after)
            if not ended.killed:
                break
            stage.stage.later(seconds=chance.choice((0, 1, 20)))
        stage.run()


def _death(stage: Play, chance: random.Random) -> tuple[str, float | None]:
    """How the next start dies: at a point, rare ones before others; at the n-th of all points; or from outside."""
    points = stage.tally.points
    match chance.randrange(10):
        case 0 | 1:
            return "", 0.02 + chance.random() * 0.6
        case 2 | 3 | 4:
            return f"*:{1 + int(chance.random() ** 2 * 150)}", None
        case _:
            names = sorted(points)
            rarity = [1 / (1 + stage.tally.kills[name]) for name in names]
            return f"{chance.choices(names, rarity)[0]}:{chance.choice((1, 1, 1, 2))}", None


# --- each point alone -------------------------------------------------------------------------------------------------


def every_site() -> set[str]:
    """All places in the code of the bot that commit or speak HTTP, as their points are named."""
    root = Path(bot.__file__).parent
    return {site for file in root.rglob("*.py") for site in killpoint.sites(str(file)).values()}


def site_of(point: str) -> str:
    """The place in the code that a point belongs to."""
    words = point.split(" ")[1:]
    return " ".join(words[:2]) if len(words) > 1 and words[1].isdigit() else words[0]


def calm(stage: Play, scene: str) -> list[str]:
    """Plays a scene without a kill; gives the points that it reached. Raises AssertionError when it ends badly."""
    SCENES[scene](stage)
    end = judge(stage)
    assert not end.wrong, f"{scene}, not killed: {end.wrong}"
    return sorted(stage.tally.points)


def medley(stage: Play) -> set[str]:
    """Plays many scenes after each other, without a kill and mostly in this process; gives the places they reach."""
    stage.indoors = True
    for scene in MEDLEY:
        scene(stage)
        stage.module = "bot"
        stage.good_weather()
    end = judge(stage)
    assert not end.wrong, f"the medley, not killed: {end.wrong}"
    return {site_of(point) for point in stage.tally.points}


def every_place_reached(nursery: Nursery) -> set[str]:
    """The places that the scenes reach, played as quickly as can be."""
    with play(nursery) as stage:
        seen = medley(stage)
    for scene in SCENES.keys() - {one.__name__ for one in MEDLEY} - {"receipt", "desk", "road"}:
        with on_stage(nursery, scene) as stage:
            stage.indoors = True
            seen |= {site_of(point) for point in calm(stage, scene)}
    return seen


def alone(stage: Play, scene: str, point: str) -> tuple[bool, End]:
    """Plays a scene with one kill, at this point; says whether the point was reached."""
    stage.kill = f"{point}:1"
    SCENES[scene](stage)
    return stage.tally.killed == 1, judge(stage)


@dataclass
class Alone:
    """What came of killing at each point alone."""

    points: int = 0
    sites: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)
    states: Counter[str] = field(default_factory=Counter)
    unclear: Counter[str] = field(default_factory=Counter)


def cheapest(reached: dict[str, Sequence[str]]) -> dict[str, str]:
    """For each point the first scene that reaches it; scenes stand in the order of their length."""
    found: dict[str, str] = {}
    for scene, points in reached.items():
        for point in points:
            if ":elsewhere" not in point:  # what the proof itself writes
                found.setdefault(point, scene)
    return found


@cache
def _nursery() -> Nursery:
    """The nursery of this process of the pool; it ends with it, when its standard input is closed."""
    return Nursery().__enter__()


def on_stage(nursery: Nursery, scene: str) -> AbstractContextManager[Play]:
    """A fresh stage for a scene."""
    return play(nursery, start=datetime.now(UTC).replace(microsecond=0)) if scene in TODAY else play(nursery)


def _calm_in_pool(scene: str) -> tuple[str, list[str]]:
    with on_stage(_nursery(), scene) as stage:
        return scene, calm(stage, scene)


def _alone_in_pool(job: tuple[str, str]) -> tuple[str, bool, End]:
    point, scene = job
    with on_stage(_nursery(), scene) as stage:
        reached, end = alone(stage, scene, point)
        return point, reached, end


def each_alone(say: Callable[[str], None]) -> Alone:
    """Every point alone, on all cores."""
    result = Alone()
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
        reached = dict(pool.map(_calm_in_pool, SCENES))
        jobs = cheapest({scene: reached[scene] for scene in SCENES})
        result.sites = {site_of(point) for point in jobs}
        for number, (point, hit, end) in enumerate(pool.map(_alone_in_pool, sorted(jobs.items())), 1):
            result.points += hit
            result.states.update(end.states)
            result.unclear.update(end.unclear)
            wrong = [*end.wrong, *([] if hit else [f"was not reached again by {jobs[point]}"])]
            result.wrong += [f"{point}: {words}" for words in wrong]
            for words in wrong:
                say(f"  FAULT {point}: {words}")
            if number % 20 == 0:
                say(f"  {number} of {len(jobs)} points alone")
    return result


# --- the report -------------------------------------------------------------------------------------------------------


def differences(calm_end: End, killed_end: End) -> Iterator[str]:
    """Mails whose fate the kills changed, though no letter about them was unclear, refused or returned."""
    shaken = calm_end.shaken | killed_end.shaken
    for message_id, fate in calm_end.fates.items():
        if message_id not in shaken and killed_end.fates.get(message_id) != fate:
            yield f"{message_id}: {fate} on the calm day, {killed_end.fates.get(message_id)} on the killed one"


def table(play_: Play, end: End, calm_end: End, single: Alone, seconds: float) -> str:
    """The table for `docs/reliability.md`."""
    tally = play_.tally
    inside = tally.killed - tally.kills["from outside"]
    kinds = Counter[str]()
    for point, number in tally.kills.items():
        kinds[point if point == "from outside" else " ".join(point.split(":")[0].split())] += number
    killed = ", ".join(f"{number} {kind}" for kind, number in sorted(kinds.items()))
    faults = ", ".join(f"{name} {number}" for name, number in sorted(tally.faults.items()))
    unclear = "; ".join(f"{number} after {cause}" for cause, number in end.unclear.most_common()) or "none"
    alone_unclear = "; ".join(f"{number} after {cause}" for cause, number in single.unclear.most_common()) or "none"
    dispositions = ", ".join(f"{name} {number}" for name, number in sorted(end.dispositions.items()))
    states = ", ".join(f"{name} {number}" for name, number in sorted(end.states.items()))
    changed = len(list(differences(calm_end, end)))
    rows = [
        ("**One continuing day**", ""),
        ("mails of the script", f"{tally.mails} ({end.mails} with the replies of staff, machines and bounces)"),
        ("starts of the bot", str(tally.starts)),
        ("kills (SIGKILL)", f"{tally.killed}: {inside} at {len(tally.kills) - ('from outside' in tally.kills)} points "
         f"({killed})"),
        ("faults that struck", faults),
        ("dispositions, one for each mail", dispositions),
        ("letters", f"{end.letters}: {states}"),
        ("letters that arrived", f"{end.arrived}, none twice"),
        ("letters that one start could not know of", str(end.doubted)),
        ("of these unclear in the end, each told to staff", f"{end.states['unclear']}: {unclear}"),
        ("mails whose fate differs from the same day without kills and faults", str(changed)),
        ("**Each point alone**", ""),
        ("points", f"{single.points}, before and after, at {len(single.sites)} places in the code"),
        ("letters", ", ".join(f"{name} {number}" for name, number in sorted(single.states.items()))),
        ("unclear", alone_unclear),
        ("**Faults found**", str(len(end.wrong) + len(single.wrong) + changed)),
    ]  # fmt: skip
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
    head = f"{date.today().isoformat()}, {machine}, {seconds / 60:.1f} minutes.\n\n| | |\n|---|---|\n"
    return head + "\n".join(f"| {name} | {value} |" for name, value in rows) + "\n"


def write_report(text: str, place: Path = REPORT) -> None:
    """Puts the table between the markers."""
    whole = place.read_text(encoding="utf-8")
    before, _, rest = whole.partition(BEGIN)
    _, _, after = rest.partition(END)
    place.write_text(f"{before}{BEGIN}\n{text}{END}{after}", encoding="utf-8")


def main() -> int:
    """Runs it all; gives the exit code."""
    began = time.monotonic()

    def say(words: str) -> None:
        print(f"{time.monotonic() - began:5.0f} s  {words}", flush=True)

    with Nursery() as nursery:
        with play(nursery) as stage:
            calm_end = day(stage, MAILS, 0)
            say(f"calm day: {stage.tally.starts} starts, {calm_end.letters} letters, faults found: {calm_end.wrong}")
        with play(nursery) as killed:
            end = day(killed, MAILS, KILLS)
            say(f"killed day: {killed.tally.killed} kills, {killed.tally.starts} starts, {end.letters} letters")
    found = [*calm_end.wrong, *end.wrong, *differences(calm_end, end)]
    for words in found:
        say(f"  FAULT {words}")
    single = each_alone(say)
    missing = every_site() - single.sites
    for site in sorted(missing):
        single.wrong.append(f"no scene reaches {site}")
        say(f"  FAULT {single.wrong[-1]}")
    text = table(killed, end, calm_end, single, time.monotonic() - began)
    print(text)
    write_report(text)
    return 1 if found or single.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
