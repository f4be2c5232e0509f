# What this needs, and where its state lies. First: gcloud storage buckets create gs://PROJECT-terraform
# --location=REGION --uniform-bucket-level-access --public-access-prevention, then
# terraform init -backend-config=bucket=PROJECT-terraform. The state holds names and settings; no secret is in it.

terraform {
  required_version = ">= 1.11"

  backend "gcs" {
    prefix = "gmail-integration"
  }

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 7.0"
    }
    # API Gateway, the load balancer's way to it, and making Google's service agents exist only in this one.
    google-beta = {
      source  = "hashicorp/google-beta"
      version = "~> 7.0"
    }
    archive = {
      source  = "hashicorp/archive"
      version = "~> 2.7"
    }
  }
}

provider "google" {
  project        = var.project
  region         = var.region
  default_labels = local.labels
}

provider "google-beta" {
  project        = var.project
  region         = var.region
  default_labels = local.labels
}

# Budgets and the listing of a project's number are billed to the project that asks.
data "google_project" "this" {
  project_id = var.project
}
