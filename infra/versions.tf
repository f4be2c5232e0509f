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
    time = {
      source  = "hashicorp/time"
      version = "~> 0.13"
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

# The budgets' API is asked in the name of a project, also where a person runs Terraform. All others are asked without: they
# would have to be enabled before the first of them could be.
# https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/billing_budget
provider "google" {
  alias                 = "budget"
  project               = var.project
  user_project_override = true
  billing_project       = var.project
}

# Its number is part of the functions' addresses.
data "google_project" "this" {
  project_id = var.project
}
