internal import TenancyPostgres

/// Values for the registry's own extra columns, such as `phone_number` or `plan`; `nil` is NULL.
package typealias ColumnValues = [String: String?]

extension RegistryShape {
  /// The columns of the tenants' table that tenantctl writes, each with the command that writes it.
  private var ownColumns: Set<String> {
    var names: Set<String> = [tenants.name.name]
    names.formUnion([tenants.id, tenants.schema].compactMap { $0?.name })
    names.formUnion(tenants.columns.filter { Clock.created($0) || Clock.updated($0) }.map(\.name))
    if let activity = tenants.activity { names.insert(activity.column) }
    return names
  }

  /// Throws ``TenancyProblem/unknownColumn(_:table:available:)`` or ``TenancyProblem/reservedColumn(_:)``.
  /// - Parameter isNew: whether the row is to be added. A key that the app makes up is given then.
  func check(_ values: ColumnValues, isNew: Bool = false) throws {
    let given = isNew ? tenants.columns.filter { $0.isRequired && $0.name == tenants.id?.name } : []
    let ours = ownColumns.subtracting(given.map(\.name)).union([tenants.name.name])
    try Self.check(values, in: tenants.columns, of: tenants.table, ours: ours)
  }

  private static func check(
    _ values: ColumnValues, in columns: [CatalogTable.Column], of table: QualifiedName, ours: Set<String>
  ) throws {
    for column in values.keys.sorted() {
      guard columns.contains(where: { $0.name == column }) else {
        let available = columns.map(\.name).filter { !ours.contains($0) }
        throw TenancyProblem.unknownColumn(column, table: table.description, available: available)
      }
      if ours.contains(column) { throw TenancyProblem.reservedColumn(column) }
      if columns.contains(where: { $0.name == column && $0.isGenerated }) {
        throw TenancyProblem.columnGenerated(column, table: table.description)
      }
    }
  }

  /// The row that is added for a tenant. Every column that is NOT NULL and has no default gets a value here: a table that
  /// an app made keeps its defaults in the app.
  ///
  /// Throws ``TenancyProblem/valuesRequired(table:columns:)`` with all the columns that are still without a value.
  /// - Parameter condition: the row is added only if this holds.
  func insertTenant(_ tenant: Tenant, _ values: ColumnValues, onlyIf condition: SQL = "true") throws
    -> RowChange
  {
    let assignments = try assignments(for: tenant, values)
    let isIt: SQL = """
      \(name) = \(tenant.name.rawValue) AND \(schema) = \(tenant.schema.rawValue) AND \(has(activity: tenant.isActive))
      """
    return RowChange(
      event: .insert, table: tenants.table, hasRule: tenants.rules.contains(.insert),
      sql: """
        INSERT INTO \(tenants.table) AS t (\(SQL.joined(assignments.map { "\($0.0)" })))
        SELECT \(SQL.joined(assignments.map(\.1))) WHERE \(condition)
        """,
      holds: isIt, source: "FROM (SELECT WHERE \(condition)) s",
      outcome: "EXISTS (SELECT FROM \(tenants.table) t WHERE \(isIt))")
  }

  /// The values of a new tenant's columns. What PostgreSQL computes gets none.
  func assignments(for tenant: Tenant, _ values: ColumnValues) throws -> [(Identifier, SQL)] {
    try check(values, isNew: true)
    if !tenant.isActive && tenants.activity == nil {
      throw TenancyProblem.noDeactivation(table: tenants.table.description)
    }
    var assignments: [(Identifier, SQL)] = [(tenants.name, tenants.nameType.value(tenant.name))]
    if let schema = tenants.schemaApart { assignments.append((schema, "\(tenant.schema.rawValue)::text")) }
    if let activity = tenants.activity {
      let value = tenant.isActive == activity.isInverse
      assignments.append((Identifier(activity.column), value ? "true" : "false"))
    }
    assignments += Self.given(values, in: tenants.columns)
    assignments.removeAll { tenants.isGenerated($0.0) }
    let (automatic, missing) = Self.automatic(in: tenants.columns, given: assignments.map(\.0))
    guard missing.isEmpty else {
      throw TenancyProblem.valuesRequired(table: tenants.table.description, columns: missing)
    }
    return assignments + automatic
  }

