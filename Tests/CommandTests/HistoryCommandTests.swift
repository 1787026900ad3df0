import TestSupport
import Testing

@Suite struct HistoryCommandTests {
  private func with(_ body: (Scene) async throws -> Void) async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await scene.database.psql(
        """
        UPDATE acme.schema_migrations SET applied_by = 'mara', duration_ms = 1500, applied_at = '2026-02-01 10:00:00.25+02',
          tool_version = '0.1.0', checksum = 'abc'
        """)
      try await body(scene)
    }
  }

  @Test func listsTheLedger() async throws {
    try await with { scene in
      try await scene.database.psql(
        """
        UPDATE acme.schema_migrations SET statements_done = 1, statements_total = 3 WHERE version = '20260102000000';
        INSERT INTO acme.schema_migrations (version) VALUES ('9')
        """)
      try await scene.says(
        "history acme",
        """
        VERSION         NAME    APPLIED AT               BY    DURATION  TOOL   STATEMENTS
        9               -       -                        -            -  -      -
        20260101000000  tanks   2026-02-01 08:00:00 UTC  mara     1.5 s  0.1.0  1
        20260102000000  litres  2026-02-01 08:00:00 UTC  mara     1.5 s  0.1.0  1 of 3

        """,
        json: #"""
          [{"applied_at":null,"applied_by":null,"checksum":null,"duration_ms":null,"name":null,"statements_done":null,\#
          "statements_total":null,"tool_version":null,"version":"9"},\#
          {"applied_at":"2026-02-01T08:00:00.250Z","applied_by":"mara","checksum":"abc","duration_ms":1500,\#
          "name":"tanks","statements_done":1,"statements_total":1,"tool_version":"0.1.0","version":"20260101000000"},\#
          {"applied_at":"2026-02-01T08:00:00.250Z","applied_by":"mara","checksum":"abc","duration_ms":1500,\#
          "name":"litres","statements_done":1,"statements_total":3,"tool_version":"0.1.0","version":"20260102000000"}]
          """#)
      try await scene.prints(
        "history acme --format csv",
        """
        version,name,applied_at,applied_by,duration_ms,tool_version,statements
        9,,,,,,
        20260101000000,tanks,2026-02-01T08:00:00.250Z,mara,1500,0.1.0,1
        20260102000000,litres,2026-02-01T08:00:00.250Z,mara,1500,0.1.0,1 of 3

        """)
      try await scene.prints("history acme --quiet", "9\n20260101000000\n20260102000000\n")
    }
  }

  /// dbmate's has one column; a tenant without a ledger has no history.
  @Test func whatHasNoMore() async throws {
    try await with { scene in
      try await scene.database.psql(
        "DROP TABLE acme.schema_migrations; CREATE TABLE acme.schema_migrations (version varchar(128) PRIMARY KEY)"
      )
      #expect(
        try await scene.run("history acme")
          == Outcome(stdout: "", stderr: "no migrations recorded\n", status: 0))
      try await scene.database.psql("INSERT INTO acme.schema_migrations VALUES ('2'), ('10')")
      try await scene.prints("history acme --quiet", "2\n10\n")
      try await scene.database.psql("DROP TABLE acme.schema_migrations")
      try await scene.prints("history acme --format json", "[]\n")
    }
  }

  /// Its reader would run what somebody else has put there.
  @Test func refuses() async throws {
    try await with { scene in
      try await scene.database.psql(
        """
        INSERT INTO tenants (name) VALUES ('gone'), ('view');
        CREATE SCHEMA view; CREATE VIEW view.schema_migrations AS SELECT 1 / 0 AS version;
        ALTER TABLE acme.schema_migrations ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON acme.schema_migrations
        """)
      try await scene.refuses([
        Refusal(
          "history nobody", 3, "tenant_not_found", "tenant nobody does not exist",
          hint: "'tenantctl list' shows all tenants"),
        Refusal(
          "history acme", 4, "ledger_not_trusted",
          "the ledger of schema acme is not trusted: it has row-level security",
          hint:
            """
            inspect the table with psql's \\d, find out who created its policies, and drop them, or ALTER TABLE ... DISABLE ROW LEVEL \
            SECURITY: the ledger needs none
            """
        ),
        Refusal(
          "history view", 4, "ledger_not_trusted",
          "the ledger of schema view is not trusted: it is not an ordinary table",
          hint:
            "find out who created it; drop or rename it, and record the tenant's version with 'tenantctl migration baseline'"
        ),
      ])
      #expect(try await scene.run("history gone").status == 3)
    }
  }
}
