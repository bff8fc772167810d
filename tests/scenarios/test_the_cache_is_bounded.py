"""A full cache gives up what is not valid, then what was told longest ago (OCPP 1.6 §3.5.1)."""

from datetime import timedelta

import pytest
from station_bench import Bench

from pilotline.core.calendar import date_of
from pilotline.spec.messages.core import AuthorizeConf, AuthorizeReq
from pilotline.spec.messages.structures import IdTagInfo
from pilotline.spec.products import adjusted, load_product

SMALL = adjusted(load_product("reference"), authorization_cache_max=3)


def bench_with_answers(product=SMALL, **tags: IdTagInfo) -> Bench:  # type: ignore[no-untyped-def]  # a product
    bench = Bench(product, LocalPreAuthorize="true")

    def says(request: AuthorizeReq) -> AuthorizeConf:
        return AuthorizeConf(id_tag_info=tags.get(request.id_tag, IdTagInfo(status="Accepted")))

    bench.says["AuthorizeReq"] = says
    return bench


def asked(bench: Bench, *tags: str) -> Bench:
    """Each tag is presented, and what was begun with it is given up."""
    for tag in tags:
        bench.present(tag).present(tag)
    return bench


def known(bench: Bench) -> set[str]:
    return set(bench.state.memory.cache)


@pytest.mark.rule(54, 58)
def test_the_oldest_valid_tag_makes_room() -> None:
    bench = asked(bench_with_answers(), "a", "b", "c", "d")
    assert known(bench) == {"b", "c", "d"}


@pytest.mark.rule(58)
def test_what_is_not_valid_goes_before_any_valid_tag() -> None:
    bench = bench_with_answers(b=IdTagInfo(status="Blocked"), c=IdTagInfo(status="Invalid"))
    asked(bench, "a", "b", "c", "d")
    assert known(bench) == {"a", "d"}


@pytest.mark.rule(57, 58)
def test_an_expired_tag_is_not_valid() -> None:
    bench = bench_with_answers()
    soon = date_of(bench.utc()) + timedelta(seconds=10)
    bench.says["AuthorizeReq"] = AuthorizeConf(id_tag_info=IdTagInfo(status="Accepted", expiry_date=soon))
    asked(bench, "b")
    bench.says["AuthorizeReq"] = AuthorizeConf(id_tag_info=IdTagInfo(status="Accepted"))
    asked(bench, "a", "c").passes(20)
    asked(bench, "d")
    assert known(bench) == {"a", "c", "d"}


@pytest.mark.rule(58)
def test_a_tag_that_was_told_of_again_is_not_the_oldest() -> None:
    bench = Bench(SMALL)
    asked(bench, "a", "b", "c", "a", "d")
    assert known(bench) == {"a", "c", "d"}


@pytest.mark.rule(58)
def test_what_is_known_already_needs_no_room() -> None:
    bench = asked(Bench(SMALL), "a", "b", "c")
    bench.says["AuthorizeReq"] = AuthorizeConf(id_tag_info=IdTagInfo(status="Blocked"))
    asked(bench, "b")
    assert known(bench) == {"a", "b", "c"}
    assert bench.state.memory.cache["b"].status == "Blocked"


@pytest.mark.rule(58)
def test_a_cache_that_has_become_smaller_fits_at_the_next_answer() -> None:
    large = asked(Bench(adjusted(SMALL, authorization_cache_max=5)), "a", "b", "c", "d", "e")
    large.product = SMALL
    large.power_is_cut()
    assert known(asked(large, "f")) == {"d", "e", "f"}
