internal import TenancyPostgres

/// Reads the registry for a directory, over a connection of its own.
struct DirectoryReader: Sendable {
  let connection: Connection
  let shape: RegistryShape
  /// Whether a table is a view, materialized or not, or foreign: those do not tell which transaction wrote a row.
  private let readsContents: Bool
  /// Whether the database tells of each change of the registry.
  let isNotified: Bool
  private let limits: TimeLimits
  private let opening: SQL

  /// Reads the registry's shape, and listens unless the server is a standby or behind a pooler.
  ///
  /// Throws ``TenancyProblem`` if the registry is not what the mapping says, or what it was.
  init(_ state: DirectoryState, of database: TenantDatabase, over connection: Connection) async throws {
    self.connection = connection
    limits = database.limits
    opening = database.settings.opening
    shape = try await RegistryShape.load(database.settings.registry, over: connection)
    try state.admit(shape)
    let rows = try await connection.query(
      """
      SELECT pg_is_in_recovery(), EXISTS (
        SELECT FROM pg_catalog.pg_class WHERE oid IN (\(CatalogTable.oids(of: shape.tables))) AND relkind IN ('v', 'm', 'f'))
      """)
    let (isStandby, hasViews) = try rows[0].decode(Bool.self, Bool.self)
    readsContents = hasViews
    // A standby refuses LISTEN, and a pooler forgets it.
    guard !isStandby, try await connection.isDirect() else {
      isNotified = false
      return
    }
    try await connection.query("LISTEN \(Identifier(RegistryNotifications.channel))")
    isNotified = try await RegistryNotifications(shape).state(over: connection) == .current
  }

  /// What changes when the registry does. The connection counts as lost without an answer in that time.
  func mark(within limit: Duration) async throws -> DirectoryMark {
    let query = DirectoryMark.query(shape, readsContents: readsContents)
    return try DirectoryMark(
      try await connection.segments([[opening, query]], within: limit)[0].get()[1][0])
  }

  /// Reads everything, a part at a time: libpq's copy of 100,000 rows would take more memory than ours.
  /// - Parameter before: what was read the last time, which tells how much there is to come.
  func readAll(after before: DirectoryContents?) async throws -> (DirectoryContents, DirectoryMark) {
    var index = before.map { DirectoryIndex(asLargeAs: $0.base) } ?? DirectoryIndex()
    let mark = try await inSnapshot {
      try await forEachRow(of: shape.directoryTenants()) { row in
        let tenant = try DirectoryTenant(row)
        // Two rows without a key have nothing in common.
        index.add(tenant, key: row[0] ?? "\(Self.noKey)\(tenant.name)")
      }
      if let domains = shape.domains {
        try await forEachRow(of: shape.directoryDomains(domains)) { row in
          index.add(host: row[0] ?? "", of: row[1] ?? Self.noKey)
        }
      }
      let query = DirectoryMark.query(shape, readsContents: readsContents)
      return try DirectoryMark(try await connection.query(query)[0])
    }
    return (DirectoryContents(index, hasDomains: shape.domains != nil), mark)
  }

  /// Reads what has these keys now.
  func read(_ keys: Set<DirectoryKey>) async throws -> [DirectoryEntry] {
    let keys = shape.possibleKeys(keys)
    let texts = keys.map(\.rawValue)
    let queries =
      [shape.directoryTenants(texts)] + (shape.domains.map { [shape.directoryDomains($0, texts)] } ?? [])
    let rows = try await inSnapshot { try await connection.pipeline(queries) }
    var entries = Dictionary(uniqueKeysWithValues: keys.map { ($0, DirectoryEntry(key: $0)) })
    for row in rows[0] {
      let key = DirectoryKey(row[0] ?? "")
      if entries[key]?.tenant != nil { entries[key]?.isContested = true }
      entries[key]?.tenant = try DirectoryTenant(row)
    }
    for row in rows.dropFirst().joined() { entries[DirectoryKey(row[1] ?? "")]?.hosts.append(row[0] ?? "") }
    return Array(entries.values)
  }

  /// Begins the key of a row without one: no text of PostgreSQL has a NUL.
  private static let noKey = "\0"

  /// Reads one moment of the registry (PostgreSQL manual, 13.2.2).
  ///
  /// The tables are locked before the snapshot is taken: a TRUNCATE that is waited for would otherwise leave empty tables in
  /// a snapshot from before it (manual, 13.6 "Caveats"). Views and foreign tables take no such lock.
  private func inSnapshot<T>(_ body: () async throws -> T) async throws -> T {
    let lock: [SQL] =
      readsContents ? [] : ["LOCK TABLE \(SQL.joined(shape.tables.map { "\($0)" })) IN ACCESS SHARE MODE"]
    let opening: [SQL] =
      ["SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"] + limits.local + lock + [self.opening]
    return try await connection.transaction(opening: opening) { _ in try await body() }
  }

  private func forEachRow(of query: SQL, _ body: (Row) throws -> Void) async throws {
    let size = 2_000
    let fetch = SQL(unsafeRaw: "FETCH \(size) FROM tenantctl_directory")
    var rows = try await connection.pipeline([
      "DECLARE tenantctl_directory NO SCROLL CURSOR FOR \(query)", fetch,
    ])[1]
    while true {
      for row in rows { try body(row) }
      if rows.count < size { break }
      rows = try await connection.query(fetch)
    }
    try await connection.query("CLOSE tenantctl_directory")
  }
}
