internal import SQLText
internal import TenancyPostgres

/// The statements that run one migration file, in one direction, in one schema, within one transaction.
///
/// The head comment comes first: its lock excludes other runners, but no reader or writer of tables. The tenant's search path
/// is set only for the file's own statements: the others come before and after, with a path that finds no object of the
/// tenant's, and those in between are safe with any path. The record comes last, when the file's duration is known and the
/// ledger is verified.
///
/// PostgreSQL takes an isolation level only before the first query of a transaction ("SET TRANSACTION"), and the head comment
/// is one: what the file sets at its start goes out before it. The snapshot of such a transaction is taken with the comment,
/// so that the ledger is locked first.
struct FileTransaction {
  let file: MigrationFile
  let direction: MigrationDirection
  let ledger: Ledger
  let frame: Frame
  /// How many finished rows the ledger has before.
  let count: Int
  /// What the ledger's comment says afterwards; `nil`: nothing.
  let history: LedgerHistory?
  /// Whether the ledger is made here.
  var createsLedger = false

  var step: Step {
    let (opening, rest) = statements
    return .enclosed(opening + before(locking: !opening.isEmpty) + rest + after, frame, .whole)
  }

  /// What the file sets for its transaction at its start, and the rest.
  private var statements: (opening: [PlannedStatement], rest: [PlannedStatement]) {
    let source = file.statements(direction)
    let opening = source.openingTransactionSettings
    let roles = file.underAnotherRole(direction)
    let planned = Array(zip(source.indices, ledger.statements(of: file, direction)))
    return (
      planned.filter { opening.contains($0.0) }.map(\.1),
      planned.filter { !opening.contains($0.0) }.flatMap { index, statement in
        (roles.contains(index) ? [ledger.checkOfRole(source[index], of: file)] : [])
          + frame.guarded(statement, source[index], of: file, in: ledger.schema)
      }
    )
  }

  private func before(locking: Bool) -> [PlannedStatement] {
    let lock = locking && !createsLedger ? [ledger.lock] : []
    let limits = frame.limits.overridden(by: file.options(direction))
    let create = createsLedger ? [SessionCleaning.pin] + ledger.creation : []
    let keep = file.mayCommentOnSchema ? [SessionCleaning.pin, Protection.keep(on: ledger)] : []
    let first = limits.local + lock + create + [ledger.comment(history)] + countFirst + keep
    return planned(first + (seal?.seal ?? []), .ledger)
      + planned([frame.path.enter(ledger.schema)], .ledger)
  }

  /// On Citus a statement that reads a tenant's table runs on a worker: not together with anything that must run here.
  private var countFirst: [SQL] {
    frame.sendsOneMessage || createsLedger
      ? [] : ledger.readyToRead + ["SELECT \(ledger.ifCount(count, "1"))"]
  }

  private var after: [PlannedStatement] {
    planned(SessionCleaning.settle, .end)
      + Closing(ledger: ledger, file: file, unlocking: frame.unlocking, isNamed: seal != nil).statements
      + planned(countLast + [seal?.check].compactMap { $0 }, .record)
      + [
        PlannedStatement(
          record, source: MigrationSource(file: file, place: .record), isRecord: direction == .up)
      ]
  }

  /// Not on Citus, for the reason of ``countFirst``.
  private var seal: LedgerSeal? { frame.sendsOneMessage ? LedgerSeal(file, direction, ledger) : nil }

  private var countsInRecord: Bool { direction == .down || ledger.hasTotal && frame.sendsOneMessage }

  private var countLast: [SQL] {
    countsInRecord || !frame.sendsOneMessage ? [] : ["SELECT \(ledger.ifCount(count, "1"))"]
  }

  private var record: SQL {
    direction == .up
      ? ledger.record(LedgerRecord(file), ifCount: countsInRecord ? count : nil)
      : ledger.remove(file.version, of: count)
  }

  private func planned(_ statements: [SQL], _ place: MigrationSource.Place) -> [PlannedStatement] {
    statements.map { PlannedStatement($0, source: MigrationSource(file: file, place: place)) }
  }
}

/// What stands between a file's statements and ours: the search path must lead to the schema still, and the ledger be the
/// table that it was. From then on the path is our own.
struct Closing {
  let ledger: Ledger
  let file: MigrationFile
  /// What is done with the session's advisory locks: those of a file end with it.
  var unlocking: [SQL] = []
  /// Whether the file has the ledger's name in it.
  var isNamed = false

  var statements: [PlannedStatement] {
    [
      planned("SELECT \(SQL.joined(checks))", .guard),
      planned(SessionCleaning.pin, .guard),
    ] + (needsLook ? [planned(ledger.check(), .guard)] : [])
  }

  private var checks: [SQL] {
    [searchPathIsSound] + (needsLook ? [] : [ledgerIsSame]) + unlocking
  }

  /// Whether the ledger's identity does not say enough: it was made in this run, or the file or another session could have
  /// put a trigger on it.
  private var needsLook: Bool { ledger.oid == nil || ledger.isGranted || isNamed }

  private var searchPathIsSound: SQL {
    Guard.number(
      if: "pg_catalog.current_schema() OPERATOR(pg_catalog.=) \(literal: ledger.schema.rawValue)")
  }

  private var ledgerIsSame: SQL {
    Guard.ledger(
      if: "\(ledger.regclass) OPERATOR(pg_catalog.=) \(unsafeRaw: String(ledger.oid ?? 0))::pg_catalog.oid")
  }

  private func planned(_ statement: SQL, _ place: MigrationSource.Place) -> PlannedStatement {
    PlannedStatement(statement, source: MigrationSource(file: file, place: place))
  }
}
