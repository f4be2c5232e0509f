"""Triggers, their deliveries and tests as the contract shows them."""

from collections.abc import Mapping, Sequence
from typing import Any

from functions.domain import times
from functions.domain.hook_deliveries import HookDelivery
from functions.domain.messages import Address
from functions.domain.triggers import RecipientRule, Trigger
from functions.edge import views
from functions.services.trigger_tests import Tried


def trigger(found: Trigger, public_url: str, problem: Mapping[str, Any] | None, shown: str = "") -> dict[str, Any]:
    """`shown` is a secret that was just made: the newest, this once. The others are shown by their age."""
    fields = found.fields
    secrets = [{"created_at": times.text(s.created_at), "expires_at": times.text(s.expires_at)} for s in found.secrets]
    if shown:
        secrets[0] = {**secrets[0], "secret": shown}
    return {
        "id": found.id,
        "url": f"{public_url}/api/gmail/hooks/{found.id}/",
        "name": fields.name,
        "enabled": fields.enabled,
        "account": found.account,
        **_message(found),
        "scheme": fields.scheme,
        "hmac": _hmac(found),
        "secrets": secrets,
        "filter": fields.filter or None,
        "mapping": {
            "variables": dict(fields.mapping.variables),
            **{name: _rules(getattr(fields.mapping, name)) for name in ("to", "cc", "bcc", "reply_to")},
        },
        "allowed_domains": list(fields.allowed_domains),
        "delay_seconds": fields.delay_seconds,
        "rate": {"per_minute": fields.rate.per_minute, "per_day": fields.rate.per_day},
        "transactional": fields.transactional,
        "failures": found.failures,
        "failing_since": times.text(found.failing_since),
        "problem": dict(problem) if problem else None,
        "created_at": times.text(found.created_at),
        "updated_at": times.text(found.updated_at),
    }


def delivery(found: HookDelivery) -> dict[str, Any]:
    return {
        "id": found.id,
        "trigger": found.trigger,
        "at": times.text(found.created_at),
        "name": found.name or None,
        "event": found.event or None,
        "signed_at": times.text(found.signed_at),
        "verdict": found.verdict.value,
        "reason": found.reason or None,
        "detail": found.detail or None,
        "remedy": found.remedy or None,
        "send": found.send,
        "replay_of": found.replay_of,
        "content_type": found.content_type or None,
        "size": found.size,
        "body_until": times.text(found.body_until),
    }


def delivery_detail(found: HookDelivery, body: bytes | None) -> dict[str, Any]:
    """With what came, as text; null where it is no longer kept."""
    return {**delivery(found), "body": None if body is None else body.decode("utf-8", "replace")}


def tried(found: Tried) -> dict[str, Any]:
    mapped, rendered = found.mapped, found.rendered
    signature = None if found.signature is None else {"ok": not found.signature, "reason": found.signature or None}
    return {
        "signature": signature,
        "passes": found.passes,
        "variables": dict(found.variables),
        "to": _addresses(mapped.to if mapped else ()),
        "cc": _addresses(mapped.cc if mapped else ()),
        "bcc": _addresses(mapped.bcc if mapped else ()),
        "reply_to": _addresses(mapped.reply_to if mapped else ()),
        "subject": rendered.subject if rendered else None,
        "html": rendered.html if rendered else None,
        "text": rendered.text if rendered else None,
        "size": len(rendered.html.encode()) if rendered else None,
        "warnings": [{"code": w.code, "detail": w.detail} for w in found.warnings],
        "problems": [{"pointer": p.pointer, "detail": p.detail} for p in found.problems],
    }


def _message(found: Trigger) -> dict[str, Any]:
    fields = found.fields
    if fields.template:
        return {"template": {"id": fields.template, "version": fields.template_version}}
    return {"subject": fields.subject, "html": fields.html or None, "text": fields.text}


def _hmac(found: Trigger) -> dict[str, Any] | None:
    rules = found.fields.hmac
    if rules is None:
        return None
    return {
        "header": rules.header,
        "encoding": rules.encoding,
        "prefix": rules.prefix,
        "algorithm": rules.algorithm,
        "id_header": rules.id_header,
        "timestamp_header": rules.timestamp_header,
    }


def _rules(rules: Sequence[RecipientRule]) -> list[dict[str, str]]:
    return [{"email": rule.email} if rule.email else {"path": rule.path} for rule in rules]


def _addresses(people: Sequence[Address]) -> list[dict[str, str]]:
    return [views.address(a) for a in people]
