internal import SQLText
internal import TenancyPostgres

/// A session, or a prepared transaction, that holds locks on a schema's tables.
package struct LockHolder: Sendable, Hashable {
  /// Who it is.
  package enum Holder: Sendable, Hashable {
    /// A session, by its process in the server.
    case session(pid: Int)
    /// A transaction that `PREPARE TRANSACTION` has left, by its name. It belongs to no session, and stays until somebody ends it.
    case prepared(String)
  }

  /// Who it is.
  package let holder: Holder
  /// Who has logged in, and from which address: `anna@10.1.2.3`; over the server's own socket the role alone.
  package let role: String
  /// Its `application_name`.
  package let application: String
  /// Whether it waits for its client to say something, with the transaction open.
  package let isIdle: Bool
  /// For how long its transaction has been open.
  package let age: Duration
  /// The first 80 characters of its current, or last, query; without passwords.
  package let query: String
}

extension LockHolder {
  /// Who holds locks in a schema, or on a table of `public` such as one that a foreign key refers to, the oldest
  /// transaction first, at most three of them. There, what everybody's reads take is in nobody's way.
  /// - Parameters:
  ///   - schema: `nil`: on a table of `public` only.
  ///   - exclusive: tables on which a read is in the way, too.
  static func find(
    in schema: SchemaName?, orOn exclusive: [QualifiedName] = [], over connection: Connection
  ) async throws -> [LockHolder] {
    let isExclusive: SQL = exclusive.isEmpty ? "" : "OR c.oid IN (\(CatalogTable.oids(of: exclusive)))"
    let isThere: SQL = schema.map { "c.relnamespace = to_regnamespace(\($0.identifier.quoted))" } ?? "false"
    return try await find(
      """
      l.locktype = 'relation' AND EXISTS (
        SELECT FROM pg_catalog.pg_class c WHERE c.oid = l.relation AND (
          \(isThere)
          OR c.relnamespace = to_regnamespace('public') AND l.mode NOT IN ('AccessShareLock', 'RowShareLock')
          \(isExclusive)))
      """, over: connection)
  }

  /// Who has the ``SessionLock`` of a ledger.
  static func find(applying ledger: Ledger, over connection: Connection) async throws -> [LockHolder] {
    try await find(
      """
      l.locktype = 'advisory' AND l.objsubid = 1
        AND l.classid = \(SessionLock.space)::bigint::oid AND l.objid = to_regclass(\(ledger.name.quoted))::oid
      """, over: connection)
  }

  /// - Parameter isOne: which rows `l` of pg_locks count.
  private static func find(_ isOne: SQL, over connection: Connection) async throws -> [LockHolder] {
    let rows = try await connection.query(
      """
      SELECT a.pid, NULL, concat_ws('@', a.usename, host(a.client_addr)), coalesce(a.application_name, ''),
        coalesce(a.state LIKE 'idle in transaction%', false), a.xact_start AS start,
        coalesce(extract(epoch FROM clock_timestamp() - a.xact_start), 0)::float8,
        left(regexp_replace(coalesce(a.query, ''), '\\s+', ' ', 'g'), 80)
      FROM pg_catalog.pg_stat_activity a
      WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()
        AND EXISTS (SELECT FROM pg_catalog.pg_locks l WHERE l.pid = a.pid AND l.granted AND \(isOne))
      UNION ALL
      SELECT NULL, p.gid, p.owner, '', true, p.prepared,
        extract(epoch FROM clock_timestamp() - p.prepared)::float8, ''
      FROM pg_catalog.pg_prepared_xacts p
      WHERE p.database = current_database() AND EXISTS (
        SELECT FROM pg_catalog.pg_locks own JOIN pg_catalog.pg_locks l ON l.virtualtransaction = own.virtualtransaction
        WHERE own.pid IS NULL AND own.transactionid = p.transaction AND l.pid IS NULL AND \(isOne))
      ORDER BY start LIMIT 3
      """)
    return try rows.map { row in
      let (pid, gid, role, application, isIdle, _, seconds, query) = try row.decode(
        Int?.self, String?.self, String.self, String.self, Bool.self, String?.self, Double.self, String.self)
      return LockHolder(
        holder: gid.map { .prepared($0) } ?? .session(pid: pid ?? 0), role: role, application: application,
        isIdle: isIdle, age: .seconds(seconds), query: withoutPasswords(query))
    }
  }
}
