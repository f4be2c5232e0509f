"""FAULT_FULL=1: everything in its full length; else what is tried at random is tried a fifth as often."""

import os

FULL = bool(os.environ.get("FAULT_FULL"))


def examples(full: int) -> int:
    return full if FULL else max(20, full // 5)
