# All that is needed. Everything else has a default: variables.tf.

project          = "example-mail"
region           = "europe-west1"
frontend_origins = ["https://app.example.com"]
