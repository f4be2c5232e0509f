"""Google's OAuth server: consent page, tokens, revocation."""
