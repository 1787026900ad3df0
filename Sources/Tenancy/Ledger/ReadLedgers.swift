internal import TenancyPostgres

extension Surveyor {
  /// Reads ledgers. One that cannot be read, or is not to be trusted, does not hide the others.
  func read(_ subjects: [Subject], over connection: Connection) async throws -> [Survey] {
    let present = subjects.filter { $0.state.hasLedger && $0.state.distrust == nil }
    var found: [SchemaName: Found] = [:]
    for start in stride(from: 0, to: present.count, by: Self.batch) {
      let batch = present[start..<min(start + Self.batch, present.count)]
      found.merge(try await contents(of: batch.map(\.schema)[...], limits, over: connection)) { $1 }
    }
    // Most of them have the same contents.
    var standings: [LedgerContents: Standing] = [:]
    return subjects.map { subject in
      switch found[subject.schema] {
      case .contents(let contents, let table):
        let standing = standings[contents] ?? Standing(contents, files)
        standings[contents] = standing
        var subject = subject
        subject.state = subject.state.with(table)
        return survey(
          subject, standing, columns: contents.columns, problem: contents.problem(in: subject.schema))
      case .failure(let problem): return unread(subject, problem: problem)
      case nil: return unread(subject, problem: subject.problem)
      }
    }
  }

  private enum Found {
    case contents(LedgerContents, LedgerTable)
    case failure(TenancyProblem)
  }

  /// What ledgers have, in one transaction. They are locked before they are inspected, and inspected before they are read:
  /// nobody can put a view in a ledger's place meanwhile, whose functions would run as the role that reads it. If one of them
  /// makes it fail, each half is tried by itself; if that was a lock, it has been waited for, and is not waited for again.
  private func contents(
    of schemas: ArraySlice<SchemaName>, _ limits: TimeLimits, over connection: Connection
  ) async throws -> [SchemaName: Found] {
    let locked: [SQL] = schemas.map { "ONLY \($0.relation(ledger))" }
    do {
      return try await connection.transaction(
        opening: limits.opening + [
          "LOCK TABLE \(SQL.joined(locked)) IN ACCESS SHARE MODE", inspection(of: schemas),
        ]
      ) { opened in
        var found: [SchemaName: Found] = [:]
        let tables = try opened[opened.count - 1].map(LedgerTable.init)
        for table in tables {
          if let distrust = table.distrust {
            found[table.schema] = .failure(.ledgerNotTrusted(table.schema, distrust))
          }
        }
        let sound = tables.filter { $0.distrust == nil }
        let queries = sound.map { reading(of: $0) }
        var answers = try await connection.pipeline(queries.flatMap { $0 })[...]
        for (table, queries) in zip(sound, queries) {
          let contents = try LedgerContents(Array(answers.prefix(queries.count)))
          answers = answers.dropFirst(queries.count)
          found[table.schema] = .contents(contents, table)
        }
        return found
      }
    } catch let failure as StatementError {
      if schemas.count == 1, let schema = schemas.first { return [schema: .failure(.from(failure.error))] }
      var limits = limits
      if failure.error.state == .lockNotAvailable { limits.lock = .milliseconds(50) }
      let middle = schemas.startIndex + schemas.count / 2
      return try await contents(of: schemas[..<middle], limits, over: connection)
        .merging(try await contents(of: schemas[middle...], limits, over: connection)) { $1 }
    }
  }

  /// A ledger that has our columns and no others, as most have, is read for a third of what any other table costs the
  /// server.
  private func reading(of table: LedgerTable) -> [SQL] {
    let ledger = Ledger(schema: table.schema, table: ledger, trust: trust, oid: table.oid)
    return table.isComplete ? [ledger.readComplete] : ledger.read + [ledger.besideRails]
  }

  /// The query whose rows ``LedgerTable/init(_:)`` reads.
  func inspection(of schemas: some Sequence<SchemaName>) -> SQL {
    """
    SELECT n.nspname, c.oid, \(LedgerTrust.isGranted) OR columns.are_granted, columns.are_ours, \(trust.deepDistrust)
    FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = \(ledger)
    CROSS JOIN \(trust.roles) \(LedgerTrust.columns)
    WHERE n.nspname = ANY(\(schemas.map(\.rawValue))::text[])
    """
  }
}

/// The state of a ledger's table.
struct LedgerTable: Sendable {
  let schema: SchemaName
  let oid: Int
  /// Whether other roles have privileges on it.
  let isGranted: Bool
  /// Whether it has our columns and no others.
  let isComplete: Bool
  let distrust: LedgerDistrust?

  init(_ row: Row) throws {
    let (schema, oid, isGranted, isComplete, code) = try row.decode(
      String.self, Int.self, Bool.self, Bool.self, String?.self)
    self.schema = SchemaName(stored: schema)
    self.oid = oid
    self.isGranted = isGranted
    self.isComplete = isComplete
    distrust = LedgerDistrust(code: code)
  }
}

extension Ledger {
  /// The rows of one that has all columns.
  fileprivate var readComplete: SQL {
    "SELECT version::text, checksum::text, statements_done::int, statements_total::int FROM ONLY \(name)"
  }

  /// Whether Rails' second table is there: then `schema_migrations` is Rails' own.
  fileprivate var besideRails: SQL {
    let tables = MigrationTool.rails.tables.map {
      "to_regclass(\(schema.relation($0).quoted)) IS NOT NULL" as SQL
    }
    return "SELECT \(table == "schema_migrations" ? SQL.joined(tables, by: " OR ") : "false")"
  }
}

/// What a ledger has.
struct LedgerContents: Sendable, Hashable {
  var history = LedgerHistory()
  var begun: [MigrationVersion: Int] = [:]
  /// Those that are recorded with no statement.
  var empty: Set<MigrationVersion> = []
  /// Versions of other tools, such as Flyway's `1.2`.
  var foreign: [String] = []
  /// A version that it has more than once, as a table without its primary key may.
  private var repeated: MigrationVersion?
  var columns = Ledger.allColumns
  private var isRails = false

  init(history: LedgerHistory = LedgerHistory()) {
    self.history = history
  }

  /// - Parameter answers: the rows of a complete ledger, or those of ``Ledger/read`` and whether it is Rails'.
  fileprivate init(_ answers: [Rows]) throws {
    if answers.count > 1 {
      columns = Set(answers[0].compactMap { $0[0] })
      isRails = try columns == ["version"] && answers[2][0].decode(Bool.self)
    }
    var checksums: [MigrationVersion: Checksum?] = [:]
    for row in answers.count > 1 ? answers[1] : answers[0] {
      let (text, checksum, done, total) = try row.decode(String?.self, String?.self, Int?.self, Int?.self)
      guard let text, let version = try? MigrationVersion(parsing: text) else {
        foreign.append(text ?? "NULL")
        continue
      }
      if checksums[version] != nil { repeated = version }
      checksums[version] = .some(checksum.map(Checksum.init(rawValue:)))
      if let done, let total, done < total { begun[version] = done }
      if total == 0 { empty.insert(version) }
    }
    history = LedgerHistory(
      checksums, foreign: foreign.count, keepsChecksums: columns.contains("checksum"))
  }

  /// A table that has the ledger's name and is another tool's.
  func problem(in schema: SchemaName) -> TenancyProblem? {
    if isRails { return .ledgerInUse(schema, by: .rails) }
    if let repeated { return .ledgerRepeats(schema, repeated) }
    let tool = MigrationTool(ledgerColumns: columns)
    return columns.contains("version") && tool == nil
      ? nil : .foreignLedger(schema, tool, columns: columns.sorted())
  }
}
