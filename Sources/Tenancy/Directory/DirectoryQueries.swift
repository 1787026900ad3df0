internal import TenancyPostgres

extension RegistryShape {
  /// The column by whose value a tenant and its domains are told from others.
  var linkedKey: Identifier { domains.map { keys($0).tenant } ?? tenants.id ?? tenants.name }

  /// The rows that ``DirectoryTenant/init(_:)`` reads. One without a name is nobody's, as for every command.
  /// - Parameter keys: only the tenants with these keys.
  func directoryTenants(_ keys: [String]? = nil) -> SQL {
    let id: SQL = tenants.id.map { "t.\($0)::text" } ?? "NULL"
    let condition: SQL = keys.map { " AND \(has("t.\(linkedKey)", oneOf: $0))" } ?? ""
    return """
      SELECT t.\(linkedKey)::text, \(name), \(schema), \(id), \(isActive) FROM \(tenants.table) t
      WHERE t.\(tenants.name) IS NOT NULL\(condition)
      """
  }

  /// Hosts with the key of their tenant.
  func directoryDomains(_ domains: Domains, _ keys: [String]? = nil) -> SQL {
    let link = self.keys(domains).domain
    // Values of other types, such as citext, are equal without having the same text.
    let key: SQL =
      RegistryNotifications.isExact(link, in: domains.columns)
      ? "d.\(link)::text"
      : """
      coalesce((SELECT t.\(linkedKey)::text FROM \(tenants.table) t WHERE \(self.link(domains)) LIMIT 1), d.\(link)::text)
      """
    let condition: SQL = keys.map { " AND \(has("d.\(link)", oneOf: $0))" } ?? ""
    return """
      SELECT d.\(domains.host)::text, \(key) FROM \(domains.table) d
      WHERE d.\(domains.host) IS NOT NULL\(condition)
      """
  }

  /// Those that can be a value of the key; PostgreSQL would refuse the others.
  func possibleKeys(_ keys: some Sequence<DirectoryKey>) -> [DirectoryKey] {
    let type = NameType(rawValue: keyType) ?? .text
    return keys.filter { type.holds($0.rawValue) }
  }

  /// With the type of the column an index on it serves; types that are no keys' need not have an equality with text.
  private func has(_ column: SQL, oneOf keys: [String]) -> SQL {
    switch keyType {
    case "text", "character varying": "\(column) = ANY(\(keys)::text[])"
    case let type where NameType(rawValue: type) != nil:
      "\(column) = ANY(\(keys)::text[]::\(unsafeRaw: type)[])"
    default: "\(column)::text = ANY(\(keys)::text[])"
    }
  }

  private var keyType: String { tenants.columns.first { $0.name == linkedKey.name }?.type ?? "text" }
}

/// What tells that the registry has changed, without reading it.
struct DirectoryMark: Sendable, Hashable {
  /// Of the server, which may be another one behind a pooler, and of the tables, columns and triggers.
  let structure: String
  /// Of its rows.
  let rows: String

  /// One row with both.
  static func query(_ shape: RegistryShape, readsContents: Bool) -> SQL {
    let oids = CatalogTable.oids(of: shape.tables)
    // The number of the transaction that wrote a row (PostgreSQL manual, 5.5 "System Columns") changes with each change, and the
    // number of rows when one is removed.
    let written: (String) -> SQL = { "hashtext(\(unsafeRaw: $0).xmin::text)::bigint" }
    let rows: [SQL] =
      readsContents
      ? [sum("hashtextextended(x::text, 0)", "(\(shape.directoryTenants())) x")]
        + (shape.domains.map { [sum("hashtextextended(x::text, 0)", "(\(shape.directoryDomains($0))) x")] }
          ?? [])
      : shape.tables.map { sum(written("x"), "\($0) x") }
    return """
      SELECT concat_ws(' ', pg_postmaster_start_time(), pg_is_in_recovery(), \(oids),
          \(sum(written("a"), "pg_catalog.pg_attribute a WHERE a.attrelid IN (\(oids)) AND a.attnum > 0")),
          \(sum(written("g"), "pg_catalog.pg_trigger g WHERE g.tgrelid IN (\(oids)) AND NOT g.tgisinternal"))),
        concat_ws(' ', \(SQL.joined(rows)))
      """
  }

  private static func sum(_ value: SQL, _ source: SQL) -> SQL {
    "(SELECT concat(count(*), ':', sum(\(value))) FROM \(source))"
  }

  init(_ row: Row) throws {
    (structure, rows) = try row.decode(String.self, String.self)
  }
}

extension DirectoryTenant {
  /// A row of ``RegistryShape/directoryTenants(_:)`` without its key.
  init(_ row: Row) throws {
    guard let isActive = try row.value(of: 4, as: Bool?.self) else { throw ShapeOutdated() }
    self.init(
      name: try row.value(of: 1, as: String.self), schema: try row.value(of: 2, as: String.self), id: row[3],
      isActive: isActive)
  }
}
