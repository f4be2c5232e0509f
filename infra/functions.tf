# Every function of functions.json, with all of its settings. gcloud brings the code
# (docs/decisions/0016-terraform-and-gcloud.md says who owns what).

locals {
  functions = { for row in jsondecode(file("${path.module}/functions.json")) : row.name => row }

  labels = { app = "gmail-integration" }

  # Known before the functions are, so the gateway can be made first, and they can be told its address.
  # https://cloud.google.com/run/docs/triggering/https-request#deterministic
  addresses = {
    for name in keys(local.functions) :
    name => "https://gmail-${name}-${data.google_project.this.number}.${var.region}.run.app"
  }

  public_url = "https://${var.domain != "" ? var.domain : google_api_gateway_gateway.this.default_hostname}"

  auth_issuers = length(var.auth_issuers) > 0 ? var.auth_issuers : {
    "https://securetoken.google.com/${var.project}" = var.project
  }

  # The settings of docs/quick-reference.md. Secrets are named, not held: the function reads the version that is named.
  settings = {
    ALLOWED_ORIGINS        = join(",", var.frontend_origins)
    AUTH_ISSUERS           = join(",", [for issuer, audience in local.auth_issuers : "${issuer}=${audience}"])
    AUTH_OWNER_CLAIM       = var.auth_owner_claim
    BLOBS_URL              = "gs://${google_storage_bucket.blobs.name}"
    GMAIL_CLIENT_ID        = "secretmanager://${var.project}/${google_secret_manager_secret.this["gmail-client-id"].secret_id}/versions/${var.oauth_client_versions.id}"
    GMAIL_CLIENT_SECRET    = "secretmanager://${var.project}/${google_secret_manager_secret.this["gmail-client-secret"].secret_id}/versions/${var.oauth_client_versions.secret}"
    GMAIL_TOPIC            = google_pubsub_topic.gmail.id
    GMAIL_UNITS_PER_MINUTE = tostring(var.gmail_units_per_minute)
    PUBLIC_URL             = local.public_url
    PUSH_SERVICE_ACCOUNT   = google_service_account.push.email
    RETURN_URLS            = join(",", [for origin in concat(var.frontend_origins, [local.public_url]) : "${origin}/"])
    SECRETS_URL            = "secretmanager://${var.project}"
    STORE_URL              = "firestore://${var.project}/${google_firestore_database.this.name}"
    TASKS_SERVICE_ACCOUNT  = google_service_account.tasks.email
    TASKS_URL              = "cloudtasks://${var.project}/${var.region}/${google_cloud_tasks_queue.this.name}"
    TRUSTED_PROXIES        = var.domain == "" ? "1" : "2" # the gateway; the load balancer before it
  }
}

# What stands in for the code until the first deployment: it answers 503.
data "archive_file" "bootstrap" {
  type        = "zip"
  source_dir  = "${path.module}/bootstrap"
  output_path = "${path.module}/.terraform/bootstrap.zip"
}

resource "google_storage_bucket" "bootstrap" {
  # checkov:skip=CKV_GCP_62: it holds one file of the repository, which nobody but the build reads
  # checkov:skip=CKV_GCP_78: a file whose name is its digest has no versions
  name                        = "${var.project}-gmail-bootstrap"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  depends_on                  = [time_sleep.services]
}

resource "google_storage_bucket_object" "bootstrap" {
  name   = "bootstrap-${data.archive_file.bootstrap.output_md5}.zip"
  bucket = google_storage_bucket.bootstrap.name
  source = data.archive_file.bootstrap.output_path
}

# Images of the last releases stay, for roll-backs.
resource "google_artifact_registry_repository" "functions" {
  # checkov:skip=CKV_GCP_84: images are built from public code; Google's keys encrypt them (docs/iam.md, keys)
  repository_id = "gmail-functions"
  location      = var.region
  format        = "DOCKER"

  cleanup_policies {
    id     = "keep-the-last"
    action = "KEEP"
    most_recent_versions {
      keep_count = 10
    }
  }
  cleanup_policies {
    id     = "delete-the-old"
    action = "DELETE"
    condition {
      older_than = "2592000s"
    }
  }

  depends_on = [time_sleep.services]
}

resource "google_cloudfunctions2_function" "this" {
  # checkov:skip=CKV_GCP_124: API Gateway calls from outside of the network; only its account may invoke (iam.tf)
  for_each = local.functions

  name        = "gmail-${each.key}"
  location    = var.region
  description = "${each.value.prefix}/ for ${each.value.callers}"

  build_config {
    runtime           = "python313"
    entry_point       = each.key
    service_account   = google_service_account.build.id
    docker_repository = google_artifact_registry_repository.functions.id

    source {
      storage_source {
        bucket = google_storage_bucket.bootstrap.name
        object = google_storage_bucket_object.bootstrap.name
      }
    }
  }

  service_config {
    service_account_email            = google_service_account.function[each.key].email
    available_memory                 = "${each.value.memory_mib}Mi"
    available_cpu                    = tostring(each.value.cpu)
    max_instance_request_concurrency = each.value.concurrency
    min_instance_count               = each.value.min_instances
    max_instance_count               = each.value.max_instances
    timeout_seconds                  = each.value.timeout_seconds
    # API Gateway comes from outside; that nobody else gets in is IAM's (iam.tf). No function needs a network of ours:
    # all it calls are public addresses of Google's, and the endpoints that owners name.
    ingress_settings = "ALLOW_ALL"

    environment_variables = merge(local.settings, {
      THREADS          = tostring(each.value.concurrency) # or the framework would serve fewer at once than it is given
      MALLOC_ARENA_MAX = "2"                              # or each of these threads would keep memory of its own
    })
  }

  lifecycle {
    ignore_changes = [
      build_config[0].source,                           # each deployment's
      service_config[0].all_traffic_on_latest_revision, # a roll-back's
    ]
  }

  # The first build needs its roles, and an instance may start as soon as its function is there.
  depends_on = [
    time_sleep.services,
    google_artifact_registry_repository_iam_member.build,
    google_project_iam_member.build_logs,
    google_project_iam_member.build_sources,
    google_storage_bucket_iam_member.build,
  ]
}
