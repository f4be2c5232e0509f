"""Free text over subjects and recipients: whole words, without regard to case and accents.

Neither store searches text, so the words of a send are labels of it, and a search asks for the labels of its own words.

- A word is a run of letters, digits and their marks. A picture (😀, ★) is a word of its own.
- Scripts that put no spaces between words (Chinese, Japanese, Thai, …), and Korean, which hangs its particles on them,
  are cut into single characters and pairs: any two or more that stand together are found by their pairs.
- Accents and vowel points go, letters without a plain form get one (ø is o, ß is ss), digits are 0 to 9.
- A whole address is looked for among the recipients as it is, like the filter `to`; a part of one as its words.
"""

import re
import unicodedata
from collections.abc import Iterator

from functions.domain.addresses import Address, ascii_email, email_problem

# Labels of one send, each an entry of an index. Most subjects have less than ten words.
SUBJECT_LIMIT, LABELS_LIMIT = 100, 140
ASKED_LIMIT = 40  # words of a search: of a subject that is pasted the first ones, which are labels, are enough
WORD_LENGTH = 40  # characters; longer ones are cut, in searches too

# Compiled when a text needs them, and then kept by `re`: most texts are ASCII, and to compile these takes 10 ms.
# Accents, Hebrew and Arabic vowel points, the line that stretches an Arabic word, and what nobody sees: soft hyphens,
# joiners, directions, variants of pictures. Not the marks that make another letter of one (が is not か), nor those
# that are half of a syllable (Devanagari, Thai).
_DROPPED = (
    "[\u00ad\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670"
    "\u200c-\u200f\u202a-\u202e\u2060-\u2069\u20d0-\u20f0\ufe00-\ufe0f\ufeff]"
)
_PLAIN = str.maketrans(
    {"\u0131": "i", "ø": "o", "đ": "d", "ł": "l", "ħ": "h", "ŧ": "t", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"}
    # Alef wasla, alef maksura and the Persian yeh, the Persian kaf, teh marbuta: each as it is typed without care.
    | {"\u0671": "\u0627", "\u0649": "\u064a", "\u06cc": "\u064a", "\u06a9": "\u0643", "\u0629": "\u0647"}
)
# Thai, Lao, Tibetan, Myanmar, Hangul, Khmer, Kana, Bopomofo, Han.
_UNSPACED = (
    "\u0e00-\u0fff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3005-\u3007\u3031-\u3035\u3040-\u318f\u31a0-\u31bf"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U0001b000-\U0001b16f"
    "\U00020000-\U0003ffff"
)
_ASCII_WORD = re.compile("[a-z0-9]+")
_WORD_OR_RUN = f"[^{_UNSPACED}]+|[{_UNSPACED}]+"
_UNSPACED_RUN = f"[{_UNSPACED}]+"
_AROUND = "<>()[]{},;:\"'“”„«»"  # of an address in a text


def words(text: str) -> list[str]:
    """In the order in which they stand, each once."""
    return list(dict.fromkeys(part for run in _runs(text) for part in _parts(run, singly=True)))


def labels(subject: str, recipients: tuple[Address, ...], tags: tuple[str, ...]) -> tuple[str, ...]:
    """All that a send is found by: its recipients, its tags, its words."""
    exact = [*(f"to:{ascii_email(r.email).casefold()}" for r in recipients), *(f"tag:{tag}" for tag in tags)]
    return tuple(dict.fromkeys([*exact, *word_labels(subject, recipients)]))


def recipient(text: str) -> str:
    """An address as it stands in its label, however its domain is written; what is none stays as it is, lowered."""
    return (text if email_problem(text) else ascii_email(text)).casefold()


def word_labels(subject: str, recipients: tuple[Address, ...]) -> list[str]:
    """The subject's words come first, then what people look for of an address: its parts, and the name's."""
    found = dict.fromkeys(words(subject)[:SUBJECT_LIMIT])
    for recipient in recipients:
        found |= dict.fromkeys(words(f"{recipient.email} {recipient.name}"))
        if len(found) >= LABELS_LIMIT:
            break
    return [f"word:{word}" for word in found][:LABELS_LIMIT]


def asked(text: str) -> list[str]:
    """The labels that a send must have to be found, all of them; none where the text has no word, and finds nothing."""
    wanted: dict[str, None] = {}
    for piece in text.split():
        address = piece.strip(_AROUND)
        if "@" in address and not email_problem(address):
            wanted[f"to:{ascii_email(address).casefold()}"] = None
        else:
            wanted |= {f"word:{part}": None for run in _runs(piece) for part in _parts(run, singly=False)}
    return list(wanted)[:ASKED_LIMIT]


def _runs(text: str) -> Iterator[str]:
    """What stands together and is written in one way, in plain letters."""
    if text.isascii():  # nearly all are; the same, ten times as fast
        yield from _ASCII_WORD.findall(text.lower())
        return
    run = ""
    for character in _plain(text):
        category = unicodedata.category(character)
        if category[0] == "L" or (category[0] == "M" and run):
            run += character
        elif category[0] == "N":
            run += str(unicodedata.decimal(character, character))
        else:
            yield from re.findall(_WORD_OR_RUN, run)
            run = ""
            if category == "So" and character > "\u00ff":  # those below are signs: ° © ®
                yield character
    yield from re.findall(_WORD_OR_RUN, run)


def _plain(text: str) -> str:
    """As people type it who save themselves the trouble."""
    # Decomposed twice: a mathematical bold A becomes one that has a small letter, and small letters may be composed.
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return unicodedata.normalize("NFC", re.sub(_DROPPED, "", folded)).translate(_PLAIN)


def _parts(run: str, *, singly: bool) -> Iterator[str]:
    """A word as it is; of a run without spaces its pairs and, where it is one or `singly`, its characters."""
    if run.isascii() or not re.match(_UNSPACED_RUN, run):
        yield run[:WORD_LENGTH]
        return
    for index, character in enumerate(run):
        if singly or len(run) == 1:
            yield character
        if index + 1 < len(run):
            yield run[index : index + 2]
