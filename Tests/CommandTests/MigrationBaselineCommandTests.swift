import TestSupport
import Testing

@Suite struct MigrationBaselineCommandTests {
  @Test func recordsWithoutRunning() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      for name in ["reef", "rock"] { try await scene.succeed("create \(name) --no-migrations") }
      let line = "migration baseline 20260102000000 --all"
      let json = try await scene.inTwin { try await $0.run("\(line) --format json") }
      #expect(json.status == 0 && json.stderr.isEmpty)
      let entries = try json.stdout.adoption().tenants
      #expect(entries.map(\.status) == ["unchanged", "recorded", "recorded"])
      #expect(entries[1].recorded == ["20260101000000", "20260102000000"])
      try await scene.prints(
        line, "recorded 20260102000000 as the version of 2 tenants, 1 already had it\n")
      try await scene.prints("status --all --check --quiet", "")
      try await scene.prints("migration baseline 20260102000000 --all --quiet", "")
      #expect(try await scene.database.psql("SELECT to_regclass('reef.tanks') IS NULL") == "t")
    }
  }

  /// A file that is still to be written would never run. One that says that it is empty is recorded, and so is one below what a
  /// tenant has.
  @Test func anEmptyFile() async throws {
    var files = Scene.files
    files["migrations/shared/1_plans.sql"] = "-- migrate:up\n\n-- migrate:down\n"
    try await Scene.with(files: files) { scene in
      try await scene.succeed("create acme")
      try await scene.succeed("create reef --no-migrations")
      try scene.folder.write(
        "-- migrate:up\n\n-- migrate:down\n\n", to: "migrations/tenant/20260103000000_c.sql")
      let refused = { (line: String, path: String) in
        Refusal(
          line, 2, "empty_migration", "migrations/\(path).sql has no statement to apply",
          hint: "write its statements, delete it, or write '-- tenantctl:allow empty' in it; nothing was run")
      }
      try await scene.refuses([
        refused("migration baseline 20260103000000 acme", "tenant/20260103000000_c"),
        refused("migration baseline 20260103000000 --all --dry-run", "tenant/20260103000000_c"),
        refused("migration baseline 1 --shared", "shared/1_plans"),
        refused("adopt reef --version 20260103000000", "tenant/20260103000000_c"),
      ])
      try await scene.succeed("migration baseline 20260102000000 reef")
      let empty = "-- migrate:up\n-- tenantctl:allow empty\n"
      try scene.folder.write(empty, to: "migrations/tenant/20260103000000_c.sql")
      try await scene.succeed("migration baseline 20260103000000 --all")
    }
  }

  @Test func dryRun() async throws {
    try await Scene.with { scene in
      try await scene.succeed("create reef --no-migrations")
      try await scene.database.psql("DROP TABLE reef.schema_migrations")
      try await scene.dryRunTellsTheTruth(
        "migration baseline 20260101000000 reef",
        forecast: "would record 20260101000000 as the version of 1 tenant, 0 already have it\n")
    }
  }

  /// A table of the shared schema that was there before its migration.
  @Test func theSharedSchema() async throws {
    var files = Scene.files
    files["migrations/shared/20260103000000_plans.sql"] = "CREATE TABLE plans (id int);\n"
    try await Scene.with(tenants: ["acme"], files: files) { scene in
      try await scene.database.psql("CREATE TABLE plans (id int)")
      #expect(try await scene.run("migrate --all").status != 0)
      try await scene.refuses([
        Refusal(
          "migration baseline 20260103000000 --all", 3, "version_not_found",
          "migration 20260103000000 is one of the shared schema, and no tenant's",
          hint: "'tenantctl migration baseline 20260103000000 --shared' records it as applied"),
        Refusal(
          "migration baseline 20260103000000 --shared --all", 2, "usage",
          "--shared and a selection of tenants cannot be used together",
          hint: "omit the selection: the shared schema has one ledger"),
      ])
      let line = "migration baseline 20260103000000 --shared"
      try await scene.dryRunTellsTheTruth(line)
      try await scene.prints(line, "the shared schema already has it\n")
      try await scene.succeed("migrate --all")
    }
  }

  @Test func refuses() async throws {
    try await Scene.with(tenants: ["acme", "reef"]) { scene in
      try await scene.refuses([
        Refusal(
          "migration baseline 20260101000000 --all", 4, "ledger_beyond",
          "acme and 1 other have migrations newer than 20260101000000",
          hint: "'tenantctl status --all' shows which version each tenant has; nothing was changed"),
        Refusal(
          "migration baseline 20260101000000", 2, "usage", "no tenants selected",
          hint: "name them, or use --all, --active, --match GLOB, --where COLUMN=VALUE or --from-file FILE"),
        Refusal(
          "migration baseline 7 --all", 3, "version_not_found", "no migration file has version 7",
          hint: "'tenantctl migration list' shows all files"),
      ])
    }
  }
}
