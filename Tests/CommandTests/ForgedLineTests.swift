import TestSupport
import Testing

@testable import TenantctlCommands

/// No text of a tenant's makes a line of its own, or a command for the runner of a CI system.
@Suite struct ForgedLineTests {
  @Test(arguments: [
    ("no\r\n::error::forged", "no\r\n  \\u{3A}:error::forged"), ("a\r\nerror: b", "a\r\n  error: b"),
    ("::stop-commands::\u{301}x", "\\u{3A}:stop-commands::\u{301}x"),
    ("a\n \u{200B}::error::x", "a\n  \u{200B}\\u{3A}:error::x".replacing("  \u{200B}", with: " \u{200B}")),
    ("w ##[stop-commands]x", "w ##\\u{5B}stop-commands]x"), ("##[error]\u{301}x", "##\\u{5B}error]\u{301}x"),
    ("::1 is an address", "::1 is an address"), ("a::b", "a::b"), ("# 1", "# 1"),
    ("a\n\u{301}b", "a\n  \u{301}b"),
  ]) func isShown(text: String, shown: String) {
    #expect(HarmlessText.indented(text).unicodeScalars.elementsEqual(shown.unicodeScalars))
  }

  /// In messages of the server, with DOS line ends.
  @Test func anErrorWithLines() async throws {
    try await Scene.with(tenants: ["acme", "reef"]) { scene in
      try await scene.database.psql(
        """
        CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          RAISE WARNING E'w\\r\\n::stop-commands::x\\r\\nerror: w';
          RAISE EXCEPTION E'no\\r\\n::error::forged\\r\\nerror: imitated'; END $$;
        CREATE TRIGGER x BEFORE INSERT ON acme.tanks FOR EACH ROW EXECUTE FUNCTION f();
        CREATE TRIGGER x BEFORE INSERT ON reef.tanks FOR EACH ROW EXECUTE FUNCTION f()
        """)
      for format in ["text", "json"] {
        let outcome = try await scene.run(
          ["exec", "--all", "--write", "--format", format, "-c", "INSERT INTO tanks (name) VALUES ('a')"],
          environment: ["GITHUB_ACTIONS": "true"])
        #expect(outcome.status == 5, "\(outcome)")
        for line in outcome.stderr.unicodeScalars.split(separator: "\n") {
          let text = String(line)
          #expect(!text.hasPrefix("error: ") && text.firstMatch(of: /^\s*::(stop|error::)/) == nil, "\(text)")
        }
      }
    }
  }

  @Test func aNameThatBeginsEachLine() async throws {
    try await Scene.with { scene in
      try await scene.database.psql(
        "INSERT INTO tenants (name) VALUES ('::error::x'), ('##[add-mask]y'); CREATE SCHEMA \"::error::x\"; CREATE SCHEMA \"##[add-mask]y\""
      )
      let outcome = try await scene.run([
        "run", "--all", "--", "sh", "-c", "echo a; echo b; printf 'c\\nd\\n' >&2",
      ])
      #expect(outcome.status == 0, "\(outcome)")
      for text in [outcome.stdout, outcome.stderr, try await scene.run("list").stdout] {
        #expect(
          !text.contains("\n::error::") && !text.hasPrefix("::error::") && !text.contains("##["), "\(text)")
      }
    }
  }
}
