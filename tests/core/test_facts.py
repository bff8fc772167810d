"""Facts of a product as machines read them."""

from pilotline.core import facts
from pilotline.spec.products import load_product


def test_readers_are_numbered_from_1_and_serve_their_connectors() -> None:
    reference = load_product("reference")
    assert [facts.readers_of(reference, connector) for connector in (1, 2)] == [(1,), (2,)]
    shared = reference.model_copy(
        update={"readers": (reference.readers[0].model_copy(update={"connectors": (1, 2)}),)}
    )
    assert [facts.readers_of(shared, connector) for connector in (1, 2)] == [(1,), (1,)]
    assert [facts.served_connectors(reference, reader) for reader in (1, 2)] == [(1,), (2,)]
