internal import TenancyPostgres

/// A change of registry rows that happens as planned, or fails and rolls its transaction back.
///
/// A trigger may discard a row, and a rule may do something else instead: the server then reports no error.
struct RowChange: Sendable {
  enum Event: CaseIterable, Sendable {
    case insert, update, delete

    /// In `pg_rewrite.ev_type`.
    var ruleType: String {
      switch self {
      case .update: "2"
      case .insert: "3"
      case .delete: "4"
      }
    }

    /// In `pg_trigger.tgtype`.
    fileprivate var triggerBit: Int {
      switch self {
      case .insert: 4
      case .delete: 8
      case .update: 16
      }
    }

    /// In `pg_policy.polcmd`.
    fileprivate var policyType: String {
      switch self {
      case .insert: "a"
      case .update: "w"
      case .delete: "d"
      }
    }
  }

  let event: Event
  let table: QualifiedName
  /// Whether a rule for this event is on the table itself.
  let hasRule: Bool
  /// The statement, without RETURNING. Its table has the alias `t` (tenants) or `d` (domains).
  let sql: SQL
  /// How many rows it must change.
  var count: SQL = "1"
  /// A condition on each row as it is stored.
  var holds: SQL = "true"
  /// Of a domain's row, a condition that reads another table, and the columns `d` of the row that it takes. Apart, because
  /// Citus evaluates what is returned on the server that has the row.
  var holdsWithOthers: (columns: [Identifier], condition: SQL)?
  /// `FROM ... WHERE ...`: the rows to change.
  let source: SQL
  /// A condition on the table afterwards: for a table with a rule, where the changed rows are not returned, and at the end of
  /// the transaction for one with triggers. It holds once all changes of the transaction are made.
  var outcome: SQL
}

extension [PlannedStatement] {
  /// The changes in one statement, so that a foreign key between them is checked at its end. It fails unless every change
  /// is made as planned.
  ///
  /// PostgreSQL does not allow that on a table with a rule for the event (PostgreSQL manual, 41.4 "Rules on INSERT, UPDATE,
  /// and DELETE"): then each change is a statement, and another statement checks the outcome.
  static func changing(_ changes: RowChange...) -> [PlannedStatement] {
    let check = PlannedStatement.Check.rows(changes)
    if changes.contains(where: \.hasRule) {
      return changes.map { PlannedStatement($0.sql, check: .ruled(changes)) }
        + [RowChange.guarding(changes, check)]
    }
    let names = changes.indices.map { Identifier($0 == 0 ? "changed" : "changed_\($0 + 1)") }
    let parts = zip(names, changes).map { name, change -> SQL in
      let columns = (change.holdsWithOthers?.columns ?? []).map { ", d.\($0)" as SQL }
      return
        "\(name) AS (\(change.sql) RETURNING \(change.holds) AS is_as_planned\(SQL.joined(columns, by: "")))"
    }
    let conditions = zip(names, changes).map { name, change -> SQL in
      let rows: SQL =
        change.holdsWithOthers.map { "\(name) d WHERE is_as_planned AND \($0.condition)" }
        ?? "\(name) WHERE is_as_planned"
      return "(SELECT count(*) FROM \(rows)) >= \(change.count)"
    }
    let outcome = SQL.joined(conditions, by: " AND ")
    return [
      PlannedStatement(
        "WITH \(SQL.joined(parts)) SELECT 1 / CASE WHEN \(outcome) THEN 1 ELSE 0 END", check: check)
    ]
  }
}

extension [PlannedStatement] {
  /// The same, and what fails if the rows are not as planned in the end: a trigger after the change may undo it, at once or at
  /// the commit.
  /// - Parameter settling: whether what waits for the commit is run; it may need rows that are not there yet.
  func confirmed(by shape: RegistryShape, settling: Bool = true) -> [PlannedStatement] {
    let changes = flatMap(\.rowChanges)
    if changes.isEmpty || !shape.hasTriggers { return self }
    let check = PlannedStatement.Check.rows(changes, atEnd: true)
    let settle = PlannedStatement("SET CONSTRAINTS ALL IMMEDIATE", check: check)
    return self + (settling ? [settle] : []) + [RowChange.guarding(changes, check)]
  }
}

