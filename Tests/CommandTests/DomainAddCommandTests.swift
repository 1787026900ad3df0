import TestSupport
import Testing

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
          "domain add acme b.com", 2, "values_required", "table public.domains needs values for tls",
          hint: "'tenantctl domain add NAME HOST --set tls=VALUE' gives them, to a tenant that is there"),
        Refusal(
          "create reef --domain b.com", 2, "values_required", "table public.domains needs values for tls",
          hint: "'tenantctl domain add NAME HOST --set tls=VALUE' gives them, to a tenant that is there"),
        Refusal(
          "domain add acme b.com --set ssl=yes", 2, "unknown_column",
          "table public.domains has no column ssl",
          hint: "it has id, tls, note"),
      ])
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
            $0, 4, "no_primary", "the registry has no column that says which domain is the primary one",
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
      let form = "a host name is letters, digits and hyphens between dots, as in acme.example.com"
      try await scene.refuses([
        Refusal(
          "domain add atlantis a.com", 3, "tenant_not_found", "there is no tenant atlantis",
          hint: "'tenantctl list' shows all tenants"),
        Refusal(
          "domain add acme reef.example.com", 4, "domain_taken",
          "the domain reef.example.com belongs to tenant reef",
          hint: "'tenantctl domain remove reef.example.com' takes it away from there"),
        Refusal(
          "domain add acme acme.example.com", 4, "domain_exists",
          "tenant acme has the domain acme.example.com already",
          hint: "'tenantctl domain primary acme.example.com' makes it the primary one"),
        Refusal(
          "domain add acme a.com:80", 2, "usage", "invalid HOST 'a.com:80': it has a port",
          hint: "leave the port out: the same tenant is served on every port"),
        Refusal(
          "domain add acme a_b.com", 2, "usage", "invalid HOST 'a_b.com': 'a_b' is no part of a host name",
          hint: form),
        Refusal(
          "domain add acme café.com", 2, "usage", "invalid HOST 'café.com': it has letters beyond ASCII",
          hint: "give its xn-- form"),
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
          "domain add acme a.com", 3, "registry_missing", "the database has no table public.domains",
          hint:
            Refusal.withoutRegistry
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
