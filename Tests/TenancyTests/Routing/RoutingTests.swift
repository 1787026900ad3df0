import Testing

@testable import Tenancy

@Suite struct RoutingTests {
  @Test(
    arguments: [
      ("acme.example.com", "acme.example.com", false), ("ACME.example.com.", "acme.example.com", false),
      ("acme.example.com:8443", "acme.example.com", false),
      ("acme.example.com.:80", "acme.example.com", false),
      ("localhost", "localhost", false), ("localhost:5000", "localhost", false),
      ("127.0.0.1", "127.0.0.1", true), ("127.0.0.1:80", "127.0.0.1", true),
      ("1.2.3.256", "1.2.3.256", false),
      ("[::1]", "[::1]", true), ("[::1]:80", "[::1]", true), ("fe80::1", "fe80::1", true),
      ("[fe80::1%eth0]", "[fe80::1%eth0]", true), ("::ffff:10.0.0.1", "::ffff:10.0.0.1", true),
    ] as [(String, String, Bool)])
  func hosts(text: String, name: String, isAddress: Bool) throws {
    let host = try Host(parsing: text)
    #expect(host.name == name)
    #expect(host.isAddress == isAddress)
  }

  @Test(
    arguments: [
      ("", .empty), (".", .empty), (":80", .empty),
      ("http://acme.com", .hasScheme), ("acme.com/x", .hasScheme), ("a b.com", .badLabel),
      ("a.com?x", .badLabel), ("a.com:b.com", .badPort), ("a.com..", .emptyLabel),
      ("[]a.com", .badLabel),
      ("[a.com", .badLabel), ("a.com,b.com", .badLabel), ("acme.com:80:90", .badLabel),
      ("acme.com::", .badLabel), ("::12345", .badLabel), ("[::1%a/b]", .hasScheme),
      ("a\0.com", .badLabel),
      ("a@b.com", .badLabel), ("ä\u{A0}.com", .badLabel),
    ] as [(String, DomainProblem)])
  func noHosts(text: String, problem: DomainProblem) {
    #expect(throws: TenancyError(.invalidDomainName(text, problem))) { try Host(parsing: text) }
  }

  @Test(
    arguments: [
      ("acme.example.com", [], "acme"), ("example.com", [], "example"), ("www.example.com", [], nil),
      ("localhost.example.com", [], nil), ("www.acme.example.com", [], nil), (".example.com", [], nil),
      ("localhost", [], nil),
      ("acme.example.com", ["example.com"], "acme"), ("example.com", ["example.com"], nil),
      ("acme.other.com", ["example.com"], nil), ("acme.other.com", ["example.com", "other.com"], "acme"),
      ("a.acme.example.com", ["example.com"], nil), ("acme.notexample.com", ["example.com"], nil),
      ("www.example.com", ["example.com"], nil),
    ] as [(String, [String], String?)])
  func subdomains(host: String, bases: [String], label: String?) throws {
    let rules = RoutingRules(baseDomains: try bases.map(DomainName.init(parsing:)))
    #expect(rules.subdomain(of: try Host(parsing: host)) == label)
  }

  @Test func ownNonTenantSubdomains() throws {
    let rules = RoutingRules(nonTenantSubdomains: ["api"])
    #expect(try rules.subdomain(of: Host(parsing: "api.example.com")) == nil)
    #expect(try rules.subdomain(of: Host(parsing: "www.example.com")) == "www")
  }

  @Test(
    arguments: [
      ("acme", "acme", true), ("acme", "acme2", false), ("", "", true), ("", "a", false),
      ("*", "", true), ("*", "acme", true), ("a*", "acme", true), ("*e", "acme", true), ("a*e", "acme", true),
      ("a*e", "ae", true), ("a*e", "acm", false), ("*c*", "acme", true), ("*x*", "acme", false),
      ("a?me", "acme", true), ("a?me", "ame", false), ("????", "acme", true), ("?", "", false),
      ("*a*b*c", "xaybzabc", true), ("*ab", "aab", true), ("a*b*c", "abcb", false), ("**", "acme", true),
      ("a*?", "a", false), ("a*?", "ab", true), ("a.c", "abc", false), ("a[b]", "ab", true),
      ("a[b]", "a[b]", false), ("a[", "a[", true), ("t[0-4]*", "t3", true), ("t[0-4]*", "t5", false),
      ("t[!0-4]", "t5", true), ("t[^0-4]", "t3", false), ("[]x]", "]", true), ("[a-]", "-", true),
      ("[z-a]", "m", false),
      ("{eu,us}_*", "us_1", true), ("{eu,us}_*", "ap_1", false), ("{a,{b,c}d}e", "cde", true),
      ("a{,b}", "a", true),
      ("{a}", "{a}", true), ("{a,b", "{a,b", true), ("x{a}{b,c}", "x{a}c", true), ("{[ab],c?}", "cx", true),
      ("*", "*", true), ("?*", "*", true),
    ] as [(String, String, Bool)])
  func globs(pattern: String, name: String, matches: Bool) {
    #expect(Glob(pattern)?.matches(name) == matches)
  }

  /// No pattern takes time that grows with more than the product of the lengths.
  @Test(.timeLimit(.minutes(20))) func globsStayFast() {
    let hard = Glob(String(repeating: "*a", count: 30) + "b")
    #expect(hard?.matches(String(repeating: "a", count: 2000)) == false)
    #expect(Glob(String(repeating: "{a,b}", count: 30)) == nil)
  }
}
