import TestSupport
import Testing

/// Rows of the registry that the server refuses, or that tenantctl does.
@Suite struct RefusedRegistryRowTests {
  /// What nobody gave is not blamed on a value: a default that is in use, a sequence that is behind, a rule of the app's.
  @Test func defaultsThatAreRefused() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await scene.database.psql("ALTER TABLE tenants ADD code text NOT NULL DEFAULT '' UNIQUE")
      // A refused row uses up a number of its sequence, so not all is as before.
      try await scene.fails(
        "create reef", 1,
        """
        error: column code of public.tenants is unique, and its default is in use: Key (code)=() already exists.
        hint: give it a value: code=VALUE, with --set in 'tenantctl create'; nothing was changed

        """)
      try await scene.fails(
        "create reef --set code=", 2,
        "error: column code: Key (code)=() already exists.\nhint: nothing was changed\n")
      try await scene.succeed("create reef --set code=r")
      try await scene.database.psql(
        "ALTER TABLE tenants ALTER code SET DEFAULT 'z'; SELECT setval('tenants_id_seq', 1, false)")
      try await scene.fails(
        "create pond", 1,
        """
        error: column id of public.tenants is unique, and its default is in use: Key (id)=(1) already exists.
        hint: its sequence is behind the rows, as after a restore: SELECT setval(pg_get_serial_sequence('public.tenants', 'id'), \
        (SELECT max(id) FROM public.tenants)); nothing was changed

        """)
      try await scene.database.psql(
        "SELECT setval(pg_get_serial_sequence('public.tenants', 'id'), (SELECT max(id) FROM public.tenants))")
      try await scene.succeed("create pond")
      try await scene.database.psql(
        "ALTER TABLE tenants ADD tier text NOT NULL DEFAULT 'x', ADD CONSTRAINT tiers CHECK (tier <> 'x') NOT VALID"
      )
      let refused = try await scene.run("create lake")
      #expect(
        refused.status == 1 && refused.stderr.contains(#"violates check constraint "tiers""#), "\(refused)")
    }
  }

  /// A change of one of them would be a change of the other.
  @Test func severalRowsOfOneName() async throws {
    try await Scene.with(tenants: ["acme", "reef"]) { scene in
      try await scene.database.psql(
        "ALTER TABLE tenants DROP CONSTRAINT tenants_name_key CASCADE; INSERT INTO tenants (name) VALUES ('acme')"
      )
      let rows = "SELECT string_agg(t::text, ';' ORDER BY id) FROM tenants t"
      let before = try await scene.database.psql(rows)
      for line in [
        "deactivate acme", "activate reef acme", "rename acme pond", "set acme --protect", "drop acme --yes",
        "drop --all --yes", "domain add acme a.com",
      ] {
        let outcome = try await scene.run(line)
        #expect(outcome.status == 4, "\(line): \(outcome)")
        #expect(
          outcome.stderr.hasPrefix("error: several rows of public.tenants have the name acme\n"),
          "\(line): \(outcome)")
      }
      #expect(try await scene.database.psql(rows) == before)
    }
  }
}

extension Scene {
  fileprivate func fails(_ line: String, _ status: Int32, _ stderr: String) async throws {
    let outcome = try await run(line)
    #expect(outcome == Outcome(stdout: "", stderr: stderr, status: status))
  }
}
