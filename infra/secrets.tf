# The secrets, without their values: those come from the operator (docs/operations.md), so that they are in no state file,
# no plan and no log. The versions of the client's are pinned (variables.tf). Of the keys the newest seals and every
# one opens, so a new version is a rotation by itself.

locals {
  secrets = {
    gmail-client-id     = "The OAuth client's id."
    gmail-client-secret = "The OAuth client's secret."
    gmail-token-key     = "Seals what is stored: tokens, parked grants, secrets of endpoints and triggers."
    gmail-link-key      = "Seals the state of sign-in links, and tracked and unsubscribe links."
  }
}

resource "google_secret_manager_secret" "this" {
  for_each = local.secrets

  secret_id           = each.key
  annotations         = { purpose = each.value }
  deletion_protection = true
  version_destroy_ttl = "604800s" # a version that was destroyed by mistake can be had back for a week

  replication {
    auto {}
  }

  depends_on = [time_sleep.services]
}
