internal import SQLText
internal import TenancyPostgres

/// What is sent for a file that runs outside of a transaction. It is recorded as begun first; then each statement by
/// itself, and that it is done: in the same transaction, unless the statement is one that cannot be in one.
///
/// The ledger's `statements_done` counts them: 0 to n on the way up, and on the way down -1 for none, -2 for one and so
/// on, so that an undone half is never treated as an applied one. Until all is done there is no head comment, so that
/// everybody reads the ledger itself.
///
/// On Citus, where the ledger may be on another server than the catalog, a comment says meanwhile how many are done: it is in
/// the catalog, so that its age and that of an index compare.
struct StatementSteps: Sendable {
  let file: MigrationFile
  let direction: MigrationDirection
  let schema: SchemaName
  /// The ledger as it is once the file is begun.
  let ledger: Ledger
  private let frame: Frame
  /// What the schema has when the file is not begun.
  private let history: LedgerHistory
  /// The rows and the unfinished migrations that the ledger has before.
  private let state: LedgerState
  private let lacksProgress: Bool

  init(
    _ file: MigrationFile, _ direction: MigrationDirection, _ ledger: Ledger, _ frame: Frame,
    history: LedgerHistory, state: LedgerState
  ) {
    self.file = file
    self.direction = direction
    self.frame = frame.overridden(by: file.options(direction))
    self.history = history
    self.state = state
    schema = ledger.schema
    lacksProgress = !ledger.columns.isSuperset(of: Ledger.progressColumns)
    var complete = ledger
    complete.columns.formUnion(Ledger.progressColumns)
    self.ledger = complete
  }

  /// Whether Citus may keep the ledger on another server than the catalog.
  private var isDistributed: Bool { frame.limits.isDistributed }

  var limits: TimeLimits { frame.limits }

  var statements: [PlannedStatement] { ledger.statements(of: file, direction) }

  private func source(_ place: MigrationSource.Place) -> MigrationSource {
    MigrationSource(file: file, place: place)
  }

  /// All of it, from the statement of that index; `nil`: from the start, which is recorded.
  func all(from first: Int?) -> [Step] {
    if let first, first >= statements.count { return [finish] }
    return (first == nil ? [begin] : [])
      + statements.indices.dropFirst(first ?? 0).flatMap { check($0) + steps($0) }
  }

  /// That all is done, where no statement is left: the file has become shorter, and its checksum was accepted.
  var finish: Step { .transaction(ledger.opening(frame.limits, for: source(.close)) + ending) }

  /// The ledger of another tool may have no columns for it.
  var begin: Step {
    let extend: [PlannedStatement] =
      lacksProgress
      ? [ledger.add(Ledger.progressColumns), ledger.check()].map {
        PlannedStatement($0, source: source(.ledger))
      } : []
    let record =
      direction == .up
      ? PlannedStatement(ledger.record([LedgerRecord(file, statementsDone: 0)]), source: source(.ledger))
      : PlannedStatement(mustAffectRows: progress(0, withTotal: true), source: source(.ledger))
    let keep = file.mayCommentOnSchema ? [Protection.keep(on: ledger)] : []
    let rest = [isDistributed ? comment(done: 0) : ledger.comment(nil)] + keep
    // Another session may have applied or undone a migration since the ledger was read.
    let count = PlannedStatement("SELECT \(ledger.ifCount(state.finished, "1"))", source: source(.ledger))
    return .transaction(
      ledger.opening(frame.limits, for: source(.ledger)) + extend + [count, record]
        + rest.map { PlannedStatement($0, source: source(.ledger)) })
  }

  /// What it was before it began, after its first statement has failed: nothing has changed, so that the file may be edited or
  /// given up as one that runs in a transaction. `nil` for a rollback that an earlier run had begun.
  var takingBack: Step? {
    let before: LedgerHistory
    let row: SQL
    switch (direction, state.begun[file.version]) {
    case (.up, _):
      before = history.removing(file.version)
      row = "DELETE FROM ONLY \(ledger.name) WHERE version = \(file.version.rawValue) AND statements_done = 0"
    case (.down, let done?) where done < 0: return nil
    case (.down, let done):
      before = history
      let value: SQL = done.map { "\(unsafeRaw: String($0))" } ?? "statements_total"
      row = """
        UPDATE ONLY \(ledger.name) SET statements_done = \(value)
        WHERE version = \(file.version.rawValue) AND statements_done = -1
        """
    }
    let others = direction == .up ? state.finished : state.finishedBesides(file.version)
    let isWhole = state.begun.isEmpty || direction == .up && state.isFinished(besides: file.version)
    return .transaction(
      ledger.opening(frame.limits)
        + [PlannedStatement("SELECT \(ledger.ifCount(others, "1"))"), PlannedStatement(mustAffectRows: row)]
        + [PlannedStatement(ledger.comment(isWhole ? before : nil))])
  }

