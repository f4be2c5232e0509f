"""Why a send is in the state it is in, and what came of it, in words for people."""

from functions.domain.sends import Send, Status


def explanation(send: Send) -> str:
    """One sentence; a second one where there is something to do, or a time to wait for."""
    last = send.attempts[-1] if send.attempts else None
    match send.status:
        case Status.SENT:
            return _sent(send)
        case Status.FAILED:
            return f"It was not sent: {last.detail} {last.remedy}".strip() if last else "It was not sent."
        case Status.UNKNOWN:
            return _unknown(send)
        case Status.SENDING:
            return "It is being handed to Gmail right now."
        case Status.CANCELLED:
            return f"It was cancelled before it went out: {send.waits_detail or 'its owner cancelled it'}."
        case Status.SCHEDULED:
            return f"It is scheduled.{_when(send)}"
        case Status.QUEUED if send.waits_for:
            return f"It waits: {send.waits_detail.rstrip('.')}.{_when(send)}"
        case Status.QUEUED:
            return "It waits for its turn among the messages of its batch." if send.batch else "It waits for its turn."


def _sent(send: Send) -> str:
    people = [
        f"was opened {_times(send.opens)}" if send.opens else "",
        f"had its links clicked {_times(send.clicks)}" if send.clicks else "",
        f"was answered {_times(send.replies)}" if send.replies else "",
    ]
    happened = [what for what in people if what]
    if not (send.opens or send.clicks) and send.all_opens + send.all_clicks:
        happened.append("was fetched by programs, though by no person that we know of")
    if send.bounces:
        came_back = min(send.bounces, send.recipients)
        of = "" if send.recipients == 1 else f" from {came_back} of its {send.recipients} recipients"
        happened.append(f"came back{of}, since it could not be delivered there")
    return f"Gmail accepted the message{'; it ' if happened else ''}{_listed(happened)}."


def _unknown(send: Send) -> str:
    detail = send.attempts[-1].detail if send.attempts else ""
    if send.due_at:
        return f"Whether it went out is not known yet: {detail} It is being looked for in the account's Sent folder."
    if send.resent_as:
        return f"It was not found in the Sent folder, and sent again as {send.resent_as}."
    return (
        f"Whether it went out is not known: {detail} Look into the account's Sent folder; if it is not there, "
        "resend it with POST …/resend/."
    )


def _when(send: Send) -> str:
    return f" It goes out at {send.due_at:%Y-%m-%d %H:%M:%S} UTC." if send.due_at else ""


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count:,} times")


def _listed(what: list[str]) -> str:
    return " and ".join([", ".join(what[:-1]), what[-1]] if len(what) > 1 else what)
