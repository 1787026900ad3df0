import Foundation
import TestSupport
import Testing

@testable import Tenancy

/// PostgreSQL takes a schema named `$user` for that of the current role.
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
}
