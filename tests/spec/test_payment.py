"""What is counted and read where a card pays: exact prices, and answers that are usable or not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotline.spec.messages.core import DataTransferConf
from pilotline.spec.payment import MinorUnits, price_of, settlement_amount
from pilotline.spec.products import Product, ProductError, adjusted, load_product

C6EU = load_product("c6eu")


@pytest.mark.parametrize(
    ("energy_wh", "price", "currency", "amount"),
    [
        (2_000, "0.39", "EUR", 78),
        (1, "0.39", "EUR", 0),
        (12_821, "0.39", "EUR", 500),  # 500.019
        (5, "1", "EUR", 1),  # half a cent goes up
        (4_999, "0.001", "EUR", 0),
        (10_000, "0.1", "EUR", 100),
        (1_500, "3", "ISK", 5),
        (1_234_567, "12345.678901234567", "EUR", 1_524_156_776),
        (1_000_000_000_000, "2147483647.12345678901234567890", "EUR", 214748364712345678901),
    ],
)
def test_a_price_is_exact_and_rounded_once(energy_wh: int, price: str, currency: str, amount: int) -> None:
    assert price_of(energy_wh, price, currency) == MinorUnits(amount)


@given(st.text() | st.from_regex(r'\{"amount":-?[0-9]{1,30}(\.[0-9])?\}', fullmatch=True))
def test_whatever_the_data_it_is_an_amount_or_none(data: str) -> None:
    amount = settlement_amount(DataTransferConf(status="Accepted", data=data), "EUR")
    assert amount is None or amount >= 0


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"CCOCurrency": None}, "terminals: need the vendor key CCOCurrency of type string"),
        ({"CCOCurrency": "XXX"}, "vendor_keys.CCOCurrency: 'XXX' is none of EUR, "),
        ({"CCOFallbackPricePerKWh": "-1"}, "vendor_keys.CCOFallbackPricePerKWh: '-1' is below 0"),
    ],
)
def test_a_product_with_a_terminal_offers_all_keys_with_their_types(
    changes: dict[str, str | None], reason: str
) -> None:
    with pytest.raises(ProductError, match=reason):
        adjusted(C6EU, changes)


def test_a_terminal_serves_connectors_that_are_there_once_each() -> None:
    def with_terminals(*connectors: tuple[int, ...]) -> Product:
        return adjusted(C6EU, terminals=[{"connectors": served} for served in connectors])

    assert len(with_terminals((1,), (2,)).terminals) == 2
    with pytest.raises(ProductError, match="terminals: there is no connector 3"):
        with_terminals((1, 3))
    with pytest.raises(ProductError, match="terminals: connector 2 is served twice"):
        with_terminals((1, 2), (2,))


def test_a_terminal_serves_no_connector_that_may_keep_a_cable() -> None:
    socket = C6EU.connectors[1].model_copy(update={"cable": "socket", "lock": True})
    with pytest.raises(ProductError, match="terminals: connector 2 has a lock"):
        adjusted(C6EU, connectors=(C6EU.connectors[0], socket))


def test_the_currency_is_read_in_any_case() -> None:
    assert C6EU.factory_configuration.with_value("CCOCurrency", "chf").get("CCOCurrency") == "CHF"  # type: ignore[union-attr]  # it is no refusal
    assert MinorUnits(0) == price_of(0, "1", "CHF")
