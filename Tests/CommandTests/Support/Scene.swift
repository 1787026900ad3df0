import TestSupport
import Testing

/// A database with a registry, a folder of migrations, and the binary to try on both.
struct Scene {
  let database: TestDatabase
  let folder: TemporaryFolder

  /// Two migrations: a table of tanks, and a column for it.
  static let files = [
    "migrations/tenant/20260101000000_tanks.sql": """
    -- migrate:up
    CREATE TABLE tanks (id serial PRIMARY KEY, name text);
    -- migrate:down
    DROP TABLE tanks;

    """,
    "migrations/tenant/20260102000000_litres.sql": "ALTER TABLE tanks ADD COLUMN litres integer;\n",
  ]

  /// Makes the registry with its extra columns `plan` and `seats`, and the tenants, each with the domain
  /// `NAME.example.com`.
  static func with(
    tenants: [String] = [], files: [String: String] = Scene.files,
    _ body: (Scene) async throws -> Void
  ) async throws {
    try await empty(files: files) { scene in
      try await scene.succeed("init --no-files")
      try await scene.database.psql("ALTER TABLE tenants ADD plan text, ADD seats integer")
      let without = scene.folder.exists("migrations") ? "" : " --no-migrations"
      for name in tenants {
        try await scene.succeed("create \(name) --domain \(name).example.com\(without)")
      }
      try await body(scene)
    }
  }

  /// A database without a registry.
  static func empty(files: [String: String] = [:], _ body: (Scene) async throws -> Void) async throws {
    try await TestDatabase.with { database in
      try await TemporaryFolder.with(files: files) { folder in
        try await body(Scene(database: database, folder: folder))
      }
    }
  }

  /// Runs the binary with the words of a line, in the scene's folder.
  @discardableResult
  func run(_ line: String, environment: [String: String] = [:], stdin: String = "") async throws -> Outcome {
    try await run(words(line), environment: environment, stdin: stdin)
  }

  /// Runs the binary with words that may hold spaces.
  @discardableResult
  func run(_ words: [String], environment: [String: String] = [:], stdin: String = "") async throws -> Outcome
  {
    try await Tenantctl.run(
      words, database: database, environment: environment, stdin: stdin, workingDirectory: folder.path)
  }

  /// Runs what has to work for a test to mean anything.
  func succeed(_ line: String) async throws {
    let outcome = try await run(line)
    try #require(outcome.status == 0, "\(line): \(outcome)")
  }

  /// Runs a command, which must succeed, print exactly this and say this, or nothing, on standard error.
  func prints(
    _ line: String, _ text: String, stderr: String = "", stdin: String = "",
    environment: [String: String] = [:],
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let outcome = try await run(line, environment: environment, stdin: stdin)
    #expect(outcome == Outcome(stdout: text, stderr: stderr, status: 0), sourceLocation: sourceLocation)
  }

  /// Runs a command twice, in two equal scenes: what it says must be this text, and this JSON, with which
  /// nothing stands on standard error.
  func says(
    _ line: String, _ text: String, stderr: String = "", json: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let twin = try await inTwin { try await $0.run("\(line) --format json") }
    try await prints(line, text, stderr: stderr, sourceLocation: sourceLocation)
    #expect(twin == Outcome(stdout: json + "\n", stderr: "", status: 0), sourceLocation: sourceLocation)
  }

  /// Runs something in a copy of the scene, whose database is gone afterwards.
  func inTwin<Result>(_ body: (Scene) async throws -> Result) async throws -> Result {
    try await TestDatabase.with(template: database.name) { copy in
      try await body(Scene(database: copy, folder: folder))
    }
  }

  /// A dry run changes nothing, and the SQL that it prints does, run by psql, what the command does.
  /// - Parameter forecast: what it says of the tenants on standard error.
  func dryRunTellsTheTruth(
    _ line: String, forecast: String = "", sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let before = try await database.contents()
    let dry = try await run("\(line) --dry-run")
    #expect(dry.status == 0 && dry.stderr == forecast && !dry.stdout.isEmpty, sourceLocation: sourceLocation)
    #expect(try await database.contents() == before, sourceLocation: sourceLocation)

    let byPsql = try await inTwin { twin in
      try await twin.database.psql(dry.stdout)
      return try await twin.database.contents()
    }
    try await succeed(line)
    let byCommand = try await database.contents()
    #expect(byCommand != before, sourceLocation: sourceLocation)
    #expect(withoutTimes(byPsql) == withoutTimes(byCommand), sourceLocation: sourceLocation)
  }

  private func withoutTimes(_ contents: String) -> String {
    contents.replacing(#/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?/#, with: "TIME")
      .replacing(#/TIME\+00\tpostgres\t\d+/#, with: "TIME\tpostgres\tMS")
  }
}

private func words(_ line: String) -> [String] { line.split(separator: " ").map(String.init) }
