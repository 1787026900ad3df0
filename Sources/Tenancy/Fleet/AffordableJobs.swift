internal import TenancyPostgres

extension TenantDatabase {
  /// How many tenants a run works on at a time, at most, unless somebody asks for more.
  package static let mostJobs = 8

  /// How many tenants a run may work on at a time without taking from the apps the connections that they need:
  /// ``mostJobs``, but no more than a quarter of what the server has left or of what the database or the role may have
  /// (PostgreSQL manual, 20.3.1 `max_connections`, and `CONNECTION LIMIT` of CREATE DATABASE and CREATE ROLE); at least one.
  ///
  /// The server's own processes, which have no database, take none of them.
  ///
  /// Throws ``TenancyProblem``.
  package func affordableJobs() async throws -> Int {
    try await connected { connection in
      let limit = try await connection.query(
        """
        SELECT least(
          current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
            - (SELECT count(*) FROM pg_stat_get_backend_idset() i WHERE pg_stat_get_backend_dbid(i) <> 0),
          (SELECT nullif(datconnlimit, -1) FROM pg_database WHERE datname = current_database()),
          (SELECT nullif(rolconnlimit, -1) FROM pg_roles WHERE rolname = session_user))
        """)[0].decode(Int.self)
      return max(1, min(Self.mostJobs, limit / 4))
    }
  }
}
