import TestSupport
import Testing

@Suite struct MigrationRepairCommandTests {
  private static let path = "migrations/tenant/20260101000000_tanks.sql"

  private func with(_ body: (Scene) async throws -> Void) async throws {
    try await Scene.with(tenants: ["acme", "reef"]) { scene in
      try scene.folder.write("CREATE TABLE tanks (id serial PRIMARY KEY, name text);\n", to: Self.path)
      try await body(scene)
    }
  }

  @Test func acceptsTheNewText() async throws {
    try await with { scene in
      #expect(try await scene.run("migrate --all").status == 4)
      try await scene.says(
        "migration repair 20260101000000", "accepted \(Self.path) in 2 ledgers\n",
        json: #"{"failures":[],"path":"\#(Self.path)","tenants":["acme","reef"],"version":"20260101000000"}"#)
      try await scene.succeed("migrate --all")
      try await scene.prints("status --all --verify --check --quiet", "")
      try await scene.prints(
        "migration repair 20260101000000",
        "nothing to repair: no ledger has another checksum for 20260101000000\n")
    }
  }

  /// What it says is not known of a ledger that it cannot read.
  @Test func aLedgerThatCannotBeRead() async throws {
    try await with { scene in
      try await scene.database.psql("ALTER TABLE reef.schema_migrations ADD CHECK (version <> '')")
      let first = try await scene.run("migration repair 20260101000000")
      #expect(first.status == 5 && first.stdout == "accepted \(Self.path) in 1 ledger\n", "\(first)")
      #expect(first.stderr.hasPrefix("failed on 1 tenant (reef):"), "\(first)")
      let again = try await scene.run("migration repair 20260101000000 --format json")
      #expect(again.status == 5 && again.stdout.contains(#""name":"reef"}],"path""#), "\(again)")
    }
  }

  /// The forecast has what the run would report, with something to repair and without.
  @Test func aDryRunTellsOfALedgerThatCannotBeRead() async throws {
    try await with { scene in
      try await scene.database.psql("ALTER TABLE reef.schema_migrations ADD CHECK (version <> '')")
      for isFirst in [true, false] {
        let dry = try await scene.run("migration repair 20260101000000 --dry-run")
        #expect(dry.status == 5 && dry.stderr.hasPrefix("failed on 1 tenant (reef):"), "\(dry)")
        #expect(dry.stdout.isEmpty != isFirst, "\(dry)")
        let json = try await scene.run("migration repair 20260101000000 --dry-run --format json")
        #expect(json.status == 5 && json.stdout.contains(#""name":"reef"}],"#), "\(json)")
        #expect(try await scene.run("migration repair 20260101000000").status == 5)
      }
    }
  }

  @Test func dryRun() async throws {
    try await with { scene in
      try await scene.dryRunTellsTheTruth("migration repair 20260101000000 --match acm?")
      try await scene.prints("migration repair 20260101000000 --quiet", "reef\n")
    }
  }

  @Test func refuses() async throws {
    try await with { scene in
      try await scene.refuses([
        Refusal(
          "migration repair 7", 3, "version_not_found", "no migration file has version 7",
          hint: "'tenantctl migration list' shows all files"),
        Refusal(
          "migration repair 20260101000000 atlantis", 3, "tenant_not_found", "tenant atlantis does not exist",
          hint: "'tenantctl list' shows all tenants"),
      ])
    }
  }
}
