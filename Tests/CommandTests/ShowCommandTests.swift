import Foundation
import Tenancy
import TestSupport
import Testing

@Suite struct ShowCommandTests {
  @Test func aNameThatIsGivenTwice() async throws {
    try await Scene.with(tenants: ["acme", "reef"]) { scene in
      try scene.folder.write("acme\n", to: "names")
      for words in ["show acme acme", "show acme reef acme --from-file names"] {
        let names = words.contains("reef") ? "acme\nreef\n" : "acme\n"
        try await scene.prints("\(words) --quiet", names)
      }
    }
  }

  @Test func showsEverything() async throws {
    try await Scene.with { scene in
      try await scene.database.psql(
        "ALTER TABLE tenants ALTER created_at TYPE date USING '2026-01-01', ALTER updated_at TYPE date, ADD \"contactName\" text"
      )
      try await scene.succeed("create acme --domain acme.example.com --domain www.acme.com --set plan=gold")
      try await scene.database.psql("UPDATE tenants SET created_at = '2026-01-02', updated_at = '2026-01-03'")
      let checksum = try await scene.database.psql(
        "SELECT checksum FROM acme.schema_migrations ORDER BY version DESC LIMIT 1")
      let bytes = try await scene.database.psql(
        "SELECT sum(pg_total_relation_size(c)) FROM unnest('{acme.tanks,acme.schema_migrations}'::regclass[]) c"
      )
      // When the ledger was written is not known here; who wrote it is.
      try await scene.database.psql(
        """
        UPDATE acme.schema_migrations SET applied_by = 'mara', duration_ms = 5, applied_at =
          '2026-02-01 10:00:00+02'::timestamptz + (version::bigint % 1000000000 || 'us')::interval
        """)
      try scene.folder.write("SELECT 1;\n", to: "migrations/tenant/20260103000000_one.sql")
      try scene.folder.write("SELECT 1;\n", to: "migrations/tenant/20260104000000_two.sql")
      try await scene.says(
        "show acme",
        """
        name          acme
        state         active
        schema        acme (1 table, \((Int(bytes) ?? 0) / 1024) kB)
        migrations    2 applied, head 20260102000000
        last applied  20260102000000 at 2026-02-01 08:01:42 UTC by mara
        pending       2, next 20260103000000 one
        domain        acme.example.com (primary)
        domain        www.acme.com
        contactName   NULL
        created_at    2026-01-02
        id            1
        plan          gold
        seats         NULL
        updated_at    2026-01-03

        """,
        json: #"""
          {"active":true,"applied":2,"bytes":\#(bytes),"columns":{"contactName":null,"created_at":"2026-01-02","id":"1",\#
          "plan":"gold","seats":null,"updated_at":"2026-01-03"},"domains":["acme.example.com","www.acme.com"],\#
          "error":null,"head":"20260102000000","last_migration":{"applied_at":"2026-02-01T08:01:42.000Z",\#
          "applied_by":"mara","checksum":"\#(checksum)","duration_ms":5,"name":"litres","statements_done":1,\#
          "statements_total":1,"tool_version":"\#(tenancyVersion)","version":"20260102000000"},\#
          "name":"acme","pending":["20260103000000","20260104000000"],"primary_domain":"acme.example.com",\#
          "protected":false,\#
          "schema":"acme","schema_exists":true,"tables":1}
          """#)
      try await scene.prints("show acme --quiet", "acme\n")
    }
  }

  @Test(arguments: [
    ("ALTER TABLE acme.schema_migrations ADD CHECK (version <> '')", "not trusted: it has check constraints"),
    ("ALTER TABLE acme.schema_migrations DROP version, ADD version_id int", "belongs to another tool"),
  ])
  func aLedgerThatCannotBeRead(sql: String, reason: String) async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await scene.database.psql(sql)
      let text = try await scene.run("show acme")
      #expect(text.status == 0 && text.stdout.contains(#/\nmigrations +unknown: /#), "\(text)")
      #expect(text.stdout.contains(reason))
      let json = try await scene.run("show acme --format json").stdout
      #expect(json.contains(#""applied":null,"#) && json.contains(#""error":{"code":""#), "\(json)")
      #expect(json.contains(#""head":null,"last_migration":null,"#) && json.contains(#""pending":null,"#))
    }
  }

  /// dbmate's has the versions only; and without files nobody knows what is pending.
  @Test func aLedgerWithFewerColumns() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await scene.database.psql(
        """
        DROP TABLE acme.schema_migrations; CREATE TABLE acme.schema_migrations (version varchar(128) PRIMARY KEY);
        INSERT INTO acme.schema_migrations VALUES ('20260101000000')
        """)
      let lines = try await scene.run("show acme").stdout.split(separator: "\n")
      #expect(lines.contains("migrations  1 applied, head 20260101000000"))
      #expect(lines.contains("pending     1, 20260102000000 litres"))
      #expect(!lines.contains { $0.hasPrefix("last applied") })
      let elsewhere = try await Tenantctl.run(["show", "acme", "--format", "json"], database: scene.database)
      #expect(elsewhere.stdout.contains(#""head":"20260101000000","last_migration":null,"#), "\(elsewhere)")
      #expect(elsewhere.stdout.contains(#""pending":null,"#))
    }
  }

  @Test func showsWhatIsMissing() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await scene.database.psql("DROP SCHEMA acme CASCADE; UPDATE tenants SET deactivated = true")
      let lines = try await scene.run("show acme").stdout.split(separator: "\n")
      #expect(lines.contains("schema      acme does not exist: see 'tenantctl doctor'"))
      #expect(lines.contains("state       deactivated"))
      #expect(lines.contains("migrations  no ledger"))
    }
  }

  @Test func refuses() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await scene.refuses([
        Refusal(
          "show atlantis", 3, "tenant_not_found", "tenant atlantis does not exist",
          hint: "'tenantctl list' shows all tenants"),
        Refusal(
          "show", 2, "usage", "no tenants selected",
          hint: "name them, or use --all, --active, --match GLOB, --where COLUMN=VALUE or --from-file FILE"),
        Refusal(
          "show acme reef", 3, "tenant_not_found", "tenant reef does not exist",
          hint: "'tenantctl list' shows all tenants"),
      ])
    }
  }
}
