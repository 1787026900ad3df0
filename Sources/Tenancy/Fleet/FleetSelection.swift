internal import TenancyPostgres

/// Which tenants a command is for, and in which order. What is set narrows it: a tenant has to meet all of it.
package struct FleetSelection: Sendable, Hashable {
  /// Only these; `nil` is all.
  package var names: [TenantName]?
  /// Only names that match one of these patterns; none: any name.
  package var match: [Glob] = []
  /// No name that matches one of these patterns.
  package var exclude: [Glob] = []
  /// What a tenant's row in the registry must be like.
  package var conditions: [RowCondition] = []
  /// `true`: only active tenants; `false`: only deactivated ones.
  package var isActive: Bool?
  /// Only tenants that lack one of these migrations, or whose ledger cannot be read.
  package var behind: MigrationSet?
  /// Only tenants that have all of these migrations, whole.
  package var versions: [MigrationVersion] = []
  /// The order, in which canaries are chosen and the limit counts.
  package var order = FleetOrder()
  /// At most so many, the first in the order.
  package var limit: Int?
  /// Whether a selection of nobody is ``TenancyProblem/nothingSelected``.
  package var isRequired = false

  /// The tenants of these names, or all.
  package init(names: [TenantName]? = nil) {
    self.names = names
  }

  /// Whether the names are a list, with however many it has.
  package var isList = false

  /// The names, if nothing else narrows the selection.
  package var onlyNames: [TenantName]? {
    var named = FleetSelection(names: names)
    named.isList = isList
    return self == named ? names : nil
  }
  /// The name, if that is all of the selection.
  package var onlyName: TenantName? {
    isList ? nil : onlyNames.flatMap { $0.count == 1 ? $0[0] : nil }
  }

  /// Whether the registry's columns have to be known.
  var needsColumns: Bool { !conditions.isEmpty || order.needsColumns }
  /// Whether ledgers decide.
  var needsLedgers: Bool { behind != nil || !versions.isEmpty }
  /// Whether schemas have to be read.
  var needsSchemas: Bool { needsLedgers || order.key == .size }

  func accepts(_ tenant: Tenant) -> Bool {
    let name = tenant.name.rawValue
    return (match.isEmpty || match.contains { $0.matches(name) }) && !exclude.contains { $0.matches(name) }
      && (isActive ?? tenant.isActive) == tenant.isActive
  }
}

/// A tenant of a selection, with what the catalog says about its schema.
struct FleetMember: Sendable {
  let tenant: Tenant
  let state: SchemaState
  /// By which its domains refer to it.
  var key = ""

  /// The tenants that a ``RegistryShape/statesQuery(ledger:of:)`` returned, without those that a condition excludes.
  static func all(in rows: Rows) throws -> [(member: FleetMember, meetsConditions: Bool)] {
    try zip(rows, RegistryShape.states(in: rows)).map {
      let tenant = try RegistryShape.tenant(in: $0)
      // A name that is not UTF-8 cannot be used in a statement: this tenant fails alone.
      let member = FleetMember(
        tenant: tenant,
        state: tenant.isReadable ? $1 : SchemaState(exists: false, hasLedger: false, head: nil),
        key: $0[6] ?? "")
      return (member, $0[9] == "t")
    }
  }
}

extension TenantDatabase {
  /// The tenants of a selection in its order, in one query, and in one more for ledgers.
  ///
  /// Throws ``TenancyProblem/tenantNotFound(_:)`` or ``TenancyProblem/tenantsNotFound(_:)`` for names that do not exist,
  /// ``TenancyProblem/unknownColumn(_:table:available:)`` and ``TenancyProblem/badValue(column:reason:)`` for conditions,
  /// ``TenancyProblem/nothingSelected``.
  /// - Parameter withNamesakes: whether a name that is given may be several tenants'.
  func members(
    of selection: FleetSelection, over connection: Connection, _ shape: RegistryShape,
    withNamesakes: Bool = false
  ) async throws -> [FleetMember] {
    let shape = selection.needsColumns ? try await self.shape(over: connection) : shape
    try shape.check(selection)
    let found = try FleetMember.all(in: await rows(of: selection, over: connection, shape))
    if let names = selection.names { try check(names, found.map(\.member.tenant)) }
    var members = found.filter {
      $0.meetsConditions && selection.accepts($0.member.tenant)
        && !settings.isNoTenants($0.member.tenant.schema)
    }.map(\.member)
    if selection.names != nil, !withNamesakes { try refuseNamesakes(members.map(\.tenant), shape) }
    if selection.needsLedgers {
      members = try await self.members(members, standingAs: selection, over: connection)
    }
    if selection.order.key == .name {
      members.sort {
        selection.order.isDescending ? $1.tenant.name < $0.tenant.name : $0.tenant.name < $1.tenant.name
      }
    }
    if selection.isRequired, members.isEmpty { throw TenancyProblem.nothingSelected }
    return Array(members.prefix(selection.limit ?? members.count))
  }

  private func rows(
    of selection: FleetSelection, over connection: Connection, _ shape: RegistryShape
  ) async throws -> Rows {
    do {
      return try await connection.query(shape.statesQuery(ledger: settings.ledger, of: selection))
    } catch  where isBeyondEncoding(error) {
      // At least one of the names has a character that the database's encoding lacks.
      for name in selection.names ?? [] { _ = try await shape.tenant(name, over: connection) }
      throw error
    } catch let error as ServerError where !selection.conditions.isEmpty && error.state.deniesValue {
      throw TenancyProblem.badValue(
        column: selection.conditions.map(\.column).uniqued().joined(separator: ", "), reason: error.message)
    }
  }

  private func check(_ names: [TenantName], _ found: [Tenant]) throws(TenancyProblem) {
    let known = Set(found.map(\.name))
    let missing = names.filter { !known.contains($0) }.uniqued()
    if missing.count > 1 { throw .tenantsNotFound(missing) }
    if let missing = missing.first { throw .tenantNotFound(missing) }
    // The shared schema has migrations of its own.
    if let shared = found.first(where: { settings.isShared($0.schema) }) {
      throw .sharedSchema(shared.name, shared.schema)
    }
  }

  /// Who names a tenant means one. All rows that have a name are met only where nobody names it.
  private func refuseNamesakes(_ found: [Tenant], _ shape: RegistryShape) throws(TenancyProblem) {
    if let name = found.map(\.name).firstRepeated {
      throw .tenantAmbiguous(name, table: shape.tenants.table.description)
    }
  }

  private func members(
    _ members: [FleetMember], standingAs selection: FleetSelection, over connection: Connection
  ) async throws -> [FleetMember] {
    let files = selection.behind?.tenant ?? []
    let surveys = try await surveyor(files).survey(members, over: connection, verify: false)
    return zip(members, surveys).filter { _, survey in
      (selection.behind == nil || survey.isBehind)
        && selection.versions.allSatisfy {
          survey.problem == nil && survey.history.contains($0) && survey.begun[$0] == nil
        }
    }.map(\.0)
  }
}

extension SQLState {
  /// Whether a value is not one of the column's type, or the type has no such comparison.
  fileprivate var deniesValue: Bool { errorClass == "22" || self == .undefinedFunction }
}
