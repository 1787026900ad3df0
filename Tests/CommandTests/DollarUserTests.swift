import Foundation
import TestSupport
import Testing

@testable import Tenancy

/// Rows whose schema can be no tenant's: PostgreSQL takes one named `$user` for that of the current role, and some are its own.
@Suite struct DollarUserTests {
  @Test func isEnteredByNothing() async throws {
    try await Scene.with(tenants: ["acme", "reef"]) { scene in
      try await scene.database.psql(
        #"INSERT INTO tenants (name) VALUES ('$user'); CREATE SCHEMA "$user"; CREATE SCHEMA postgres"#)
      try scene.folder.write(
        "CREATE TABLE pumps (id int);\n", to: "migrations/tenant/20260103000000_pumps.sql")
      let before = try await scene.database.contents()
      for words in [
        ["exec", "--write", "-c", "CREATE TABLE stray ()", "--", "$user"],
        ["psql", "$user", "--", "-c", "CREATE TABLE stray ()"],
        ["run", "$user", "--", "psql", "-c", "CREATE TABLE stray ()"], ["migrate", "$user"],
        ["create", "$user"],
        ["rename", "acme", "$user"], ["adopt", "$user", "--version", "20260102000000"],
        ["migration", "baseline", "20260102000000", "$user"], ["rollback", "$user", "--yes"],
      ] {
        let outcome = try await scene.run(words)
        #expect(outcome.status != 0, "\(words): \(outcome)")
        #expect(try await scene.database.contents() == before, "\(words)")
      }
      let doctor = try await scene.run("doctor")
      #expect(doctor.status == 1 && doctor.stdout.contains("$user"), "\(doctor)")
      let migrated = try await scene.run("migrate --all")
      #expect(migrated.status == 5 && migrated.stderr.contains("$user"), "\(migrated)")
      let pumps = try await scene.database.psql(
        "SELECT string_agg(oid::regclass::text, ' ' ORDER BY oid::regclass::text) FROM pg_class WHERE relname = 'pumps'"
      )
      #expect(pumps == "acme.pumps reef.pumps")
    }
  }

  /// What `list` shows is not passed over in silence, and hinders no other tenant.
  @Test func schemasOfTheServers() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      let names = ["information_schema", "pg_catalog", "pg_x"]
      try await scene.database.psql(
        "INSERT INTO tenants (name) VALUES \(names.map { "('\($0)')" }.joined(separator: ", "))")
      try scene.folder.write(
        "-- migrate:up\nCREATE TABLE pumps (id int);\n-- migrate:down\nDROP TABLE pumps;\n",
        to: "migrations/tenant/20260103000000_pumps.sql")
      let doctor = try await scene.run("doctor")
      #expect(doctor.status == 1 && names.allSatisfy(doctor.stdout.contains), "\(doctor)")
      #expect(doctor.stdout.contains("its name is one of PostgreSQL's own"), "\(doctor)")
      let status = try await scene.run("status --all")
      #expect(
        status.status == 0 && status.stdout.contains("unknown               3  not readable"), "\(status)")
      for words in [
        ["exec", "--all", "--write", "-c", "CREATE TABLE stray ()"],
        ["run", "--all", "--", "psql", "-Xqc", "CREATE TABLE stray ()"],
        ["migration", "baseline", "20260102000000", "--all"], ["adopt", "--all", "--like", "acme"],
        ["migrate", "--all"], ["rollback", "--all", "--to", "20260102000000", "--yes"],
      ] {
        let outcome = try await scene.run(words)
        let text = outcome.stdout + outcome.stderr
        #expect(outcome.status == 5 && names.allSatisfy(text.contains), "\(words): \(outcome)")
      }
      let tables = try await scene.database.psql(
        "SELECT string_agg(oid::regclass::text, ' ') FROM pg_class WHERE relname IN ('stray', 'pumps')")
      #expect(tables == "acme.stray")
      // What is done to rows is for the others.
      try await scene.succeed("deactivate --match *")
      try await scene.prints("list --active -q", names.map { "\($0)\n" }.joined())
    }
  }
}
