internal import Postgres

/// Values for the registry's own extra columns, such as `phone_number` or `plan`; `nil` is NULL.
public typealias ColumnValues = [String: String?]

extension RegistryShape {
  /// The columns of the tenants' table that are ours to write, each with the command that writes it.
  private var ownColumns: Set<String> {
    var names: Set<String> = [tenants.id.name, tenants.name.name, "created_at", "updated_at"]
    if let schema = tenants.schema { names.insert(schema.name) }
    if let activity = tenants.activity { names.insert(activity.column) }
    return names
  }

  /// Throws ``TenancyError/unknownColumn(_:table:available:)`` or ``TenancyError/reservedColumn(_:)``.
  func check(_ values: ColumnValues) throws {
    for column in values.keys.sorted() {
      guard tenants.has(column) else {
        let available = tenants.columns.map(\.name).filter { !ownColumns.contains($0) }
        throw TenancyError.unknownColumn(column, table: tenants.table.description, available: available)
      }
      if ownColumns.contains(column) { throw TenancyError.reservedColumn(column) }
    }
  }

  /// The statement that adds a tenant's row. Every column that is NOT NULL and has no default gets a value here: a
  /// table that an app made keeps its defaults in the app.
  ///
  /// Throws ``TenancyError/valuesRequired(table:columns:)`` with all the columns that are still without a value.
  /// - Parameter condition: the row is added only if this holds.
  func insertTenant(_ tenant: Tenant, _ values: ColumnValues, onlyIf condition: SQL = "true") throws -> SQL {
    try check(values)
    var assignments: [(Identifier, SQL)] = [(tenants.name, "\(tenant.name.rawValue)::text")]
    if let schema = tenants.schemaApart { assignments.append((schema, "\(tenant.schema.rawValue)::text")) }
    if let activity = tenants.activity {
      let value = tenant.isActive == activity.isInverse
      assignments.append((Identifier(activity.column), value ? "true" : "false"))
    }
    for (column, value) in values.sorted(by: { $0.key < $1.key }) {
      let type = tenants.columns.first { $0.name == column }?.type ?? "text"
      assignments.append((Identifier(column), "\(value)::\(unsafeRaw: type)"))
    }
    assignments += try automatic(in: tenants.columns, of: tenants.table, given: assignments.map(\.0))
    return """
      INSERT INTO \(tenants.table) (\(SQL.joined(assignments.map { "\($0.0)" })))
      SELECT \(SQL.joined(assignments.map(\.1))) WHERE \(condition)
      """
  }

  /// The statement that adds a domain's row to a tenant that has a row by then.
  func insertDomain(_ domain: Domain) throws -> SQL {
    guard let domains else { throw TenancyError.noDomains }
    var assignments: [(Identifier, SQL)] = [(domains.host, "\(domain.name.rawValue)::text")]
    if let primary = domains.primary { assignments.append((primary, domain.isPrimary ? "true" : "false")) }
    if let id = domains.tenantID { assignments.append((id, "t.\(tenants.id)")) }
    if let name = domains.tenantName { assignments.append((name, "t.\(tenants.name)")) }
    assignments += try automatic(in: domains.columns, of: domains.table, given: assignments.map(\.0))
    return """
      INSERT INTO \(domains.table) (\(SQL.joined(assignments.map { "\($0.0)" })))
      SELECT \(SQL.joined(assignments.map(\.1))) FROM \(tenants.table) t
      WHERE t.\(tenants.name) = \(domain.tenant.rawValue)
      """
  }

  /// `, updated_at = ...` where the table has such a column.
  var touch: SQL { tenants.has("updated_at") ? ", updated_at = CURRENT_TIMESTAMP" : "" }

  /// Values for the required columns that nobody gives and that have an obvious one.
  private func automatic(
    in columns: [Column], of table: QualifiedName, given: [Identifier]
  ) throws -> [(Identifier, SQL)] {
    let open = columns.filter { column in column.isRequired && !given.contains(Identifier(column.name)) }
    var missing: [String] = []
    let assignments = open.compactMap { column -> (Identifier, SQL)? in
      switch (column.name, column.type) {
      case ("created_at", _), ("updated_at", _): return (Identifier(column.name), "CURRENT_TIMESTAMP")
      case (tenants.id.name, "uuid"): return (Identifier(column.name), "gen_random_uuid()")
      default:
        missing.append(column.name)
        return nil
      }
    }
    guard missing.isEmpty else {
      throw TenancyError.valuesRequired(table: table.description, columns: missing)
    }
    return assignments
  }
}
