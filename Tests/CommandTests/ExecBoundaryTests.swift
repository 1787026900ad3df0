import TestSupport
import Testing

/// What a script may reach, and what its values look like.
@Suite struct ExecBoundaryTests {
  /// The order of the fields that a script writes stays, and so does what the script itself may store.
  @Test func datesAreISO() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await scene.database.psql(
        """
        ALTER DATABASE "\(scene.database.name)" SET DateStyle = 'SQL, DMY';
        ALTER DATABASE "\(scene.database.name)" SET timezone = 'Asia/Tokyo'
        """)
      let sql = "SELECT timestamptz '03/02/2024 04:05:06+00' AS at"
      for format in ["json", "ndjson"] {
        let iso = try await scene.run(["exec", "acme", "-c", sql, "--format", format])
        #expect(iso.stdout.contains(#""at":"2024-02-03 13:05:06+09""#), "\(iso)")
      }
      let utc = try await scene.run(
        ["exec", "acme", "-c", sql, "--format", "json"], environment: ["PGTZ": "UTC"])
      #expect(utc.stdout.contains(#""at":"2024-02-03 04:05:06+00""#), "\(utc)")
      let text = try await scene.run(["exec", "acme", "-c", sql])
      #expect(text.stdout.contains("03/02/2024 13:05:06 JST"))
      let stored = "CREATE TABLE stored AS \(sql); SELECT at::text FROM stored"
      let written = try await scene.run(["exec", "acme", "--write", "-c", stored, "--format", "json"])
      #expect(written.stdout.contains(#""at":"03/02/2024 13:05:06 JST""#), "\(written)")
    }
  }

  @Test func cascadeEndsAtTheSchema() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await scene.database.psql("CREATE VIEW everyone AS SELECT id FROM acme.tanks")
      let outcome = try await scene.run([
        "exec", "acme", "--write", "-c", "SELECT 1; DROP TABLE tanks CASCADE",
      ])
      #expect(outcome.status == 5)
      #expect(
        outcome.stderr.contains(
          """
          failed on 1 tenant (acme):
            -c:1:11: CASCADE reaches what is outside of the tenant's schema, view public.everyone; it was rolled back
            hint: make them independent of the tenant first, or drop them by name: in a file of shared/, or in the tenant \
          that has them
          """), "\(outcome)")
      let json = try await scene.run(
        ["exec", "acme", "--write", "-c", "DROP TABLE tanks CASCADE", "--format", "json"])
      #expect(json.stdout.contains(#""code":"cascades_outside""#), "\(json)")
      try await scene.database.psql("DROP VIEW everyone; CREATE VIEW acme.own AS SELECT id FROM acme.tanks")
      let own = try await scene.run(["exec", "acme", "--write", "-c", "DROP TABLE tanks CASCADE", "--quiet"])
      #expect(own.status == 0, "\(own)")
    }
  }
}
