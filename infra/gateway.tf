# One origin for all functions: API Gateway, with exactly the paths and methods of functions.json. What is not listed there
# never reaches a function.

locals {
  # "GET /{id}/" below a prefix becomes a path without the last slash: the gateway takes it with and without, and passes on
  # which it was. A path that is declared with it would be no template to it, and the whole document be refused.
  # https://github.com/GoogleCloudPlatform/esp-v2/blob/master/src/go/configgenerator/routegen/helpers/backend_route.go
  routes = flatten([
    for function in local.functions : [
      for route in function.routes : {
        function = function.name
        method   = lower(split(" ", route)[0])
        path     = coalesce(trimsuffix("${function.prefix}${split(" ", route)[1]}", "/"), "/")
      }
    ]
  ])

  # HEAD is answered like GET, and a browser asks with OPTIONS before it calls from another origin; both by a function
  # that has the path.
  by_path = { for path in distinct(local.routes[*].path) : path => { for r in local.routes : r.method => r.function if r.path == path } }
  operations = {
    for path, methods in local.by_path : path => merge(
      { options = sort(values(methods))[0] },
      contains(keys(methods), "get") ? { head = methods.get } : {},
      methods,
    )
  }

  # Cloud Run keeps some paths that end in z for itself, /healthz among them: what is asked for there is asked for here.
  # https://cloud.google.com/run/docs/known-issues#ah
  kept = { "/healthz" = "/health" }

  gateway_document = jsonencode({
    swagger  = "2.0"
    info     = { title = "Gmail integration", version = "1" }
    schemes  = ["https"]
    produces = ["application/json"]
    paths = {
      for path, methods in local.operations : path => merge(
        {
          for method, function in methods : method => {
            operationId = join("_", compact([method, trim(replace(path, "/[^A-Za-z0-9]+/", "_"), "_")]))
            responses   = { default = { description = "The function's answer." } }
            "x-google-backend" = {
              address          = "${local.addresses[function]}${lookup(local.kept, path, "")}"
              path_translation = contains(keys(local.kept), path) ? "CONSTANT_ADDRESS" : "APPEND_PATH_TO_ADDRESS"
              deadline         = local.functions[function].timeout_seconds # 15 seconds otherwise
              # The gateway calls with a token of its own for this audience, in Authorization; the caller's arrives in
              # X-Forwarded-Authorization.
              jwt_audience = local.addresses[function]
            }
          }
        },
        length(regexall("{", path)) == 0 ? {} : {
          parameters = [
            for name in flatten(regexall("{([^}]+)}", path)) : { name = name, in = "path", required = true, type = "string" }
          ]
        },
      )
    }
  })
}

resource "google_api_gateway_api" "this" {
  provider = google-beta

  api_id     = "gmail"
  depends_on = [time_sleep.services]
}

# A document can't be changed: a new one is made, the gateway moves over, the old one goes.
resource "google_api_gateway_api_config" "this" {
  provider = google-beta

  api                  = google_api_gateway_api.this.api_id
  api_config_id_prefix = "gmail-"

  openapi_documents {
    document {
      path     = "gateway.json"
      contents = base64encode(local.gateway_document)
    }
  }

  gateway_config {
    backend_config {
      google_service_account = google_service_account.gateway.email
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "google_api_gateway_gateway" "this" {
  provider = google-beta

  gateway_id = "gmail"
  region     = var.region
  api_config = google_api_gateway_api_config.this.id
}
