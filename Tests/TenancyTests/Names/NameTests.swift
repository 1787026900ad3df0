import Testing

@testable import Tenancy

@Suite struct NameTests {
  @Test(arguments: ["a", "acme", "acme_corp", "a1_2", "tenants", "postgres", "version", a(63)])
  func goodNames(name: String) throws {
    try NamePolicy().check(TenantName(parsing: name))
    #expect(try TenantName(parsing: name).description == name)
  }

  @Test(
    arguments: [
      ("", .empty),
      ("Acme", .malformed), ("1abc", .malformed), ("_a", .malformed), ("-a", .malformed),
      ("acme-corp", .hyphenated), ("1-a", .malformed), ("A-b", .malformed), ("pg_a-b", .malformed),
      ("acme corp", .malformed), ("acmé", .malformed), ("a\"b", .malformed), ("a.b", .malformed),
      ("a;b", .malformed),
      ("a\0b", .malformed), ("a\nb", .malformed), ("a$b", .malformed), ("аcme", .malformed),
      (a(64), .tooLong), (a(129), .tooLong),
      ("user", .keyword), ("select", .keyword), ("order", .keyword), ("table", .keyword),
      ("public", .reserved), ("information_schema", .reserved), ("www", .reserved), ("localhost", .reserved),
      ("local", .reserved), ("pg_catalog", .reserved), ("pg_", .reserved), ("pg_acme", .reserved),
    ] as [(String, NameProblem)])
  func badNames(name: String, problem: NameProblem) {
    #expect(throws: TenancyError(.invalidTenantName(name, problem))) {
      try NamePolicy().check(TenantName(parsing: name))
    }
  }

  @Test(arguments: [("acme-corp", true), ("a-", true), ("-a", false), ("Acme-corp", false)])
  func hyphensIfAllowed(name: String, isGood: Bool) throws {
    let name = try TenantName(parsing: name)
    let policy = NamePolicy(allowsHyphens: true)
    #expect(((try? policy.check(name)) != nil) == isGood)
  }

  /// Browsers send what is not ASCII in its `xn--` form, and an address or a name without a dot is public.
  @Test(
    arguments: [
      ("acme.com", true), ("ACME.com", true), ("a_b.acme.com", true), ("xn--mnchen-3ya.de", true),
      ("1.acme.com", true), ("acme.com:80", false), ("acme.com.", false), ("*.acme.com", false),
      ("a cme.com", false), ("", false), ("münchen.de", false), ("192.0.2.1", false),
      ("[2001:db8::1]", false),
      ("2001:db8::1", false), ("localhost", false), ("acme", false),
    ])
  func whatARequestCanHave(host: String, canMatch: Bool) {
    #expect(DomainName(stored: host).canMatch == canMatch)
  }

  /// One é is a letter of its own, the other an e with an accent: alike to see, and two names to PostgreSQL.
  @Test func namesAreTheirBytes() {
    let names = ["z", "\u{e9}", "e\u{301}"].map(TenantName.init(stored:))
    #expect(names[1] != names[2] && Set(names).count == 3)
    #expect(names.sorted() == [names[2], names[0], names[1]])
    #expect(SchemaName(stored: "\u{e9}") != SchemaName(stored: "e\u{301}"))
  }

  /// Names that other programs made can be addressed.
  @Test(arguments: ["Acme", "acme corp", "acme-corp", "user", String(repeating: "é", count: 128)])
  func anyStoredNameParses(name: String) throws {
    #expect(try TenantName(parsing: name).rawValue == name)
  }

  @Test(arguments: [
    ("acme.example.com", "acme.example.com"), ("ACME.Example.COM", "acme.example.com"), ("a.b.", "a.b"),
    ("xn--mnchen-3ya.de", "xn--mnchen-3ya.de"), ("1.example", "1.example"), ("a-b.c-d.e", "a-b.c-d.e"),
    (a(63) + ".de", a(63) + ".de"),
  ])
  func goodDomains(text: String, name: String) throws {
    #expect(try DomainName(parsing: text).rawValue == name)
  }

  @Test(
    arguments: [
      ("", .empty), (".", .empty),
      ("https://acme.com", .hasScheme), ("acme.com/", .hasScheme),
      ("münchen.de", .notASCII), ("acme.com\u{200b}", .notASCII), ("\u{212A}elvin.com", .notASCII),
      ("acme.com:8080", .hasPort), ("::1", .isAddress), ("u:p@acme.com", .badLabel),
      ("acme", .noDot), ("localhost", .noDot),
      ("10.0.0.1", .isAddress), ("a.1", .isAddress),
      ("acme..com", .emptyLabel), (".acme.com", .emptyLabel), ("acme.com..", .emptyLabel),
      ("-a.com", .badLabel), ("a-.com", .badLabel), ("a_b.com", .badLabel),
      ("a b.com", .badLabel), ("*.acme.com", .badLabel), (" acme.com", .badLabel),
      (a(64) + ".de", .badLabel), (String(repeating: "a.", count: 126) + "de", .tooLong),
    ] as [(String, DomainProblem)])
  func badDomains(text: String, problem: DomainProblem) {
    #expect(throws: TenancyError(.invalidDomainName(text, problem))) { try DomainName(parsing: text) }
  }
}

private func a(_ count: Int) -> String {
  String(repeating: "a", count: count)
}
