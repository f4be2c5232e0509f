# The functions: size, settings, and who owns what.

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

run "every_function_has_its_row" {
  command = plan

  assert {
    condition     = toset([for f in google_cloudfunctions2_function.this : f.name]) == toset([for name in keys(local.functions) : "gmail-${name}"])
    error_message = "The deployed functions are not those of functions.json."
  }
  assert {
    condition = alltrue([
      for name, f in google_cloudfunctions2_function.this : (
        f.build_config[0].runtime == "python313"
        && f.build_config[0].entry_point == name
        && f.service_config[0].available_memory == "${local.functions[name].memory_mib}Mi"
        && f.service_config[0].available_cpu == tostring(local.functions[name].cpu)
        && f.service_config[0].max_instance_request_concurrency == local.functions[name].concurrency
        && f.service_config[0].timeout_seconds == local.functions[name].timeout_seconds
        && f.service_config[0].min_instance_count == local.functions[name].min_instances
        && f.service_config[0].max_instance_count == local.functions[name].max_instances
      )
    ])
    error_message = "A function is not as large as its row says."
  }
  assert {
    condition     = alltrue([for name, f in google_cloudfunctions2_function.this : f.service_config[0].environment_variables["THREADS"] == tostring(local.functions[name].concurrency)])
    error_message = "THREADS is not the concurrency: the framework would answer fewer at once than the platform gives it."
  }
  assert {
    condition     = alltrue([for name, f in local.functions : f.concurrency == 1 || f.cpu >= 1])
    error_message = "The platform takes several requests at once only with a whole CPU."
  }
}

run "the_settings_lead_to_what_is_made" {
  command = plan

  assert {
    condition = alltrue([
      for f in google_cloudfunctions2_function.this : alltrue([
        for name, value in {
          ALLOWED_ORIGINS       = "https://app.example.com,https://admin.example.com"
          AUTH_ISSUERS          = "https://securetoken.google.com/example-mail=example-mail"
          BLOBS_URL             = "gs://example-mail-gmail-blobs"
          GMAIL_CLIENT_ID       = "secretmanager://example-mail/gmail-client-id/versions/1"
          GMAIL_CLIENT_SECRET   = "secretmanager://example-mail/gmail-client-secret/versions/1"
          MALLOC_ARENA_MAX      = "2"
          PUBLIC_URL            = "https://gmail-abc123.ew.gateway.dev"
          PUSH_SERVICE_ACCOUNT  = "gmail-push@example-mail.iam.gserviceaccount.com"
          RETURN_URLS           = "https://app.example.com/,https://admin.example.com/,https://gmail-abc123.ew.gateway.dev/"
          SECRETS_URL           = "secretmanager://example-mail"
          STORE_URL             = "firestore://example-mail/gmail"
          TASKS_SERVICE_ACCOUNT = "gmail-tasks@example-mail.iam.gserviceaccount.com"
          TASKS_URL             = "cloudtasks://example-mail/europe-west1/gmail"
        } : f.service_config[0].environment_variables[name] == value
      ])
    ])
    error_message = "A setting is not what the other resources are."
  }
  assert {
    condition     = output.redirect_uri == "https://gmail-abc123.ew.gateway.dev/api/gmail/oauth2callback/"
    error_message = "The redirect URI is not the one that the functions use."
  }
}

run "with_a_domain_everything_is_told_of_it" {
  command = plan

  variables {
    domain                = "mail.example.com"
    auth_issuers          = { "https://issuer.example.com" = "app=1" }
    oauth_client_versions = { id = 1, secret = 7 }
  }

  assert {
    condition     = google_cloudfunctions2_function.this["send"].service_config[0].environment_variables["PUBLIC_URL"] == "https://mail.example.com"
    error_message = "PUBLIC_URL is not the domain."
  }
  assert {
    condition     = google_pubsub_subscription.notify.push_config[0].oidc_token[0].audience == "https://mail.example.com/tasks/notify"
    error_message = "Pushes have another audience than the functions expect."
  }
  assert {
    condition     = length(google_compute_global_forwarding_rule.https) == 1
    error_message = "A domain needs the load balancer."
  }
  assert {
    condition     = google_compute_managed_ssl_certificate.this[0].name == "gmail-mail-example-com" && google_compute_global_address.this[0].name == "gmail"
    error_message = "docs/operations.md asks for the certificate and the address under other names."
  }
  assert {
    condition     = endswith(google_cloudfunctions2_function.this["send"].service_config[0].environment_variables["GMAIL_CLIENT_SECRET"], "/versions/7")
    error_message = "The client secret's version is not the one that was asked for."
  }
  assert {
    condition     = google_cloudfunctions2_function.this["send"].service_config[0].environment_variables["AUTH_ISSUERS"] == "https://issuer.example.com=app=1"
    error_message = "AUTH_ISSUERS is not the issuer that was given."
  }
}

run "without_one_there_is_no_load_balancer" {
  command = plan

  assert {
    condition     = length(google_compute_global_address.this) + length(google_compute_backend_service.gateway) == 0
    error_message = "A load balancer costs every month, and was not asked for."
  }
}

run "wrong_variables_are_refused" {
  command = plan

  variables {
    project          = "UPPER"
    region           = "europe-west9"
    frontend_origins = ["http://app.example.com/"]
    billing_account  = "x"
    monthly_budget   = 0
    domain           = "https://mail.example.com"
    alert_email      = "nobody"
    auth_issuers     = { "http://issuer" = "" }

    gmail_units_per_minute = 10
  }

  expect_failures = [
    var.project,
    var.region,
    var.frontend_origins,
    var.billing_account,
    var.monthly_budget,
    var.domain,
    var.alert_email,
    var.auth_issuers,
    var.gmail_units_per_minute,
  ]
}
