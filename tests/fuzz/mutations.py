"""Sound inputs, damaged: a seed makes always the same."""

from random import Random

ODD = (
    b"",
    b"\x00",
    b"\xff\xfe",
    b"\xed\xa0\x80",  # half a surrogate pair, as UTF-8 would write it
    b"\x9b" + b"\xff" * 8,  # CBOR: more items than there can be
    b"-1",
    b"1e999",
    b"NaN",
    b"9" * 5000,
    b"[" * 3000,
    b'{"a":' * 3000,
    b'"' + "e\u0301\u202e\U0001f50c".encode() + b'"',
    b'"\\ud800"',
    b"'''",
    b"\n",
    b" ",
    b"null",
    b"{}",
    b"%00%0d%0a",
)


def mutated(chance: Random, data: bytes) -> bytes:
    """With up to three pieces replaced, cut, doubled, or with a byte that is another."""
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(data) + 1)
        end = min(len(data), at + chance.randrange(1 + chance.choice((4, 40, 400))))
        match chance.randrange(5):
            case 0:
                data = data[:at] + chance.choice(ODD) + data[end:]
            case 1:
                data = data[:end] + data[at:end] * chance.randint(1, 20) + data[end:]
            case 2:
                data = data[:at] + chance.randbytes(end - at) + data[end:]
            case 3:
                data = data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]
            case _:
                data = data[:at] + data[end:]
    return data
