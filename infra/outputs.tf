# What the operator needs next (docs/operations.md).

output "public_url" {
  description = "Where the service is reached: the settings of frontends, and what callers call."
  value       = local.public_url
}

output "redirect_uri" {
  description = "To be registered with the OAuth client, exactly like this."
  value       = "${local.public_url}/api/gmail/oauth2callback/"
}

output "domain_address" {
  description = "The A record of `domain`; null without one."
  value       = one(google_compute_global_address.this[*].address)
}

output "functions" {
  description = "The deployed functions, by their name in functions.json."
  value       = { for name, function in google_cloudfunctions2_function.this : name => function.name }
}

output "secrets" {
  description = "Secrets that need a version before the code is deployed."
  value       = sort([for secret in google_secret_manager_secret.this : secret.secret_id])
}

output "gateway_document" {
  description = "What the gateway was told: its paths, and which function answers each."
  value       = local.gateway_document
}
