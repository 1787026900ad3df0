import TestSupport
import Testing

/// `migration new --from` and what is set for a function.
@Suite struct NewFromSearchPathTests {
  /// A function's own search path has each tenant's schema where the dumped one has its own.
  @Test(arguments: [
    ("acme, public", "%, public"), ("acme", "%"), ("acme, pg_temp", "%, pg_temp"),
    ("pg_catalog, acme, \"$user\", \"a b%s\", pg_temp", "pg_catalog, %, \"$user\", \"a b%s\", pg_temp"),
    ("public, \"acme\"", "public, %"), ("public, pg_temp", "public, pg_temp"),
    ("\"Acme\", public", "\"Acme\", public"),
  ]) func aFunctionsOwnSearchPath(path: String, expected: String) async throws {
    try await Scene.with(files: [:]) { scene in
      for (name, rows) in [("acme", 2), ("reef", 0)] {
        try await scene.database.psql(
          """
          CREATE SCHEMA \(name); INSERT INTO tenants (name) VALUES ('\(name)'); CREATE TYPE \(name).kind AS ENUM ('a');
          CREATE TABLE \(name).orders (id int); INSERT INTO \(name).orders SELECT generate_series(1, \(rows));
          CREATE FUNCTION \(name).n("a'%b" \(name).kind DEFAULT NULL) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
            SET work_mem = '1MB' SET search_path = \(path.replacing("acme", with: name)) SET jit = off
            AS $f$ BEGIN RETURN (SELECT count(*) FROM orders); END $f$;
          CREATE PROCEDURE \(name).p(INOUT x int) LANGUAGE plpgsql SET search_path = \(path.replacing("acme", with: name))
            AS 'BEGIN x := 1; END'
          """)
      }
      let outcome = try await scene.run("migration new initial --from acme")
      #expect(outcome.status == 0 && !outcome.stderr.contains("warning"), "\(outcome)")
      let file = try #require(try scene.folder.files().first { $0.contains("initial") })
      let text = try scene.folder.read(file)
      #expect(!text.contains("acme"), "\(text)")
      try await scene.succeed("create probe")
      for routine in ["probe.n(probe.kind)", "probe.p(int)"] {
        let stored = try await scene.database.psql(
          """
          SELECT replace(substring(pg_get_functiondef('\(routine)'::regprocedure) FROM 'SET search_path TO ([^\\n]*)'), chr(39), '')
          """)
        let plain = expected.replacing("%,", with: "probe,").replacing(#/%$/#, with: "probe").replacing(
          "\"", with: "")
        #expect(stored == plain)
      }
      if expected.contains("%,") || expected.hasSuffix("%"), !expected.hasPrefix("public") {
        #expect(try await scene.database.psql("SELECT probe.n(), acme.n(), reef.n()") == "0|2|0")
      }
      try await scene.succeed("adopt --all --like probe")
      // The tenant that was created is dumped as the same text.
      try await scene.succeed("migration new again --from probe --migrations again")
      let again = try #require(try scene.folder.files().first { $0.hasPrefix("again/") })
      #expect(try scene.folder.read(again) == text)
    }
  }
}
