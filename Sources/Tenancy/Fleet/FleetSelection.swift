internal import TenancyPostgres

/// Which tenants a command is for.
package struct FleetSelection: Sendable, Hashable {
  /// Only these; `nil` is all.
  package var names: [TenantName]?
  /// Only names that match this pattern.
  package var match: Glob?
  /// No name that matches one of these patterns.
  package var exclude: [Glob] = []
  /// Only active tenants.
  package var activeOnly = false
  /// At most so many, the first by name.
  package var limit: Int?

  /// The tenants of these names, or all.
  package init(names: [TenantName]?) {
    self.names = names
  }

  func accepts(_ tenant: Tenant) -> Bool {
    (match?.matches(tenant.name.rawValue) ?? true) && !exclude.contains { $0.matches(tenant.name.rawValue) }
      && (tenant.isActive || !activeOnly)
  }
}

/// A tenant of a selection, with what the catalog says about its schema.
struct FleetMember: Sendable {
  let tenant: Tenant
  let state: SchemaState

  /// The tenants that a ``RegistryShape/statesQuery(ledger:of:)`` returned.
  static func all(in rows: Rows) throws -> [FleetMember] {
    try zip(rows, RegistryShape.states(in: rows)).map {
      let tenant = try RegistryShape.tenant(in: $0)
      // A name that is not UTF-8 cannot be used in a statement: this tenant fails alone.
      return FleetMember(
        tenant: tenant,
        state: tenant.isReadable ? $1 : SchemaState(exists: false, hasLedger: false, head: nil))
    }
  }
}

extension TenantDatabase {
  /// The tenants of a selection by name, in one query.
  ///
  /// Throws ``TenancyProblem/tenantNotFound(_:)`` or ``TenancyProblem/tenantsNotFound(_:)`` for names that do not exist.
  func members(of selection: FleetSelection, over connection: Connection, _ shape: RegistryShape) async throws
    -> [FleetMember]
  {
    let rows: Rows
    do {
      rows = try await connection.query(shape.statesQuery(ledger: settings.ledger, of: selection.names))
    } catch  where isBeyondEncoding(error) {
      // At least one of the names has a character that the database's encoding lacks.
      for name in selection.names ?? [] { _ = try await shape.tenant(name, over: connection) }
      throw error
    }
    let found = try FleetMember.all(in: rows)
    if let names = selection.names {
      let known = Set(found.map(\.tenant.name))
      let missing = names.filter { !known.contains($0) }
      if missing.count > 1 { throw TenancyProblem.tenantsNotFound(missing) }
      if let missing = missing.first { throw TenancyProblem.tenantNotFound(missing) }
    }
    // The shared schema has migrations of its own.
    if let shared = found.first(where: { $0.tenant.schema.isNobodys }), selection.names != nil {
      throw TenancyProblem.sharedSchema(shared.tenant.name, shared.tenant.schema)
    }
    let accepted = found.filter { selection.accepts($0.tenant) && !$0.tenant.schema.isNobodys }.sorted {
      $0.tenant.name < $1.tenant.name
    }
    return Array(accepted.prefix(selection.limit ?? accepted.count))
  }
}
