"""The mailboxes as their readers see them."""
