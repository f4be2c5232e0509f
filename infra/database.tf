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

  # Of several fields: made here. Of one field: automatic within a collection, made below across collections.
  composite = {
    for index in local.declared.indexes :
    join("/", concat([index.collection, index.scope], [for f in index.fields : "${f.field}.${f.mode}"])) => index
    if length(index.fields) > 1
  }
  across = {
    for index in local.declared.indexes : "${index.collection}/${index.fields[0].field}" => index.fields[0].mode
    if length(index.fields) == 1 && index.scope == "group"
  }
  automatic = [for index in local.declared.indexes : index if length(index.fields) == 1 && index.scope == "collection"]

  expiring = toset([for entry in local.declared.ttl : "${entry.collection}/${entry.field}"])
  exempt   = toset([for entry in local.declared.exempt : "${entry.collection}/${entry.field}"])
}

resource "google_firestore_index" "this" {
  for_each = local.composite

  database    = google_firestore_database.this.name
  collection  = each.value.collection
  query_scope = each.value.scope == "group" ? "COLLECTION_GROUP" : "COLLECTION"

  dynamic "fields" {
    for_each = each.value.fields
    content {
      field_path   = fields.value.field
      order        = lookup(local.orders, fields.value.mode, null)
      array_config = fields.value.mode == "contains" ? "CONTAINS" : null
    }
  }
}

# What a field's indexes are where they are not the automatic ones. A field can be described once only, so all that
# indexes.json says of it comes together here.
resource "google_firestore_field" "this" {
  for_each = setunion(keys(local.across), local.expiring, local.exempt)

  database   = google_firestore_database.this.name
  collection = split("/", each.key)[0]
  field      = split("/", each.key)[1]

  index_config {
    # An exempt field has none: nobody looks for it, and each costs a write. Times that only grow would also keep all
    # writes of a collection in one place: https://cloud.google.com/firestore/docs/best-practices#high_read_write_and_delete_rates_to_a_narrow_document_range
    dynamic "indexes" {
      for_each = contains(local.exempt, each.key) ? [] : ["ASCENDING", "DESCENDING"] # as they would be automatically
      content {
        query_scope = "COLLECTION"
        order       = indexes.value
      }
    }
    dynamic "indexes" {
      for_each = contains(keys(local.across), each.key) ? [local.across[each.key]] : []
      content {
        query_scope  = "COLLECTION_GROUP"
        order        = lookup(local.orders, indexes.value, null)
        array_config = indexes.value == "contains" ? "CONTAINS" : null
      }
    }
  }

  dynamic "ttl_config" {
    for_each = contains(local.expiring, each.key) ? [each.key] : []
    content {}
  }
}
