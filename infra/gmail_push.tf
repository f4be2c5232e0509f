# Gmail tells of new mail: its topic, and the push to `notify`. A push only wakes; a mailbox is looked into every ten
# minutes in any case.

resource "google_pubsub_topic" "gmail" {
  # checkov:skip=CKV_GCP_83: a message is an address and a number, kept for a day; Google's keys encrypt it
  name       = "gmail"
  depends_on = [time_sleep.services]
}

resource "google_pubsub_subscription" "notify" {
  name                       = "gmail-notify"
  topic                      = google_pubsub_topic.gmail.id
  ack_deadline_seconds       = local.functions["notify"].timeout_seconds
  message_retention_duration = "86400s" # by then the mailbox has been looked into a hundred times

  push_config {
    push_endpoint = "${local.public_url}/tasks/notify"

    oidc_token {
      service_account_email = google_service_account.push.email
      audience              = "${local.public_url}/tasks/notify"
    }
  }

  expiration_policy {
    ttl = "" # never, though nobody may have connected an account for a month
  }

  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }

  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.dead.id
    max_delivery_attempts = 20
  }

  depends_on = [google_pubsub_topic_iam_member.dead_publisher, google_service_account_iam_member.push]
}

# What `notify` refused twenty times, for somebody to look at. An alert says when there is any.
resource "google_pubsub_topic" "dead" {
  # checkov:skip=CKV_GCP_83: as the topic above
  name       = "gmail-dead"
  depends_on = [time_sleep.services]
}

resource "google_pubsub_subscription" "dead" {
  name                       = "gmail-dead"
  topic                      = google_pubsub_topic.dead.id
  message_retention_duration = "604800s"

  expiration_policy {
    ttl = ""
  }
}
