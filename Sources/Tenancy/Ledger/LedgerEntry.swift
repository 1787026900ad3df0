internal import TenancyPostgres

/// A row of a ledger, as far as its table has the columns.
package struct LedgerEntry: Sendable, Hashable, Encodable {
  /// The version: digits, or what another tool has for one.
  package let version: String
  /// The migration's name.
  package let name: String?
  /// The file's SHA-256 when it was applied.
  package let checksum: String?
  /// When it was applied: ISO 8601 in UTC, with milliseconds.
  package let appliedAt: String?
  /// The role that applied it.
  package let appliedBy: String?
  /// How long it took, in milliseconds.
  package let durationMs: Int?
  /// How many of its statements are done; negative while a rollback outside of a transaction is unfinished.
  package let statementsDone: Int?
  /// How many statements it has.
  package let statementsTotal: Int?
  /// The version of the tool that applied it.
  package let toolVersion: String?

  /// Whether it was started but not finished.
  package var isUnfinished: Bool {
    if let done = statementsDone, let total = statementsTotal { done < total } else { false }
  }

  fileprivate init(_ row: Row) throws {
    (
      version, name, checksum, appliedAt, appliedBy, durationMs, statementsDone, statementsTotal, toolVersion
    ) = try row.decode(
      String.self, String?.self, String?.self, String?.self, String?.self, Int?.self, Int?.self, Int?.self,
      String?.self)
  }

  /// By version; those of other tools last.
  fileprivate static func precedes(_ left: LedgerEntry, _ right: LedgerEntry) -> Bool {
    let versions = [left, right].map { try? MigrationVersion(parsing: $0.version) }
    return switch (versions[0], versions[1]) {
    case (let left?, let right?): left < right
    case (nil, nil): left.version < right.version
    case (let version, nil): version != nil
    case (nil, _): false
    }
  }
}

extension TenantDatabase {
  /// What the tenant's ledger has, by version; empty if the tenant has no ledger.
  ///
  /// Throws ``TenancyProblem/tenantNotFound(_:)``, ``TenancyProblem/ledgerNotTrusted(_:_:)`` and what else keeps the ledger
  /// from being read.
  package func history(of name: TenantName) async throws -> [LedgerEntry] {
    try await readingRegistry { connection, shape in
      let members = try await self.members(of: FleetSelection(names: [name]), over: connection, shape)
      guard let member = members.first else { throw TenancyProblem.tenantNotFound(name) }
      let survey = try await self.currentSurvey(
        of: member, MigrationSet(tenant: [], shared: []), over: connection)
      if let problem = survey.problem { throw problem }
      return try await self.entries(of: survey, over: connection)
    }
  }

  /// The state of a tenant by its ledger itself, whatever the comment on it says.
  func currentSurvey(of member: FleetMember, _ files: MigrationSet, over connection: Connection) async throws
    -> Survey
  {
    try await surveyor(files.tenant).survey([member], over: connection, verify: true)[0]
  }

  /// The rows of a ledger that was read without a problem. It is locked, and checked again to be the table that was trusted.
  func entries(of survey: Survey, over connection: Connection) async throws -> [LedgerEntry] {
    guard survey.hasLedger else { return [] }
    let rows = try await survey.ledger.read(survey.ledger.readEntries, limits, over: connection)
    return try rows.map(LedgerEntry.init).sorted(by: LedgerEntry.precedes)
  }
}

extension Ledger {
  /// The rows that ``LedgerEntry/init(_:)`` reads; as JSON, so that a table with fewer columns reads the same.
  fileprivate var readEntries: SQL {
    """
    SELECT coalesce(r->>'version', ''), r->>'name', r->>'checksum',
      to_char((r->>'applied_at')::timestamptz AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), r->>'applied_by',
      (r->>'duration_ms')::bigint, (r->>'statements_done')::int, (r->>'statements_total')::int, r->>'tool_version'
    FROM (SELECT to_jsonb(l) FROM ONLY \(name) l) AS l (r)
    """
  }
}
