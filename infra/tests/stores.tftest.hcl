# Database, files, secrets, queue, pushes: what is kept for how long, and what comes how often.

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

run "every_declared_index_is_there" {
  command = plan

  assert {
    condition     = length(google_firestore_index.this) + length(flatten([for declared in local.alone : [for one in declared : "one"]])) == length(local.declared.indexes)
    error_message = "indexes.json declares another number of indexes than there are."
  }
  assert {
    condition = alltrue([
      for index in google_firestore_index.this : alltrue([for f in index.fields : (f.order != "" && f.order != null) != (f.array_config != "" && f.array_config != null)])
    ])
    error_message = "A field of an index has neither an order nor elements, or both."
  }
  assert {
    condition = alltrue([
      for index in local.declared.indexes : length([
        for i in google_firestore_field.this["${index.collection}/${index.fields[0].field}"].index_config[0].indexes :
        i if i.query_scope == local.scopes[index.scope] && i.order == local.orders[index.fields[0].mode]
      ]) == 1 if length(index.fields) == 1
    ])
    error_message = "A query by one field has no index, now that nothing is indexed by itself."
  }
  assert {
    condition     = toset([for key, f in google_firestore_field.this : key if length(f.ttl_config) == 1]) == toset([for entry in local.declared.ttl : "${entry.collection}/${entry.field}"])
    error_message = "What expires is not what indexes.json says."
  }
  assert {
    condition     = alltrue([for key, f in google_firestore_field.this : length(f.index_config[0].indexes) == 0 if !contains(keys(local.alone), key)])
    error_message = "A time at which documents go is indexed, and nobody looks for it."
  }
  assert {
    condition = length(google_firestore_field.exempt) == length(local.declared.exempt) && alltrue([
      for field in google_firestore_field.exempt : field.field == "*" && length(field.index_config[0].indexes) == 0
    ])
    error_message = "A collection's other fields are indexed."
  }
}

run "the_database_can_be_put_back_and_not_be_deleted" {
  command = plan

  assert {
    condition     = google_firestore_database.this.point_in_time_recovery_enablement == "POINT_IN_TIME_RECOVERY_ENABLED" && google_firestore_database.this.delete_protection_state == "DELETE_PROTECTION_ENABLED"
    error_message = "The database has no point-in-time recovery, or can be deleted."
  }
  assert {
    condition     = google_firestore_backup_schedule.daily.retention == "1209600s" && length(google_firestore_backup_schedule.daily.daily_recurrence) == 1
    error_message = "There is no daily backup that is kept for two weeks."
  }
  assert {
    condition     = alltrue([for secret in google_secret_manager_secret.this : secret.deletion_protection && secret.version_destroy_ttl == "604800s"])
    error_message = "A secret can be lost by one command."
  }
}

run "files_are_private_and_kept_as_long_as_any_record_can_need_them" {
  command = plan

  assert {
    condition     = alltrue([for bucket in [google_storage_bucket.blobs, google_storage_bucket.bootstrap] : bucket.public_access_prevention == "enforced" && bucket.uniform_bucket_level_access && !bucket.force_destroy])
    error_message = "A bucket could be public, or be deleted with what is in it."
  }
  assert {
    condition = alltrue([
      for rule in google_storage_bucket.blobs.lifecycle_rule :
      one(rule.condition).matches_prefix == tolist(["uploads/"]) && one(rule.condition).age > 366 + 3650 if one(rule.action).type == "Delete"
    ])
    error_message = "A file may be deleted that a send still needs."
  }
  assert {
    condition     = google_storage_bucket.blobs.cors[0].origin == tolist(["https://app.example.com", "https://admin.example.com", "https://gmail-abc123.ew.gateway.dev"]) && google_storage_bucket.blobs.cors[0].method == tolist(["PUT"])
    error_message = "Browsers could not upload, or others could."
  }
}

run "the_queue_suits_deliver" {
  command = plan

  assert {
    condition     = google_cloud_tasks_queue.this.rate_limits[0].max_concurrent_dispatches == local.functions["deliver"].concurrency * local.functions["deliver"].max_instances
    error_message = "The queue brings more at once than deliver has room for, or less."
  }
  assert {
    condition     = google_cloud_tasks_queue.this.rate_limits[0].max_dispatches_per_second == 200 && google_cloud_tasks_queue.this.retry_config[0].max_attempts > 1
    error_message = "The queue does not retry, or sends more than Gmail takes of a project."
  }
  # All the pauses between so many attempts, each twice the one before at first, are over before the hour is: then the hour
  # decides when a task is given up, which wants both used up.
  assert {
    condition = alltrue([
      google_cloud_tasks_queue.this.retry_config[0].min_backoff == "2s",
      google_cloud_tasks_queue.this.retry_config[0].max_backoff == "300s",
      google_cloud_tasks_queue.this.retry_config[0].max_retry_duration == "3600s",
      google_cloud_tasks_queue.this.retry_config[0].max_doublings >= 7, # 2 seconds, seven times doubled, are 256
      sum([for retry in range(google_cloud_tasks_queue.this.retry_config[0].max_attempts - 1) : min(2 * pow(2, retry), 300)]) < 3600,
    ])
    error_message = "A task that fails is tried for longer than an hour, while the sweep adds another each minute."
  }
  assert {
    condition = alltrue([
      google_cloud_scheduler_job.sweep.schedule == "* * * * *",
      google_cloud_scheduler_job.sweep.http_target[0].uri == "https://gmail-abc123.ew.gateway.dev/tasks/sweep",
      google_cloud_scheduler_job.sweep.http_target[0].oidc_token[0].audience == "https://gmail-abc123.ew.gateway.dev/tasks/sweep",
      google_cloud_scheduler_job.sweep.http_target[0].oidc_token[0].service_account_email == "gmail-tasks@example-mail.iam.gserviceaccount.com",
    ])
    error_message = "The sweep is not called each minute, or not as the function expects."
  }
}

run "pushes_arrive_as_notify_expects_them" {
  command = plan

  assert {
    condition = alltrue([
      google_pubsub_subscription.notify.push_config[0].push_endpoint == "https://gmail-abc123.ew.gateway.dev/tasks/notify",
      google_pubsub_subscription.notify.push_config[0].oidc_token[0].audience == "https://gmail-abc123.ew.gateway.dev/tasks/notify",
      google_pubsub_subscription.notify.push_config[0].oidc_token[0].service_account_email == "gmail-push@example-mail.iam.gserviceaccount.com",
      google_pubsub_subscription.notify.ack_deadline_seconds == 120,
      google_pubsub_subscription.notify.expiration_policy[0].ttl == "",
      length(google_pubsub_subscription.notify.dead_letter_policy) == 1,
    ])
    error_message = "A push would be refused, be repeated too soon, or be lost."
  }
  assert {
    condition     = google_pubsub_topic_iam_member.gmail.member == "serviceAccount:gmail-api-push@system.gserviceaccount.com" && google_pubsub_topic_iam_member.gmail.role == "roles/pubsub.publisher"
    error_message = "Gmail may not publish."
  }
}
