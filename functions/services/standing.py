"""All that the sending of a message must know about its owner and its recipients, in one round trip."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from functions.domain import records
from functions.domain.errors import FieldError, InvalidMessage
from functions.domain.messages import Address
from functions.domain.owners import OwnerSettings
from functions.domain.ports import Documents
from functions.domain.send_requests import SendRequest
from functions.domain.suppressions import Suppression, normalised, objection, suppression_id
from functions.services import owners

CHUNK = 500  # documents of one read
REMEDY = (
    "Leave the recipient out. One that is on the list by mistake can be taken off it: "
    "DELETE /api/gmail/suppressions/{address}/; a message that is no mailing can say `transactional`."
)


def path(owner: str, address: str) -> str:
    """Of the entry of a normalised address."""
    return f"owners/{owner}/suppressions/{suppression_id(address)}"


@dataclass(frozen=True, slots=True)
class Standing:
    settings: OwnerSettings
    suppressed: Mapping[str, Suppression]  # by normalised address, of those that were asked about

    @property
    def kept_for(self) -> timedelta:
        """How long the content of a message is kept after it went out."""
        return self.settings.contents_kept_for

    def reason(self, address: str, transactional: bool) -> str:
        """Why a message must not go there, in words that can end a sentence; empty where it may."""
        return objection(self.suppressed.get(normalised(address)), transactional=transactional)

    def refuse(self, request: SendRequest) -> None:
        """Raises InvalidMessage, which points at every recipient in `to`, `cc` and `bcc` who must not get it."""
        if not self.suppressed:
            return
        asked: dict[str, Sequence[Address]] = {"to": request.to, "cc": request.cc, "bcc": request.bcc}
        errors = [
            FieldError(f"/{field}/{index}", f"The suppression list forbids it: {reason}.")
            for field, addresses in asked.items()
            for index, address in enumerate(addresses)
            if (reason := self.reason(address.email, request.transactional))
        ]
        if errors:
            raise InvalidMessage(f"{errors[0].pointer}: {errors[0].detail}", remedy=REMEDY, errors=errors)


class Standings:
    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def of(self, owner: str, addresses: Sequence[str]) -> Standing:
        """`addresses` must have passed `email_problem`. One round trip for up to 499 of them. Raises Unavailable."""
        paths = [owners.path(owner), *dict.fromkeys(path(owner, normalised(a)) for a in addresses)]
        found = [d for i in range(0, len(paths), CHUNK) for d in self._documents.get_many(paths[i : i + CHUNK])]
        entries = [records.from_data(Suppression, d.data) for d in found[1:] if d]
        return Standing(owners.read(found[0]), {entry.address: entry for entry in entries})
