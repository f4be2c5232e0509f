"""A pretend Google for a laptop: an OAuth server, the Gmail API and its readers' inboxes.

Start it with `python -m sandbox`. Never deployed; shares no code with the product it is used to try.
"""
