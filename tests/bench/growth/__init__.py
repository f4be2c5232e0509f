"""How cost and latency grow: from 10 to 10 million sends a day, from 10 to a million accounts.

What one send does is counted on the real code (`counting`, `courses`), what the platform is set to is read from the
files that deploy it (`design`), what it charges and allows stands with its source in `prices`. A day is played through
with that (`day`, `fleet`), and what comes of it is priced and held against the limits (`outcome`).
"""
