# Files: of attachments and of messages that are too large for a document.

resource "google_storage_bucket" "blobs" {
  # checkov:skip=CKV_GCP_62: who reads a file is in the functions' log lines; access logs would hold the names of all of them
  # checkov:skip=CKV_GCP_78: a blob is written once; what is deleted can be had back for a week (soft delete)
  name                        = "${var.project}-gmail-blobs"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  soft_delete_policy {
    retention_duration_seconds = 604800
  }

  # A browser uploads large files to a signed URL, with the headers that are signed (functions/adapters/cloud_storage.py).
  cors {
    origin          = concat(var.frontend_origins, [local.public_url])
    method          = ["PUT"]
    response_header = ["Content-Type", "x-goog-content-length-range", "x-goog-if-generation-match"]
    max_age_seconds = 3600
  }

  # An upload to a signed URL, or a large write, that broke off.
  lifecycle_rule {
    action {
      type = "AbortIncompleteMultipartUpload"
    }
    condition {
      age = 7
    }
  }

  # Files of a request that died before its send was on record. A send may be due in 366 days, and its content be kept for
  # 3,650 days after it went out: nothing that any record can need is older than that, twice over for what was put off.
  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      age            = 2 * (366 + 3650)
      matches_prefix = ["uploads/"]
    }
  }

  depends_on = [time_sleep.services]
}
