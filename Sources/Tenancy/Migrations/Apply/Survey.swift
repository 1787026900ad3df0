internal import TenancyPostgres

/// What a tenant's schema has, held against the files.
package struct Survey: Sendable {
  /// The schema's owner; `nil` is the shared schema.
  package let tenant: Tenant?
  /// The schema.
  package let schema: SchemaName
  /// What the comment on the ledger says, if the ledger was read and says otherwise.
  package let wrongHead: LedgerHead?
  /// Why it cannot be migrated.
  package let problem: TenancyProblem?
  private(set) var ledger: Ledger
  let hasLedger: Bool
  let standing: Standing

  /// The migrations that it has.
  package var applied: [MigrationVersion] { standing.applied }
  /// The files that it does not have, in order.
  package var pending: [MigrationFile] { standing.pending }
  /// Files that it has, but that were edited since.
  package var changed: [MigrationFile] { standing.changed }
  /// Of the changed ones, those that had no statement when they were applied, and have some now.
  package var changedFromEmpty: [MigrationFile] { standing.changedFromEmpty }
  /// Versions that it has and that no file has.
  package var unknown: [String] { standing.unknown }
  /// Migrations outside of a transaction that were interrupted: how many statements of each are done.
  package var begun: [MigrationVersion: Int] { standing.begun }
  /// The migrations in the order of a rollback: what another one has half undone, then the newest first.
  var undoable: [MigrationVersion] {
    let newest = applied.reversed()
    return newest.filter { begun[$0] ?? 0 < 0 } + newest.filter { begun[$0] ?? 0 >= 0 }
  }
  var history: LedgerHistory { standing.history }
  var rows: Int { standing.rows }
  /// The history without what is begun and not finished, or half undone.
  var finished: LedgerHistory { begun.keys.sorted().reduce(history) { $0.removing($1) } }
  var state: LedgerState { LedgerState(rows: rows, begun: begun) }
  /// How many migrations it has, without those that are begun and not finished, or half undone.
  package var finishedCount: Int { applied.count - begun.count }
  /// The newest of these.
  package var finishedHead: MigrationVersion? { finished.head.version }
  /// The newest migration that it has.
  package var head: MigrationVersion? { applied.last }
  /// Pending files that are older than the head.
  package var outOfOrder: [MigrationFile] {
    guard let head else { return [] }
    return pending.filter { $0.version < head && begun[$0.version] == nil }
  }
  /// Whether it lacks a migration, or cannot tell.
  package var isBehind: Bool { !pending.isEmpty || problem != nil }
  /// The same where other roles turned out to have privileges on the ledger, be it on a column only.
  var withGrantedLedger: Survey {
    var copy = self
    copy.ledger.isGranted = true
    return copy
  }
  /// The tenant's name, or `public`.
  package var label: String { tenant?.name.rawValue ?? schema.rawValue }
}

/// Where the schemas of a selection stand.
package struct FleetSurvey: Sendable {
  /// The shared schema; `nil` if there are no files for it.
  package let shared: Survey?
  /// The tenants.
  package let tenants: [Survey]

  /// The shared schema's, then the tenants'.
  package var all: [Survey] { (shared.map { [$0] } ?? []) + tenants }

  /// Those for which it holds.
  package func filter(_ isIncluded: (Survey) -> Bool) -> FleetSurvey {
    FleetSurvey(
      shared: shared.flatMap { isIncluded($0) ? $0 : nil }, tenants: tenants.filter(isIncluded))
  }
}

extension TenantDatabase {
  /// Where the tenants of a selection, and the shared schema if there are files for it, stand.
  ///
  /// One catalog query tells it for all tenants whose ledger says, in its table's comment, that it has exactly the first
  /// n files; only the other ledgers are read.
  ///
  /// Throws ``TenancyProblem``; what is wrong with a single tenant is in its ``Survey/problem``.
  /// - Parameters:
  ///   - verify: whether all ledgers are read, whatever their comments say.
  ///   - closely: whether the ledgers that are to be written to are inspected as closely as those that are read.
  package func survey(
    _ selection: FleetSelection, _ files: MigrationSet, verify: Bool = false, closely: Bool = false
  ) async throws -> FleetSurvey {
    try await readingRegistry { connection, shape in
      let members = try await self.members(of: selection, over: connection, shape)
      let surveyor = self.surveyor(files.tenant)
      var tenants = try await surveyor.survey(members, over: connection, verify: verify)
      if closely { tenants = try await surveyor.inspect(tenants, over: connection) }
      guard !files.shared.isEmpty else { return FleetSurvey(shared: nil, tenants: tenants) }
      let shared = try await self.surveyor(files.shared).inspect(
        (tenant: nil, schema: .shared), over: connection)
      return FleetSurvey(shared: shared, tenants: tenants)
    }
  }

  func ledger(of schema: SchemaName) -> Ledger {
    Ledger(schema: schema, table: settings.ledger, trust: ledgerTrust)
  }

  func surveyor(_ files: [MigrationFile]) -> Surveyor {
    Surveyor(
      files: files, ledger: settings.ledger, trust: ledgerTrust, limits: limits)
  }
}

/// Holds ledgers against files.
struct Surveyor: Sendable {
  struct Subject: Sendable {
    let tenant: Tenant?
    let schema: SchemaName
    var state: SchemaState

