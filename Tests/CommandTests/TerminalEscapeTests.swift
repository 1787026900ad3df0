import Foundation
import TestSupport
import Testing

/// What a database, a file or the environment holds never reaches a terminal as anything but visible characters.
@Suite struct TerminalEscapeTests {
  /// CSI of one byte, the title, an erasure, a line break, and text from right to left.
  private static let hostile =
    "x\u{9B}2J\u{1B}]0;owned\u{7}\u{1B}[31m\nerror: all gone\u{202E}\u{2066}\u{61C}\u{7F}"
  private static let shown =
    "x\\u{9B}2J\\u{1B}]0;owned\\u{7}\\u{1B}[31m\\nerror: all gone\\u{202E}\\u{2066}\\u{61C}\\u{7F}"
  /// What is left of a terminal's output when our own colours, bars and line ends are taken out.
  private func controls(_ text: String) -> [String] {
    text.replacing(#/\x1B\[(0|1|2|31|32|33)m|\x1B\[K/#, with: "").unicodeScalars
      .filter { $0 != "\r" && $0 != "\n" }
      .filter { $0.properties.generalCategory == .control || $0.properties.generalCategory == .format }
      .map { String($0.value, radix: 16) }
  }

  private func onTerminal(
    _ scene: Scene, _ words: [String], _ environment: [String: String] = [:]
  ) async throws -> String {
    try await Tenantctl.onTerminal(
      words, database: scene.database, environment: environment, workingDirectory: scene.folder.path
    ) { await $0.outcome().stdout }
  }

  private func withHostileTenant(_ body: (Scene) async throws -> Void) async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      let text = Self.hostile.replacing("'", with: "''")
      try await scene.database.psql(
        """
        INSERT INTO tenants (name, created_at, updated_at, deactivated) VALUES ('\(text)', now(), now(), false);
        CREATE SCHEMA "\(text)"; UPDATE tenants SET plan = '\(text)';
        """)
      try await body(scene)
    }
  }

  @Test func nothingOfATenantIsObeyed() async throws {
    try await withHostileTenant { scene in
      let name = "\"\(Self.hostile)\""
      let commands = [
        ["list"], ["list", "-q"], ["show", "acme"], ["status"], ["status", "--all"], ["doctor"],
        ["migrate", "--all", "-v"], ["exec", "--all", "-c", "SELECT plan AS \(name) FROM tenants"],
        [
          "exec", "--all", "-c",
          "DO $$ BEGIN RAISE EXCEPTION '%', (SELECT plan FROM tenants LIMIT 1); END $$",
        ],
        ["exec", "--all", "-c", "DO $$ BEGIN RAISE WARNING '%', (SELECT plan FROM tenants LIMIT 1); END $$"],
        ["exec", "--all", "-v", "--format", "csv", "-c", "SELECT plan FROM tenants"],
        ["exec", "--all", "--format", "json", "-c", "SELECT plan, to_json(plan) FROM tenants"],
        ["run", "--all", "--", "printenv", "TENANT"], ["deactivate", Self.hostile],
        ["drop", "--match", "x*"],
      ]
      for words in commands {
        let text = try await onTerminal(scene, words)
        #expect(controls(text) == [], "\(words)")
        // CSV has line breaks in its own quotes.
        if words.contains("csv") { continue }
        #expect(
          !text.split(whereSeparator: \.isNewline).contains { $0.hasPrefix("error: all gone") }, "\(words)")
      }
    }
  }

  @Test func aLineOfAListIsOneName() async throws {
    try await withHostileTenant { scene in
      try await scene.prints("list -q", "acme\n\(Self.shown)\n")
      let json = try await scene.run("list --format json")
      let names = try JSONDecoder().decode([Named].self, from: Data(json.stdout.utf8)).map(\.name)
      #expect(names == ["acme", Self.hostile], "JSON has the very name")
      #expect(controls(json.stdout).filter { $0 != "a" } == [], "and no control characters")
      let csv = try await scene.run("list --format csv")
      #expect(csv.stdout.contains("\"\(Self.hostile)\""), "CSV has it too")
    }
  }

  private struct Named: Decodable { let name: String }

  @Test func jsonOfTheServerHasNoControlCharacters() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      let sql = "SELECT json_build_object('a', chr(155) || chr(8238)) AS j"
      let json = try await scene.run(["exec", "acme", "--format", "ndjson", "-c", sql])
      #expect(json.stdout.contains(#""\u009b\u202e""#), "\(json)")
    }
  }

  @Test func wordsFilesAndVariablesAreNotObeyed() async throws {
    let name = "migrations/tenant/20260103000000_\u{1B}[2J\u{202E}.sql"
    try await Scene.with(tenants: ["acme"]) { scene in
      try Data("SELECT 'open".utf8).write(to: URL(fileURLWithPath: "\(scene.folder.path)/\(name)"))
      let commands: [([String], [String: String])] = [
        (["migration", "list"], [:]), (["migrate", "--all"], [:]), (["a\u{1B}[2J"], [:]),
        (["list", "--match", "\u{9B}2J", "\u{9B}2J"], [:]), (["list"], ["TENANTCTL_FORMAT": "\u{1B}[2J"]),
        (["list", "--config", "\u{1B}[2J\nerror: x"], [:]), (["resolve", "a\u{1B}.example.com"], [:]),
        (["help", "\u{1B}[2J"], [:]),
      ]
      for (words, environment) in commands {
        let text = try await onTerminal(scene, words, environment)
        #expect(controls(text) == [], "\(words)")
      }
    }
  }

  /// GitHub's runner obeys lines that begin with `::`, after blanks too.
  @Test func noLineIsACommandForGitHub() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await scene.database.psql(
        """
        INSERT INTO tenants (name, created_at, updated_at, deactivated) VALUES ('::stop-commands::x', now(), now(), false);
        CREATE SCHEMA "::stop-commands::x"
        """)
      let warning = #"DO $$ BEGIN RAISE WARNING E'a\n::error::b\n  ::error::c'; END $$"#
      for words in [
        ["list"], ["status", "--all"], ["doctor"], ["exec", "acme", "-c", warning],
      ] {
        let outcome = try await scene.run(words)
        let lines = (outcome.stdout + outcome.stderr).split(separator: "\n")
        #expect(lines.contains { $0.contains("\\u{3A}:") } || words[0] == "doctor", "\(words) \(outcome)")
        #expect(!lines.contains { $0.drop(while: \.isWhitespace).hasPrefix("::") }, "\(words) \(outcome)")
      }
      #expect(try await scene.run("list -q").stdout.contains("::stop-commands::x\n"))
    }
  }

  /// As of `list -print0 | xargs -0` gone wrong. Only before the digits of a byte that is not UTF-8 it is a backslash.
  @Test func aNULIsShown() async throws {
    try await Scene.with { scene in
      let text = try await scene.run("list --from-file -", stdin: "q\0r")
      #expect(text.stderr.hasPrefix(#"error: invalid tenant name 'q\u{0}r': "#), "\(text)")
      let json = try await scene.run("list --from-file - --format json", stdin: "q\0r")
      #expect(json.stdout.contains(#"'q\\u{0}r'"#), "\(json)")
    }
  }

  @Test func aReportIsXML() async throws {
    let file =
      "-- migrate:up\nDO $$ BEGIN RAISE EXCEPTION '%', E'\\x01\\x1b\\x7f' || chr(155) || chr(65535); END $$;\n"
    try await Scene.with(tenants: ["acme"], files: [:]) { scene in
      let folder = "\(scene.folder.path)/migrations/tenant"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      try Data(file.utf8).write(to: URL(fileURLWithPath: "\(folder)/1_bad.sql"))
      let outcome = try await scene.run("migrate --all --report junit=report.xml")
      #expect(outcome.status == 5)
      let xml = try String(contentsOfFile: "\(scene.folder.path)/report.xml", encoding: .utf8)
      #expect(controls(xml.replacing("\n", with: "")) == [])
      #expect(xml.contains("\\u{1}\\u{1B}\\u{7F}\\u{9B}\\u{FFFF}"), "\(xml)")
    }
  }
}
