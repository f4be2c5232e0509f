"""Deploying: the gcloud commands, what they upload, and whether the result answers."""
