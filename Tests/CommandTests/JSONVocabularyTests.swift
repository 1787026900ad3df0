import Arguments
import Foundation
import TestSupport
import Testing

@testable import TenantctlCommands

/// Every command prints the keys of docs/json.md and no others, and spells a tenant in one of two ways.
@Suite struct JSONVocabularyTests {
  /// What the suite leaves out: other commands, and outcomes that have more to say.
  private static let others = [
    "tenantctl version", "tenantctl help", "tenantctl completion bash", "tenantctl migration new volumes",
    """
    tenantctl create fen bog --no-migrations
    psql -Xqd "$TENANTCTL_DATABASE_URL" <<'END'
    CREATE TABLE invoices AS SELECT id FROM tenants WHERE name = 'fen';
    ALTER TABLE invoices ADD FOREIGN KEY (id) REFERENCES tenants ON DELETE CASCADE;
    END
    tenantctl drop fen --yes; tenantctl drop fen bog --yes; psql -Xqd "$TENANTCTL_DATABASE_URL" -c 'DROP TABLE invoices'
    """, "tenantctl create fen bog --no-migrations; tenantctl drop fen bog --yes",
    "tenantctl migrate --all --check", "tenantctl run acme -- sh -c 'exit 3'",
    "tenantctl exec --all -c 'SELECT pond.x'", "tenantctl show nobody", "tenantctl create acme",
    "tenantctl domain list acme", "tenantctl migration repair 1", "tenantctl rename pond mere",
    """
    psql -Xqd "$TENANTCTL_DATABASE_URL" <<'END'
    COMMENT ON TABLE acme.schema_migrations IS 'tenantctl head=1 count=1 digest=0';
    CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT 1 FROM mere.tanks); END';
    CREATE SCHEMA bay;
    CREATE TABLE bay.tanks (id text, x int);
    CREATE TABLE bay.goose_db_version (id int, version_id bigint, is_applied boolean, tstamp timestamp);
    INSERT INTO tenants (name) VALUES ('bay');
    END
    tenantctl status acme --verify; tenantctl rename mere pond; tenantctl adopt bay --like acme
    """, "tenantctl adopt bay --version 1",
    "mkdir more; echo 'ALTER TABLE t ADD x int NOT NULL' > migrations/tenant/8_x.sql; tenantctl migration check",
  ]
  /// In these the formats of the elements differ from those of the document.
  private static let elements = [
    "list", "domain list", "status --all", "doctor", "migration list", "migration check", "migrate acme",
    "exec --all -c 'SELECT 1 AS n'", "run acme -- echo a", "adopt acme --version 1",
  ]
  private static let tenants: Set = [
    "acme", "reef", "pond", "legacy", "shore", "lagoon", "delta", "echo", "brook", "stream", "mere", "bay",
  ]

  @Test func everyKeyIsInTheTable() async throws {
    let page = try String(
      contentsOf: URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "docs/json.md"), encoding: .utf8)
    var vocabulary = Vocabulary(
      documented: Set(
        page.split(separator: "\n").filter { $0.hasPrefix("| `") }.flatMap {
          $0.split(separator: "|")[0].matches(of: #/`(\w+)`/#).map { String($0.1) }
        }), tenants: Self.tenants)
    try await TestDatabase.with { database in
      try await CommandSuite.prepare(database)
      let steps =
        CommandSuite.steps + Self.others + Self.elements.map { "tenantctl --format ndjson \($0)" }
      let done = try await CommandSuite.run(steps, on: database, format: "json")
      for did in done { vocabulary.read(did.outcome.stdout + did.outcome.stderr, of: did.step) }
      for path in Self.commands(Tenantctl.tree.root) where path != "psql" {
        #expect(steps.contains { $0.contains("tenantctl \(path)") }, "\(path) is not tried")
      }
    }
    #expect(vocabulary.problems.sorted() == [])
    #expect(vocabulary.documented.subtracting(vocabulary.seen).sorted() == [], "no output has these keys")
  }

  private static func commands(_ command: Command<Action>, below path: String = "") -> [String] {
    guard case .subcommands(let commands) = command.content else { return [path] }
    return commands.filter { !$0.hidden }.flatMap {
      Self.commands($0, below: path.isEmpty ? $0.name : "\(path) \($0.name)")
    }
  }
}

/// What documents say, held against the keys that are documented.
private struct Vocabulary {
  let documented: Set<String>
  let tenants: Set<String>
  private(set) var seen: Set<String> = []
  private(set) var problems: Set<String> = []

  init(documented: Set<String>, tenants: Set<String>) {
    (self.documented, self.tenants) = (documented, tenants)
  }

  /// Where a tenant's name may stand. A new name, a schema's and the text for people are spelt as they are.
  private static let spellings: Set = ["name", "tenant", "tenants", "schema", "from", "subject"]
  /// Objects whose keys are data.
  private static let data: Set = ["columns", "rows"]

  mutating func read(_ output: String, of step: String) {
    for line in output.split(separator: "\n") where line.hasPrefix("{") || line.hasPrefix("[") {
      guard let document = try? JSONSerialization.jsonObject(with: Data(line.utf8)) else { continue }
      walk(document, below: step.contains("ndjson exec") ? "rows" : "", step)
    }
  }

  private mutating func walk(_ value: Any, below key: String, _ step: String) {
    switch value {
    case let text as String where tenants.contains(text) && !Self.spellings.contains(key):
      if !Self.data.contains(key) { problems.insert("\(step): a tenant is spelt \(key)") }
    case let list as [Any]:
      let shapes = Set(list.compactMap { ($0 as? [String: Any])?.keys.sorted() })
      if shapes.count > 1 { problems.insert("\(step): the objects of \(key) differ in their keys") }
      for element in list { walk(element, below: key, step) }
    case let object as [String: Any]:
      if Self.data.contains(key) {
        if key == "rows", !(object["tenant"] is String) { problems.insert("\(step): a row without tenant") }
        return
      }
      if key == "error", object.keys.sorted() != ["code", "hint", "message", "sqlstate", "tenant"] {
        problems.insert("\(step): an error has \(object.keys.sorted())")
      }
      for (inner, value) in object {
        seen.insert(inner)
        if !documented.contains(inner) { problems.insert("\(step): the key \(inner) is not documented") }
        walk(value, below: inner, step)
      }
    default: break
    }
  }
}
