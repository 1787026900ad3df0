import Foundation
import TestSupport
import Testing

@Suite struct AdoptCommandTests {
  /// Tenants that an app made: the table of tanks as migrate would make it, and no ledger.
  private func appMade(_ names: [String], _ scene: Scene) async throws {
    for name in names {
      try await scene.database.psql(
        """
        INSERT INTO tenants (name) VALUES ('\(name)'); CREATE SCHEMA \(name);
        CREATE TABLE \(name).tanks (id serial PRIMARY KEY, name text, litres integer)
        """)
    }
  }

  @Test func byAVersion() async throws {
    try await Scene.with { scene in
      try await appMade(["acme", "reef"], scene)
      try await scene.database.psql("CREATE TABLE reef.alembic_version (version_num varchar(32))")
      try await scene.prints(
        "adopt acme reef --version 20260102000000",
        """
        acme: recorded 2 migrations, up to 20260102000000
        reef: recorded 2 migrations, up to 20260102000000
        adopted 2 tenants, 0 already had a ledger

        """,
        stderr: "note: 1 tenant (reef) has Alembic's table alembic_version, which is left unchanged\n")
      try await scene.prints("status --all --check --quiet", "")
      try await scene.prints(
        "adopt acme --version 20260101000000",
        "acme: already has a ledger, at 20260102000000\nadopted 0 tenants, 1 already had a ledger\n")
      try await scene.prints("adopt --all --version 20260102000000 --quiet", "")
    }
  }

  @Test func likeAnother() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await appMade(["pond", "reef"], scene)
      try await scene.database.psql("ALTER TABLE pond.tanks ALTER litres TYPE bigint, ADD spot text")
      let line = "adopt --all --like acme"
      let dry = try await scene.run("\(line) --dry-run --format json")
      #expect(dry.status == 5)
      let text = try await scene.run(line)
      #expect(
        text.stdout == """
          acme: already has a ledger, at 20260102000000
          reef: recorded 2 migrations, up to 20260102000000
          adopted 1 tenant, 1 already had a ledger, 1 failed

          """)
      #expect(
        text.stderr == """
          failed on 1 tenant (pond):
            its tables differ from those of acme
              not in acme: column tanks.spot text
              column tanks.litres: bigint; in acme: integer
            hint: make them equal, or name its version: 'tenantctl adopt NAME --version VERSION'

          """)
      #expect(text.status == 5)
      let again = try await scene.run("\(line) --format json")
      #expect(again.status == 5 && again.stderr == "")
      let (first, last) = (try dry.stdout.adoption(), try again.stdout.adoption())
      #expect(first.tenants.map(\.status) == ["unchanged", "failed", "recorded"])
      #expect(last.tenants.map(\.status) == ["unchanged", "failed", "unchanged"])
      #expect(last.tenants[1].error?.code == "schema_differs")
      #expect(last.tenants[1].difference?.extra.map(\.name) == ["spot"])
      #expect(last.tenants[1].difference?.changed.map(\.expected) == ["integer"])
      #expect(try await scene.run("\(line) --format ndjson").stdout.split(separator: "\n").count == 3)
      #expect(
        try await scene.run("status --all --check --quiet")
          == Outcome(stdout: "pond\n", stderr: "", status: 6))
    }
  }

  @Test func aLedgerOfDbmates() async throws {
    try await Scene.with { scene in
      try await appMade(["acme"], scene)
      try await scene.database.psql(
        """
        CREATE TABLE acme.schema_migrations (version varchar(255) PRIMARY KEY);
        INSERT INTO acme.schema_migrations VALUES ('20260101000000')
        """)
      let columns =
        "name checksum applied_at applied_by duration_ms statements_done statements_total tool_version".split(
          separator: " ")
      let outcome = try await scene.run("adopt --all --version 20260102000000")
      #expect(
        outcome.stdout == """
          acme: already has a ledger, at 20260101000000; added columns \(columns.joined(separator: ", "))
          adopted 0 tenants, 1 already had a ledger

          """)
      #expect(
        outcome.stderr.hasPrefix(
          "note: adding the columns that the ledger of acme lacks: ALTER TABLE \"acme\".\"schema_migrations\" ADD COLUMN"
        ))
      #expect(outcome.status == 0)
      try await scene.prints("status --all --quiet", "acme\n")
    }
  }

  @Test func dryRun() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await appMade(["pond", "reef"], scene)
      try await scene.database.psql(
        "CREATE TABLE pond.schema_migrations (version varchar(255) PRIMARY KEY)")
      try await scene.dryRunTellsTheTruth(
        "adopt --all --like acme",
        forecast: """
          acme: already has a ledger, at 20260102000000
          pond: already has a ledger, which is empty; would add columns name, checksum, applied_at, \
          applied_by, duration_ms, statements_done, statements_total, tool_version
          reef: would record 2 migrations, up to 20260102000000
          would adopt 1 tenant, 2 already have a ledger

          """)
    }
  }

  @Test func refuses() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await appMade(["reef"], scene)
      try await scene.refuses([
        Refusal(
          "adopt --all", 2, "usage", "--version or --like is required",
          hint:
            "use --version VERSION, the last migration that the tenants have, or --like NAME, an equal tenant"
        ),
        Refusal(
          "adopt --all --version 20260101000000 --like acme", 2, "usage",
          "--version and --like cannot be used together", hint: "see 'tenantctl adopt --help'"),
        Refusal(
          "adopt --version 20260101000000", 2, "usage", "no tenants selected",
          hint: "name them, or use --all, --active, --match GLOB, --where COLUMN=VALUE or --from-file FILE"),
        Refusal(
          "adopt --all --version 7", 3, "version_not_found", "no migration file has version 7",
          hint: "'tenantctl migration list' shows all files"),
        Refusal(
          "adopt --all --like nobody", 3, "tenant_not_found", "tenant nobody does not exist",
          hint: "'tenantctl list' shows all tenants"),
        Refusal(
          "adopt nobody --like acme", 3, "tenant_not_found", "tenant nobody does not exist",
          hint: "'tenantctl list' shows all tenants"),
        Refusal(
          "adopt --all --like reef", 4, "nothing_recorded",
          "tenant reef has no ledger to compare with",
          hint: "'tenantctl adopt --version VERSION reef' creates one"),
      ])
    }
  }
}

/// What `adopt` and `migration baseline` say in JSON.
struct AdoptionDocument: Decodable {
  struct Entry: Decodable {
    struct Difference: Decodable {
      struct Item: Decodable { let name: String }
      struct Change: Decodable { let expected: String }

      let extra: [Item]
      let changed: [Change]
    }

    let name: String
    let status: String
    let recorded: [String]
    let difference: Difference?
    let error: Failure.Report?
  }

  let tenants: [Entry]
}

extension String {
  func adoption() throws -> AdoptionDocument {
    try JSONDecoder().decode(AdoptionDocument.self, from: Data(utf8))
  }
}
