# The first three have no default: with them, an empty project gets everything.

variable "project" {
  description = "Id of the Google Cloud project that everything is made in."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "A project id has 6 to 30 lower-case letters, digits and hyphens, and begins with a letter."
  }
}

variable "region" {
  description = "Where functions, database, bucket, queue and gateway are. It can't be changed afterwards. API Gateway is in these regions only."
  type        = string

  # https://cloud.google.com/api-gateway/docs/deployment-model
  validation {
    condition = contains([
      "asia-northeast1", "australia-southeast1", "europe-west1", "europe-west2", "us-central1", "us-east1", "us-east4",
      "us-west2", "us-west3", "us-west4",
    ], var.region)
    error_message = "API Gateway is in asia-northeast1, australia-southeast1, europe-west1, europe-west2, us-central1, us-east1, us-east4, us-west2, us-west3 and us-west4."
  }
}

variable "frontend_origins" {
  description = "Origins of the frontends, such as https://app.example.com: they may call from a browser, upload to the bucket, and be returned to after a sign-in."
  type        = list(string)

  validation {
    condition     = length(var.frontend_origins) > 0 && alltrue([for origin in var.frontend_origins : can(regex("^https://[a-z0-9.-]+(:[0-9]{1,5})?$", origin))])
    error_message = "At least one origin is needed, each https://HOST without a slash at the end."
  }
}

variable "auth_issuers" {
  description = "Whose ID tokens people call with: issuer = audience. By default Firebase or Identity Platform of this project."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for issuer, audience in var.auth_issuers : startswith(issuer, "https://") && audience != "" && !strcontains("${issuer}${audience}", ",")])
    error_message = "Issuers begin with https://, audiences are not empty, and neither has a comma."
  }
}

variable "auth_owner_claim" {
  description = "The claim of these tokens that names the owner of everything."
  type        = string
  default     = "sub"
}

variable "domain" {
  description = "A host name of your own, such as mail.example.com. It costs a load balancer, and has to answer before everything is told of it: docs/operations.md, “A domain of your own”. Empty: the gateway's own host name."
  type        = string
  default     = ""

  validation {
    condition     = var.domain == "" || can(regex("^[a-z0-9-]+(\\.[a-z0-9-]+)+$", var.domain))
    error_message = "A host name, in lower case, without https://."
  }
}

variable "oauth_client_versions" {
  description = "Which versions of the secrets gmail-client-id and gmail-client-secret are used. To rotate: add a version, raise the number, apply."
  type        = object({ id = number, secret = number })
  default     = { id = 1, secret = 1 }
}

variable "gmail_units_per_minute" {
  description = "Gmail's quota units that an account may use in a minute: 15000 for projects made before May 2026."
  type        = number
  default     = 6000

  validation {
    condition     = var.gmail_units_per_minute >= 100 && floor(var.gmail_units_per_minute) == var.gmail_units_per_minute
    error_message = "A whole number of at least 100: a send costs that many."
  }
}

variable "alert_email" {
  description = "Who hears of alerts. Empty: they are shown in the console only."
  type        = string
  default     = ""

  validation {
    condition     = var.alert_email == "" || can(regex("^[^@ ]+@[^@ ]+$", var.alert_email))
    error_message = "An email address."
  }
}

variable "billing_account" {
  description = "The billing account's id, such as 012345-567890-ABCDEF, for a budget with alerts. Empty: no budget."
  type        = string
  default     = ""

  validation {
    condition     = var.billing_account == "" || can(regex("^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$", var.billing_account))
    error_message = "Three groups of six characters, as `gcloud billing accounts list` shows them."
  }
}

variable "monthly_budget" {
  description = "What the project should cost in a month at most, in whole units of the billing account's currency. It warns and stops nothing."
  type        = number
  default     = 50

  validation {
    condition     = var.monthly_budget >= 1 && floor(var.monthly_budget) == var.monthly_budget
    error_message = "A whole number of at least 1."
  }
}
