import TestSupport
import Testing

/// PostgreSQL leaves a schema that a role may not use out of its search path and says nothing. A table of `public`
/// that has the name of the tenant's must not take its place.
@Suite struct ClosedSchemaTests {
  @Test(arguments: [
    ("exec --all --write -c 'UPDATE tanks SET litres = 1'", 5),
    ("run --all -- psql -XAtc 'UPDATE tanks SET litres = 1'", 5),
    ("psql reef -- -XAtc 'UPDATE tanks SET litres = 1'", 1),
  ])
  func nothingIsDoneInItsPlace(words: String, status: Int) async throws {
    try await Scene.with(tenants: ["acme", "reef"]) { scene in
      try await TestRole.with(scene.database) { role in
        try await scene.database.psql(
          """
          CREATE TABLE public.tanks (litres integer); INSERT INTO public.tanks VALUES (0);
          GRANT SELECT ON ALL TABLES IN SCHEMA public TO \(role.name);
          GRANT UPDATE ON public.tanks TO \(role.name);
          GRANT USAGE ON SCHEMA acme TO \(role.name);
          GRANT SELECT, UPDATE ON ALL TABLES IN SCHEMA acme TO \(role.name)
          """)
        let outcome = try await Tenantctl.script(
          "tenantctl -d '\(role.url())' \(words)", workingDirectory: scene.folder.path)
        #expect(outcome.status == status, "\(outcome)")
        #expect(outcome.stderr.contains("permission denied for schema reef"), "\(outcome)")
        let litres = try await scene.database.psql("SELECT litres FROM public.tanks")
        #expect(litres == "0")
      }
    }
  }
}
