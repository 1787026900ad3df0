internal import TenancyPostgres

/// What the columns of registries are usually called, by what they mean to us.
struct WellKnown {
  /// A key of `[registry.columns]`.
  let role: String
  let names: [String]
  let kind: CatalogTable.Kind?
  /// Whether a column that is unique is rather meant than one that is not.
  var prefersUnique = false

  static let name = WellKnown(
    role: "name",
    names: [
      "name", "slug", "tenant_name", "tenant", "subdomain", "schema_name", "code", "identifier", "handle",
      "key",
    ], kind: .text, prefersUnique: true)
  static let schema = WellKnown(
    role: "schema",
    names: ["schema_name", "schema", "db_schema", "tenant_schema", "pg_schema", "tenancy_db_name"],
    kind: .text)
  static let host = WellKnown(
    role: "domain", names: ["domain_name", "domain", "host", "hostname", "host_name", "fqdn"], kind: .text,
    prefersUnique: true)
  static let primary = WellKnown(
    role: "primary", names: ["is_primary", "primary", "main", "is_main", "is_default"], kind: .boolean)
  /// - Parameter singular: what one tenant is called.
  static func tenantID(_ singular: String) -> WellKnown {
    WellKnown(role: "tenant_id", names: ["tenant_id", "\(singular)_id", singular], kind: nil)
  }
  /// - Parameter singular: what one tenant is called.
  static func tenantName(_ singular: String) -> WellKnown {
    WellKnown(
      role: "tenant_name", names: ["tenant_name", "\(singular)_name", "tenant_slug", "\(singular)_slug"],
      kind: .text)
  }

  /// The first of the names that the table has a column of, unique ones before others where that counts.
  func first(in table: CatalogTable) -> CatalogTable.Column? {
    let found = all(in: table)
    return (prefersUnique ? found.first(where: \.isUnique) : nil) ?? found.first
  }

  /// All of them, in the order of the names.
  func all(in table: CatalogTable) -> [CatalogTable.Column] {
    names.compactMap { name in
      (table.column(name) ?? table.column(Self.camelCase(name))).flatMap {
        kind == nil || $0.kind == kind ? $0 : nil
      }
    }
  }

  /// `schemaName` for `schema_name`, as ORMs for JavaScript write it.
  private static func camelCase(_ name: String) -> String {
    let words = name.split(separator: "_")
    return words.dropFirst().reduce(String(words.first ?? "")) {
      $0 + $1.prefix(1).uppercased() + $1.dropFirst()
    }
  }

  /// The same. Throws ``TenancyProblem/unclearRegistry(_:)`` if none is found.
  func find(in table: CatalogTable) throws -> CatalogTable.Column {
    guard let column = first(in: table) else {
      throw TenancyProblem.unclearRegistry(
        .column(
          role: role, table: table.name.description, lookedFor: names, available: table.columns.map(\.name)))
    }
    return column
  }
}

extension WellKnown {
  /// What a table has to say about whether a tenant is served.
  struct Activity {
    let activity: RegistryMapping.Activity?
    /// Whether a column is called `deactivated`.
    let isTaken: Bool
  }

  static func activity(in table: CatalogTable) -> Activity {
    let names = [
      (false, ["deactivated", "is_deactivated", "disabled", "is_disabled"]),
      (true, ["active", "is_active", "enabled", "is_enabled"]),
    ]
    let found = names.lazy.flatMap { isInverse, names in
      names.filter { table.has($0, .boolean) }.map {
        RegistryMapping.Activity(column: $0, isInverse: isInverse)
      }
    }
    return Activity(activity: found.first, isTaken: table.column("deactivated") != nil)
  }
}

extension CatalogTable {
  func has(_ column: String, _ kind: Kind) -> Bool { self.column(column)?.kind == kind }
}
