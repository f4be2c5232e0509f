# What is not kept of the logs, and what is counted in them. The lines are those of functions/runtime/events.py.

locals {
  services_filter = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=~\"^gmail-\""
  secret_paths    = "/api/gmail/oauth2callback|/t/"

  log_metrics = {
    sends = {
      description = "Sends that came to another state."
      filter      = "jsonPayload.event=\"send\""
      labels      = { status = "EXTRACT(jsonPayload.status)" }
    }
    reauth_required = {
      description = "Accounts whose grant Google no longer takes."
      filter      = "jsonPayload.event=\"reauth_required\""
      labels      = {}
    }
    swept = {
      description = "Sweeps, and whether they came to their end."
      filter      = "jsonPayload.event=\"swept\""
      labels      = { complete = "EXTRACT(jsonPayload.complete)" }
    }
    internal_errors = {
      description = "Answers of 500 for which nobody else is to blame, and opens and clicks that could not be kept."
      filter      = "severity>=ERROR AND (jsonPayload.event=\"request\" OR jsonPayload.event=\"hit_lost\")"
      labels      = {}
    }
  }
}

# The platform's own request logs have whole URLs and the caller's address: authorization codes, tracked links, people. The
# functions write a line of their own for each request, without any of these. What is kept are failures, which a function
# that died could not tell of; not even these where the URL opens something.
resource "google_logging_project_exclusion" "requests" {
  name        = "gmail-requests"
  description = "Request logs of the functions and of the gateway, save failures whose URL holds no secret."
  filter = join(" AND ", [
    "((log_id(\"run.googleapis.com/requests\") AND ${local.services_filter}) OR resource.type=\"apigateway.googleapis.com/Gateway\" OR (resource.type=\"http_load_balancer\" AND resource.labels.url_map_name=\"gmail\"))",
    "(httpRequest.status<500 OR httpRequest.requestUrl=~\"${local.secret_paths}\")",
  ])
  depends_on = [time_sleep.services]
}

resource "google_logging_metric" "this" {
  for_each = local.log_metrics

  name             = "gmail/${each.key}"
  description      = each.value.description
  filter           = "${local.services_filter} AND ${each.value.filter}"
  label_extractors = each.value.labels

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"

    dynamic "labels" {
      for_each = each.value.labels
      content {
        key = labels.key
      }
    }
  }

  depends_on = [time_sleep.services]
}

# An alert is refused while Cloud Monitoring does not know its metric yet, which takes up to ten minutes. The gateway and
# the functions take nearly as long.
# https://cloud.google.com/logging/docs/logs-based-metrics/counter-metrics#create-metric
resource "time_sleep" "metrics" {
  create_duration = "600s"
  triggers        = { for name, metric in google_logging_metric.this : name => metric.id } # again for a new one
}
