# The APIs that are used. They stay enabled when this is destroyed: others in the project may use them too.

locals {
  services = toset([
    "apigateway.googleapis.com",
    "artifactregistry.googleapis.com",
    "billingbudgets.googleapis.com",
    "cloudbuild.googleapis.com",
    "cloudfunctions.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "cloudscheduler.googleapis.com",
    "cloudtasks.googleapis.com",
    "compute.googleapis.com", # the load balancer of a domain of one's own
    "firestore.googleapis.com",
    "gmail.googleapis.com",
    "iam.googleapis.com",
    "iamcredentials.googleapis.com", # signBlob, for upload URLs
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "pubsub.googleapis.com",
    "run.googleapis.com",
    "secretmanager.googleapis.com",
    "servicecontrol.googleapis.com", # API Gateway calls it for every request
    "servicemanagement.googleapis.com",
    "storage.googleapis.com",
  ])
}

resource "google_project_service" "this" {
  for_each = local.services

  service            = each.key
  disable_on_destroy = false
}

# An API that was just enabled answers 403 for another while. Everything below waits for it, in one place.
# https://cloud.google.com/service-usage/docs/enable-disable#enabling
resource "time_sleep" "services" {
  create_duration = "60s"
  triggers        = { services = join(" ", sort(local.services)) } # again, where one is added later
  depends_on      = [google_project_service.this]
}

# Google's own account for Pub/Sub. It comes into being with the first use, which is too late for its roles.
resource "google_project_service_identity" "pubsub" {
  provider = google-beta

  service    = "pubsub.googleapis.com"
  depends_on = [time_sleep.services]
}

# Who reads which secret, and when, is written down. Other services' reads are too many, and name nothing secret.
resource "google_project_iam_audit_config" "secrets" {
  project = var.project
  service = "secretmanager.googleapis.com"

  audit_log_config {
    log_type = "DATA_READ"
  }

  depends_on = [time_sleep.services]
}
