import TenancyPostgres
import TestSupport
import Testing

@testable import Tenancy

/// What a file may do that runs outside of a transaction.
@Suite struct StatementwiseFileTests {
  /// Files that leave behind what would make the record a lie.
  @Test(arguments: [
    ("SET search_path TO public;", MigrationFailure.Reason.searchPathChanged, ""),
    ("SELECT set_config('search_path', '', false);", .searchPathChanged, ""),
    ("DELETE FROM schema_migrations;", .ledgerRowGone, ""),
    ("DELETE FROM schema_migrations WHERE version = '1';", .ledgerChanged, ""),
    ("INSERT INTO schema_migrations (version) VALUES ('88');", .ledgerChanged, ""),
    ("UPDATE schema_migrations SET version = '0' WHERE version = '1';", .ledgerChanged, ""),
    ("DROP TABLE schema_migrations;", .ledgerReplaced, ""),
    ("DROP SCHEMA a CASCADE;", .ledgerReplaced, ""),
    (
      "DO $$ BEGIN CREATE TABLE x (); COMMIT; DELETE FROM schema_migrations WHERE version = '2'; END $$;",
      .ledgerRowGone, "gone"
    ),
    ("DO $$ BEGIN CREATE TABLE x (); COMMIT; DROP TABLE schema_migrations; END $$;", .ledgerRowGone, "gone"),
    ("DO $$ BEGIN CREATE TABLE x (); COMMIT; PERFORM 1/0; END $$;", .refused, "0"),
  ])
  /// - Parameter done: the count of statements; empty: the migration has not begun, and the ledger has the other one; `gone`: the file
  ///   has taken the record, or the ledger, away for good.
  func filesThatMeddle(sql: String, reason: MigrationFailure.Reason, done: String) async throws {
    try await Fleet.withTable(andFile: sql) { fleet, files in
      let failure = try #require(try await fleet.migrate(files).tenants[0].migrationFailure)
      #expect(failure.reason == reason)
      let count = try? await fleet.psql("SELECT statements_done FROM a.schema_migrations WHERE version = '2'")
      #expect(count == done || done == "gone" && (count ?? "").isEmpty)
      let versions = "SELECT string_agg(version, ',') FROM a.schema_migrations"
      if done.isEmpty { #expect(try await fleet.psql(versions) == "1") }
      #expect(try await fleet.psql("SELECT to_regclass('public.t1')") == "NULL")
    }
  }

  @Test func aProgramThatCommits() async throws {
    try await Fleet.withTable(
      andFile: "DO $$ BEGIN CREATE TABLE x (); COMMIT; CREATE TABLE y (); END $$;\nCREATE TABLE z ();"
    ) {
      fleet, files in
      let report = try await fleet.migrate(files)
      let made = try await fleet.psql("SELECT to_regclass('a.x'), to_regclass('a.y'), to_regclass('a.z')")
      #expect((report.outline, made) == ("a: 2", "a.x|a.y|a.z"))
    }
  }

  /// What waits behind the build is not there for long: a statement that is not CONCURRENTLY has the usual limit.
  @Test func timeLimits() async throws {
    try await Fleet.withTable(andFile: "ALTER TABLE t1 ADD b int;") { fleet, files in
      let tenancy = try fleet.database.tenancy(lockTimeout: .milliseconds(10))
      let hurried = Fleet(database: fleet.database, tenancy: tenancy)
      let failure = try await fleet.database.whileHolding("SELECT FROM a.t1") { _ in
        try await hurried.migrate(files) { $0.retries = 0 }.tenants[0].migrationFailure
      }
      #expect(failure?.reason == .locked)
      let slow = try [files[0], migration("2", "-- migrate:up transaction:false\nCALL p();")]
      try await fleet.psql(
        "CREATE PROCEDURE a.p() LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(100); COMMIT; END $$; DELETE FROM a.schema_migrations WHERE version = '2'"
      )
      let plan = try await tenancy.planMigration(
        .all, MigrationSet(tenant: slow, shared: []), statementTimeout: .milliseconds(10))
      let outcome = await tenancy.migrate(plan).tenants[0]
      #expect(outcome.migrationFailure?.server?.sqlState == "57014")
      // The session is as it was.
      let shown: [SQL] = ["SHOW search_path", "SHOW lock_timeout", "SHOW statement_timeout"]
      let left = try await tenancy.connected { try await $0.segments([shown])[0].get().map { $0[0][0] } }
      #expect(left == ["\"$user\", public", "0", "0"])
      await tenancy.close()
    }
  }
}
