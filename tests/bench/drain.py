"""Does what the queue would have had done: brings each task of stdin (`OWNER/ITEM`) to the code of `deliver`, and
prints what is on record afterwards. A process of its own, in the functions' environment: `python -m tests.bench.drain`
"""

import json
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from functions.domain import records
from functions.domain.ports import Query
from functions.domain.sends import Send, Status
from functions.runtime.start import start
from functions.runtime.wiring import App

WORKERS = 16
ROUNDS = 5  # what Gmail's stub or the store asks to do later, is brought again


def sends(app: App, owner: str) -> list[Send]:
    found: list[Send] = []
    after = None
    while True:
        query = Query(f"owners/{owner}/sends", order=("created_at", "desc"), limit=500, after=after)
        page = app.documents.query(query)
        found += [records.from_data(Send, document.data) for document in page.documents]
        after = page.next
        if after is None:
            return found


def drain(tasks: list[tuple[str, str]]) -> dict[str, object]:
    app = start()
    for _ in range(ROUNDS):
        with ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(lambda task: app.deliver(*task), tasks))
        on_record = [send for owner in {owner for owner, _ in tasks} for send in sends(app, owner)]
        made = [send for send in on_record if send.trigger]
        tasks = [(send.owner, send.id) for send in made if send.status is not Status.SENT]
        if not tasks:
            break
    return {
        "statuses": Counter(send.status.value for send in made),
        "subjects": Counter(send.subject for send in made),
        "ids": {send.id: send.subject for send in made},
    }


if __name__ == "__main__":
    given = [line.strip().partition("/") for line in sys.stdin]
    print(json.dumps(drain([(owner, item) for owner, _, item in given])))
