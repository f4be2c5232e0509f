"""List prices in US dollars without free tiers, for one region of tier 1, and what Google allows, each with its source.

As on 25 November 2026; docs/operations.md has the same prices with what a single send costs.
"""

from dataclasses import dataclass

MILLION, GIB, TIB = 1e6, 2.0**30, 2.0**40


@dataclass(frozen=True)
class Prices:
    gateway: float = 3.00 / MILLION  # a call: https://cloud.google.com/api-gateway/pricing (up to a billion a month)
    request: float = 0.40 / MILLION  # https://cloud.google.com/run/pricing, request-based billing
    cpu: float = 24e-6  # a vCPU-second, likewise
    memory: float = 2.5e-6  # a GiB-second, likewise
    read: float = 0.30 / MILLION  # https://cloud.google.com/firestore/pricing, one region
    write: float = 0.90 / MILLION  # likewise
    delete: float = 0.10 / MILLION  # likewise
    stored: float = 0.15 / GIB  # a byte and month, likewise
    task: float = 0.40 / MILLION  # an operation: https://cloud.google.com/tasks/pricing
    published: float = 40 / TIB  # a byte: https://cloud.google.com/pubsub/pricing
    secret: float = 0.03 / 10_000  # an access: https://cloud.google.com/secret-manager/pricing
    logged: float = 0.50 / GIB  # a byte: https://cloud.google.com/products/observability/pricing


@dataclass(frozen=True)
class Quotas:
    """What can't be exceeded; by the second where nothing else is said."""

    # https://developers.google.com/workspace/gmail/api/reference/quota
    gmail_units_a_minute: float = 1_200_000  # of a project; more has to be asked for
    gmail_units_a_day: float = 80_000_000  # of a project: from there on Google charges, at a price still to be told
    # https://cloud.google.com/tasks/docs/quotas
    dispatches: float = 500  # of a queue
    # https://cloud.google.com/firestore/docs/best-practices#indexing_exemptions: values that only grow
    range_writes: float = 500
    document_writes: float = 1  # https://cloud.google.com/firestore/docs/best-practices#updates_to_a_single_document
    # https://cloud.google.com/api-gateway/docs/quotas: 10,000,000 units in 100 seconds, of which a call takes two
    gateway_calls: float = 50_000
    # https://cloud.google.com/secret-manager/quotas
    secret_accesses_a_minute: float = 90_000
    # https://cloud.google.com/pubsub/quotas: 70 MB/s of pushes in a region of the smaller kind, a message counts 1 kB
    pushes: float = 70_000


PRICES, QUOTAS = Prices(), Quotas()
