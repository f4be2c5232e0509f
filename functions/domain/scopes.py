"""What Google is asked for, and what a grant allows.

https://developers.google.com/workspace/gmail/api/auth/scopes
"""

OPENID = "openid"
EMAIL = "https://www.googleapis.com/auth/userinfo.email"
SEND = "https://www.googleapis.com/auth/gmail.send"
READ = "https://www.googleapis.com/auth/gmail.readonly"
REQUESTED_SCOPES = (OPENID, "email", SEND, READ)

# Wider scopes that contain the one we need, from Gmail's discovery document.
_MAILBOX = "https://mail.google.com/"
_MODIFY = "https://www.googleapis.com/auth/gmail.modify"
CAN_SEND = frozenset({SEND, _MAILBOX, _MODIFY, "https://www.googleapis.com/auth/gmail.compose"})
CAN_READ = frozenset({READ, _MAILBOX, _MODIFY})