  /// The row that is added for a domain of a tenant that has a row by then.
  ///
  /// Throws ``TenancyProblem/domainValuesRequired(table:columns:)`` with all the columns that are still without a value.
  /// - Parameter tenantIsNew: whether the tenant's row is added in the same transaction.
  func insertDomain(
    _ domain: Domain, _ values: ColumnValues = [:], tenantIsNew: Bool = false
  ) throws -> RowChange {
    guard let domains else { throw TenancyProblem.noDomains }
    var assignments: [(Identifier, SQL)] = [(domains.host, "\(domain.name.rawValue)::text")]
    if let primary = domains.primary { assignments.append((primary, domain.isPrimary ? "true" : "false")) }
    if let own = tenants.id, let foreign = domains.tenantID { assignments.append((foreign, "t.\(own)")) }
    if let name = domains.tenantName, name != domains.tenantID {
      assignments.append((name, "t.\(tenants.name)"))
    }
    let ours = Set(assignments.map(\.0.name))
    try Self.check(values, in: domains.columns, of: domains.table, ours: ours)
    assignments += Self.given(values, in: domains.columns)
    let (automatic, missing) = Self.automatic(in: domains.columns, given: assignments.map(\.0))
    guard missing.isEmpty else {
      throw TenancyProblem.domainValuesRequired(table: domains.table.description, columns: missing)
    }
    assignments += automatic
    let source: SQL = "FROM \(tenants.table) t WHERE \(isNamed(domain.tenant))"
    let isIt: SQL = """
      d.\(domains.host)::text = \(domain.name.rawValue) AND (\(isPrimary)) = \(domain.isPrimary ? "true" : "false" as SQL)
      """
    let isOfTenant: SQL =
      "EXISTS (SELECT FROM \(tenants.table) t WHERE \(link(domains)) AND \(isNamed(domain.tenant)))"
    return RowChange(
      event: .insert, table: domains.table, hasRule: domains.rules.contains(.insert),
      sql: """
        INSERT INTO \(domains.table) AS d (\(SQL.joined(assignments.map { "\($0.0)" })))
        SELECT \(SQL.joined(assignments.map(\.1))) \(source)
        """,
      holds: isIt, holdsWithOthers: ([keys(domains).domain], isOfTenant),
      source: tenantIsNew ? "FROM (SELECT) s" : source,
      outcome: "EXISTS (SELECT FROM \(domains.table) d WHERE \(isIt) AND \(isOfTenant))")
  }

  /// `, updated_at = ...` where the table has such a column.
  var touch: SQL {
    SQL.joined(
      tenants.columns.filter(Clock.updated).map { ", \(Identifier($0.name)) = CURRENT_TIMESTAMP" }, by: "")
  }

  /// The column that says when a tenant's row was created.
  var createdColumn: String? { tenants.columns.first(where: Clock.created)?.name }

  /// The columns of the tenants' table for which only the user has a value.
  var neededOfTenants: [String] {
    let ours = [tenants.name, tenants.schema, tenants.activity.map { Identifier($0.column) }].compactMap {
      $0
    }
    return Self.automatic(in: tenants.columns, given: ours).missing
  }

  /// The same of the domains' table.
  var neededOfDomains: [String] {
    guard let domains else { return [] }
    let ours = [domains.host, domains.primary, domains.tenantID, domains.tenantName].compactMap { $0 }
    return Self.automatic(in: domains.columns, given: ours).missing
  }

  private static func given(
    _ values: ColumnValues, in columns: [CatalogTable.Column]
  ) -> [(Identifier, SQL)] {
    values.sorted { $0.key < $1.key }.map { column, value in
      let type = columns.first { $0.name == column }?.type ?? "text"
      return (Identifier(column), "\(value)::\(unsafeRaw: type)")
    }
  }

  /// That the tenant's columns have these values, as far as the columns hold them: a number is rounded. As text, because not
  /// every type has an equality, and byte by byte, because a collation may take other texts for equal.
  func has(_ values: ColumnValues) -> SQL {
    let conditions = values.sorted { $0.key < $1.key }.map { name, value -> SQL in
      let column = tenants.columns.first { $0.name == name }
      let stored: SQL = "\(value)::\(unsafeRaw: column?.sizedType ?? column?.type ?? "text")"
      return """
        t.\(Identifier(name))::text COLLATE pg_catalog."C" IS NOT DISTINCT FROM (\(stored))::text COLLATE pg_catalog."C"
        """
    }
    return SQL.joined(conditions, by: " AND ")
  }

  /// Values for the required columns that are not given and have an obvious value, and the names of the others.
  private static func automatic(
    in columns: [CatalogTable.Column], given: [Identifier]
  ) -> (assignments: [(Identifier, SQL)], missing: [String]) {
    var missing: [String] = []
    let open = columns.filter { column in column.isRequired && !given.contains(Identifier(column.name)) }
    let assignments = open.compactMap { column -> (Identifier, SQL)? in
      if Clock.created(column) || Clock.updated(column) {
        return (Identifier(column.name), "CURRENT_TIMESTAMP")
      }
      if column.isKey && column.type == "uuid" { return (Identifier(column.name), "gen_random_uuid()") }
      missing.append(column.name)
      return nil
    }
    return (assignments, missing)
  }
}

/// The columns in which frameworks note when a row was made and changed: those of Flask-SQLAlchemy's models, Rails,
/// Laravel, Phoenix and Django's manuals.
private enum Clock {
  static func created(_ column: CatalogTable.Column) -> Bool {
    column.kind == .time && ["created_at", "created_on", "created", "inserted_at"].contains(column.name)
  }

  static func updated(_ column: CatalogTable.Column) -> Bool {
    column.kind == .time
      && ["updated_at", "updated_on", "updated", "modified_at", "modified_on", "modified"].contains(
        column.name)
  }
}
