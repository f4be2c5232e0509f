# Firestore: the truth about everything. It can be put back to any minute of the last week, and to any day of the last two.

resource "google_firestore_database" "this" {
  name                              = "gmail"
  location_id                       = var.region
  type                              = "FIRESTORE_NATIVE"
  concurrency_mode                  = "OPTIMISTIC" # every write of ours has its own precondition
  point_in_time_recovery_enablement = "POINT_IN_TIME_RECOVERY_ENABLED"
  delete_protection_state           = "DELETE_PROTECTION_ENABLED"
  depends_on                        = [time_sleep.services]
}

resource "google_firestore_backup_schedule" "daily" {
  database  = google_firestore_database.this.name
  retention = "1209600s" # 14 days. What an owner deletes lies in backups for so long

  daily_recurrence {}
}

locals {
  declared = jsondecode(file("${path.module}/indexes.json"))
  orders   = { equals = "ASCENDING", asc = "ASCENDING", desc = "DESCENDING" }
  scopes   = { collection = "COLLECTION", group = "COLLECTION_GROUP" }

  composite = {
    for index in local.declared.indexes :
    join("/", concat([index.collection, index.scope], [for f in index.fields : "${f.field}.${f.mode}"])) => index
    if length(index.fields) > 1
  }
  # Of one field: what is declared of it comes together, because a field can be described once only. An order within a
  # collection serves both directions (functions/domain/indexes.py).
  alone = {
    for index in local.declared.indexes : "${index.collection}/${index.fields[0].field}" => [
      for mode in(index.scope == "collection" && contains(["asc", "desc"], index.fields[0].mode) ? ["asc", "desc"] : [index.fields[0].mode]) :
      { scope = index.scope, mode = mode }
    ]...
    if length(index.fields) == 1
  }
  expiring = toset([for entry in local.declared.ttl : "${entry.collection}/${entry.field}"])
}

resource "google_firestore_index" "this" {
  for_each = local.composite

  database    = google_firestore_database.this.name
  collection  = each.value.collection
  query_scope = local.scopes[each.value.scope]

  dynamic "fields" {
    for_each = each.value.fields
    content {
      field_path   = fields.value.field
      order        = lookup(local.orders, fields.value.mode, null)
      array_config = fields.value.mode == "contains" ? "CONTAINS" : null
    }
  }
}

# Fields with indexes of their own, or with a time at which their document goes. A time that only grows is better not
# indexed: https://cloud.google.com/firestore/docs/best-practices#high_read_write_and_delete_rates_to_a_narrow_document_range
resource "google_firestore_field" "this" {
  for_each = setunion(keys(local.alone), local.expiring)

  database   = google_firestore_database.this.name
  collection = split("/", each.key)[0]
  field      = split("/", each.key)[1]

  index_config {
    dynamic "indexes" {
      for_each = flatten(lookup(local.alone, each.key, []))
      content {
        query_scope  = local.scopes[indexes.value.scope]
        order        = lookup(local.orders, indexes.value.mode, null)
        array_config = indexes.value.mode == "contains" ? "CONTAINS" : null
      }
    }
  }

  dynamic "ttl_config" {
    for_each = contains(local.expiring, each.key) ? [each.key] : []
    content {}
  }
}

# Firestore would index every other field twice, for nobody: each entry costs storage, and time in each commit. `*` is all
# fields of a collection that are not described by themselves. Those come first, so that no list loses its index meanwhile.
# https://cloud.google.com/firestore/docs/query-data/indexing#add_a_collection-level_exemption
# A database takes 1,000 of both together, 200 without billing: https://cloud.google.com/firestore/quotas#indexes
resource "google_firestore_field" "exempt" {
  for_each = toset(local.declared.exempt)

  database   = google_firestore_database.this.name
  collection = each.key
  field      = "*"
  depends_on = [google_firestore_field.this]

  index_config {}
}
