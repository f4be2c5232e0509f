# Who may do what: each function what its row says, and nobody anything else.

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

run "a_secret_is_read_by_those_that_use_it" {
  command = plan

  assert {
    condition = toset([for grant in google_secret_manager_secret_iam_member.this : "${grant.secret_id} ${grant.role}"]) == toset([
      for secret in keys(local.secrets) : "${secret} roles/secretmanager.secretAccessor"
    ])
    error_message = "Not every secret has a reader, or one has a role that does more than reading."
  }
  assert {
    condition = toset(keys(google_secret_manager_secret_iam_member.this)) == toset(flatten([
      for name, f in local.functions : [for use in f.uses : "${name}/${use}/roles/secretmanager.secretAccessor" if contains(keys(local.secrets), use)]
    ]))
    error_message = "A function reads a secret that is not in its row, or can't read one that is."
  }
  assert {
    condition     = alltrue([for name in ["console", "update", "templates", "suppressions", "keys"] : length([for key in keys(local.grants) : key if startswith(key, "${name}/gmail-")]) == 0])
    error_message = "A function that opens nothing may read a secret."
  }
}

run "queue_bucket_and_database_likewise" {
  command = plan

  assert {
    condition     = toset([for key, grant in google_cloud_tasks_queue_iam_member.this : grant.role]) == toset(["roles/cloudtasks.enqueuer"])
    error_message = "Functions only put tasks into the queue."
  }
  assert {
    condition     = toset([for key in keys(google_cloud_tasks_queue_iam_member.this) : split("/", key)[0]]) == toset([for name, f in local.functions : name if contains(f.uses, "queue")])
    error_message = "The queue is open to others than those that use it."
  }
  assert {
    condition     = toset([for key in keys(google_service_account_iam_member.tasks) : split("/", key)[0]]) == toset([for name, f in local.functions : name if contains(f.uses, "queue")])
    error_message = "Who makes tasks has to be allowed to name their account."
  }
  assert {
    condition     = toset([for key in keys(google_storage_bucket_iam_member.blobs) : split("/", key)[0]]) == toset([for name, f in local.functions : name if anytrue([for use in f.uses : startswith(use, "bucket")])])
    error_message = "The bucket is open to others than those that use it."
  }
  assert {
    condition     = alltrue([for key, grant in google_storage_bucket_iam_member.blobs : grant.role == (contains(local.functions[split("/", key)[0]].uses, "bucket") ? "roles/storage.objectUser" : "roles/storage.objectViewer")])
    error_message = "Who only reads files may only read them."
  }
  assert {
    condition     = alltrue([for grant in google_project_iam_member.database : grant.condition[0].expression == "resource.name == \"projects/example-mail/databases/gmail\""])
    error_message = "The database's role reaches further than this database."
  }
  assert {
    condition     = keys(google_service_account_iam_member.own) == ["attachments/upload-urls/roles/iam.serviceAccountTokenCreator"]
    error_message = "Only attachments signs URLs, and only as itself."
  }
}

run "the_gateway_is_the_one_way_in" {
  command = plan

  assert {
    condition     = alltrue([for grant in google_cloud_run_v2_service_iam_member.gateway : grant.role == "roles/run.invoker" && grant.member == "serviceAccount:gmail-gateway@example-mail.iam.gserviceaccount.com"])
    error_message = "Somebody else than the gateway may invoke a function."
  }
  assert {
    condition     = toset(keys(google_cloud_run_v2_service_iam_member.gateway)) == toset(keys(local.functions))
    error_message = "A function can't be reached."
  }
}

run "each_function_is_an_account_of_its_own" {
  command = plan

  assert {
    condition     = length(distinct([for account in google_service_account.function : account.account_id])) == length(local.functions)
    error_message = "Functions share an account."
  }
  assert {
    condition     = length(setsubtract(flatten([for f in local.functions : f.uses]), [for row in local.access.uses : row.use])) == 0
    error_message = "A row of functions.json has a use that access.json does not know."
  }
}
