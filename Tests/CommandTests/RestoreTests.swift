import TestSupport
import Testing

/// What an operator meets after one part of a database was restored to an older state than the others.
@Suite struct RestoreTests {
  private static let withoutKeys =
    "ALTER TABLE domains DROP CONSTRAINT domains_tenant_id_fkey, DROP CONSTRAINT domains_tenant_name_fkey"

  /// The registry's tenants are older than its domains: the next tenant would get the key of one that is gone.
  @Test(arguments: ["id", "name"]) func aNewTenantGetsNoFormerTenantsDomain(key: String) async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await scene.database.psql(Self.withoutKeys)
      if key == "name" { try await scene.database.psql("ALTER TABLE domains DROP COLUMN tenant_id") }
      try await scene.database.psql(
        """
        INSERT INTO domains (\(key == "id" ? "tenant_id, " : "")tenant_name, domain_name, is_primary)
        VALUES (\(key == "id" ? "2, " : "")'reef', 'reef.example.com', true)
        """)
      let before = try await scene.database.contents()
      for line in ["create reef --domain new.example.com", "create reef"] {
        let create = try await scene.run(line)
        #expect(create.status == 4 && create.stderr.contains("does not exist: reef.example.com"), "\(create)")
        try await scene.database.psql("SELECT setval('tenants_id_seq', 1)")
      }
      if key == "name" {
        let rename = try await scene.run("rename acme reef")
        #expect(rename.status == 4 && rename.stderr.contains("'tenantctl domain remove reef.example.com'"))
      }
      #expect(try await scene.database.contents() == before)
      try await scene.succeed("domain remove reef.example.com")
      try await scene.succeed("create reef --domain reef.example.com")
    }
  }

  /// The name in a domain's row is all that tells which of two schemas belongs to a tenant.
  @Test func doctorKeepsTheNameThatLeadsToASchema() async throws {
    try await Scene.with(tenants: ["acme", "reef"]) { scene in
      try await scene.database.psql(
        """
        \(Self.withoutKeys); ALTER SCHEMA acme RENAME TO acme_new; CREATE SCHEMA other; CREATE TABLE other.tanks ();
        CREATE TABLE other.schema_migrations (version varchar PRIMARY KEY);
        UPDATE domains SET tenant_name = 'acme_new' WHERE tenant_name = 'acme'
        """)
      let fixed = try await scene.run("doctor --fix --yes")
      #expect(
        fixed.stderr.isEmpty
          && fixed.stdout.contains("find out whose domain it is: schema acme_new has no tenant"))
      #expect(
        try await scene.database.psql("SELECT tenant_name FROM domains ORDER BY 1") == "acme_new\nreef")
      // With nothing that it could lead to, the name is only stale.
      try await scene.database.psql("ALTER SCHEMA acme_new RENAME TO acme; DROP SCHEMA other CASCADE")
      _ = try await scene.run("doctor --fix --yes")
      #expect(try await scene.database.psql("SELECT tenant_name FROM domains ORDER BY 1") == "acme\nreef")
    }
  }

  /// A tenant's rows were dumped without, or twice with, those of its ledger.
  @Test func aLedgerWithoutItsRows() async throws {
    try await Scene.with(tenants: ["acme", "reef"]) { scene in
      try await scene.database.psql("DELETE FROM reef.schema_migrations")
      let adopted = try await scene.run("adopt reef --like acme")
      #expect(adopted.status == 0 && adopted.stdout.contains("recorded"), "\(adopted)")
      #expect(try await scene.database.psql("SELECT count(*) FROM reef.schema_migrations") == "2")
      try await scene.prints("status --all --check -q", "")
    }
  }

  @Test func aLedgerWithoutItsKey() async throws {
    try await Scene.with(tenants: ["acme", "reef"]) { scene in
      try await scene.database.psql(
        """
        ALTER TABLE reef.schema_migrations DROP CONSTRAINT schema_migrations_pkey;
        INSERT INTO reef.schema_migrations SELECT * FROM reef.schema_migrations WHERE version = '20260101000000'
        """)
      try scene.folder.write("CREATE TABLE fish ();\n", to: "migrations/tenant/20260103000000_fish.sql")
      let migrated = try await scene.run("migrate --all")
      #expect(migrated.status == 5 && migrated.stderr.contains("has version 20260101000000 more than once"))
      let doctor = try await scene.run("doctor")
      #expect(doctor.status != 0 && doctor.stdout.contains("delete the repeated rows with psql"), "\(doctor)")
      try await scene.database.psql(
        """
        DELETE FROM reef.schema_migrations a USING reef.schema_migrations b
        WHERE a.version = b.version AND a.ctid > b.ctid
        """)
      let fixed = try await scene.run("doctor --fix --yes")
      #expect(fixed.stdout.contains("the ledger has no primary key"), "\(fixed)")
      try await scene.succeed("migrate --all")
      #expect(
        try await scene.database.psql(
          "SELECT count(*) FROM pg_index WHERE indrelid = 'reef.schema_migrations'::regclass AND indisprimary"
        ) == "1")
      try await scene.succeed("doctor")
    }
  }

  /// Three files became one, and a tenant had the first of them only.
  @Test func aSquashDoesNotStandForWhatATenantNeverHad() async throws {
    try await Scene.with(tenants: ["acme", "reef", "rock"]) { scene in
      try await scene.database.psql(
        """
        DELETE FROM rock.schema_migrations WHERE version = '20260102000000';
        COMMENT ON TABLE rock.schema_migrations IS NULL; ALTER TABLE rock.tanks DROP COLUMN litres
        """)
      for name in ["20260101000000_tanks", "20260102000000_litres"] {
        try scene.folder.remove("migrations/tenant/\(name).sql")
      }
      try scene.folder.write(
        "CREATE TABLE tanks (litres integer);\n", to: "migrations/tenant/20260103000000_all.sql")
      let before = try await scene.database.contents()
      let refused = try await scene.run("migration baseline 20260103000000 --all")
      #expect(
        refused.status == 4 && refused.stderr.contains("the newest of rock is 20260101000000"), "\(refused)")
      #expect(try await scene.database.contents() == before)
      try await scene.succeed("migration baseline 20260103000000 --has 20260102000000")
    }
  }

  /// Two branches have a file of one version each: that of the other one is no edit of this one.
  @Test func anotherFileOfTheVersionIsNotAnEdit() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try scene.folder.remove("migrations/tenant/20260102000000_litres.sql")
      try scene.folder.write("CREATE TABLE fish ();\n", to: "migrations/tenant/20260102000000_fish.sql")
      let refused = try await scene.run("migrate --all")
      #expect(
        refused.status == 4
          && refused.stderr.contains(
            "20260102000000_fish.sql was not applied to acme, which got version 20260102000000 from another file, named 'litres'"
          ), "\(refused)")
    }
  }
}
