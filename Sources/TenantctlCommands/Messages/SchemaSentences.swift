internal import Tenancy

/// What to do about a tenant whose schema does not exist.
func missingSchemaHint(_ name: String) -> String {
  """
  if the schema was renamed, 'tenantctl doctor' finds it; otherwise restore it from a backup, or remove the tenant with \
  'tenantctl drop \(name)'
  """
}

/// What to do about a schema that belongs to no tenant; what to do with a leftover comes after it.
let inspectSchema =
  "inspect it with psql; if it is a tenant's, add its row to the registry; if it is a leftover"

extension ErrorReport {
  static func schemaWithoutTenant(_ schema: SchemaName) -> ErrorReport {
    ErrorReport(
      "schema_without_tenant", .refused, "schema \(schema) already exists, but belongs to no tenant",
      hint: "\(removeSchema(schema)); or choose another name")
  }

  /// A name to drop that is only a schema's.
  init(_ error: NoTenantToDrop) {
    self.init(
      "schema_without_tenant", .refused, "schema \(error.schema) belongs to no tenant",
      hint: Self.removeSchema(error.schema))
  }

  private static func removeSchema(_ schema: SchemaName) -> String {
    "\(inspectSchema): DROP SCHEMA \(quoted(schema.rawValue)) CASCADE"
  }

  static func sharedSchema(_ name: TenantName, _ schema: SchemaName) -> ErrorReport {
    ErrorReport(
      "shared_schema", .refused, "the schema of tenant \(name) is \(schema), which all tenants share",
      hint: """
        a tenant needs a schema of its own: not public, the registry's, or one of search_path in tenantctl.toml or of the \
        database
        """)
  }

  /// What a create or a drop that was killed has left.
  static func leftoverSchema(_ schema: SchemaName, _ name: TenantName) -> ErrorReport {
    ErrorReport(
      "schema_without_tenant", .refused,
      "schema \(schema) already exists: an interrupted create or drop of tenant \(name) left it",
      hint: "'tenantctl drop \(name.word)' removes it")
  }

  /// A drop in batches that failed after the first. What the cause says about changes is not true of the whole.
  static func dropStopped(_ name: TenantName, isRowGone: Bool, _ cause: TenancyProblem) -> ErrorReport {
    let cause = ErrorReport(cause)
    let state =
      isRowGone
      ? "its row and domains are deleted, part of its schema is left"
      : "its row and its tables are left, without some of their foreign keys to the registry"
    return ErrorReport(
      "drop_unfinished", cause.status,
      "the drop of tenant \(name) stopped half-way: \(state)\n" + cause.message,
      hint: "'tenantctl drop \(name.word)' finishes it", sqlState: cause.sqlState)
  }

  /// A create that failed or was interrupted, and whose schema could not be dropped.
  static func createStopped(
    _ name: TenantName, _ schema: SchemaName, _ cause: TenancyProblem?, _ left: TenancyProblem
  ) -> ErrorReport {
    let cause = cause.map { ErrorReport($0) }
    var (reason, first) = (ErrorReport(left).message, "")
    if case .schemaReferenced(_, _, let objects, let count) = left {
      let more = count > objects.count ? ["and \(count - objects.count) more"] : []
      let (number, isOne) = (counted(count, "object"), count == 1)
      reason =
        "\(number) outside of it depend\(isOne ? "s" : "") on it: \((objects + more).joined(separator: ", "))"
      first = "drop or change \(isOne ? "it" : "them") first; "
    }
    let next =
      "\(first)'tenantctl create \(name.word)' starts over, 'tenantctl drop \(name.word)' removes the schema"
    return ErrorReport(
      "create_unfinished", cause?.status ?? .interrupted,
      "\(cause?.message ?? "interrupted")\nschema \(schema) is left, marked as unfinished: \(reason)",
      hint: [cause?.omitting(Assurance.allCases).hint, next].compactMap { $0 }.joined(separator: "; "),
      sqlState: cause?.sqlState)
  }

