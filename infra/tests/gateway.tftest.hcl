# The gateway's document: exactly the routes of functions.json, each at its function.

variables {
  project          = "example-mail"
  region           = "europe-west1"
  frontend_origins = ["https://app.example.com", "https://admin.example.com"]
}

override_data {
  target = data.google_project.this
  values = { number = "123456789012" }
}

override_resource {
  target          = google_api_gateway_gateway.this
  override_during = plan
  values          = { default_hostname = "gmail-abc123.ew.gateway.dev" }
}

override_resource {
  target          = google_service_account.tasks
  override_during = plan
  values          = { email = "gmail-tasks@example-mail.iam.gserviceaccount.com", name = "projects/example-mail/serviceAccounts/gmail-tasks@example-mail.iam.gserviceaccount.com" }
}

override_resource {
  target          = google_service_account.push
  override_during = plan
  values          = { email = "gmail-push@example-mail.iam.gserviceaccount.com", name = "projects/example-mail/serviceAccounts/gmail-push@example-mail.iam.gserviceaccount.com" }
}

override_resource {
  target          = google_service_account.gateway
  override_during = plan
  values          = { member = "serviceAccount:gmail-gateway@example-mail.iam.gserviceaccount.com" }
}

run "every_route_leads_to_its_function" {
  command = plan

  assert {
    condition = alltrue([
      for route in local.routes : jsondecode(local.gateway_document).paths[route.path][route.method]["x-google-backend"].address == "https://gmail-${route.function}-123456789012.europe-west1.run.app" if route.path != "/healthz"
    ])
    error_message = "A route leads elsewhere."
  }
  # Cloud Run never passes on /healthz.
  assert {
    condition = alltrue([
      for method in ["get", "head", "options"] : (
        jsondecode(local.gateway_document).paths["/healthz"][method]["x-google-backend"].address == "https://gmail-console-123456789012.europe-west1.run.app/health"
        && jsondecode(local.gateway_document).paths["/healthz"][method]["x-google-backend"].path_translation == "CONSTANT_ADDRESS"
      )
    ])
    error_message = "Cloud Run would answer /healthz itself, with 404."
  }
  assert {
    condition     = alltrue([for path in keys(local.operations) : !endswith(path, "z") || contains(keys(local.kept), path)])
    error_message = "Cloud Run may keep a path that ends in z to itself."
  }
  assert {
    condition     = alltrue([for path in values(local.kept) : contains(keys(local.operations), path)])
    error_message = "What stands in for a kept path is no path."
  }
  assert {
    condition     = length(local.routes) == sum([for f in local.functions : length(f.routes)]) && length(distinct([for r in local.routes : "${r.method} ${r.path}"])) == length(local.routes)
    error_message = "A route is missing, or two functions have the same."
  }
  assert {
    condition = alltrue(flatten([
      for path, operations in jsondecode(local.gateway_document).paths : [
        for method, operation in operations : (
          startswith(operation["x-google-backend"].address, operation["x-google-backend"].jwt_audience)
          && (path == "/healthz" || operation["x-google-backend"].jwt_audience == operation["x-google-backend"].address)
          && (path == "/healthz" || operation["x-google-backend"].path_translation == "APPEND_PATH_TO_ADDRESS")
        ) if method != "parameters"
      ]
    ]))
    error_message = "The gateway would call a function without a token for it, or at another path."
  }
  assert {
    condition     = alltrue([for route in local.routes : jsondecode(local.gateway_document).paths[route.path][route.method]["x-google-backend"].deadline == local.functions[route.function].timeout_seconds])
    error_message = "The gateway gives up sooner than the function."
  }
  assert {
    condition     = alltrue([for path, operations in jsondecode(local.gateway_document).paths : contains(keys(operations), "options") && (contains(keys(operations), "get") == contains(keys(operations), "head"))])
    error_message = "Browsers ask with OPTIONS, and whoever may GET may ask with HEAD."
  }
  assert {
    condition = length(distinct(flatten([
      for operations in jsondecode(local.gateway_document).paths : [for method, operation in operations : operation.operationId if method != "parameters"]
    ]))) == length(flatten([for operations in jsondecode(local.gateway_document).paths : [for method in keys(operations) : method if method != "parameters"]]))
    error_message = "Two operations have one id."
  }
  assert {
    condition     = alltrue([for path in ["/", "/healthz", "/assets/{name}", "/t/o/{token}", "/tasks/deliver", "/api/gmail/send", "/api/gmail/oauth2callback", "/api/gmail/openapi.json"] : contains(keys(local.operations), path)])
    error_message = "A path of the API is missing."
  }
  assert {
    condition     = alltrue([for path in keys(local.operations) : path == "/" || !endswith(path, "/")])
    error_message = "A path ends in a slash, which the gateway does not take."
  }
}
