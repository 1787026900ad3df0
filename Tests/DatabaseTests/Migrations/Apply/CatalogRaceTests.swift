import TenancyPostgres
import TestSupport
import Testing

@testable import Tenancy

/// Two sessions that change one object of the catalog: PostgreSQL fails the second one, and not for a reason that stays.
@Suite struct CatalogRaceTests {
  @Test(arguments: [
    // "tuple concurrently updated"
    "GRANT USAGE ON SCHEMA public TO pg_monitor;",
    "CREATE OR REPLACE FUNCTION public.f() RETURNS int LANGUAGE sql AS 'SELECT 2';",
    "COMMENT ON FUNCTION public.f() IS 'x';", "ALTER FUNCTION public.f() COST 7;",
    // A unique violation in pg_catalog.
    "CREATE EXTENSION IF NOT EXISTS citext SCHEMA public;",
    "CREATE TABLE IF NOT EXISTS public.audit (id int);",
    "DO $$ BEGIN CREATE TYPE public.mood AS ENUM ('a'); EXCEPTION WHEN duplicate_object THEN NULL; END $$;",
  ])
  func theTenantGetsAnotherAttempt(sql: String) async throws {
    try await Fleet.with { fleet in
      try await fleet.psql("CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS 'SELECT 1'")
      try await fleet.populate(["a"])
      let files = [try migration("1", "CREATE TABLE t ();\n\(sql)")]
      let holder = try await fleet.database.connect()
      _ = try await holder.pipeline(["BEGIN", SQL(unsafeRaw: sql)])
      async let report = fleet.migrate(files) { $0.retries = 3 }
      try await holder.blocked()
      try await holder.query("COMMIT")
      #expect(try await report.outline == "a: 1")
      // A new tenant gets it, too.
      let race = "CREATE TABLE IF NOT EXISTS public.later (id int);"
      _ = try await holder.pipeline(["BEGIN", SQL(unsafeRaw: race)])
      let again = [try migration("1", "CREATE TABLE t ();\n\(race)")]
      async let created = fleet.create("b", again)
      try await holder.blocked()
      try await holder.query("COMMIT")
      #expect(try await created.tenant.name == "b")
      await holder.close()
    }
  }

  @Test(arguments: [
    "GRANT USAGE ON SCHEMA public TO pg_monitor;", "CREATE EXTENSION IF NOT EXISTS citext SCHEMA public;",
  ])
  func aScriptGetsAnotherAttempt(sql: String) async throws {
    try await Fleet.with { fleet in
      try await fleet.populate(["a"])
      let script = try ExecScript([("s.sql", Array("CREATE TABLE t ();\n\(sql)".utf8))])
      let tenants = try await fleet.tenancy.tenants(in: FleetSelection(names: nil))
      var options = ExecOptions()
      options.mayWrite = true
      let holder = try await fleet.database.connect()
      _ = try await holder.pipeline(["BEGIN", SQL(unsafeRaw: sql)])
      async let report = fleet.tenancy.exec(script, in: tenants, options) { _, _ in }
      try await holder.blocked()
      try await holder.query("COMMIT")
      #expect(try await report.failures.isEmpty)
      #expect(try await fleet.psql("SELECT to_regclass('a.t')") == "a.t")
      await holder.close()
    }
  }

  /// As a file does: the transaction is rolled back, and nothing was given to anybody.
  @Test(arguments: ["SERIALIZABLE", "REPEATABLE READ"]) func aScriptAfterAConflict(level: String) async throws
  {
    try await Fleet.with { fleet in
      try await fleet.populate(["a"])
      try await fleet.psql("CREATE TABLE a.numbers (n int); INSERT INTO a.numbers VALUES (1)")
      let sql = "SET TRANSACTION ISOLATION LEVEL \(level); UPDATE numbers SET n = n * 10 RETURNING n"
      let script = try ExecScript([("-c", Array(sql.utf8))])
      let tenants = try await fleet.tenancy.tenants(in: FleetSelection(names: nil))
      var options = ExecOptions()
      options.mayWrite = true
      let holder = try await fleet.database.connect()
      _ = try await holder.pipeline(["BEGIN", "UPDATE a.numbers SET n = n + 1"])
      async let report = fleet.tenancy.exec(script, in: tenants, options) { _, _ in }
      try await holder.blocked()
      try await holder.query("COMMIT")
      #expect(try await report.failures.isEmpty)
      #expect(try await fleet.psql("SELECT n FROM a.numbers") == "20")
      await holder.close()
    }
  }

  /// The other session's table is not to be seen yet, its type is: "type already exists". It may also be no race.
  @Test func whatIsThereAlreadyIsTriedAFewTimes() async throws {
    try await Fleet.with { fleet in
      try await fleet.populate(["a"])
      try await fleet.psql("CREATE SEQUENCE public.attempts; CREATE TYPE public.audit AS ENUM ('a')")
      let sql = "SELECT nextval('public.attempts');\nCREATE TABLE IF NOT EXISTS public.audit (id int);"
      let files = [try migration("1", sql)]
      #expect(try await fleet.migrate(files) { $0.retries = 2 }.outline == "a: failed")
      #expect(try await fleet.psql("SELECT last_value FROM public.attempts") == "3")
      try await fleet.psql("DROP TYPE public.audit")
      #expect(try await fleet.migrate(files).outline == "a: 1")
    }
  }

  /// What is in the file, and not in the race, fails at once.
  @Test(arguments: [
    "CREATE TABLE t ();", "CREATE SCHEMA public;", "INSERT INTO u VALUES (1), (1);",
    "DO $$ BEGIN RAISE EXCEPTION 'tuple concurrently updated' USING ERRCODE = 'XX000'; END $$;",
  ])
  func whatIsNoRaceIsNotTriedAgain(sql: String) async throws {
    try await Fleet.with { fleet in
      try await fleet.populate(["a"])
      try await fleet.psql("CREATE SEQUENCE public.attempts")
      let files = [
        try migration(
          "1",
          "CREATE TABLE t ();\nCREATE TABLE u (id int PRIMARY KEY);\nSELECT nextval('public.attempts');\n\(sql)"
        )
      ]
      #expect(try await fleet.migrate(files).outline == "a: failed")
      #expect(try await fleet.psql("SELECT last_value FROM public.attempts") == "1")
    }
  }
}
