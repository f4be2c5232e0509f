# A host name of one's own, where `domain` is set: the gateway has none, so a load balancer stands in front of it.

locals {
  own_domain = var.domain == "" ? 0 : 1
}

resource "google_compute_global_address" "this" {
  count = local.own_domain

  name       = "gmail"
  depends_on = [time_sleep.services]
}

resource "google_compute_managed_ssl_certificate" "this" {
  count = local.own_domain

  name = "gmail-${replace(var.domain, ".", "-")}"

  managed {
    domains = [var.domain]
  }

  lifecycle {
    create_before_destroy = true
  }

  depends_on = [time_sleep.services]
}

resource "google_compute_region_network_endpoint_group" "gateway" {
  count    = local.own_domain
  provider = google-beta

  name                  = "gmail"
  region                = var.region
  network_endpoint_type = "SERVERLESS"

  serverless_deployment {
    platform = "apigateway.googleapis.com"
    resource = google_api_gateway_gateway.this.gateway_id
  }
}

resource "google_compute_backend_service" "gateway" {
  count = local.own_domain

  name                  = "gmail"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  protocol              = "HTTPS"

  backend {
    group = google_compute_region_network_endpoint_group.gateway[0].id
  }
}

resource "google_compute_url_map" "https" {
  count = local.own_domain

  name            = "gmail"
  default_service = google_compute_backend_service.gateway[0].id
}

resource "google_compute_ssl_policy" "this" {
  count = local.own_domain

  name            = "gmail"
  profile         = "MODERN"
  min_tls_version = "TLS_1_2"
  depends_on      = [time_sleep.services]
}

resource "google_compute_target_https_proxy" "this" {
  count = local.own_domain

  name             = "gmail"
  url_map          = google_compute_url_map.https[0].id
  ssl_certificates = [google_compute_managed_ssl_certificate.this[0].id]
  ssl_policy       = google_compute_ssl_policy.this[0].id
}

# Nothing listens on port 80: a key that is sent there by mistake would already have been read on the way.
resource "google_compute_global_forwarding_rule" "https" {
  count = local.own_domain

  name                  = "gmail"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  ip_address            = google_compute_global_address.this[0].id
  port_range            = "443"
  target                = google_compute_target_https_proxy.this[0].id
}