    init(_ tenant: Tenant?, _ schema: SchemaName, _ state: SchemaState) {
      self.tenant = tenant
      self.schema = schema
      self.state = state
    }

    /// Why it cannot be migrated, as far as the catalog tells.
    var problem: TenancyProblem? {
      if let tenant, !state.exists { return tenant.unreachable }
      if let tenant, !schema.canBeEntered { return .schemaNotEnterable(tenant.name, schema) }
      return state.distrust.map { .ledgerNotTrusted(schema, $0) }
    }
  }

  /// How many ledgers are read in a round trip: a few hundred keep the answers small.
  static let batch = 200

  let files: [MigrationFile]
  let ledger: String
  let trust: LedgerTrust
  let limits: TimeLimits
  /// That of a schema without a ledger.
  private let nothing: Standing

  init(files: [MigrationFile], ledger: String, trust: LedgerTrust, limits: TimeLimits) {
    self.files = files
    self.ledger = ledger
    self.trust = trust
    self.limits = limits
    nothing = Standing(LedgerContents(), files)
  }

  func survey(
    _ members: [FleetMember], over connection: Connection, verify: Bool
  ) async throws -> [Survey] {
    var surveys: [Survey?] = []
    var standings: [LedgerHead: Standing?] = [:]
    var toRead: [(index: Int, Subject)] = []
    for (index, member) in members.enumerated() {
      let subject = Subject(member.tenant, member.tenant.schema, member.state)
      surveys.append(
        verify && member.state.hasLedger && subject.problem == nil ? nil : known(subject, &standings))
      if surveys[index] == nil { toRead.append((index, subject)) }
    }
    for (item, survey) in zip(toRead, try await read(toRead.map(\.1), over: connection)) {
      surveys[item.index] = survey
    }
    return surveys.compactMap { $0 }
  }

  /// The current state of a schema: its ledger is found and read.
  func inspect(_ schema: (tenant: Tenant?, schema: SchemaName), over connection: Connection) async throws
    -> Survey
  {
    let row = try await connection.query(inspection(of: [schema.schema])).first
    let state = SchemaState(exists: true)
    let found = try row.map { state.with(try LedgerTable($0)) } ?? state
    return try await read([Subject(schema.tenant, schema.schema, found)], over: connection)[0]
  }

  /// The surveys after a closer inspection of the ledgers that will be written to.
  func inspect(_ surveys: [Survey], over connection: Connection) async throws -> [Survey] {
    let open = surveys.filter { $0.hasLedger && $0.problem == nil && !$0.pending.isEmpty }.map(\.schema)
    if open.isEmpty { return surveys }
    var distrusted: [SchemaName: LedgerDistrust] = [:]
    var granted: Set<SchemaName> = []
    for row in try await connection.query(inspection(of: open)) {
      let table = try LedgerTable(row)
      distrusted[table.schema] = table.distrust
      if table.isGranted { granted.insert(table.schema) }
    }
    return surveys.map { survey in
      guard let distrust = distrusted[survey.schema] else {
        return granted.contains(survey.schema) ? survey.withGrantedLedger : survey
      }
      return unread(
        Subject(survey.tenant, survey.schema, SchemaState(exists: true, hasLedger: true, distrust: distrust)),
        problem: .ledgerNotTrusted(survey.schema, distrust))
    }
  }

  /// The survey of a schema whose ledger need not be read.
  /// - Parameter standings: what was worked out before; `nil` for a head by which the ledger has to be read.
  private func known(_ subject: Subject, _ standings: inout [LedgerHead: Standing?]) -> Survey? {
    if let problem = subject.problem { return unread(subject, problem: problem) }
    guard subject.state.hasLedger else { return unread(subject) }
    guard let head = subject.state.head else { return nil }
    if standings[head] == nil { standings[head] = .some(standing(of: head)) }
    return (standings[head] ?? nil).map { survey(subject, $0) }
  }

  /// The standing of a ledger with that head, if it has the first so many files.
  func standing(of head: LedgerHead) -> Standing? {
    guard (0...files.count).contains(head.count) else { return nil }
    let history = LedgerHistory(of: files.prefix(head.count))
    return history.head == head ? Standing(LedgerContents(history: history), files) : nil
  }

  /// The survey of a schema as it is without a ledger, or whose ledger cannot be read.
  func unread(_ subject: Subject, problem: TenancyProblem? = nil) -> Survey {
    survey(subject, nothing, problem: problem)
  }

  func survey(
    _ subject: Subject, _ standing: Standing, columns: Set<String> = Ledger.allColumns,
    problem: TenancyProblem? = nil
  ) -> Survey {
    // A migration that was started is in the ledger at once, and in the comment when it is finished.
    let isComparable = problem == nil && standing.begun.isEmpty
    return Survey(
      tenant: subject.tenant, schema: subject.schema,
      wrongHead: isComparable && subject.state.head != standing.head ? subject.state.head : nil,
      problem: problem,
      ledger: Ledger(
        schema: subject.schema, table: ledger, trust: trust, columns: columns, oid: subject.state.oid,
        isGranted: subject.state.isGranted),
      hasLedger: subject.state.hasLedger, standing: standing)
  }
}
