import TestSupport
import Testing

@testable import TenantctlCommands

@Suite struct DomainAddCommandTests {
  @Test func registersADomain() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await scene.says(
        "domain add acme WWW.Acme.com.", "added domain www.acme.com to tenant acme\n",
        json: #"{"domain":"www.acme.com","primary":false,"tenant":"acme"}"#)
      try await scene.prints(
        "domain add acme acme.com --primary", "added domain acme.com to tenant acme (primary)\n")
      #expect(
        try await scene.database.psql("SELECT domain_name, is_primary FROM domains ORDER BY 1")
          == "acme.com|t\nacme.example.com|f\nwww.acme.com|f")
      try await scene.prints("domain add acme m.acme.com --quiet", "")
    }
  }

  @Test func theFirstOneIsPrimary() async throws {
    try await Scene.with { scene in
      try await scene.succeed("create acme")
      try await scene.prints("domain add acme acme.com", "added domain acme.com to tenant acme (primary)\n")
    }
  }

  @Test func fillsTheTablesOwnColumns() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await scene.database.psql("ALTER TABLE domains ADD tls boolean, ADD note text")
      try await scene.succeed("domain add acme acme.com --set tls=yes --set note=a=b")
      try await scene.database.psql("UPDATE domains SET tls = false WHERE tls IS NULL")
      #expect(try await scene.database.psql("SELECT tls, note FROM domains ORDER BY id") == "f|NULL\nt|a=b")
      try await scene.database.psql("ALTER TABLE domains ALTER tls SET NOT NULL")
      try await scene.refuses([
        Refusal(
          "domain add acme b.com", 2, "values_required", "table public.domains requires values for tls",
          hint: "for an existing tenant: 'tenantctl domain add NAME HOST --set tls=VALUE'"),
        Refusal(
          "create reef --domain b.com", 2, "values_required", "table public.domains requires values for tls",
          hint: "for an existing tenant: 'tenantctl domain add NAME HOST --set tls=VALUE'"),
        Refusal(
          "domain add acme b.com --set ssl=yes", 2, "unknown_column",
          "column ssl of table public.domains does not exist",
          hint: "columns: id, tls, note"),
      ])
    }
  }

  /// flask-tenants routes by the first label alone; its base model, and the one of its README.
  @Test(arguments: [
    ", deactivated boolean NOT NULL", "",
    ", deactivated boolean NOT NULL DEFAULT false; ALTER TABLE tenants ALTER created_at SET DEFAULT now(); ALTER TABLE domains ALTER is_primary SET DEFAULT false",
  ])
  func flaskTenants(rest: String) async throws {
    let parts = rest.split(separator: ";", maxSplits: 1, omittingEmptySubsequences: false)
    try await Scene.empty { scene in
      try await scene.database.psql(
        """
        CREATE TABLE tenants (
          id serial PRIMARY KEY, name varchar(128) UNIQUE NOT NULL, created_at timestamp NOT NULL,
          updated_at timestamp NOT NULL \(parts[0]));
        CREATE TABLE domains (
          id serial PRIMARY KEY, tenant_name varchar(128) NOT NULL REFERENCES tenants (name),
          domain_name varchar(255) UNIQUE NOT NULL, is_primary boolean NOT NULL);
        \(parts.count > 1 ? parts[1] : "")
        """)
      try await scene.succeed("create acme --no-migrations")
      let note = """
        note: flask-tenants does not read domains, but takes the tenant from a host's first label: its app does not serve \
        acme under www.acme.com

        """
      // With defaults it is tenantctl's own.
      let isNoted = !rest.contains("DEFAULT")
      let added = try await scene.run("domain add acme www.acme.com")
      #expect(added.status == 0 && added.stdout == "added domain www.acme.com to tenant acme (primary)\n")
      #expect(added.stderr == (isNoted ? note : ""), "\(added)")
      try await scene.prints(
        "domain add acme acme.example.com", "added domain acme.example.com to tenant acme\n")
    }
  }

  @Test func withoutPrimaryDomains() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await scene.database.psql("ALTER TABLE domains DROP is_primary")
      try await scene.prints("domain add acme acme.com", "added domain acme.com to tenant acme\n")
      let hint =
        "ALTER TABLE public.domains ADD COLUMN is_primary boolean NOT NULL DEFAULT false, or map one in tenantctl.toml"
      try await scene.refuses(
        ["domain add acme b.com --primary", "domain primary acme.com"].map {
          Refusal(
            $0, 4, "no_primary", "the registry has no column for the primary domain",
            hint: hint)
        })
      try await scene.prints(
        "create reef --domain reef.com", "created tenant reef, 2 migrations applied\nadded domain reef.com\n")
    }
  }

  @Test func dryRun() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await scene.dryRunTellsTheTruth("domain add acme acme.com --primary")
    }
  }

  @Test func refuses() async throws {
    try await Scene.with(tenants: ["acme", "reef"]) { scene in
      let form = "use letters, digits and hyphens between dots, as in acme.example.com"
      try await scene.refuses([
        Refusal(
          "domain add atlantis a.com", 3, "tenant_not_found", "tenant atlantis does not exist",
          hint: "'tenantctl list' shows all tenants"),
        Refusal(
          "domain add acme reef.example.com", 4, "domain_taken",
          "domain reef.example.com already belongs to tenant reef",
          hint: "'tenantctl domain remove reef.example.com' removes it there"),
        Refusal(
          "domain add acme acme.example.com", 4, "domain_exists",
          "tenant acme already has the domain acme.example.com",
          hint: "'tenantctl domain list acme' shows which one is primary"),
        Refusal(
          "domain add acme a.com:80", 2, "usage", "invalid HOST 'a.com:80': it has a port",
          hint: "omit the port: the same tenant is served on every port"),
        Refusal(
          "domain add acme a_b.com", 2, "usage",
          "invalid HOST 'a_b.com': a label in it is not made of letters, digits and inner hyphens, 63 at most",
          hint: form),
        Refusal(
          "domain add acme café.com", 2, "usage",
          "invalid HOST 'café.com': it contains characters that are not ASCII",
          hint: InternationalName.ascii("café.com").map { "write it as \($0)" } ?? "give its xn-- form"),
        Refusal(
          "domain add acme", 2, "usage", "missing argument HOST",
          hint: "usage: tenantctl domain add [OPTIONS] NAME HOST"),
        Refusal(
          "domain", 2, "usage", "tenantctl domain needs a command",
          hint: "choose one of: add, remove, primary, list"),
      ])
      try await scene.database.psql("DROP TABLE domains")
      try await scene.refuses([
        Refusal(
          "domain add acme a.com", 3, "registry_missing", "table public.domains does not exist",
          hint: """
            restore it from a backup, or name the table under [registry] in tenantctl.toml; set domains = false there if the app has no domains
            """
        )
      ])
      try scene.folder.write("[registry]\ndomains = false\n", to: "tenantctl.toml")
      try await scene.refuses([
        Refusal(
          "domain add acme a.com", 4, "no_domains", "the registry has no table of domains",
          hint: "name one with domains = \"...\" under [registry] in tenantctl.toml")
      ])
    }
  }
}
