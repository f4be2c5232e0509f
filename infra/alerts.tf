# What somebody has to hear of. docs/operations.md says what to do about each.

locals {
  logged = "resource.type=\"cloud_run_revision\" AND metric.type=\"logging.googleapis.com/user/gmail"

  # More than `above` in each window of `every` seconds.
  alerts = {
    internal-errors = {
      title    = "Functions fail"
      severity = "ERROR"
      filter   = "${local.logged}/internal_errors\""
      aligner  = "ALIGN_SUM"
      every    = 300
      above    = 0
      says     = "A function answered 500, and nobody else is to blame. The log line with `severity>=ERROR` has the place in the code."
    }
    unknown-sends = {
      title    = "Sends with an unknown outcome"
      severity = "WARNING"
      filter   = "${local.logged}/sends\" AND metric.labels.status=\"unknown\""
      aligner  = "ALIGN_SUM"
      every    = 3600
      above    = 10
      says     = "Gmail's answers get lost. Nothing is sent twice: each is looked for in its mailbox, for about twenty minutes. See whether Gmail has an incident."
    }
    failed-sends = {
      title    = "Sends fail"
      severity = "WARNING"
      filter   = "${local.logged}/sends\" AND metric.labels.status=\"failed\""
      aligner  = "ALIGN_SUM"
      every    = 3600
      above    = 50
      says     = "Gmail refuses messages for good. The log lines `event=send` have the reason as `code`."
    }
    reauth-required = {
      title    = "Many accounts have to be connected again"
      severity = "WARNING"
      filter   = "${local.logged}/reauth_required\""
      aligner  = "ALIGN_SUM"
      every    = 3600
      above    = 10
      says     = "One by one this is people who changed their password. Many at once: the OAuth client was changed, or its consent screen is in “Testing”, where grants last seven days."
    }
    queue-age = {
      title    = "The queue falls behind"
      severity = "ERROR"
      filter   = "resource.type=\"cloud_tasks_queue\" AND resource.labels.queue_id=\"${google_cloud_tasks_queue.this.name}\" AND metric.type=\"cloudtasks.googleapis.com/queue/task_attempt_delays\""
      aligner  = "ALIGN_PERCENTILE_95"
      every    = 300
      above    = 120000 # milliseconds
      says     = "Tasks start more than two minutes late. See whether `deliver` fails or is at its max_instances, and whether the queue is paused."
    }
    slow-sends = {
      title    = "Sending is slow"
      severity = "WARNING"
      filter   = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"gmail-send\" AND metric.type=\"run.googleapis.com/request_latencies\""
      aligner  = "ALIGN_PERCENTILE_95"
      every    = 600
      above    = 5000 # milliseconds
      says     = "One of twenty sends takes more than five seconds. Gmail's own time is most of it as a rule; large attachments and cold starts come next."
    }
    dead-pushes = {
      title    = "Gmail's pushes are refused"
      severity = "WARNING"
      filter   = "resource.type=\"pubsub_subscription\" AND resource.labels.subscription_id=\"${google_pubsub_subscription.dead.name}\" AND metric.type=\"pubsub.googleapis.com/subscription/num_undelivered_messages\""
      aligner  = "ALIGN_MAX"
      every    = 300
      above    = 0
      says     = "`notify` refused a push twenty times. Replies and bounces are still noticed, ten minutes later. The subscription gmail-dead has the pushes."
    }
  }

  channels = google_monitoring_notification_channel.email[*].id
}

resource "google_monitoring_notification_channel" "email" {
  count = var.alert_email == "" ? 0 : 1

  display_name = "Gmail integration"
  type         = "email"
  labels       = { email_address = var.alert_email }
  depends_on   = [time_sleep.services]
}

resource "google_monitoring_alert_policy" "this" {
  for_each = local.alerts

  display_name          = "Gmail: ${each.value.title}"
  severity              = each.value.severity
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = each.key

    condition_threshold {
      filter          = each.value.filter
      comparison      = "COMPARISON_GT"
      threshold_value = each.value.above
      duration        = "0s"

      aggregations {
        alignment_period     = "${each.value.every}s"
        per_series_aligner   = each.value.aligner
        cross_series_reducer = each.value.aligner == "ALIGN_SUM" ? "REDUCE_SUM" : "REDUCE_MAX"
      }
    }
  }

  documentation {
    content = "${each.value.says}\n\nMore: docs/operations.md, “${each.key}”."
  }

  depends_on = [time_sleep.metrics]
}

# Of all answers, as the platform counts them: also those of functions that died before they could write a line.
resource "google_monitoring_alert_policy" "error_rate" {
  display_name          = "Gmail: Many answers are errors"
  severity              = "CRITICAL"
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = "error-rate"

    condition_threshold {
      filter             = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=monitoring.regex.full_match(\"gmail-.*\") AND metric.type=\"run.googleapis.com/request_count\" AND metric.labels.response_code_class=\"5xx\""
      denominator_filter = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=monitoring.regex.full_match(\"gmail-.*\") AND metric.type=\"run.googleapis.com/request_count\""
      comparison         = "COMPARISON_GT"
      threshold_value    = 0.05
      duration           = "300s"

      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_RATE"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["resource.labels.service_name"]
      }
      denominator_aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_RATE"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["resource.labels.service_name"]
      }
    }
  }

  documentation {
    content = "More than one of twenty answers of a function is 5xx. Just deployed? Roll back.\n\nMore: docs/operations.md, “error-rate”."
  }

  depends_on = [google_cloudfunctions2_function.this]
}

# The sweep is what makes sure that nothing is forgotten: that it is silent is worse than what it could say.
resource "google_monitoring_alert_policy" "sweep_missing" {
  display_name          = "Gmail: The sweep does not run"
  severity              = "CRITICAL"
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = "sweep-missing"

    condition_absent {
      filter   = "${local.logged}/swept\""
      duration = "900s"

      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_SUM"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    content = "No sweep has come to its end for a quarter of an hour: what the queue loses stays lost until it runs. See the Scheduler job gmail-sweep.\n\nMore: docs/operations.md, “sweep-missing”."
  }

  depends_on = [time_sleep.metrics]
}

resource "google_billing_budget" "this" {
  count    = var.billing_account == "" ? 0 : 1
  provider = google.budget

  billing_account = var.billing_account
  display_name    = "Gmail integration"

  budget_filter {
    projects = ["projects/${data.google_project.this.number}"]
  }

  amount {
    specified_amount {
      units = tostring(var.monthly_budget)
    }
  }

  dynamic "threshold_rules" {
    for_each = [0.5, 0.9, 1]
    content {
      threshold_percent = threshold_rules.value
    }
  }
  threshold_rules {
    threshold_percent = 1
    spend_basis       = "FORECASTED_SPEND"
  }

  # Who administers the billing account hears of it in any case.
  dynamic "all_updates_rule" {
    for_each = length(local.channels) > 0 ? [1] : []
    content {
      monitoring_notification_channels = local.channels
    }
  }

  depends_on = [time_sleep.services]
}
