import TestSupport
import Testing

@testable import Tenancy

/// A name in the files of a new tenant, which may be gone by the time it is used: then it means a shared table.
@Suite struct NewTenantTargetTests {
  /// What `create` refuses, `migrate` refuses too.
  @Test(arguments: [
    [
      "CREATE TABLE users (id int)", "ALTER TABLE users RENAME TO members",
      "DROP TABLE IF EXISTS users CASCADE",
    ],
    ["CREATE TABLE users ()", "ALTER TABLE users RENAME TO members; DROP TABLE IF EXISTS users CASCADE"],
    ["CREATE TABLE users (id int)", "DROP TABLE users", "DROP TABLE IF EXISTS users CASCADE"],
    ["CREATE TEMP TABLE users (id int)", "ALTER TABLE users ADD z int"],
    ["CREATE FUNCTION users() RETURNS int LANGUAGE sql RETURN 1", "ALTER TABLE users ADD z int"],
    ["CREATE TABLE pg_temp.users (id int)", "ALTER TABLE users ADD z int"],
    ["SAVEPOINT s; CREATE TABLE users (id int); ROLLBACK TO s; DROP TABLE users"],
    [
      """
      CREATE TABLE log (t text); CREATE TABLE users (id int); INSERT INTO log SELECT public.archive('users');
      DROP TABLE IF EXISTS users
      """
    ],
    [
      "CREATE TABLE users (id int)", "CREATE TABLE log AS SELECT public.archive('users')", "DROP TABLE users",
    ],
    ["CREATE TABLE users (id int); VALUES (public.archive('users')); DROP TABLE users"],
    [
      """
      CREATE TABLE users (id int); PREPARE q AS SELECT public.archive('users'); EXECUTE q; ALTER TABLE users ADD z int
      """
    ],
    [
      "CREATE TABLE users (id int); WITH q AS (SELECT public.archive('users')) SELECT * FROM q; DROP TABLE users"
    ],
  ])
  func whatANewTenantHasNoMore(statements: [String]) async throws {
    try await Fleet.with { fleet in
      try await fleet.psql(
        """
        CREATE TABLE public.users (id int);
        CREATE FUNCTION public.archive(t text) RETURNS text LANGUAGE plpgsql AS $$
          BEGIN EXECUTE format('ALTER TABLE %I RENAME TO %I', t, t || '_archive'); RETURN t; END $$
        """)
      try await fleet.populate(["a"])
      let files = try statements.enumerated().map { try migration("\($0 + 1)", "\($1);") }
      await #expect { try await fleet.create("new", files) } throws: { error in
        (error as? TenancyProblem)?.migrationFailure?.sharedName == "users"
      }
      #expect(try await fleet.migrate(files).tenants[0].migrationFailure?.sharedName == "users")
    }
  }
}
