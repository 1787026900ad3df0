import Testing

@testable import Tenancy
@testable import TenantctlCommands

/// A wrong `--from`: what undoes a migration would run with what applies it.
@Suite("Import with another tool's name") struct RecognizedToolTests {
  private static let goose = ["1_a.sql": "-- +goose Up\nSELECT 1;\n-- +goose Down\nSELECT 2;\n"]
  private static let pair = ["1_a.up.sql": "SELECT 1;\n", "1_a.down.sql": "SELECT 2;\n"]

  private func refusal(_ format: ImportFormat, _ files: [String: String]) throws -> MigrationFolderError? {
    try withFolder(files) { folder in
      let error = #expect(throws: (any Error).self) { try MigrationImport(from: format, at: folder) }
      guard case .otherTool(_, let named, let seems) = error as? MigrationFolderError else { return nil }
      return .otherTool(path: "", named, seems: seems)
    }
  }

  @Test(
    arguments: [
      (.sqlx, goose, [.goose]), (.tern, goose, [.goose]), (.flyway, goose, [.goose]),
      (.sqlMigrate, goose, [.goose]),
      (.goose, pair, [.golangMigrate, .sqlx]), (.tern, pair, [.golangMigrate, .sqlx]),
      (.nodePgMigrate, pair, [.golangMigrate, .sqlx]), (.prisma, pair, [.golangMigrate, .sqlx]),
      (.goose, ["V1__a.sql": "SELECT 1;"], [.flyway]), (.diesel, ["1_a/migration.sql": ""], [.prisma]),
      (.goose, ["1_a/up.sql": ""], [.diesel]),
      (.goose, ["1_a.sql": "-- +migrate Up\nSELECT 1;\n"], [.sqlMigrate]),
      (.sqlx, ["1_a.sql": "SELECT 1;\n---- create above / drop below ----\nSELECT 2;\n"], [.tern]),
      (.tern, ["1_a.sql": "-- Up Migration\nSELECT 1;\n-- Down Migration\nSELECT 2;\n"], [.nodePgMigrate]),
    ] as [(ImportFormat, [String: String], [ImportFormat])])
  func namesTheTool(format: ImportFormat, files: [String: String], seems: [ImportFormat]) throws {
    let error = try #require(try refusal(format, files))
    #expect(error == .otherTool(path: "", format, seems: seems))
    #expect(error.hint.hasPrefix("use " + seems.map { "--from \($0.rawValue)" }.joined(separator: " or ")))
  }

  /// Its own files with a fault, or files of no tool: the faults themselves are told.
  @Test(
    arguments: [
      (.sqlx, ["1_a.up.sql": "(", "1_a.down.sql": ""]), (.goose, ["1_a.sql": "SELECT 1;\n"]),
      (.goose, goose.merging(["2_b.sql": "-- +goose Up\n("]) { $1 }),
    ] as [(ImportFormat, [String: String])])
  func tellsTheFaults(format: ImportFormat, files: [String: String]) throws {
    #expect(try refusal(format, files) == nil)
    #expect(try !problems(format, files).isEmpty)
  }

  /// One file among others.
  @Test func aFileOfAnotherTool() throws {
    let plain = ["2_b.sql": "SELECT 1;\n", "3_c.sql": "SELECT 1;\n", "4_d.sql": "SELECT 1;\n"]
    #expect(
      try problems(.sqlx, Self.goose.merging(plain) { $1 }) == [
        "1_a.sql: '-- +goose Up' begins a section of goose",
        "1_a.sql: '-- +goose Down' begins a section of goose",
      ])
    #expect(
      try hints(.tern, plain.merging(["1_a.sql": "SELECT 1;\n-- Down Migration\nSELECT 2;\n"]) { $1 }) == [
        "use --from node-pg-migrate if the files are node-pg-migrate's; or else reword the comment"
      ])
    let mixed = Self.pair.merging(plain) { $1 }
    #expect(
      try problems(.tern, mixed.merging(["5_e.sql": ""]) { $1 }) == [
        "1_a.up.sql: by their names, it and 1_a.down.sql apply and undo the same migration"
      ])
  }

  /// A comment in a section of the tool's own is prose.
  @Test func commentsWithinSections() throws {
    let file = "-- +goose Up\nSELECT 1;\n-- +goose Down\n-- Down Migration\nSELECT 2;\n"
    #expect(try problems(.goose, ["1_a.sql": file]) == [])
    #expect(try problems(.sqlx, ["1_a.sql": "-- Down\nSELECT 1;\n"]) == [])
  }

  @Test(
    arguments: [
      (.prisma, "prisma/migrations/1_a/migration.sql", "prisma", "prisma/migrations"),
      (.diesel, "migrations/1_a/up.sql", "", "migrations"),
      (.goose, "app/db/migrations/1_a.sql", "app", "app/db/migrations"),
    ] as [(ImportFormat, String, String, String)])
  func theFolderAboveIsNamed(format: ImportFormat, file: String, path: String, meant: String) throws {
    try withFolder([file: Self.goose["1_a.sql"] ?? ""]) { folder in
      let path = path.isEmpty ? folder : "\(folder)/\(path)"
      let error = MigrationFolderError.nothingToImport(path: path, format, below: "\(folder)/\(meant)")
      #expect(throws: error) { try MigrationImport(from: format, at: path) }
      #expect(
        error.hint
          == "use 'tenantctl migration import --from \(format.rawValue) \(folder)/\(meant)'; nothing was written"
      )
    }
  }
}
