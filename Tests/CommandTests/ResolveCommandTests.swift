import TestSupport
import Testing

@testable import TenantctlCommands

@Suite struct ResolveCommandTests {
  @Test func saysWhoServesAHostAndWhy() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await scene.succeed("domain add acme shop.com")
      try await scene.says(
        "resolve Shop.com:8080", "shop.com is served by tenant acme: the host is one of its domains\n",
        json: #"""
          {"active":true,"host":"shop.com","rule":"domain","schema":"acme","tenant":"acme"}
          """#)
      for (host, sentence) in [
        ("acme.other.org.", "acme.other.org is served by tenant acme: the first label is its name"),
        ("www.other.org", "www.other.org is public: the routing rules name no tenant for it"),
        ("localhost:5000", "localhost is public: it is not a domain name"),
        ("10.0.0.1", "10.0.0.1 is public: it is not a domain name"),
        ("[::1]:80", "[::1] is public: it is not a domain name"),
        ("::1", "::1 is public: it is not a domain name"),
        ("::ffff:a", "::ffff:a is public: it is not a domain name"),
      ] {
        try await scene.prints("resolve \(host)", sentence + "\n")
      }
      try await scene.prints("resolve acme.other.org --quiet", "acme\n")
      try await scene.prints("resolve www.other.org --quiet", "public\n")
    }
  }

  @Test(arguments: [
    "https://acme.example.com:8443/path", "HTTP://user:p@w@Acme.Example.com./a?b=http://x#c",
    "acme.example.com/login",
    "wss://acme.example.com?x", "postgres://acme.example.com#y",
  ])
  func takesTheHostOfAURL(url: String) async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await scene.prints(
        "resolve \(url)", "acme.example.com is served by tenant acme: the host is one of its domains\n")
    }
  }

  /// By libidn2 where the system has it, as Debian does; otherwise a person has to.
  @Test(arguments: [
    ("bücher.example", "xn--bcher-kva.example"), ("https://FAẞ.example:80/", "xn--fa-hia.example"),
    ("例え.jp", "xn--r8jz45g.jp"),
  ])
  func takesNamesBeyondASCII(name: String, ascii: String) async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await scene.succeed("domain add acme \(ascii)")
      let outcome = try await scene.run("resolve \(name) --quiet")
      let host = name.replacing(#/^https:..|:80.$/#, with: "")
      let added = try await scene.run("domain add acme \(host)")
      if InternationalName.ascii("ü.de") == nil {
        #expect(outcome.status == 2 && outcome.stderr.hasSuffix("hint: give its xn-- form\n"), "\(outcome)")
        #expect(added.stderr.hasSuffix("hint: give its xn-- form\n"), "\(added)")
      } else {
        #expect(outcome == Outcome(stdout: "acme\n", stderr: "", status: 0))
        #expect(added.status == 2 && added.stderr.hasSuffix("hint: write it as \(ascii)\n"), "\(added)")
      }
    }
  }

  @Test func obeysTheRoutingRules() async throws {
    let rules = """
      [routing]
      base_domains = ["example.com"]
      non_tenant_subdomains = ["api"]

      """
    try await Scene.with(tenants: ["acme", "www"].filter { $0 != "www" }, files: ["tenantctl.toml": rules]) {
      scene in
      for (host, name) in [
        ("acme.example.com", "acme"), ("acme.other.org", "public"), ("api.example.com", "public"),
      ] {
        try await scene.prints("resolve \(host) --quiet", name + "\n")
      }
    }
  }

  @Test func refuses() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await scene.succeed("deactivate acme")
      let form = "use letters, digits and hyphens between dots, as in acme.example.com"
      try await scene.refuses([
        Refusal(
          "resolve acme.example.com", 4, "tenant_deactivated", "tenant acme is deactivated",
          hint: "'tenantctl activate acme' activates it again"),
        Refusal(
          "resolve atlantis.example.com", 3, "tenant_not_found",
          "domain atlantis.example.com does not exist, and neither does tenant atlantis, which its first label names",
          hint:
            "'tenantctl domain add NAME atlantis.example.com' adds it; routing.base_domains limits the first-label rule"
        ),
        Refusal("resolve https:///acme", 2, "usage", "invalid HOST 'https:///acme': it is empty", hint: form),
        Refusal(
          "resolve https://u:pw@/", 2, "usage", "invalid HOST 'https://u:***@/': it is empty", hint: form),
        Refusal("resolve :80", 2, "usage", "invalid HOST ':80': it is empty", hint: form),
      ])
      try scene.folder.write("[registry]\ndomains = false\n", to: "none.toml")
      try await scene.refuses([
        Refusal(
          "resolve atlantis.example.com --config none.toml", 3, "tenant_not_found",
          "tenant atlantis, which the first label of atlantis.example.com names, does not exist",
          hint: "'tenantctl list' shows all tenants; routing.base_domains limits the first-label rule")
      ])
      try await scene.database.psql(
        "ALTER TABLE domains DROP CONSTRAINT domains_tenant_id_fkey, DROP CONSTRAINT domains_tenant_name_fkey"
      )
      try await scene.database.psql("UPDATE domains SET tenant_id = 77, tenant_name = 'gone'")
      try await scene.refuses([
        Refusal(
          "resolve acme.example.com", 3, "tenant_not_found",
          "domain acme.example.com belongs to tenant gone, which does not exist",
          hint: "'tenantctl domain remove acme.example.com' removes the stale row")
      ])
    }
  }

  @Test func anErrorOfATenantSaysWhose() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await scene.succeed("deactivate acme")
      let outcome = try await scene.run("resolve acme.example.com --format json")
      #expect(outcome.status == 4 && outcome.stdout.contains(#""tenant":"acme""#), "\(outcome)")
    }
  }
}
