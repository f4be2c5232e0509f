"""Ids: random ones carry all of their randomness, and are 16 bytes in base32 like derived ones."""

import base64

from hypothesis import given
from hypothesis import strategies as st

from functions.domain.ids import derived_id, looks_like, random_id


def raw(made: str) -> bytes:
    """The bytes of an id. Raises ValueError where it is not their only form."""
    text = made.partition("_")[2].upper()
    found = base64.b32hexdecode(text + "=" * 6)
    if base64.b32hexencode(found).decode().rstrip("=") != text:
        raise ValueError(made)
    return found


@given(st.binary(min_size=26, max_size=26))
def test_a_random_id_is_16_bytes_in_base32(drawn: bytes) -> None:
    made = random_id("snd", lambda size: drawn[:size])

    assert looks_like("snd", made)
    assert len(raw(made)) == 16


def test_every_character_of_a_random_id_has_all_its_values_equally_often() -> None:
    made = [random_id("snd", lambda size, byte=byte: bytes([byte]) * size)[4:] for byte in range(256)]

    for place in range(26):
        drawn = [one[place] for one in made]
        values = 8 if place == 25 else 32  # 25 times five bits, and three
        assert len(set(drawn)) == values
        assert {drawn.count(one) for one in set(drawn)} == {256 // values}


def test_derived_ids_stay_what_they_are_on_record() -> None:
    assert derived_id("own", "https://issuer.example", "1") == "own_q9rs4ppd7h8utodlggrigucvh0"
    assert derived_id("sup", "ana@example.com") == "sup_ed6guiv5dmk5dlav11mgubckss"
    assert derived_id("snd", "ab", "c") != derived_id("snd", "a", "bc")
