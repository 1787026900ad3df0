internal import Postgres

/// What a tenant's schema has, held against the files.
public struct Survey: Sendable {
  /// The schema's owner; `nil` is the shared schema.
  public let tenant: Tenant?
  /// The schema.
  public let schema: SchemaName
  /// The migrations that it has.
  public let applied: [MigrationVersion]
  /// The files that it does not have, in order.
  public let pending: [MigrationFile]
  /// Files that it has, but that were edited since.
  public let changed: [MigrationFile]
  /// Versions that it has and that no file has.
  public let unknown: [String]
  /// Migrations outside of a transaction that stopped half-way: how many statements of each are done.
  public let begun: [MigrationVersion: Int]
  /// What the comment on the ledger says, if the ledger was read and says otherwise.
  public let wrongHead: LedgerHead?
  /// Why it cannot be migrated.
  public let problem: TenancyError?
  let history: LedgerHistory
  let ledger: Ledger
  let hasLedger: Bool
  /// How many rows the ledger has, those that are none of ours too.
  let rows: Int

  /// The newest migration that it has.
  public var head: MigrationVersion? { applied.last }
  /// Pending files that are older than the head.
  public var outOfOrder: [MigrationFile] {
    guard let head else { return [] }
    return pending.filter { $0.version < head && begun[$0.version] == nil }
  }
  /// Whether it lacks a migration, or cannot tell.
  public var isBehind: Bool { !pending.isEmpty || problem != nil }
  /// The tenant's name, or `public`.
  public var label: String { tenant?.name.rawValue ?? schema.rawValue }
}

extension TenantDatabase {
  /// Where the tenants of a selection, and the shared schema if there are files for it, stand.
  ///
  /// One catalog query tells it for all tenants whose ledger says, in its table's comment, that it has exactly the first
  /// n files; only the other ledgers are read.
  ///
  /// Throws ``TenancyError``; what is wrong with a single tenant is in its ``Survey/problem``.
  /// - Parameter verify: whether all ledgers are read, whatever their comments say.
  public func survey(
    _ selection: FleetSelection, _ files: MigrationSet, verify: Bool = false
  ) async throws -> (shared: Survey?, tenants: [Survey]) {
    try await readingRegistry { connection, shape in
      let members = try await self.members(of: selection, over: connection, shape)
      let surveyor = Surveyor(files: files.tenant, ledger: self.settings.ledger)
      let tenants = try await surveyor.survey(members, over: connection, verify: verify)
      guard !files.shared.isEmpty else { return (nil, tenants) }
      return (try await self.surveyShared(files.shared, over: connection), tenants)
    }
  }

  private func surveyShared(_ files: [MigrationFile], over connection: Connection) async throws -> Survey {
    let ledger = Ledger(schema: .shared, table: settings.ledger)
    let found = try await connection.query(ledger.exists)
    let state = SchemaState(exists: true, hasLedger: try found[0].decode(Bool.self), head: nil)
    return try await Surveyor(files: files, ledger: settings.ledger)
      .read([(tenant: nil, schema: .shared, state)], over: connection)[0]
  }
}

/// Holds ledgers against files.
struct Surveyor: Sendable {
  typealias Subject = (tenant: Tenant?, schema: SchemaName, state: SchemaState)

  /// How many ledgers are read in a round trip: a few hundred keep the answers small.
  static let batch = 200

  let files: [MigrationFile]
  let ledger: String
  /// By the digest of the history that has the first n files: n.
  private let prefixes: [String: Int]

  init(files: [MigrationFile], ledger: String) {
    self.files = files
    self.ledger = ledger
    let histories = (0...files.count).map { LedgerHistory(of: files.prefix($0)).head.digest }
    prefixes = Dictionary(zip(histories, 0...), uniquingKeysWith: { first, _ in first })
  }

  func survey(
    _ members: [FleetMember], over connection: Connection, verify: Bool
  ) async throws -> [Survey] {
    var surveys: [Survey?] = []
    var toRead: [(index: Int, Subject)] = []
    for (index, member) in members.enumerated() {
      let subject = (tenant: Optional(member.tenant), schema: member.tenant.schema, member.state)
      surveys.append(verify && member.state.hasLedger ? nil : known(subject))
      if surveys[index] == nil { toRead.append((index, subject)) }
    }
    let complete = try await completeLedgers(of: toRead.map(\.1), over: connection)
    for start in stride(from: 0, to: toRead.count, by: Self.batch) {
      let batch = toRead[start..<min(start + Self.batch, toRead.count)]
      for (item, survey) in zip(batch, try await read(batch.map(\.1), complete, over: connection)) {
        surveys[item.index] = survey
      }
    }
    return surveys.compactMap { $0 }
  }

  /// The survey of a schema whose ledger need not be read.
  private func known(_ subject: Subject) -> Survey? {
    guard subject.state.exists else {
      let problem = subject.tenant.map { TenancyError.schemaMissing($0.name, subject.schema) }
      return survey(subject, LedgerContents(), problem: problem)
    }
    guard subject.state.hasLedger else { return survey(subject, LedgerContents()) }
    guard let head = subject.state.head, let count = prefixes[head.digest], count == head.count else {
      return nil
    }
    return survey(subject, LedgerContents(history: LedgerHistory(of: files.prefix(count))))
  }

  /// The survey of a schema as it is without a ledger.
  func unread(_ subject: Subject) -> Survey { survey(subject, LedgerContents()) }

  func survey(_ subject: Subject, _ contents: LedgerContents, problem: TenancyError? = nil) -> Survey {
    let history = contents.history
    let changed = files.filter { file in
      guard let checksum = history.checksums[file.version] ?? nil else { return false }
      return checksum != file.checksum
    }
    let known = Set(files.map(\.version))
    return Survey(
      tenant: subject.tenant, schema: subject.schema, applied: history.versions,
      pending: files.filter { !history.contains($0.version) || contents.begun[$0.version] != nil },
      changed: changed,
      unknown: history.versions.filter { !known.contains($0) }.map(\.rawValue) + contents.foreign,
      begun: contents.begun,
      // A migration that is begun is in the ledger, and gets into the comment in the end.
      wrongHead: problem == nil && contents.begun.isEmpty && subject.state.head != history.head
        ? subject.state.head : nil,
      problem: problem ?? contents.problem(in: subject.schema), history: history,
      ledger: Ledger(schema: subject.schema, table: ledger, columns: contents.columns),
      hasLedger: subject.state.hasLedger, rows: history.checksums.count + contents.foreign.count)
  }
}

extension TenantDatabase {
  /// Those of the tenants that lack a migration, or whose ledger cannot tell.
  ///
  /// Throws ``TenancyError``.
  public func behind(_ tenants: [Tenant], _ files: MigrationSet) async throws -> Set<TenantName> {
    let names = tenants.filter { !$0.schema.isNobodys }.map(\.name)
    let surveys = try await survey(FleetSelection(names: names), files).tenants
    return Set(surveys.filter(\.isBehind).compactMap { $0.tenant?.name })
  }
}
