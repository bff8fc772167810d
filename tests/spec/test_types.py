"""The scalar types: text that compares without case, limits in tenths, instants in UTC."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, ValidationError

from pilotline.spec import types


class Holder(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    tag: types.Maybe[types.IdToken] = None
    number: types.Maybe[types.Integer] = None
    limit: types.Maybe[types.Limit] = None
    time: types.Maybe[types.DateTime] = None


def read(json: str) -> Holder:
    return Holder.model_validate_json(json)


# --- Text: rules 26 to 28 ---


@pytest.mark.rule(26)
def test_tags_that_differ_in_case_only_are_the_same() -> None:
    assert types.same("04A2bf", "04a2BF")
    assert not types.same("04A2BF", "04A2BE")
    assert {types.ci_key("MyKey"): 1}[types.ci_key("mykEY")] == 1


@pytest.mark.rule(26, 28)
@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=20))
@example("")
@example("odd")
def test_a_tag_is_any_printable_ascii_text_of_at_most_20_characters(tag: str) -> None:
    assert Holder(tag=tag).tag == tag


@pytest.mark.rule(26)
@pytest.mark.parametrize("tag", ["x" * 21, "caf\u00e9", "a\tb", "a\n", "\x7f"])
def test_a_tag_that_is_longer_or_not_printable_ascii_is_refused(tag: str) -> None:
    with pytest.raises(ValidationError):
        Holder(tag=tag)


@pytest.mark.rule(27)
@pytest.mark.parametrize("length", [20, 25, 50, 255, 500])
def test_the_number_of_a_cistring_is_its_greatest_length(length: int) -> None:
    class Text(BaseModel):
        text: getattr(types, f"CiString{length}")

    assert Text(text="x" * length).text == "x" * length
    with pytest.raises(ValidationError):
        Text(text="x" * (length + 1))


# --- Numbers: rules 31, 32 ---


@pytest.mark.rule(32)
def test_integers_hold_64_bits_with_their_sign_and_no_more() -> None:
    assert read('{"number":-9223372036854775808}').number == -(2**63)
    assert read('{"number":9223372036854775807}').number == 2**63 - 1
    with pytest.raises(ValidationError):
        read('{"number":9223372036854775808}')


@pytest.mark.parametrize("json", ['"1"', "true", "1.0", "1e0", "null"])
def test_only_a_json_integer_is_an_integer(json: str) -> None:
    with pytest.raises(ValidationError):
        read(f'{{"number":{json}}}')


@given(st.integers(-(10**13), 10**13))
def test_a_limit_is_a_json_number_with_one_decimal_both_ways(tenths: int) -> None:
    limit = Decimal(tenths) / 10
    text = Holder(limit=limit).model_dump_json(exclude_none=True)
    assert Decimal(text.removeprefix('{"limit":').removesuffix("}")) == limit
    assert read(text).limit == limit


@pytest.mark.parametrize(
    ("json", "limit"),
    [
        ("16", "16.0"),
        ("16.0", "16.0"),
        ("16.10", "16.1"),
        ("1.61e1", "16.1"),
        ("-0.3", "-0.3"),
        ("-0", "0.0"),
    ],
)
def test_however_a_limit_is_written_it_is_kept_in_one_form(json: str, limit: str) -> None:
    assert str(read(f'{{"limit":{json}}}').limit) == limit


@pytest.mark.rule(31)
@pytest.mark.parametrize(
    "json", ["16.15", "1e-7", "0.05", "1000000000000.5", "1e300", '"16.1"', "true", "null"]
)
def test_a_limit_with_more_decimals_or_out_of_bounds_or_no_number_is_refused(json: str) -> None:
    with pytest.raises(ValidationError):
        read(f'{{"limit":{json}}}')


@pytest.mark.parametrize("limit", ["16.15", "NaN", "sNaN", "Infinity", "1e13"])
def test_python_cannot_make_a_limit_that_json_cannot(limit: str) -> None:
    with pytest.raises(ValidationError):
        Holder(limit=Decimal(limit))


# --- Time: rule 30 ---

BEFORE_SEVEN = datetime(2026, 11, 23, 6, 54, 28, 123_000, tzinfo=UTC)


@pytest.mark.rule(30)
@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23T06:54:28.123Z",
        "2026-11-23t06:54:28.123z",
        "2026-11-23T06:54:28.123",
        "2026-11-23T06:54:28,123Z",
        "2026-11-23T06:54:28.1239999Z",
        "2026-11-23T07:54:28.123+01:00",
        "2026-11-23T12:24:28.123+0530",
        "2026-11-22T18:54:28.123-12",
    ],
)
def test_any_offset_and_any_fraction_give_the_same_instant_in_utc(text: str) -> None:
    assert types.parse_date_time(text) == BEFORE_SEVEN
    assert types.parse_date_time(text).tzinfo is UTC


@pytest.mark.rule(30)
@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2026-11-23T06:54:28Z", "2026-11-23T06:54:28.000Z"),
        ("2026-11-23T06:54Z", "2026-11-23T06:54:00.000Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999Z"),
    ],
)
def test_a_time_is_written_in_utc_with_exactly_three_decimals(text: str, written: str) -> None:
    assert types.format_date_time(types.parse_date_time(text)) == written


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "1700000000",
        "2026-11-23",
        "2026-11-23T",
        "2026-11-23 06:54:28Z",
        "2026-13-23T06:54:28Z",
        "2026-11-31T06:54:28Z",
        "2026-11-23T24:00:01Z",
        "2026-11-23T06:54:28+24:00",
        "2026-11-23T06:54:28Zulu",
        "2026-11-23T\u0660\u0666:54:28Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "2026-11-23T06:54:28." + "1" * 40 + "Z",
    ],
)
def test_what_is_no_date_and_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="ISO 8601"):
        types.parse_date_time(text)


@given(st.text() | st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.,+Z-]{0,30}", fullmatch=True))
def test_reading_a_time_gives_utc_or_a_value_error_and_nothing_else(text: str) -> None:
    try:
        instant = types.parse_date_time(text)
    except ValueError:
        return
    assert instant.tzinfo is UTC
    assert types.parse_date_time(types.format_date_time(instant)) == instant


@given(
    st.datetimes(
        timezones=st.sampled_from([UTC, timezone(timedelta(hours=-7)), timezone(timedelta(hours=9))])
    )
)
def test_a_time_made_in_python_is_kept_as_the_wire_would_give_it_back(value: datetime) -> None:
    try:
        held = Holder(time=value)
    except (ValidationError, OverflowError):
        assert value.year in (1, 9999)  # only near the ends of the calendar
        return
    assert read(held.model_dump_json(exclude_none=True)) == held
    assert held.time is not None
    assert timedelta(0) <= value - held.time < timedelta(milliseconds=1)


def test_a_number_is_no_time() -> None:
    with pytest.raises(ValidationError):
        read('{"time":1700000000}')


# --- Absence: rule 21 ---


@pytest.mark.parametrize("field", ["tag", "number", "limit", "time"])
def test_null_is_not_absence(field: str) -> None:
    with pytest.raises(ValidationError):
        read(f'{{"{field}":null}}')


# --- Enumerations: rule 124 ---


@pytest.mark.rule(124)
def test_both_spellings_of_celsius_are_known_and_the_old_one_is_sent() -> None:
    assert {"Celcius", "Celsius"} <= set(get_args(types.UnitOfMeasure))
    assert types.TEMPERATURE_UNIT == "Celcius"
