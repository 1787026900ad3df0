import Foundation
import TestSupport
import Testing

@Suite struct MigrationCheckCommandTests {
  private static let third = "migrations/tenant/20260103000000_colour.sql"

  @Test func findsNothing() async throws {
    try await Scene.empty(files: Scene.files) { scene in
      // No database is asked.
      let nowhere = ["TENANTCTL_DATABASE_URL": "postgresql://127.0.0.1:1/none"]
      try await scene.prints("migration check", "checked 2 files: 0 findings\n", environment: nowhere)
      try await scene.says(
        "migration check", "checked 2 files: 0 findings\n", json: #"{"file_count":2,"findings":[]}"#)
    }
  }

  @Test func tellsWhyAndWhatToDo() async throws {
    try await Scene.empty(files: Scene.files) { scene in
      try scene.folder.write("SELECT 1;\nALTER TABLE tanks\n  ADD colour text NOT NULL;\n", to: Self.third)
      #expect(
        try await scene.run("migration check")
          == Outcome(
            stdout: """
              \(Self.third):2:1: error: not-null: it fails in every tenant whose table has a row
                  ALTER TABLE tanks
                  give it a DEFAULT, or ADD COLUMN without NOT NULL, fill it, and SET NOT NULL later
              checked 3 files: 1 finding

              """, stderr: "", status: 1))
      let json = try await scene.run("migration check --format json")
      #expect(json.status == 1)
      #expect(json.stdout.contains(#""column":1,"hazard":"not-null","line":2,"path":"\#(Self.third)""#))
      #expect(
        try await scene.run("migration check --quiet")
          == Outcome(stdout: "\(Self.third)\n", stderr: "", status: 1))
      try scene.folder.write(
        "-- tenantctl:allow not-null\nALTER TABLE tanks\n  ADD colour text NOT NULL;\n", to: Self.third)
      try await scene.prints("migration check", "checked 3 files: 0 findings\n")
    }
  }

  /// A file with one finding of each severity, in front of which stands a comment.
  private static let text = """
    /* A comment
       of two lines */ CREATE INDEX ON tanks (id);

    SELECT public.f(),
      'ä', other.g();

    """

  private func withFindings(_ body: (Scene) async throws -> Void) async throws {
    try await Scene.empty(files: Scene.files) { scene in
      try scene.folder.write(Self.text, to: Self.third)
      try await body(scene)
    }
  }

  @Test func excerptsShowTheStatement() async throws {
    try await withFindings { scene in
      let outcome = try await scene.run("migration check")
      #expect(outcome.stdout.contains("\(Self.third):2:20: warning: index-lock: writes"))
      #expect(outcome.stdout.contains("\n    CREATE INDEX ON tanks (id);\n"))
      #expect(outcome.stdout.contains("\(Self.third):5:8: warning: schema-reference: "))
      #expect(outcome.stdout.contains("\n    'ä', other.g();\n"))
      #expect(outcome.stdout.hasSuffix("checked 3 files: 3 findings\n") && outcome.status == 1)
    }
  }

  @Test func github() async throws {
    try await withFindings { scene in
      let outcome = try await scene.run("migration check --format github")
      let lines = outcome.stdout.split(separator: "\n")
      #expect(lines.count == 3 && outcome.stderr == "" && outcome.status == 1)
      #expect(
        lines[0].hasPrefix("::warning file=\(Self.third),line=2,col=20,title=index-lock::writes to the table")
      )
      try scene.folder.write("ALTER TABLE tanks ADD n int NOT NULL;\n", to: Self.third)
      let error = try await scene.run("migration check --format github")
      #expect(
        error.stdout.hasPrefix("::error file=\(Self.third),line=1,col=1,title=not-null::it fails in every"))
      try scene.folder.write("SELECT 'x;\n", to: Self.third)
      let invalid = try await scene.run("migration check --format github")
      #expect(invalid.stdout.hasPrefix("::error file=\(Self.third),line=1,col=8::a string (') is not closed"))
      #expect(invalid.stderr.hasPrefix("error: ") && invalid.status == 2)
    }
  }

  @Test func sarif() async throws {
    try await withFindings { scene in
      let outcome = try await scene.run("migration check --format sarif")
      #expect(outcome.stderr == "" && outcome.status == 1)
      let log = try JSONDecoder().decode(SARIF.self, from: Data(outcome.stdout.utf8))
      let run = try #require(log.runs.first)
      #expect(log.version == "2.1.0" && run.columnKind == "unicodeCodePoints")
      // Every rule is declared once, with its level, and every result is of one.
      let rules = run.tool.driver.rules
      #expect(Set(rules.map(\.id)).count == rules.count && rules.count > 20)
      #expect(run.results.map(\.ruleId) == ["index-lock", "schema-reference", "schema-reference"])
      for result in run.results {
        let rule = try #require(rules.first { $0.id == result.ruleId })
        #expect(
          rule.defaultConfiguration.level == result.level && ["error", "warning"].contains(result.level))
      }
      let place = try #require(run.results.last?.locations.first?.physicalLocation)
      #expect(place.artifactLocation.uri == Self.third)
      #expect(place.region.startLine == 5 && place.region.startColumn == 8)
      try scene.folder.write("", to: "migrations/tenant/20260104000000_ä b.sql")
      let empty = try await scene.run("migration check --format sarif")
      #expect(empty.stdout.contains(#""uri":"migrations/tenant/20260104000000_%C3%A4%20b.sql""#))
    }
  }

  @Test func junit() async throws {
    try await withFindings { scene in
      let outcome = try await scene.run("migration check --report junit=report.xml --quiet")
      #expect(outcome == Outcome(stdout: "\(Self.third)\n", stderr: "", status: 1))
      let report = try scene.folder.read("report.xml")
      #expect(
        report.contains(#"<testsuite name="tenantctl migration check" tests="3" failures="1" errors="0""#))
      #expect(
        report.contains(
          #"name="\#(Self.third)" time="0.0"><failure type="index-lock" message="\#(Self.third):2:20: "#))
      #expect(report.contains("schema-reference: "))
      let lost = try await scene.run("migration check --report junit=none/report.xml --quiet")
      #expect(lost.status == 1)
    }
  }

  @Test func since() async throws {
    try await withFindings { scene in
      try scene.folder.write("TRUNCATE tanks;", to: "migrations/tenant/20260104000000_empty.sql")
      let outcome = try await scene.run("migration check --since 20260103000000")
      #expect(
        outcome.stdout.contains(":1:1: warning: truncate: ")
          && outcome.stdout.hasSuffix("checked 1 file: 1 finding\n"))
      try await scene.prints("migration check --since 20260104000000", "checked 0 files: 0 findings\n")
      #expect(try await scene.run("migration check --since soon").status == 2)
    }
  }

  /// The ledger is the one of tenantctl.toml.
  @Test func ledger() async throws {
    try await Scene.empty(files: Scene.files) { scene in
      try scene.folder.write("[migrations]\nledger = \"versions\"\n", to: "tenantctl.toml")
      try scene.folder.write("TRUNCATE versions;", to: Self.third)
      #expect(try await scene.run("migration check").stdout.contains("error: ledger-change: "))
    }
  }

  @Test func theManualHasEveryRule() async throws {
    let page = try await Tenantctl.run(["migration", "check", "--help"])
    let manual = try String(
      contentsOf: URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "man/tenantctl-migration-check.1"), encoding: .utf8)
    for hazard in ["schema-name", "set-transaction", "drop-cascade", "whole-table"] {
      #expect(page.stdout.contains(hazard))
      #expect(manual.contains("\n\(hazard) (error): ") || manual.contains("\n\(hazard) (warning): "))
    }
  }
}

/// As much of SARIF as code hosts read.
private struct SARIF: Decodable {
  struct Run: Decodable {
    let tool: Tool
    let columnKind: String
    let results: [Result]
  }
  struct Tool: Decodable { let driver: Driver }
  struct Driver: Decodable {
    let name: String
    let rules: [Rule]
  }
  struct Rule: Decodable {
    let id: String
    let shortDescription, fullDescription, help: Text
    let defaultConfiguration: Configuration
  }
  struct Configuration: Decodable { let level: String }
  struct Text: Decodable { let text: String }
  struct Result: Decodable {
    let ruleId, level: String
    let message: Text
    let locations: [Location]
  }
  struct Location: Decodable { let physicalLocation: Place }
  struct Place: Decodable {
    let artifactLocation: Artifact
    let region: Region
  }
  struct Artifact: Decodable { let uri: String }
  struct Region: Decodable { let startLine, startColumn: Int }

  let version: String
  let runs: [Run]
}
