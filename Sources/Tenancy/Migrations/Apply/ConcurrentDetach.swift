internal import SQLText
internal import TenancyPostgres

/// `ALTER TABLE p DETACH PARTITION q CONCURRENTLY`.
///
/// It commits in between: cut off after that, the partition is pending detach, and PostgreSQL takes no other DETACH of it but
/// FINALIZE (PostgreSQL manual, ALTER TABLE).
struct ConcurrentDetach: Sendable, Hashable {
  /// A table as the statement names it.
  struct Table: Sendable, Hashable {
    /// `nil` for the schema at hand.
    let schema: String?
    let name: String

    func relation(in schema: SchemaName) -> QualifiedName {
      self.schema.map { QualifiedName(Identifier($0), Identifier(name)) } ?? schema.relation(name)
    }
  }

  /// What the catalog says about the partition after an attempt that was cut off.
  enum State: Sendable, Hashable {
    /// The statement has changed nothing, or may not be meant for this table.
    case notBegun
    /// FINALIZE is left.
    case pending
    case done
  }

  let parent: Table
  let partition: Table

  /// `nil` for any other statement.
  init?(_ statement: SQLStatement) {
    let words = SQLWords(statement)
    guard words.firstIndex(of: "ALTER", "TABLE") == 0,
      let detach = words.firstIndex(of: "DETACH", "PARTITION"),
      words.words.last?.is("CONCURRENTLY") ?? false,
      let parent = Table(words, at: 2), let partition = Table(words, at: detach + 2)
    else { return nil }
    (self.parent, self.partition) = (parent, partition)
  }

  /// Done only if the partition has changed since the statements before were recorded as done: of a table that never was one,
  /// the statement is to say so.
  /// - Parameter index: which of the file's statements it is.
  func state(for steps: StatementSteps, _ index: Int, over connection: Connection) async throws -> State {
    let rows = try await steps.ledger.read(
      """
      SELECT i.inhrelid IS NOT NULL, coalesce(i.inhdetachpending, false),
        coalesce(age(c.xmin) < (\(steps.ageOfProgress(before: index))), false)
      FROM pg_catalog.pg_class c
      LEFT JOIN pg_catalog.pg_inherits i
        ON i.inhrelid = c.oid AND i.inhparent = to_regclass(\(parent.relation(in: steps.schema).quoted))
      WHERE c.oid = to_regclass(\(partition.relation(in: steps.schema).quoted))
      """, steps.limits, over: connection)
    guard let row = rows.first else { return .notBegun }
    let (isPartition, isPending, isNew) = try row.decode(Bool.self, Bool.self, Bool.self)
    return isPending ? .pending : !isPartition && isNew ? .done : .notBegun
  }

  func finalization(in schema: SchemaName) -> SQL {
    "ALTER TABLE \(parent.relation(in: schema)) DETACH PARTITION \(partition.relation(in: schema)) FINALIZE"
  }
}

extension ConcurrentDetach.Table {
  fileprivate init?(_ words: SQLWords, at index: Int) {
    guard let name = words.name(at: index) else { return nil }
    let end = words.endOfName(at: index)
    let isQualified = end - 3 >= index && words.words[end - 2].text == "."
    self.init(schema: isQualified ? words.words[end - 3].name : nil, name: name)
  }
}

extension Step {
  /// The same with other SQL in its place, for a statement that is sent alone.
  func replacing(with sql: SQL) -> Step {
    guard case .alone(let statement, let settings) = self else { return self }
    return .alone(PlannedStatement(sql, source: statement.source), settings)
  }
}
