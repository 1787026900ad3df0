internal import TenancyPostgres

/// A session that holds locks on a schema's tables.
package struct LockHolder: Sendable, Hashable {
  /// The server's process.
  package let pid: Int
  /// Who has logged in, and from which address: `anna@10.1.2.3`; over the server's own socket the role alone.
  package let role: String
  /// Its `application_name`.
  package let application: String
  /// Whether it waits for its client to say something, with the transaction open.
  package let isIdle: Bool
  /// For how long its transaction has been open.
  package let age: Duration
  /// The first 80 characters of its current, or last, query.
  package let query: String
}

extension LockHolder {
  /// Who holds locks in a schema, or on a table of `public` such as one that a foreign key refers to, the oldest
  /// transaction first, at most three of them. There, what everybody's reads take is in nobody's way.
  /// - Parameter schema: `nil`: on a table of `public` only.
  static func find(in schema: SchemaName?, over connection: Connection) async throws -> [LockHolder] {
    let isThere: SQL = schema.map { "c.relnamespace = to_regnamespace(\($0.identifier.quoted))" } ?? "false"
    return try await find(
      """
      SELECT FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_class c ON c.oid = l.relation
      WHERE l.pid = a.pid AND l.granted AND (
        \(isThere)
        OR c.relnamespace = to_regnamespace('public') AND l.mode NOT IN ('AccessShareLock', 'RowShareLock'))
      """, over: connection)
  }

  /// Who has the ``SessionLock`` of a ledger.
  static func find(applying ledger: Ledger, over connection: Connection) async throws -> [LockHolder] {
    try await find(
      """
      SELECT FROM pg_catalog.pg_locks l
      WHERE l.pid = a.pid AND l.granted AND l.locktype = 'advisory' AND l.objsubid = 1
        AND l.classid = \(SessionLock.space)::bigint::oid AND l.objid = to_regclass(\(ledger.name.quoted))::oid
      """, over: connection)
  }

  private static func find(_ lock: SQL, over connection: Connection) async throws -> [LockHolder] {
    let rows = try await connection.query(
      """
      SELECT a.pid, concat_ws('@', a.usename, host(a.client_addr)), coalesce(a.application_name, ''),
        coalesce(a.state LIKE 'idle in transaction%', false),
        coalesce(extract(epoch FROM clock_timestamp() - a.xact_start), 0)::float8,
        left(regexp_replace(coalesce(a.query, ''), '\\s+', ' ', 'g'), 80)
      FROM pg_catalog.pg_stat_activity a
      WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND EXISTS (\(lock))
      ORDER BY a.xact_start LIMIT 3
      """)
    return try rows.map { row in
      let (pid, role, application, isIdle, seconds, query) = try row.decode(
        Int.self, String.self, String.self, Bool.self, Double.self, String.self)
      return LockHolder(
        pid: pid, role: role, application: application, isIdle: isIdle, age: .seconds(seconds), query: query)
    }
  }
}
