import TestSupport
import Testing

@Suite struct InitCommandTests {
  static let next =
    "next: 'tenantctl migration new NAME' for the tenants' tables, then 'tenantctl create NAME'\n"

  @Test func createsTheRegistryAndTheFilesOfAProject() async throws {
    try await Scene.empty { scene in
      try await scene.prints(
        "init",
        """
        created table public.tenants
        created table public.domains
        wrote tenantctl.toml
        wrote migrations/tenant/
        wrote migrations/shared/

        """, stderr: Self.next)
      try await scene.prints(
        "init", "found table public.tenants\nfound table public.domains\n", stderr: Self.next)
      try await scene.prints("list --quiet", "")
    }
  }

  @Test func tellsInJSON() async throws {
    try await Scene.empty { scene in
      try await scene.says(
        "init --no-files", "created table public.tenants\ncreated table public.domains\n",
        stderr: Self.next,
        json: #"""
          {"files":[],"registry":{"created":["public.tenants","public.domains"],"domains":"public.domains",\#
          "tenants":"public.tenants"}}
          """#)
      try await scene.prints("init --no-files --quiet", "")
      #expect(try scene.folder.files() == [])
    }
  }

  @Test func dryRun() async throws {
    try await Scene.empty { scene in
      try await scene.dryRunTellsTheTruth("init --no-files")
      try await scene.prints("init --dry-run", "")
      #expect(try scene.folder.files() == [])
    }
  }

  @Test func checksWhatIsThere() async throws {
    try await Scene.empty { scene in
      try await scene.database.psql("CREATE TABLE tenants (id int, label text)")
      try await scene.refuses([
        Refusal(
          "init", 2, "registry_mismatch", "table public.tenants has no column name; it has id, label",
          hint: #"say which column it is with name = "..." under [registry.columns] in tenantctl.toml"#)
      ])
      try await scene.database.psql(
        "DROP TABLE tenants; CREATE TABLE tenants (id int, name text, deactivated int)")
      try await scene.database.psql(
        "CREATE TABLE domains (tenant_id int, domain_name text, is_primary boolean)")
      try await scene.refuses([
        Refusal(
          "init", 2, "registry_mismatch",
          "column deactivated of public.tenants is of type integer, not boolean",
          hint: """
            name another column under [registry.columns] in tenantctl.toml; deactivated = false says that there is none
            """)
      ])
    }
  }

  @Test func doesNotGuessATableThatTheMappingNames() async throws {
    let toml = "[registry]\ntenants = \"shop.customers\"\n"
    try await Scene.empty(files: ["tenantctl.toml": toml]) { scene in
      try await scene.refuses([
        Refusal(
          "init", 3, "registry_missing", "the database has no tables shop.customers and public.domains",
          hint:
            "'tenantctl init' creates the registry; another app's is mapped in tenantctl.toml, see [registry]"
        )
      ])
    }
  }
}
