internal import TenancyPostgres

extension TenantDatabase {
  /// The largest number of tenants that a run works on at a time by default.
  package static let mostJobs = 8

  /// How many tenants a run may work on at a time and still leave the apps the connections that they need:
  /// ``mostJobs``, but no more than a quarter of the server's free connections or of the limit of the database or the role
  /// (PostgreSQL manual, 20.3.1 `max_connections`, and `CONNECTION LIMIT` of CREATE DATABASE and CREATE ROLE); at least one.
  /// What is reserved for some roles is not free, whoever asks.
  ///
  /// The server's own processes have no database and do not count.
  ///
  /// Throws ``TenancyProblem``.
  package func affordableJobs() async throws -> Int {
    try await connected { connection in
      let limit = try await connection.query(
        """
        SELECT least(
          \(Self.connections) - (SELECT count(*) FROM pg_stat_get_backend_idset() i WHERE pg_stat_get_backend_dbid(i) <> 0),
          (SELECT nullif(datconnlimit, -1) FROM pg_database WHERE datname = current_database()),
          (SELECT nullif(rolconnlimit, -1) FROM pg_roles WHERE rolname = session_user))
        """)[0].decode(Int.self)
      return max(1, min(Self.mostJobs, limit / 4))
    }
  }

  /// How many connections the server has for everybody. PostgreSQL 15 has no `reserved_connections`.
  private static let connections: SQL = """
    (current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
      - coalesce(current_setting('reserved_connections', true)::int, 0))
    """

  /// How many programs with a connection each can run at a time now, by what the server, the database and the role have left;
  /// at least one. One more connection stays free: the server ends a program's session a little after the program.
  ///
  /// Throws ``TenancyProblem``.
  package func programsAtATime() async throws -> Int {
    try await connected { connection in
      let left = try await connection.query(
        """
        SELECT least(
          \(Self.connections) - count(*),
          CASE WHEN NOT r.rolsuper AND d.datconnlimit >= 0 THEN d.datconnlimit - count(*) FILTER (WHERE b.database = d.oid) END,
          CASE WHEN NOT r.rolsuper AND r.rolconnlimit >= 0 THEN r.rolconnlimit - count(*) FILTER (WHERE b.role = r.oid) END)
        FROM pg_catalog.pg_database d JOIN pg_catalog.pg_roles r ON r.rolname = session_user
        CROSS JOIN (
          SELECT pg_stat_get_backend_dbid(i), pg_stat_get_backend_userid(i) FROM pg_stat_get_backend_idset() i
        ) AS b (database, role)
        WHERE d.datname = current_database() AND b.database <> 0
        GROUP BY d.oid, d.datconnlimit, r.oid, r.rolsuper, r.rolconnlimit
        """)[0].decode(Int.self)
      return max(1, left - 1)
    }
  }
}

extension ConnectionFailure {
  /// Whether the server, or a pooler, may have no free connection. Other codes say that it shuts down or starts (class 57),
  /// or refuses the role or the database (28, 3D, 42, 55); without a code nobody has answered.
  var isAboutLimits: Bool {
    guard let sqlState else { return false }
    return !["28", "3D", "42", "55", "57"].contains(sqlState.prefix(2))
  }
}