  /// A statement, and that it is done.
  func steps(_ index: Int) -> [Step] {
    let statement = statements[index]
    let isLast = index == statements.count - 1
    let done = isLast ? ending : recording(index + 1)
    if text(index).mayWantNoTransaction {
      return [
        .alone(
          statement, SessionSettings(schema: schema, frame: aloneFrame(index), own: settings(before: index))),
        .transaction(ledger.opening(frame.limits, for: source(.close)) + done),
      ]
    }
    let seal = frame.sendsOneMessage ? LedgerSeal(file, direction, ledger) : nil
    let before =
      frame.limits.local + [ledger.lock] + (seal?.seal ?? []) + [frame.path.enter(schema)]
      + settings(before: index)
    let check = [seal?.check].compactMap { $0 }.map { PlannedStatement($0, source: source(.record)) }
    return [
      .enclosed(
        before.map { PlannedStatement($0, source: source(.ledger)) }
          + checkOfRole(index) + frame.guarded(statement, text(index), of: file, in: schema)
          + SessionCleaning.settle.map { PlannedStatement($0, source: source(.end)) }
          + Closing(ledger: ledger, file: file, isNamed: seal != nil).statements + done + check,
        frame, .part)
    ]
  }

  /// What comes before a statement that is sent by itself.
  func check(_ index: Int) -> [Step] {
    guard text(index).mayWantNoTransaction else { return [] }
    let checks = checkOfRole(index) + guards(index)
    if checks.isEmpty { return [] }
    let settings = [frame.path.enter(schema)] + settings(before: index)
    return [
      .enclosed(settings.map { PlannedStatement($0, source: source(.ledger)) } + checks, frame, .part)
    ]
  }

  /// For each of them, as what was set before is set again for each.
  private func checkOfRole(_ index: Int) -> [PlannedStatement] {
    file.underAnotherRole(direction).contains(index) ? [ledger.checkOfRole(text(index), of: file)] : []
  }

  private func guards(_ index: Int) -> [PlannedStatement] {
    frame.guards(before: text(index), of: file, in: schema)
  }

  /// What the file's statements have set for the session: each of them is sent to a clean one. So a run that resumes does
  /// not lack what an earlier one had set.
  private func settings(before index: Int) -> [SQL] {
    file.settings(direction).prefix { $0 < index }.map { SQL(unsafeRaw: text($0).text) }
  }

  /// What counts as done when all of it is: in the ledger, and in the comment that repeats its head.
  private var ending: [PlannedStatement] {
    let record =
      direction == .up
      ? PlannedStatement(mustAffectRows: progress(statements.count), source: source(.close))
      : PlannedStatement(
        ledger.remove(file.version, of: state.finishedBesides(file.version)), source: source(.close))
    let after = direction == .up ? history.adding(file) : history.removing(file.version)
    let comment = ledger.comment(state.isFinished(besides: file.version) ? after : nil)
    return [record, PlannedStatement(comment, source: source(.ledger))]
  }

  /// That so many statements are done, but not all.
  private func recording(_ count: Int) -> [PlannedStatement] {
    [PlannedStatement(mustAffectRows: progress(count), source: source(.close))]
      + (isDistributed ? [PlannedStatement(comment(done: count), source: source(.ledger))] : [])
  }

  private func comment(done count: Int) -> SQL {
    "COMMENT ON TABLE \(ledger.name) IS \(literal: text(done: count))"
  }

  /// No head comment.
  private func text(done count: Int) -> String {
    "tenantctl unfinished version=\(file.version) \(direction) statements_done=\(count)"
  }

  /// How many transactions ago the statements before were recorded as done; a query that gives no row, or NULL, if nothing
  /// tells that.
  func ageOfProgress(before index: Int) -> SQL {
    if !isDistributed {
      return "SELECT age(l.xmin) FROM ONLY \(ledger.name) l WHERE l.version = \(file.version.rawValue)"
    }
    return """
      SELECT age(d.xmin) FROM pg_catalog.pg_description d
      WHERE d.classoid = 'pg_catalog.pg_class'::regclass AND d.objoid = \(ledger.regclass) AND d.objsubid = 0
        AND d.description = \(text(done: index))
      """
  }

  private func progress(_ count: Int, withTotal: Bool = false) -> SQL {
    let value = direction == .up ? count : -1 - count
    let total: SQL = withTotal ? ", statements_total = coalesce(statements_total, \(file.up.count))" : ""
    return """
      UPDATE ONLY \(ledger.name) SET statements_done = \(value)\(total) WHERE version = \(file.version.rawValue)
      """
  }

  /// Whether what is left needs something that ended with the session of an earlier run.
  func needsTemporaries(from index: Int) -> Bool {
    file.statements(direction).needsTemporaries(from: index)
  }

  func text(_ index: Int) -> SQLStatement { file.statements(direction)[index] }

  /// CONCURRENTLY waits for other transactions to end, and blocks none of them meanwhile. Given up half-way, it would leave
  /// an index that is not valid: so it has no lock timeout, unless the file says otherwise.
  private func aloneFrame(_ index: Int) -> Frame {
    var own = frame
    if file.options(direction).lockTimeout == nil, SQLWords(text(index)).contains("CONCURRENTLY") {
      own.limits.lock = .zero
    }
    return own
  }
}

extension SQLStatement {
  /// Whether it sets something for what comes after it in the session: a setting, a role, a prepared statement.
  var setsSession: Bool {
    switch leadingKeywords.first {
    case "SET": !["LOCAL", "TRANSACTION", "CONSTRAINTS"].contains(leadingKeywords.dropFirst().first)
    case "RESET", "PREPARE", "DEALLOCATE", "LOAD": true
    case "SELECT": SQLWords(self).callsNothingBut("SET_CONFIG")
    default: false
    }
  }
}

extension Ledger {
  static let progressColumns: Set<String> = ["statements_done", "statements_total"]
}
