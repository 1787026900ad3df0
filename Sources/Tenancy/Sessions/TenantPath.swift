internal import SQLText
internal import Synchronization
internal import TenancyPostgres

/// What a tenant's statements find by unqualified names: its own schema first, then the schemas that all tenants share.
struct TenantPath: Sendable, Hashable {
  /// What comes after the tenant's schema: `public`, and what the database's own search path has besides, such as the
  /// schema of its extensions.
  let shared: [SchemaName]

  init(shared: [SchemaName] = [.shared]) {
    self.shared = shared
  }

  /// The schemas, in order.
  func names(for schema: SchemaName) -> [SchemaName] { ([schema] + shared).uniqued() }

  /// The value of `search_path`.
  func value(for schema: SchemaName) -> String {
    names(for: schema).map { $0 == .shared ? "public" : $0.identifier.quoted }.joined(separator: ", ")
  }

  /// Enters the schema for the rest of the transaction.
  func enter(_ schema: SchemaName) -> SQL {
    "SET LOCAL search_path TO \(unsafeRaw: value(for: schema))"
  }
}

/// How a tenant's transactions are framed: what is the same for every tenant of a run.
struct Frame: Sendable, Hashable {
  var limits: TimeLimits
  var path = TenantPath()
  /// Whether a transaction with a file's statements goes out as one message. Citus refuses most statements there.
  var sendsOneMessage = true
  /// Whether there is no pooler in between, so that nobody else has used the session.
  var isDirect = true
  /// A lock of the session's that outlives the cleaning of the session at the end of each file.
  var sessionLock: SQL?
  /// What a file must not change where the tenant lacks it.
  var sharedTargets = SharedTargets()
  /// Whether a commit returns before its record is on disk. Who reports something as done waits for it, once for many.
  var defersCommits = false
  /// ``DatabaseTraits/serverRun``, as of before any of these transactions.
  var serverRun: String?

  /// For a transaction whose commit need not be waited for.
  var deferral: [SQL] { defersCommits ? ["SET LOCAL synchronous_commit TO off"] : [] }

  /// Frees the session's advisory locks but our own, within one statement.
  var unlocking: [SQL] { [SessionCleaning.unlock] + (sessionLock.map { [$0] } ?? []) }

  /// The same, as far as a file says otherwise.
  func overridden(by options: MigrationOptions) -> Frame {
    var frame = self
    frame.limits = limits.overridden(by: options)
    return frame
  }
}

/// What is known about the database, besides its registry.
struct DatabaseTraits: Sendable, Hashable {
  let path: TenantPath
  /// The schemas of the database's own search path, unless the settings say otherwise: a tenant's, too.
  let searched: [SchemaName]
  /// Whether there is no pooler in between.
  let isDirect: Bool
  /// Whether it is distributed by Citus.
  let isCitus: Bool
  /// Whether commits may return before they are on disk: the current role can then wait for all of them at once.
  let canDefer: Bool
  /// Since when the server has run without a crash: when it was started, and the process of its oldest child, which is another
  /// after a crash. Any role may read both, and no pooler hides them.
  let serverRun: String?
  /// The roles that get privileges on the tables that the current role makes.
  let defaultGrantees: [SQL]

  /// Not the current search path, which is tenantctl's, but the default of a session: a NULL sets it. Then tenantctl's is set
  /// again.
  static let query: SQL = """
    SELECT set_config('search_path', NULL, true), set_config('search_path', \(literal: SessionCleaning.ownPath), true),
      pg_backend_pid(), to_regproc('pg_catalog.citus_version') IS NOT NULL,
      has_function_privilege(coalesce(to_regprocedure('pg_logical_emit_message(boolean, text, text, boolean)'),
        to_regprocedure('pg_logical_emit_message(boolean, text, text)')), 'EXECUTE'),
      EXISTS (SELECT FROM pg_catalog.pg_default_acl), (\(serverRun))
    """
  /// Tells what ``serverRun`` is at the moment.
  static let serverRun: SQL = """
    SELECT concat(extract(epoch FROM pg_postmaster_start_time()), ' ', min(a.pid)) FROM pg_stat_get_activity(NULL) a
    WHERE a.datid IS NULL AND a.usesysid IS NULL
    """
}

extension TenantDatabase {
  /// How transactions in tenants' schemas are framed here.
  func frame(statementTimeout: Duration? = nil, over connection: Connection) async throws -> Frame {
    let traits = try await traits(over: connection)
    return Frame(
      limits: TimeLimits(
        lock: settings.lockTimeout, statement: statementTimeout, isDistributed: traits.isCitus),
      path: traits.path,
      sendsOneMessage: !traits.isCitus, isDirect: traits.isDirect,
      defersCommits: traits.canDefer && !traits.isCitus, serverRun: traits.serverRun)
  }

