internal import Postgres

extension Surveyor {
  /// Reads ledgers, each in a transaction of its own: one that cannot be read does not hide the others.
  /// - Parameter complete: the schemas whose ledgers are known to have our columns and no others.
  func read(
    _ subjects: [Subject], _ complete: Set<SchemaName> = [], over connection: Connection
  ) async throws -> [Survey] {
    let present = subjects.filter(\.state.hasLedger)
    let segments = present.map { subject in
      let ledger = Ledger(schema: subject.schema, table: ledger)
      return complete.contains(subject.schema) ? [ledger.readComplete] : ledger.read + [ledger.besideRails]
    }
    var answers = try await connection.openedSegments(segments)[...]
    // Most of them have the same contents.
    var standings: [LedgerContents: Standing] = [:]
    return try subjects.map { subject in
      guard subject.state.hasLedger, let answer = answers.popFirst() else {
        return unread(subject)
      }
      switch answer {
      case .success(let rows):
        let contents = try LedgerContents(rows)
        let standing = standings[contents] ?? Standing(contents, files)
        standings[contents] = standing
        return survey(
          subject, standing, columns: contents.columns, problem: contents.problem(in: subject.schema))
      case .failure(let failure):
        return unread(subject, problem: TenancyError.from(failure.error))
      }
    }
  }

  /// The schemas whose ledgers have our columns and no others, as most have: such a ledger is read for a third of what
  /// any other table costs the server. For one alone it is not worth another round trip.
  func completeLedgers(of subjects: [Subject], over connection: Connection) async throws -> Set<SchemaName> {
    guard subjects.count > 1 else { return [] }
    let columns = Array(Ledger.allColumns)
    let rows = try await connection.query(
      """
      SELECT n.nspname FROM pg_catalog.pg_namespace n
      JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = \(ledger) AND c.relkind IN ('r', 'p')
      WHERE n.nspname = ANY(\(subjects.map(\.schema.rawValue))::text[]) AND (
        SELECT count(*) = \(columns.count) AND bool_and(a.attname = ANY(\(columns)::text[]))
        FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)
      """)
    return Set(rows.compactMap { $0[0].map(SchemaName.init(stored:)) })
  }
}

extension Ledger {
  /// The rows of one that has all columns.
  fileprivate var readComplete: SQL {
    "SELECT version::text, checksum::text, statements_done::int, statements_total::int FROM \(name)"
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
  /// Versions that are none of ours, such as Flyway's `1.2`.
  var foreign: [String] = []
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
      checksums[version] = .some(checksum.map(Checksum.init(rawValue:)))
      if let done, let total, done < total { begun[version] = done }
    }
    history = LedgerHistory(
      checksums, foreign: foreign.count, keepsChecksums: columns.contains("checksum"))
  }

  /// A table that has the ledger's name and is another tool's.
  func problem(in schema: SchemaName) -> TenancyError? {
    if isRails { return .ledgerInUse(schema, by: .rails) }
    let tool = MigrationTool(ledgerColumns: columns)
    return columns.contains("version") && tool == nil
      ? nil : .foreignLedger(schema, tool, columns: columns.sorted())
  }
}
