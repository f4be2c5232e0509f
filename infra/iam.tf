# Who may do what. What a function uses stands in its row of functions.json, which roles that takes and why in access.json;
# docs/iam.md is made of both (scripts/iam.py), and tests/infra compares the rows with what the code does.
# Each role is given on the one thing that it is for, by additions (_member): nothing that others gave is taken away.

locals {
  access = jsondecode(file("${path.module}/access.json"))

  # One entry for each function, use and role.
  grants = {
    for grant in flatten([
      for name, function in local.functions : [
        for access in local.access.uses : merge(access, { function = name }) if contains(function.uses, access.use)
      ]
    ]) : "${grant.function}/${grant.use}/${grant.role}" => grant
  }
}

resource "google_service_account" "function" {
  for_each = local.functions

  account_id   = "gmail-${each.key}"
  display_name = "Gmail integration: ${each.key}"
  depends_on   = [time_sleep.services]
}

resource "google_project_iam_member" "database" {
  for_each = { for key, grant in local.grants : key => grant if grant.on == "database" }

  project = var.project
  role    = each.value.role
  member  = google_service_account.function[each.value.function].member

  # Firestore's roles are given on the project; this keeps them to the one database.
  # https://cloud.google.com/firestore/docs/manage-databases#configure_per-database_access_permissions
  condition {
    title      = "database ${google_firestore_database.this.name}"
    expression = "resource.name == \"projects/${var.project}/databases/${google_firestore_database.this.name}\""
  }
}

resource "google_storage_bucket_iam_member" "blobs" {
  for_each = { for key, grant in local.grants : key => grant if grant.on == "bucket" }

  bucket = google_storage_bucket.blobs.name
  role   = each.value.role
  member = google_service_account.function[each.value.function].member
}

resource "google_cloud_tasks_queue_iam_member" "this" {
  for_each = { for key, grant in local.grants : key => grant if grant.on == "queue" }

  name     = google_cloud_tasks_queue.this.name
  location = var.region
  role     = each.value.role
  member   = google_service_account.function[each.value.function].member
}

resource "google_secret_manager_secret_iam_member" "this" {
  for_each = { for key, grant in local.grants : key => grant if grant.on == "secret" }

  secret_id = google_secret_manager_secret.this[each.value.use].secret_id
  role      = each.value.role
  member    = google_service_account.function[each.value.function].member
}

resource "google_service_account_iam_member" "tasks" {
  for_each = { for key, grant in local.grants : key => grant if grant.on == "account gmail-tasks" }

  service_account_id = google_service_account.tasks.name
  role               = each.value.role
  member             = google_service_account.function[each.value.function].member
}

resource "google_service_account_iam_member" "own" {
  for_each = { for key, grant in local.grants : key => grant if grant.on == "own account" }

  service_account_id = google_service_account.function[each.value.function].name
  role               = each.value.role
  member             = google_service_account.function[each.value.function].member
}

# The other accounts, and Google's own.

resource "google_service_account" "gateway" {
  account_id   = "gmail-gateway"
  display_name = "Gmail integration: the gateway"
  depends_on   = [time_sleep.services]
}

resource "google_cloud_run_v2_service_iam_member" "gateway" {
  for_each = google_cloudfunctions2_function.this

  name     = each.value.name # a function is a Cloud Run service of the same name
  location = var.region
  role     = "roles/run.invoker"
  member   = google_service_account.gateway.member
}

resource "google_service_account" "tasks" {
  account_id   = "gmail-tasks"
  display_name = "Gmail integration: the queue and the sweep"
  depends_on   = [time_sleep.services]
}

resource "google_service_account" "push" {
  account_id   = "gmail-push"
  display_name = "Gmail integration: Gmail's pushes"
  depends_on   = [time_sleep.services]
}

resource "google_service_account" "build" {
  account_id   = "gmail-build"
  display_name = "Gmail integration: builds of the functions"
  depends_on   = [time_sleep.services]
}

resource "google_project_iam_member" "build_logs" {
  project = var.project
  role    = "roles/logging.logWriter"
  member  = google_service_account.build.member
}

resource "google_project_iam_member" "build_sources" {
  project = var.project
  role    = "roles/storage.objectViewer"
  member  = google_service_account.build.member

  # Cloud Functions makes these buckets with the first deployment, so there is nothing yet to give the role on.
  condition {
    title      = "sources of functions"
    expression = "resource.name.startsWith(\"projects/_/buckets/gcf-v2-\")"
  }
}

resource "google_storage_bucket_iam_member" "build" {
  bucket = google_storage_bucket.bootstrap.name
  role   = "roles/storage.objectViewer"
  member = google_service_account.build.member
}

resource "google_artifact_registry_repository_iam_member" "build" {
  repository = google_artifact_registry_repository.functions.name
  location   = var.region
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.build.member
}

# Where the organisation allows its own domain's members only (iam.allowedPolicyMemberDomains), it has to make an
# exception for this account of Google's.
resource "google_pubsub_topic_iam_member" "gmail" {
  topic  = google_pubsub_topic.gmail.name
  role   = "roles/pubsub.publisher"
  member = "serviceAccount:gmail-api-push@system.gserviceaccount.com"
}

resource "google_pubsub_topic_iam_member" "dead_publisher" {
  topic  = google_pubsub_topic.dead.name
  role   = "roles/pubsub.publisher"
  member = google_project_service_identity.pubsub.member
}

resource "google_pubsub_subscription_iam_member" "dead_subscriber" {
  subscription = google_pubsub_subscription.notify.name
  role         = "roles/pubsub.subscriber"
  member       = google_project_service_identity.pubsub.member
}

# Where the project is older than April 2021, or this agent was made before its API was, it may not do so by itself.
# https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions#configure_for_push_authentication
resource "google_service_account_iam_member" "push" {
  service_account_id = google_service_account.push.name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = google_project_service_identity.pubsub.member
}