  /// Several transactions of which one failed.
  static func protectionChanged(_ names: [TenantName], _ cause: TenancyProblem?) -> ErrorReport {
    let cause = cause.map { ErrorReport($0) }
    let shown = names.prefix(10).map(\.description)
    let more = names.count > shown.count ? ["and \(names.count - shown.count) more"] : []
    return ErrorReport(
      "protection_changed", cause?.status ?? .interrupted,
      "\(cause?.message ?? "interrupted")\nthe protection of \(counted(names.count, "tenant")) is changed all the same: "
        + (shown + more).joined(separator: ", "),
      hint: "run the same command again, or the opposite one for these tenants", sqlState: cause?.sqlState)
  }

  /// A drop that would drop objects of other schemas.
  static func schemaReferenced(
    _ schema: SchemaName, _ name: TenantName, _ objects: [String], _ count: Int
  ) -> ErrorReport {
    let more = count > objects.count ? ["and \(count - objects.count) more"] : []
    let lines =
      ["\(counted(count, "object")) outside of it depend\(count == 1 ? "s" : "") on it:"] + objects + more
    return ErrorReport(
      "schema_referenced", .refused,
      "cannot drop schema \(schema) of tenant \(name) because \(lines.joined(separator: "\n  "))",
      hint: "drop or change \(count == 1 ? "it" : "them") first", assurance: .nothingChanged)
  }
}

extension [DroppedTenant] {
  /// A sentence, without its subject, for each kind of change to tables outside of the schemas.
  var alongSentences: [String] {
    let tables = Set(flatMap(\.otherTables))
    return [(true, "deletes rows of"), (false, "removes references to it from rows of")].compactMap {
      deletes, verb in
      let names = tables.filter { $0.deletes == deletes }.map(\.name).sorted()
      return names.isEmpty ? nil : "\(verb) \(names.joined(separator: ", ")), by foreign keys to the registry"
    }
  }
}

extension SchemaDifference {
  /// The first differences, a line each.
  func sentences(from model: TenantName) -> [String] {
    let lines =
      missing.map { "  missing: \($0.sentence)" } + extra.map { "  not in \(model): \($0.sentence)" }
      + changed.map {
        "  \($0.item.heading): \(brief($0.item.definition)); in \(model): \(brief($0.expected))"
      }
    let shown = 10
    return lines.count <= shown ? lines : lines.prefix(shown - 1) + ["  and \(lines.count - shown + 1) more"]
  }
}

extension SchemaItem {
  fileprivate var heading: String { "\(kind.rawValue) \(path)" }

  fileprivate var sentence: String {
    switch kind {
    case .column, .constraint, .type: "\(heading) \(brief(definition))"
    default: heading
    }
  }
}

extension MigrationTool {
  /// `Alembic's`, `Rails'`.
  var possessive: String { rawValue.hasSuffix("s") ? "\(rawValue)'" : "\(rawValue)'s" }
}

/// A definition on one line, cut off after 100 characters.
private func brief(_ definition: String) -> String {
  let line = definition.split(whereSeparator: \.isWhitespace).joined(separator: " ")
  return line.count <= 100 ? line : "\(line.prefix(97))..."
}

extension SharedObject {
  var refusal: String {
    "the tenant has no '\(name)', so this would change \(qualifiedName), which all tenants share; it was rolled back"
  }

  func advice(in text: String) -> String {
    "create the tenant's own first, or write \(qualifiedName) in \(text) if the shared one is meant"
  }
}

/// A statement whose CASCADE would have reached objects outside of the tenant's schema.
enum CascadeSentences {
  static func refusal(_ objects: [String]) -> String {
    let few = firstFew(objects, "more") { [$0.onOneLine] }.joined(separator: ", ")
    return "CASCADE reaches what is outside of the tenant's schema, \(few); it was rolled back"
  }

  static let advice = """
    make them independent of the tenant first, or drop them by name: in a file of shared/, or in the tenant that has them
    """
}
