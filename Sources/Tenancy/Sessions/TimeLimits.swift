internal import TenancyPostgres

/// How long a statement may wait or run before the server cancels it.
struct TimeLimits: Sendable, Hashable {
  /// `lock_timeout`. `nil`: the server's setting; zero: no limit.
  var lock: Duration?
  /// `statement_timeout`, likewise.
  var statement: Duration?
  /// Whether the database is distributed by Citus: then they are to hold on the workers, too.
  var isDistributed = false

  /// The start of each transaction: tenantctl's search path, and the limits.
  var opening: [SQL] { [SessionCleaning.pin] + local }

  /// The same where there is no transaction block, in which alone there is a SET LOCAL: in one statement, and by functions
  /// that are found whatever the path was before.
  /// - Parameter refusesPolicies: whether a query fails where row-level security would hide rows (PostgreSQL manual, 20.11.1
  ///   `row_security`).
  func implicitOpening(refusesPolicies: Bool) -> SQL {
    // Compiling a query over the catalog takes longer than running it: 0.07 s of what a fleet of 10,000 waits for.
    let settings =
      [("search_path", SessionCleaning.ownPath), ("jit", "off"), ("quote_all_identifiers", "off")]
      + (refusesPolicies ? [("row_security", "off")] : []) + values
    return """
      SELECT \(SQL.joined(settings.map { "pg_catalog.set_config(\(literal: $0), \(literal: $1), true)" }))
      """
  }

  /// The limits alone, for a transaction whose search path is another.
  var local: [SQL] {
    let limits: [SQL] = values.map { "SET LOCAL \(unsafeRaw: $0) TO \(literal: $1)" }
    if limits.isEmpty || !isDistributed { return limits }
    // Citus sends on to the workers, until the end of the transaction, what is set meanwhile: no search path of a tenant's,
    // by which a worker would look up the functions of Citus (Citus manual, "citus.propagate_set_commands").
    return ["SET LOCAL citus.propagate_set_commands TO 'local'"] + limits + [
      "SET LOCAL citus.propagate_set_commands TO DEFAULT"
    ]
  }

  /// The limits alone, for the session.
  var session: [SQL] { values.map { "SET \(unsafeRaw: $0) TO \(literal: $1)" } }

  private var values: [(name: String, value: String)] {
    [("lock_timeout", lock), ("statement_timeout", statement)].compactMap { name, limit in
      limit.map { (name, $0.milliseconds) }
    }
  }

  /// The same, as far as a file says otherwise.
  func overridden(by options: MigrationOptions) -> TimeLimits {
    TimeLimits(
      lock: options.lockTimeout ?? lock, statement: options.statementTimeout ?? statement,
      isDistributed: isDistributed)
  }
}

/// What a session is set to for a statement that is no part of a transaction.
struct SessionSettings: Sendable {
  let schema: SchemaName
  let frame: Frame
  /// What the file's own statements have set before.
  var own: [SQL] = []

  var enter: [SQL] { surroundings + own }

  private var surroundings: [SQL] {
    ["SET search_path TO \(unsafeRaw: frame.path.value(for: schema))"] + frame.limits.session
  }

  var leave: [SQL] { SessionCleaning.Extent.part.statements }

  /// The statement goes out once the session is set: a role may not be allowed to set what another one could, and without its
  /// search path the statement's names would lead elsewhere.
  func run(_ statement: SQL, over connection: Connection) async throws {
    let leave = await SessionCleaning.Extent.part.statements(for: connection)
    do {
      _ = try await connection.segments([enter])[0].get()
    } catch let failure as StatementError {
      _ = try await connection.segments([leave])
      throw StatementError(index: 0, error: ofSetting(failure))
    }
    // Two transactions in one message: the last one also comes when the statement fails.
    _ = try await connection.segments([[statement], leave])[0].get()
  }

  /// The server's words about one of the file's own settings, as if the statement had called it.
  private func ofSetting(_ failure: StatementError) -> ServerError {
    var error = failure.error
    error.position = nil
    let index = failure.index - surroundings.count
    if own.indices.contains(index) {
      error.context = error.context ?? "SQL statement \"\(own[index].inlined)\""
    }
    return error
  }
}
