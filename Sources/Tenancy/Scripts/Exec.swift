internal import SQLText
internal import Synchronization
internal import TenancyPostgres

/// The settings of a script's run.
package struct ExecOptions: Sendable {
  /// Whether it may write; otherwise the transaction is read-only.
  package var mayWrite = false
  /// How long a statement may take; `nil`: the server's setting.
  package var statementTimeout: Duration?
  /// Whether dates and times are in ISO 8601, whatever the database's DateStyle is; the order of the fields in what a script
  /// gives stays. For what is read only: it is also what a script would store as text.
  package var readsISODates = false

  /// Read-only, without a time limit.
  package init() {}
}

/// What a script did in one tenant.
package struct ExecResult: Sendable {
  /// The columns of its last statement's result.
  package let columns: [ResultColumn]
  /// The number of rows of that result.
  package let rows: Int
  /// Whether these are rows of a query, and not the number of affected rows.
  package let isQuery: Bool
  /// The number of rows that all of its statements changed.
  package let changed: Int
  /// Whether a statement before the last one returned rows, too.
  package let hasOtherRows: Bool
  /// The types of the columns, as `pg_type.oid` numbers them.
  fileprivate let types: [UInt32]

  fileprivate init(
    _ table: ResultTable, _ columns: [ResultColumn], _ types: [UInt32], _ earlier: some Sequence<Rows>,
    changed: Int
  ) {
    (self.columns, self.types, rows, isQuery) = (columns, types, table.count, table.isQuery)
    self.changed = changed
    hasOtherRows = earlier.contains { !$0.columns.isEmpty }
  }
}

extension TenantDatabase {
  /// Runs a script in each tenant: one transaction and one round trip, with the tenant's search path.
  ///
  /// The result of the script's last statement goes to `receive` as soon as it arrives, and is not kept. All results that
  /// it gets have the same columns, those of the first.
  ///
  /// Throws ``TenancyProblem/columnsDiffer(_:changesStay:)`` at the end if other results had other columns. A failure in one
  /// tenant is in the report and does not affect the others.
  package func exec(
    _ script: ExecScript, in tenants: SelectedTenants, _ options: ExecOptions = ExecOptions(),
    _ run: FleetRun<ExecResult> = FleetRun(), receive: @escaping @Sendable (Tenant, ResultTable) -> Void
  ) async throws -> FleetReport<ExecResult> {
    try tenants.refuseSharedSchemas()
    if !options.mayWrite, script.statements.contains(where: \.resetsAccess) {
      throw TenancyProblem.scriptMadeWritable(script.name)
    }
    let path = try await frame().path
    // What is read-only changes nothing.
    let targets = try await sharedTargets(of: options.mayWrite ? script.statements : [], path)
    let expected = Mutex<(columns: [ResultColumn], types: [UInt32])?>(nil)
    // Another attempt where PostgreSQL itself has lost a race, or another transaction has won, as for a file; a lock that
    // somebody holds is the user's affair.
    let report = await tenants.forEach(run, retries: FleetRetry.usual) { tenant in
      let answers = try await self.exec(
        script.sent(targets, in: tenant.schema, mayWrite: options.mayWrite), options, path, tenant)
      let table = ResultTable(answers[answers.endIndex - 1])
      let changed = answers.reduce(0) { $0 + $1.changed }
      // All results share one array of columns, and one of types.
      let (columns, types) = expected.withLock { first in
        let expected = first ?? (table.columns, table.types)
        first = expected
        return expected
      }
      let isExpected = table.columns == columns
      if isExpected { receive(tenant, table) }
      return ExecResult(
        table, isExpected ? columns : table.columns, table.types == types ? types : table.types,
        answers.dropLast(), changed: changed)
    }
    let sets = await columnSets(report)
    if sets.count > 1 { throw TenancyProblem.columnsDiffer(sets, changesStay: options.mayWrite) }
    return report
  }

  /// Returns the result of each statement.
  private func exec(
    _ script: ExecScript.Sent, _ options: ExecOptions, _ path: TenantPath, _ tenant: Tenant
  ) async throws -> [Rows] {
    if !tenant.schema.canBeEntered { throw TenancyProblem.schemaNotEnterable(tenant.name, tenant.schema) }
    let opening = opening(options, tenant.schema, path)
    let start = script.leading.count + opening.count
    return try await connected { connection in
      do {
        let answers = try await connection.transaction(
          script.leading + opening + script.statements + [Self.access]
            + (await .leaving(for: connection)) + [tenant.schema.stillThere],
          rollsBack: !options.mayWrite, rollingBack: SessionCleaning.afterRollback)
        let end = start + script.statements.count
        if !options.mayWrite, answers[answers.startIndex + end][0][0] != "on" {
          throw TenancyProblem.scriptMadeWritable(script.name)
        }
        return script.ownAnswers(answers[start..<end])
      } catch let error as StatementError {
        let place = script.place(of: error.index, afterOpening: opening.count)
        if place == nil, let error = tenant.absence(error.error) { throw error }
        if place == nil, error.index < start { throw error }
        throw TenancyProblem.execFailed(
          script.failure(error.error, at: place, isReadOnly: !options.mayWrite))
      }
    }
  }

  /// Whether the transaction is read-only still. Safe under any search path. A query could be planned for a parallel worker,
  /// in which PostgreSQL 15 says that it is not (`force_parallel_mode`).
  private static let access: SQL = "SHOW transaction_read_only"

  /// Ends with a query: after it PostgreSQL refuses SET TRANSACTION READ WRITE. Up to version 15 it lets RESET of the same
  /// setting pass, so a script that must not write ends with ROLLBACK, too.
  private func opening(_ options: ExecOptions, _ schema: SchemaName, _ path: TenantPath) -> [SQL] {
    var limits = limits
    limits.statement = options.statementTimeout
    let access: [SQL] = options.mayWrite ? [] : ["SET TRANSACTION READ ONLY"]
    let style: [SQL] = options.readsISODates && !options.mayWrite ? ["SET LOCAL DateStyle TO ISO"] : []
    return access + limits.opening + style + ["SELECT \(schema.entry)", path.enter(schema)]
  }

  /// The largest first.
  private func columnSets(_ report: FleetReport<ExecResult>) async -> [ColumnSet] {
    let results = report.tenants.compactMap { outcome in
      outcome.tenant.flatMap { tenant in outcome.value.map { (tenant: tenant.name, result: $0) } }
    }
    let groups = Dictionary(grouping: results, by: \.result.columns)
    if groups.count < 2 { return [] }
    // That the results differ is to be said, without the types if the server is gone.
    let names = (try? await typeNames(Set(results.lazy.flatMap(\.result.types)))) ?? [:]
    let sets = groups.map { columns, members in
      let types = Set(members.map(\.result.types)).map { $0.map { names[$0] ?? "" } }
      return ColumnSet(columns, types: types, of: members.map(\.tenant))
    }
    return sets.sorted { ($1.tenants.count, $0.tenants[0]) < ($0.tenants.count, $1.tenants[0]) }
  }

  /// As SQL writes them.
  private func typeNames(_ types: Set<UInt32>) async throws -> [UInt32: String] {
    let rows = try await connected { connection in
      try await connection.query(
        "SELECT t, format_type(t::oid, NULL) FROM unnest(\(types.map(String.init))::bigint[]) t")
    }
    return try Dictionary(
      uniqueKeysWithValues: rows.map { row in
        let (type, name) = try row.decode(Int.self, String.self)
        return (UInt32(type), name)
      })
  }
}
