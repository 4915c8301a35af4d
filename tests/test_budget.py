"""What the bot costs in calls to Microsoft Graph, by the code of `make budget` at a smaller size."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import update

from bot import service
from bot.casebook.schema import Letter
from bot.clock import FixedClock
from bot.sandbox.graph import Called
from proofs import budget
from proofs.budget import Cost
from tests.conftest import MONDAY_MORNING
from tests.world import World

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def costs(tmp_path_factory: pytest.TempPathFactory) -> Sequence[Cost]:
    return budget.measure(tmp_path_factory.mktemp("budget"), stride=budget.HOUR, mails=20)


@pytest.mark.parametrize("number", range(4))
def test_nothing_costs_more_calls_than_it_may(costs: Sequence[Cost], number: int) -> None:
    assert costs[number].kept, "\n".join(costs[number].lines())


def test_every_call_of_the_bot_has_a_purpose_that_is_known(costs: Sequence[Cost]) -> None:
    purposes = {name for cost in costs for name in (*cost.calls, *cost.beside)}
    assert not {name for name in purposes if name.split()[0] in ("GET", "POST", "PATCH", "PUT", "DELETE")}


def test_an_idle_hour_is_polls_and_listings_alone(costs: Sequence[Cost]) -> None:
    assert set(costs[0].calls) <= set(budget.STEADY)
    assert costs[0].calls[budget.POLL] == 60


def test_an_access_request_makes_and_sends_each_of_its_three_letters_once(costs: Sequence[Cost]) -> None:
    assert (costs[-1].calls["draft made"], costs[-1].calls["draft sent"]) == (3, 3)


def test_a_cost_over_its_allowance_is_said() -> None:
    cost = Cost("a mail", Counter({"whole mail read": 3}), 1, units=2)
    assert not cost.kept
    assert next(cost.lines()) == "a mail: 1.5 of 1 allowed, OVER (3 calls over 2)"


def test_an_unknown_call_is_shown_by_its_route() -> None:
    call = Called("GET", "/users/{mailbox}/mailFolders/{folder}", 200, MONDAY_MORNING, "/v1.0/users/a/mailFolders/b")
    assert budget.purpose(call) == "GET /mailFolders/{folder}"


def test_a_letter_that_does_not_show_in_sent_items_is_looked_for_less_and_less_often(world: World) -> None:
    world.asks_for_access()
    world.run(minutes=1)
    bot = world.bot()
    assert isinstance(bot.clock, FixedClock)
    sent = bot.clock.at
    with bot.store.begin() as session:
        session.execute(update(Letter).where(Letter.id == 1).values(state="accepted", sending_at=sent))
    looks, last = [], service.NEVER
    for seconds in range(0, 300, 5):
        bot.clock.at = sent + timedelta(seconds=seconds)
        if service.look_due(bot, last):
            looks.append(seconds)
            last = bot.clock.now()
    bot.close()
    assert looks == [5, 10, 20, 40, 80, 140, 200, 260]
