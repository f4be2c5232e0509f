"""One order of all values, whatever their type: Firestore's."""

import struct
from datetime import datetime
from typing import Any

from functions.adapters import stored_json

_NULL, _BOOL, _NUMBER, _TIME, _TEXT, _BYTES = (bytes([tag]) for tag in range(1, 7))


def sortable(value: Any) -> bytes | None:
    """Bytes in Firestore's order of types and values; None for a list or map, which no query here compares.

    Numbers: integers and floats share one order, and 64-bit integers are more exact than doubles; so a double first,
    then what the integer has beyond it.
    """
    if type(value) is str:  # most: quicker than matching
        return _TEXT + value.encode()
    match value:
        case None:
            return _NULL
        case bool():
            return _BOOL + bytes([value])
        case int() | float():
            double = float(value) + 0.0  # -0.0 equals 0.0
            rest = int(value) - int(double) if isinstance(value, int) else 0
            (bits,) = struct.unpack(">Q", struct.pack(">d", double))
            bits = bits ^ 0xFFFF_FFFF_FFFF_FFFF if bits >> 63 else bits | 1 << 63
            return _NUMBER + struct.pack(">QH", bits, rest + 0x8000)
        case datetime():
            return _TIME + struct.pack(">Q", stored_json.microseconds(value) + (1 << 63))
        case str():
            return _TEXT + value.encode()
        case bytes():
            return _BYTES + value
        case _:
            return None
