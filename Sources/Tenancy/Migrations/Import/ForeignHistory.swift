internal import TenancyPostgres

/// What another tool recorded about one schema.
struct ForeignHistory: Sendable {
  /// Something that it recorded about a version.
  struct Record: Sendable {
    enum Event: String, Sendable {
      case applied, undone
      /// With all versions before it.
      case upTo
      /// Nothing that concerns us, such as that the schema was made.
      case nothing
    }

    /// As the tool writes it.
    let version: String
    /// `nil` for what is not known here.
    let event: Event?
    /// The tool's word for it.
    let kind: String
    let isFinished: Bool
    let checksum: String?
    let origin: LedgerOrigin
  }

  let records: [Record]
  /// Of all rows, to find out whether they are the same still.
  let fingerprint: String

  /// The queries that read it: the fingerprint, and the records in the order in which they were made.
  static func queries(_ format: ImportFormat, _ table: QualifiedName) -> [SQL] {
    [
      "SELECT \(fingerprint(of: table))",
      """
      SELECT version, event, kind, finished, checksum, \(time(of: "applied_at")), applied_by, ms
      FROM (\(format.source.records(table))) AS r
      """,
    ]
  }

  init(_ answers: [Rows]) throws {
    fingerprint = try answers[0][0].decode(String.self)
    records = try answers[1].map { row in
      let (version, event, kind, isFinished, checksum) = try row.decode(
        String?.self, String.self, String.self, Bool.self, String?.self)
      return Record(
        version: version ?? "", event: Record.Event(rawValue: event), kind: kind, isFinished: isFinished,
        checksum: checksum, origin: LedgerOrigin(appliedAt: row[5], appliedBy: row[6], milliseconds: row[7]))
    }
  }

  /// In a form that is read as the same moment whatever DateStyle says: the abbreviation of a time zone may stand for others.
  private static func time(of column: SQL) -> SQL {
    "to_char(\(column)::timestamptz AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
  }

  /// concat prints a row by its columns; for `h::text`, somebody who once owned the table may have made a cast.
  private static func fingerprint(of table: QualifiedName) -> SQL {
    "(SELECT md5(coalesce(string_agg(concat(h), '' ORDER BY concat(h)), '')) FROM \(table) AS h)"
  }

  /// Keeps others from changing the table, and fails by a division if somebody has. It is inspected before it is read again.
  func check(_ table: Ledger) -> [SQL] {
    [
      "LOCK TABLE ONLY \(table.name) IN SHARE ROW EXCLUSIVE MODE", table.check(table.trust),
      "SELECT \(Guard.number(if: "\(Self.fingerprint(of: table.name)) = \(literal: fingerprint)"))",
    ]
  }
}

/// Where a row of the ledger comes from, if it is not a migration of ours: each part as text, `nil` if it is not known.
struct LedgerOrigin: Sendable, Hashable {
  var appliedAt: String?
  var appliedBy: String?
  var milliseconds: String?
}

/// Why what another tool recorded about a schema is not taken over.
package struct HistoryProblem: Sendable, Hashable {
  /// Why.
  package enum Reason: Sendable, Hashable {
    /// There is no such table, or it is not one of the tool's.
    case missing(table: String)
    /// The table is not trusted: its creator could run code as the role that reads it.
    case notTrusted(table: String, LedgerDistrust)
    /// A migration of that version failed.
    case unfinished(String)
    /// It has a version that no file has.
    case unknownVersion(String)
    /// It has another checksum for that file.
    case edited(String)
    /// It has a record of a kind that cannot be taken over.
    case unknownKind(String, version: String)
    /// The schema, or our own ledger in it, is not as it must be.
    case schema(TenancyProblem)
  }

  /// The tenant, or `public`.
  package let tenant: String
  /// Why.
  package let reason: Reason
}

extension ForeignHistory {
  /// Which of the migrations it says are applied. Throws the reason why it cannot be taken over.
  func applied(
    _ migrations: [ImportedMigration], _ format: ImportFormat
  ) throws(HistoryFailure) -> [SourceVersion: LedgerOrigin] {
    var applied: [SourceVersion: LedgerOrigin] = [:]
    for record in records {
      guard record.isFinished else { throw HistoryFailure(.unfinished(record.version)) }
      guard let event = record.event else {
        throw HistoryFailure(.unknownKind(record.kind, version: record.version))
      }
      if event == .nothing { continue }
      guard let version = SourceVersion(dotted: record.version) else {
        throw HistoryFailure(.unknownVersion(record.version))
      }
      let migration = migrations.first { $0.version == version }
      switch event {
      case .nothing: break
      case .undone: applied[version] = nil
      case .applied:
        guard let migration else { throw HistoryFailure(.unknownVersion(record.version)) }
        if let checksum = record.checksum, !migration.checksums.contains(checksum) {
          throw HistoryFailure(.edited(migration.sources[0]))
        }
        applied[version] = record.origin
      case .upTo:
        // Of Flyway it may be a baseline, which needs no file.
        if migration == nil, format != .flyway {
          throw HistoryFailure(.unknownVersion(record.version))
        }
        for earlier in migrations where !(version < earlier.version) {
          applied[earlier.version] = record.origin
        }
      }
    }
    return applied
  }
}

/// A ``HistoryProblem`` of a schema that the one who throws it does not know.
struct HistoryFailure: Error {
  let reason: HistoryProblem.Reason

  init(_ reason: HistoryProblem.Reason) {
    self.reason = reason
  }
}
