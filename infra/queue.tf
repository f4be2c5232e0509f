# The queue, and what looks every minute for what it lost.

resource "google_cloud_tasks_queue" "this" {
  name     = "gmail"
  location = var.region

  # Retries of a send are ours (docs/decisions/0007-queue.md): `deliver` fails only where it could note nothing at all,
  # because the store is away, say. After an hour of that the sweep has it. A task is given up only when both its attempts
  # and its time are used up: so many attempts take less than an hour, and the hour decides.
  # https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues#retryconfig
  retry_config {
    max_attempts       = 18
    max_retry_duration = "3600s"
    min_backoff        = "2s"
    max_backoff        = "300s"
    max_doublings      = 7
  }

  # Gmail takes 200 sends a second of a project; and no more at once than the instances of `deliver` have room for.
  rate_limits {
    max_dispatches_per_second = 200
    max_concurrent_dispatches = local.functions["deliver"].concurrency * local.functions["deliver"].max_instances
  }

  stackdriver_logging_config {
    sampling_ratio = 0.01 # each task's function writes a line of its own
  }

  depends_on = [time_sleep.services]
}

resource "google_cloud_scheduler_job" "sweep" {
  name             = "gmail-sweep"
  description      = "Has everything that is overdue delivered again."
  region           = var.region
  schedule         = "* * * * *"
  time_zone        = "Etc/UTC"
  attempt_deadline = "${local.functions["sweep"].timeout_seconds}s"

  retry_config {
    retry_count = 0 # the next one comes in a minute
  }

  http_target {
    http_method = "POST"
    uri         = "${local.public_url}/tasks/sweep"

    oidc_token {
      service_account_email = google_service_account.tasks.email
      audience              = "${local.public_url}/tasks/sweep"
    }
  }

  depends_on = [time_sleep.services]
}
