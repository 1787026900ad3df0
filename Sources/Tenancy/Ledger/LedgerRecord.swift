internal import TenancyPostgres

/// A row of a ledger.
struct LedgerRecord: Sendable, Hashable {
  let version: String
  let name: String?
  let checksum: String?
  let statementsDone: Int?
  let statementsTotal: Int?
  /// When it was applied and by whom, if it was not now and by us.
  let origin: LedgerOrigin?

  /// A migration that is applied.
  /// - Parameter statementsDone: how many of its statements are done, if not all of them are.
  init(_ file: MigrationFile, statementsDone: Int? = nil, origin: LedgerOrigin? = nil) {
    version = file.version.rawValue
    name = file.name
    checksum = file.checksum.rawValue
    self.statementsDone = statementsDone ?? file.up.count
    statementsTotal = file.up.count
    self.origin = origin
  }

  /// A row of ``Ledger/readRecords``: another schema's, which is recorded here now.
  init(_ row: Row) throws {
    (version, name, checksum, statementsDone, statementsTotal) = try row.decode(
      String.self, String?.self, String?.self, Int?.self, Int?.self)
    origin = nil
  }

  fileprivate typealias Column = (name: String, value: @Sendable (LedgerRecord) -> SQL)

  fileprivate static let columns: [Column] = [
    ("version", { "\($0.version)" }), ("name", { "\($0.name)" }), ("checksum", { "\($0.checksum)" }),
    ("applied_at", { $0.origin.map { "\($0.appliedAt)" } ?? "CURRENT_TIMESTAMP" }),
    ("applied_by", { $0.origin.map { "\($0.appliedBy)" } ?? "SESSION_USER" }),
    ("statements_done", { "\($0.statementsDone)" }), ("statements_total", { "\($0.statementsTotal)" }),
    ("duration_ms", { "\($0.origin?.milliseconds)" }), ("tool_version", { _ in "\(tenancyVersion)" }),
  ]
}

extension Ledger {
  /// Records migrations as applied, or as begun. The primary key is the lock: a second runner fails here.
  func record(_ records: [LedgerRecord]) -> SQL {
    let haveTimes = records.contains { $0.origin != nil }
    let written = LedgerRecord.columns.filter {
      columns.contains($0.name) && (haveTimes || $0.name != "duration_ms")
    }
    let rows: [SQL] = records.map { record in "(\(SQL.joined(written.map { $0.value(record) })))" }
    return "\(insert(into: written))\nVALUES \(SQL.joined(rows, by: ",\n"))"
  }

  /// Whether the ledger has a column that holds a number which is known before the file runs.
  var hasTotal: Bool { columns.contains("statements_total") }

  /// Records a migration as applied in this transaction.
  /// - Parameter count: how many finished rows the ledger must have before; checked together with a column's value, as another query
  ///   would cost the server more. `nil`: not here.
  func record(_ record: LedgerRecord, ifCount count: Int?) -> SQL {
    let written = LedgerRecord.columns.filter { columns.contains($0.name) }
    let values: [SQL] = written.map { column in
      switch column.name {
      // Not in a WHERE: for a SELECT the server plans twice as much as for one row of VALUES.
      case "statements_total": count.map { ifCount($0, column.value(record)) } ?? column.value(record)
      case "duration_ms": "1000 * extract(epoch FROM clock_timestamp() - now())"
      default: column.value(record)
      }
    }
    return "\(insert(into: written))\nVALUES (\(SQL.joined(values)))"
  }

  private func insert(into columns: [LedgerRecord.Column]) -> SQL {
    "INSERT INTO \(name) (\(SQL.joined(columns.map { "\(Identifier($0.name))" })))"
  }
}

/// What is to be written into one schema's ledger about migrations that are not run.
struct LedgerUpdate: Sendable {
  let ledger: Ledger
  let hasLedger: Bool
  let records: [LedgerRecord]
  /// Migrations that are recorded as started, and as finished by this.
  var finished: [MigrationFile] = []
  /// What the ledger says in the end.
  let history: LedgerHistory
  /// The rows and the unfinished migrations that the ledger has before.
  var state: LedgerState?
  /// Whether the columns that the ledger lacks are added.
  var completes = false

  /// The statement that adds the columns; `nil` if none is missing.
  var completion: SQL? { completes && hasLedger ? ledger.complete : nil }

  /// One transaction; none if nothing is to be recorded.
  func steps(_ limits: TimeLimits, after preparation: [SQL] = [], then: [SQL] = []) -> [Step] {
    let statements = preparation + statements + then
    if statements.isEmpty { return [] }
    return [.transaction(ledger.opening(limits, exists: hasLedger) + statements.planned)]
  }

  /// For a transaction of the schema's; empty if there is nothing to do.
  private var statements: [SQL] {
    let rows = (records.isEmpty ? [] : [ledger.record(records)]) + finished.map(ledger.finish)
    let shaping = hasLedger ? [completion].compactMap { $0 } : ledger.creation
    // They may have waited, and the name may lead to another table since.
    let changes = shaping + (shaping.isEmpty ? [] : [ledger.check()]) + rows
    if changes.isEmpty { return [] }
    if rows.isEmpty {
      return changes
        + ledger.rewriteComment(history, state ?? LedgerState(rows: history.count, begun: [:]))
    }
    // The primary key finds out whether another session has recorded the same, the number whether it has others.
    let count: [SQL] = hasLedger ? state.map { ["SELECT \(ledger.ifCount($0.finished, "1"))"] } ?? [] : []
    return shaping + (shaping.isEmpty ? [] : [ledger.check()]) + count + rows
      + [ledger.comment(finished.count < state?.begun.count ?? 0 ? nil : history)]
  }
}

extension LedgerUpdate {
  /// Records some of a schema's pending migrations; those that are begun count as finished.
  init(_ survey: Survey, recording pending: [(file: MigrationFile, origin: LedgerOrigin?)]) {
    ledger = survey.ledger
    hasLedger = survey.hasLedger
    records = pending.filter { survey.begun[$0.file.version] == nil }.map {
      LedgerRecord($0.file, origin: $0.origin)
    }
    finished = pending.map(\.file).filter { survey.begun[$0.version] != nil }
    history = survey.history.adding(pending.map(\.file))
    state = survey.state
  }
}
