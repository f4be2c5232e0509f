# Alerts, and what is not kept of the logs.

variables {
  project          = "example-mail"
  region           = "europe-west1"
  frontend_origins = ["https://app.example.com", "https://admin.example.com"]
}

override_data {
  target = data.google_project.this
  values = { number = "123456789012" }
}

override_resource {
  target          = google_api_gateway_gateway.this
  override_during = plan
  values          = { default_hostname = "gmail-abc123.ew.gateway.dev" }
}

override_resource {
  target          = google_service_account.tasks
  override_during = plan
  values          = { email = "gmail-tasks@example-mail.iam.gserviceaccount.com", name = "projects/example-mail/serviceAccounts/gmail-tasks@example-mail.iam.gserviceaccount.com" }
}

override_resource {
  target          = google_service_account.push
  override_during = plan
  values          = { email = "gmail-push@example-mail.iam.gserviceaccount.com", name = "projects/example-mail/serviceAccounts/gmail-push@example-mail.iam.gserviceaccount.com" }
}

override_resource {
  target          = google_service_account.gateway
  override_during = plan
  values          = { member = "serviceAccount:gmail-gateway@example-mail.iam.gserviceaccount.com" }
}

run "without_an_address_alerts_are_there_all_the_same" {
  command = plan

  assert {
    condition     = length(google_monitoring_alert_policy.this) == length(local.alerts) && length(google_monitoring_notification_channel.email) == 0 && length(google_billing_budget.this) == 0
    error_message = "Alerts are missing, or somebody is written to who was not named."
  }
  assert {
    condition     = alltrue([for policy in google_monitoring_alert_policy.this : strcontains(policy.documentation[0].content, "docs/operations.md")])
    error_message = "An alert does not say what to do."
  }
  assert {
    condition     = strcontains(google_logging_project_exclusion.requests.filter, "oauth2callback") && strcontains(google_logging_project_exclusion.requests.filter, "run.googleapis.com/requests")
    error_message = "Authorization codes would be in the logs."
  }
}

run "a_budget_where_there_is_a_billing_account" {
  command = plan

  variables {
    alert_email     = "ops@example.com"
    billing_account = "012345-567890-ABCDEF"
    monthly_budget  = 200
  }

  assert {
    condition     = google_billing_budget.this[0].amount[0].specified_amount[0].units == "200" && google_billing_budget.this[0].budget_filter[0].projects == toset(["projects/123456789012"])
    error_message = "The budget is another amount's, or another project's."
  }
  assert {
    condition     = google_monitoring_notification_channel.email[0].labels["email_address"] == "ops@example.com"
    error_message = "Alerts go to nobody."
  }
}