extension RowChange {
  /// The same, also as planned where the row leaves the view that it is in, such as one of the rows that are not deleted:
  /// unless something else there may have changed it again.
  var evenIfHidden: RowChange {
    var change = self
    change.outcome = """
      (\(outcome)) OR EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = to_regclass(\(table.quoted)) AND c.relkind = 'v')
        AND NOT EXISTS (\(culpritsQuery(atEnd: true)))
      """
    return change
  }

  fileprivate static func guarding(
    _ changes: [RowChange], _ check: PlannedStatement.Check
  ) -> PlannedStatement {
    let outcome = SQL.joined(changes.map { "(\($0.outcome))" }, by: " AND ")
    return PlannedStatement("SELECT 1 / CASE WHEN \(outcome) THEN 1 ELSE 0 END", check: check)
  }

  /// Why rows are not as planned at the end of a transaction that has changed them: a trigger, though not always one of their own
  /// table.
  static func explainEnd(of changes: [RowChange], over connection: Connection) async throws -> TenancyProblem
  {
    let answers = try await connection.pipeline(changes.map { $0.culpritsQuery(atEnd: true) })
    let found = zip(changes, answers).map { change, rows in
      (table: change.table.description, culprits: rows.compactMap { $0[0] })
    }
    let table = (found.first { !$0.culprits.isEmpty } ?? found[0]).table
    return .rowNotStored(table: table, by: found.flatMap(\.culprits).uniqued())
  }

  /// Why it failed, found after the rollback: rows that no longer exist were changed by another session; rows that exist
  /// were discarded or altered by a trigger, a rule or a policy.
  static func explain(_ changes: [RowChange], over connection: Connection) async throws -> TenancyProblem {
    var culprits: [String] = []
    var tables: [String] = []
    for change in changes {
      let answers = try await connection.pipeline([
        "SELECT (SELECT count(*) \(change.source)) >= \(change.count)", change.culpritsQuery(atEnd: false),
      ])
      guard try answers[0][0].decode(Bool.self) else { return .changedMeanwhile }
      let found = answers[1].compactMap { $0[0] }
      if !found.isEmpty || change.event == .insert { tables.append(change.table.description) }
      culprits += found
    }
    guard let table = tables.first else { return .changedMeanwhile }
    return .rowNotStored(table: table, by: culprits)
  }

  /// Triggers, rules and policies that may discard or alter rows; of the tables below a view, too.
  /// - Parameter atEnd: whether those that run after the change are among them.
  private func culpritsQuery(atEnd: Bool) -> SQL {
    let isBefore: SQL = atEnd ? "true" : "g.tgtype & 1 = 1 AND g.tgtype & 66 <> 0"
    return """
      WITH RECURSIVE tables (oid) AS (
        SELECT to_regclass(\(table.quoted))::oid
        UNION SELECT d.refobjid FROM tables t JOIN pg_catalog.pg_rewrite r ON r.ev_class = t.oid AND r.ev_type = '1'
        JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = r.oid
        WHERE d.refclassid = 'pg_catalog.pg_class'::regclass
      )
      SELECT concat('trigger ', g.tgname) FROM tables t JOIN pg_catalog.pg_trigger g ON g.tgrelid = t.oid
      WHERE NOT g.tgisinternal AND g.tgenabled <> 'D' AND \(isBefore)
        AND g.tgtype & \(unsafeRaw: "\(event.triggerBit)") <> 0
      UNION SELECT concat('rule ', r.rulename) FROM tables t JOIN pg_catalog.pg_rewrite r ON r.ev_class = t.oid
      WHERE r.ev_enabled <> 'D' AND r.ev_type = \(literal: event.ruleType)
      UNION SELECT concat('policy ', p.polname) FROM tables t JOIN pg_catalog.pg_policy p ON p.polrelid = t.oid
      JOIN pg_catalog.pg_class c ON c.oid = t.oid AND c.relrowsecurity
      WHERE p.polcmd IN ('*', \(literal: event.policyType))
      UNION SELECT concat('generated column ', a.attname)
      FROM tables t JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attgenerated <> ''
      WHERE \(event == .delete || atEnd ? "false" : "true") AND NOT a.attisdropped
      ORDER BY 1
      """
  }
}