  /// The same over a connection of its own.
  func frame(statementTimeout: Duration? = nil) async throws -> Frame {
    try await connected { try await self.frame(statementTimeout: statementTimeout, over: $0) }
  }

  /// Whom a ledger is closed to is known once the database's traits are: whoever may make one asks for a frame first.
  var ledgerTrust: LedgerTrust {
    LedgerTrust(
      registry: settings.registry.tenants, closedTo: knownTraits.withLock { $0?.defaultGrantees ?? [] })
  }

  func traits(over connection: Connection) async throws -> DatabaseTraits {
    if let known = knownTraits.withLock({ $0 }) { return known }
    return try await learnTraits(from: try await connection.query(DatabaseTraits.query), over: connection)
  }

  /// Keeps what the ``DatabaseTraits/query`` has found.
  @discardableResult
  func learnTraits(from rows: Rows, over connection: Connection) async throws -> DatabaseTraits {
    let (own, _, process, isCitus, canDefer, hasDefaults, run) = try rows[0].decode(
      String?.self, String.self, Int.self, Bool.self, Bool?.self, Bool.self, String?.self)
    let grantees = hasDefaults ? try await defaultGrantees(over: connection) : []
    var path = TenantPath(shared: settings.sharedSchemas ?? [.shared])
    var others: [SchemaName] = []
    if settings.sharedSchemas == nil {
      others = SearchPathSetting.schemas(in: own ?? "").filter { !$0.isReserved && $0.canBeEntered }
      path = TenantPath(shared: [.shared] + (try await withoutTenants(others, over: connection)))
    }
    let traits = DatabaseTraits(
      path: path, searched: others, isDirect: await connection.isServed(by: process), isCitus: isCitus,
      canDefer: canDefer ?? false, serverRun: run, defaultGrantees: grantees)
    knownTraits.withLock { $0 = traits }
    return traits
  }

  /// The roles that get privileges on the tables that the current role makes. Apart, as few databases have any.
  private func defaultGrantees(over connection: Connection) async throws -> [SQL] {
    let grantees = try await connection.query(
      """
      SELECT string_agg(DISTINCT CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END, ', ')
      FROM pg_catalog.pg_default_acl a CROSS JOIN LATERAL aclexplode(a.defaclacl) x
      WHERE a.defaclobjtype = 'r' AND pg_get_userbyid(a.defaclrole) = CURRENT_USER AND x.grantee <> a.defaclrole
      """)
    return grantees[0][0].map { [SQL(unsafeRaw: $0)] } ?? []
  }

  /// A tenant's schema in the database's own search path would be every tenant's.
  private func withoutTenants(_ schemas: [SchemaName], over connection: Connection) async throws
    -> [SchemaName]
  {
    if schemas.isEmpty { return [] }
    let names = schemas.map(\.rawValue)
    let owned = try await reading(over: connection) { shape in
      try await connection.query(
        """
        SELECT DISTINCT \(shape.schema) FROM \(shape.tenants.table) t WHERE \(shape.schema) = ANY(\(names)::text[])
        """)
    }
    let taken = Set(owned.compactMap { $0[0] })
    return schemas.filter { !taken.contains($0.rawValue) }
  }
}

/// The value of a `search_path`, as PostgreSQL writes it: names, quoted where they have to be, between commas
/// (PostgreSQL manual, 20.11.1).
enum SearchPathSetting {
  static func schemas(in value: String) -> [SchemaName] {
    var names: [SchemaName] = []
    var rest = Substring(value)
    while let first = rest.first {
      if first == "," || first.isWhitespace {
        rest.removeFirst()
      } else if first == "\"" {
        rest.removeFirst()
        names.append(SchemaName(stored: quoted(&rest)))
      } else {
        let name = rest.prefix { $0 != "," && !$0.isWhitespace }
        // As PostgreSQL folds names.
        names.append(SchemaName(stored: ASCII.lowercased(String(name))))
        rest = rest[name.endIndex...]
      }
    }
    // An empty path is written as an empty name.
    return names.filter { !$0.rawValue.isEmpty }
  }

  /// Up to the closing quote; two of them stand for one.
  private static func quoted(_ rest: inout Substring) -> String {
    var name = ""
    while let character = rest.popFirst() {
      if character == "\"" {
        guard rest.first == "\"" else { break }
        rest.removeFirst()
      }
      name.append(character)
    }
    return name
  }
}
