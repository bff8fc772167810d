"""Why a limit is what it is, as data and in words."""

from core.test_smart_charging_cases import NOW, in_use, profile, seconds, situation

from pilotline.core.calendar import utc_of
from pilotline.core.explain_limit import explain_limit
from pilotline.core.explained_as import text

GIVEN = situation(
    profile(1, "ChargePointMaxProfile", {0: 20}, connector=0),
    profile(2, "TxDefaultProfile", {0: 6}),
    profile(3, "TxProfile", {0: 8, 60: 12}),
    profile(4, "TxProfile", {0: 9}, level=1, valid_from=NOW + seconds(100)),
    profile(5, "TxProfile", {0: 9}, level=2, duration_s=50),
    uses={1: in_use()},
)


def test_the_profile_of_each_purpose_its_period_and_the_bound_that_won_are_told() -> None:
    told = explain_limit(GIVEN, 1, utc_of(NOW + seconds(70)))
    most, own, default = told.purposes
    assert (most.profile_id, most.period, most.limit) == (1, 0, 20)
    assert (own.profile_id, own.stack_level, own.period, own.start_period_s, own.limit) == (3, 0, 1, 60, 12)
    assert default.profile_id is None
    assert (told.won.cause, told.won.profile_id, told.won.current_a) == ("TxProfile", 3, 12)
    assert [bound.cause for bound in told.permitted.bounds] == [
        "TxProfile",
        "product",
        "ChargePointMaxProfile",
    ]
    assert told.until == utc_of(NOW + seconds(100))


def test_each_profile_that_was_passed_over_says_why() -> None:
    _, own, default = explain_limit(GIVEN, 1, utc_of(NOW + seconds(70))).purposes
    assert [(one.profile_id, one.because) for one in own.passed_over] == [
        (5, "its schedule is over"),
        (4, "it is not valid yet"),
    ]
    assert [one.because for one in default.passed_over] == ["a TxProfile takes its place"]
    _, later, _ = explain_limit(GIVEN, 1, utc_of(NOW + seconds(100))).purposes
    assert [(one.profile_id, one.because) for one in later.passed_over] == [
        (5, "its schedule is over"),
        (3, "a higher level prevails"),
    ]


def test_it_reads_as_words() -> None:
    assert text(explain_limit(GIVEN, 1, utc_of(NOW + seconds(70)))).splitlines() == [
        "connector 1 may draw 12.0 A (8280.0 W on 3 phases)",
        "  ✓ TxProfile 3: 12.0 A",
        "  ✗ product: 32.0 A",
        "  ✗ ChargePointMaxProfile 1: 20.0 A",
        "  ChargePointMaxProfile: profile 1 at level 0, period 0 from 0 s: 20.0 A",
        "  TxProfile: profile 3 at level 0, period 1 from 60 s: 12.0 A",
        "    ✗ profile 5 at level 2: its schedule is over",
        "    ✗ profile 4 at level 1: it is not valid yet",
        "  TxDefaultProfile: none says anything",
        "    ✗ profile 2 at level 0: a TxProfile takes its place",
        "  nothing else is said until 2026-11-28T12:01:40+00:00",
    ]


def test_an_idle_connector_is_told_as_if_somebody_began() -> None:
    told = explain_limit(situation(), 1, utc_of(NOW))
    assert not told.in_use
    assert told.won.cause == "product"
    assert text(told).splitlines()[0].endswith(", if somebody began now")
    assert told.until is None
