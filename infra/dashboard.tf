# One page that shows whether all is well. Each chart: a title, a filter, how series are made of it.

locals {
  run     = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=monitoring.regex.full_match(\"gmail-.*\")"
  queue   = "resource.type=\"cloud_tasks_queue\" AND resource.labels.queue_id=\"${google_cloud_tasks_queue.this.name}\""
  service = "resource.labels.service_name"

  charts = [
    { title = "Sends by new state", filter = "${local.logged}/sends\"", aligner = "ALIGN_RATE", reducer = "REDUCE_SUM", by = ["metric.labels.status"] },
    { title = "Requests by function", filter = "${local.run} AND metric.type=\"run.googleapis.com/request_count\"", aligner = "ALIGN_RATE", reducer = "REDUCE_SUM", by = [local.service] },
    { title = "5xx by function", filter = "${local.run} AND metric.type=\"run.googleapis.com/request_count\" AND metric.labels.response_code_class=\"5xx\"", aligner = "ALIGN_RATE", reducer = "REDUCE_SUM", by = [local.service] },
    { title = "p95 of the time to answer, by function (ms)", filter = "${local.run} AND metric.type=\"run.googleapis.com/request_latencies\"", aligner = "ALIGN_PERCENTILE_95", reducer = "REDUCE_MAX", by = [local.service] },
    { title = "Tasks that wait", filter = "${local.queue} AND metric.type=\"cloudtasks.googleapis.com/queue/depth\"", aligner = "ALIGN_MEAN", reducer = "REDUCE_SUM", by = [] },
    { title = "p95 of how late tasks start (ms)", filter = "${local.queue} AND metric.type=\"cloudtasks.googleapis.com/queue/task_attempt_delays\"", aligner = "ALIGN_PERCENTILE_95", reducer = "REDUCE_MAX", by = [] },
    { title = "Accounts that have to be connected again", filter = "${local.logged}/reauth_required\"", aligner = "ALIGN_SUM", reducer = "REDUCE_SUM", by = [] },
    { title = "Instances by function", filter = "${local.run} AND metric.type=\"run.googleapis.com/container/instance_count\"", aligner = "ALIGN_MAX", reducer = "REDUCE_SUM", by = [local.service] },
    { title = "p95 of memory, by function", filter = "${local.run} AND metric.type=\"run.googleapis.com/container/memory/utilizations\"", aligner = "ALIGN_PERCENTILE_95", reducer = "REDUCE_MAX", by = [local.service] },
  ]
}

resource "google_monitoring_dashboard" "this" {
  dashboard_json = jsonencode({
    displayName = "Gmail integration"
    gridLayout = {
      columns = "3"
      widgets = [
        for chart in local.charts : {
          title = chart.title
          xyChart = {
            dataSets = [{
              plotType = "LINE"
              timeSeriesQuery = {
                timeSeriesFilter = {
                  filter = chart.filter
                  aggregation = {
                    alignmentPeriod    = "60s"
                    perSeriesAligner   = chart.aligner
                    crossSeriesReducer = chart.reducer
                    groupByFields      = chart.by
                  }
                }
              }
            }]
          }
        }
      ]
    }
  })

  depends_on = [time_sleep.metrics]
}
