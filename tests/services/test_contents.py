"""What a send will say, as it is stored: small parts in the document, which takes a megabyte, and the rest as blobs."""

import base64
import hashlib
import os
from collections.abc import Iterator

import pytest

from functions.adapters import values
from functions.domain.contents import INLINE_BODIES, INLINE_PART, INLINE_PARTS
from functions.domain.messages import Address, Attachment
from functions.domain.sends import Status
from functions.services import contents
from tests.services.fakes import OWNER, World

HTML = base64.b64encode(os.urandom(INLINE_BODIES * 3 // 4 - 2000)).decode()  # incompressible, and just small enough


def file(name: str, size: int = INLINE_PART) -> Attachment:
    data = os.urandom(size)

    def source() -> Iterator[bytes]:
        return iter((data,))

    return Attachment(name, "application/octet-stream", size, hashlib.sha256(data).hexdigest(), "", source)


FILES = tuple(file(f"{n}.bin") for n in range(INLINE_PARTS // INLINE_PART))


def stored(world: World, send_id: str) -> contents.Content:
    document = world.documents.get(contents.path(OWNER, send_id))
    assert document
    return contents.load(world.blobs, document.data)[0]


def test_what_fits_stands_in_the_document(world: World) -> None:
    content = stored(world, world.send(html=HTML, attachments=FILES).id)
    assert content.bodies
    assert all(part.data for part in content.parts)
    assert not any(world.directory.glob("blobs/**/*"))


@pytest.mark.parametrize("name", ["n" * 256, "漢" * 140, "😀" * 256], ids=["ascii", "han", "emoji"])
@pytest.mark.parametrize("few", [True, False])
def test_with_so_many_names_that_not_all_fits_some_of_it_lies_beside_the_document(
    world: World, name: str, few: bool
) -> None:
    to = tuple(Address(f"p{n}@{'x' * 60}.example.org", name) for n in range(20 if few else 500))
    headers = () if few else tuple((f"X-{n}", name * 3) for n in range(50))
    send_id = world.queue(to=to, html=HTML, attachments=FILES, headers=headers)
    document = world.documents.get(contents.path(OWNER, send_id))
    assert document
    assert values.size(document.path, document.data) < values.MAX_DOCUMENT
    content, message = contents.load(world.blobs, document.data)
    assert message.html == HTML
    assert [b"".join(a.source()) for a in message.attachments] == [b"".join(f.source()) for f in FILES]
    if few:
        assert content.bodies
    world.run(minutes=2)
    assert world.record(send_id).status is Status.SENT
