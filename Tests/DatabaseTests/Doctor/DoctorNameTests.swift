import TestSupport
import Testing

@testable import Tenancy

/// Names in the registry, and what they mean for schemas.
@Suite struct DoctorNameTests {
  /// Names without quotes, as PostgreSQL itself reads them.
  @Test(arguments: [
    "Acme", "acme-corp", "user", "1abc", "true", "left", "my shop", "ÄPFEL", "Ä", "äpfel", "_x", "a$1",
    "Order",
  ])
  func unquotedNames(name: String) async throws {
    try await Fleet.with { fleet in
      let schema = SchemaName(stored: name)
      try await fleet.psql(
        "CREATE SCHEMA \(schema.identifier.quoted); INSERT INTO tenants (name) VALUES ('\(name)')")
      let path = try? await fleet.psql("SET search_path TO \(name), public; SHOW search_path")
      let taken = path?.replacing(", public", with: "").replacing("\"", with: "")
      let unquoted = taken.map { $0 == name ? nil : Finding.UnquotedName.folded($0) } ?? .refused
      let tenant = Tenant(name: TenantName(stored: name), schema: schema, isActive: true)
      let findings = try await fleet.tenancy.diagnose().entries.map(\.finding)
      #expect(findings == (unquoted.map { [.unsafeName(tenant, $0)] } ?? []))
    }
  }

  /// Every keyword of the server's own list, as the server itself takes it.
  @Test func unquotedKeywords() async throws {
    try await TestDatabase.with { database in
      let answers = try await database.psql(
        """
        CREATE TEMP TABLE answers (word text, passes boolean);
        DO $$ DECLARE w text; BEGIN
          FOR w IN SELECT word FROM pg_get_keywords() LOOP
            BEGIN
              EXECUTE 'SET search_path TO ' || w || ', public';
              INSERT INTO answers VALUES (w, current_setting('search_path') IN (w || ', public', quote_ident(w) || ', public'));
            EXCEPTION WHEN syntax_error THEN INSERT INTO answers VALUES (w, false);
            END;
          END LOOP;
        END $$;
        SELECT word, passes FROM answers;
        """)
      let lines = answers.split(separator: "\n").map { $0.split(separator: "|") }
      #expect(lines.count > 400)
      for line in lines {
        let name = SchemaName(stored: String(line[0]))
        #expect((Finding.UnquotedName(name) == nil) == (line[1] == "t"), "\(name)")
      }
    }
  }

  @Test func hyphensThatAreAllowed() async throws {
    try await Fleet.with { fleet in
      try await fleet.psql(
        """
        CREATE SCHEMA "acme-corp"; CREATE SCHEMA "Acme"; CREATE SCHEMA "Acme-Corp";
        INSERT INTO tenants (name) VALUES ('acme-corp'), ('Acme'), ('Acme-Corp')
        """)
      let tenancy = try TenantDatabase(
        fleet.database.url, settings: .init(names: NamePolicy(allowsHyphens: true)))
      let findings = try await tenancy.diagnose().entries.map(\.finding)
      // There is no schema acme_corp to which an unquoted Acme-Corp would lead.
      #expect(
        findings == [
          .unsafeName(DoctorTests.tenant("Acme"), .folded("acme")),
          .unsafeName(DoctorTests.tenant("Acme-Corp"), .refused),
        ])
      await tenancy.close()
    }
  }
}
