"""The Gmail API."""
