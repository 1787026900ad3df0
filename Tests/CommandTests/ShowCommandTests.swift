import Foundation
import TestSupport
import Testing

@Suite struct ShowCommandTests {
  @Test func showsEverything() async throws {
    try await Scene.with { scene in
      try await scene.database.psql(
        "ALTER TABLE tenants ALTER created_at TYPE date USING '2026-01-01', ALTER updated_at TYPE date, ADD \"contactName\" text"
      )
      try await scene.succeed("create acme --domain acme.example.com --domain www.acme.com --set plan=gold")
      try await scene.database.psql("UPDATE tenants SET created_at = '2026-01-02', updated_at = '2026-01-03'")
      let bytes = try await scene.database.psql(
        "SELECT sum(pg_total_relation_size(c)) FROM unnest('{acme.tanks,acme.schema_migrations}'::regclass[]) c"
      )
      try await scene.says(
        "show acme",
        """
        name         acme
        state        active
        schema       acme (1 table, \((Int(bytes) ?? 0) / 1024) kB)
        migrations   2 applied, head 20260102000000
        domain       acme.example.com (primary)
        domain       www.acme.com
        contactName  NULL
        created_at   2026-01-02
        id           1
        plan         gold
        seats        NULL
        updated_at   2026-01-03

        """,
        json: #"""
          {"active":true,"applied":2,"bytes":\#(bytes),"columns":{"contactName":null,"created_at":"2026-01-02","id":"1",\#
          "plan":"gold","seats":null,"updated_at":"2026-01-03"},"domains":["acme.example.com","www.acme.com"],\#
          "head":"20260102000000","name":"acme","primary_domain":"acme.example.com","protected":false,\#
          "schema":"acme","schema_exists":true,"tables":1}
          """#)
      try await scene.prints("show acme --quiet", "acme\n")
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
          "show", 2, "usage", "missing argument NAME", hint: "usage: tenantctl show [OPTIONS] NAME"),
        Refusal(
          "show acme reef", 2, "usage", "unexpected argument 'reef'",
          hint: "usage: tenantctl show [OPTIONS] NAME"),
      ])
    }
  }
}
