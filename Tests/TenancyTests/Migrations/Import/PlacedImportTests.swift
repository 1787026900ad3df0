import Foundation
import Testing

@testable import Tenancy

@Suite("The place of imported files") struct PlacedImportTests {
  private static let source = ["from/1_a.sql": "SELECT 1;\n", "from/2_b.sql": "SELECT 2;\n"]

  @Test(
    arguments: [
      ([:], false), ([:], true), (["to/tenant/.gitkeep": ""], false), (["to/shared/1_x.sql": ""], false),
      (["to/tenant/1_x.sql": ""], true), (["to/notes.md": ""], false),
    ] as [([String: String], Bool)])
  func writesAllFiles(present: [String: String], shared: Bool) throws {
    try place(present, shared: shared) { placed, folder in
      #expect(!placed.isThere)
      try placed.write()
      let set = try MigrationSet.load(at: folder)
      #expect((shared ? set.shared : set.tenant) == placed.files)
      #expect(placed.files.map(\.version.rawValue) == ["1", "2"])
      // Nothing else is left, such as the draft.
      let left = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasPrefix(".") }
      #expect(left == [])
    }
  }

  @Test func aSecondTimeThereIsNothingToWrite() throws {
    let there = [
      "to/tenant/1_a.sql": "-- migrate:up\nSELECT 1;\n", "to/tenant/2_b.sql": "-- migrate:up\nSELECT 2;\n",
    ]
    try place(there.merging(["to/tenant/3_later.sql": ""]) { $1 }) { placed, folder in
      #expect(placed.isThere)
      try placed.write()
      #expect(try MigrationSet.load(at: folder).tenant.count == 3)
    }
  }

  @Test(
    arguments: [
      (["to/tenant/1_a.sql": "-- migrate:up\nSELECT 1;\n"], "to/tenant"),
      (["to/tenant/9_x.sql": ""], "to/tenant"),
      (["to/tenant/README.md": ""], "to/tenant"), (["to/1_flat.sql": ""], "to"),
      (
        [
          "to/tenant/1_a.sql": "-- migrate:up\nSELECT 1;\n",
          "to/tenant/2_b.sql": "-- migrate:up\nSELECT 0;\n",
        ],
        "to/tenant"
      ),
    ] as [([String: String], String)])
  func otherFilesAreInTheWay(present: [String: String], path: String) throws {
    try withFolder(Self.source.merging(present) { $1 }) { folder in
      #expect(throws: MigrationFolderError.occupied(path: "\(folder)/\(path)")) {
        try MigrationImport(from: .sqlx, at: "\(folder)/from").placed(in: "\(folder)/to", shared: false)
      }
    }
  }

  @Test func allOrNothing() throws {
    try place([:]) { placed, folder in
      // Somebody else is faster.
      try FileManager.default.createDirectory(atPath: "\(folder)/tenant", withIntermediateDirectories: true)
      try Data().write(to: URL(fileURLWithPath: "\(folder)/tenant/9_x.sql"))
      #expect(throws: MigrationFolderError.self) { try placed.write() }
      let left = try FileManager.default.subpathsOfDirectory(atPath: folder).sorted()
      #expect(left == ["tenant", "tenant/9_x.sql"])
    }
  }

  @Test func noMigrations() throws {
    try withFolder(["README.md": ""]) { folder in
      #expect(throws: MigrationFolderError.nothingToImport(path: folder, .goose)) {
        try MigrationImport(from: .goose, at: folder)
      }
      #expect(throws: MigrationFolderError.noSource(path: "\(folder)/x")) {
        try MigrationImport(from: .goose, at: "\(folder)/x")
      }
    }
  }

  private func place(
    _ present: [String: String], shared: Bool = false, _ body: (PlacedImport, String) throws -> Void
  ) throws {
    try withFolder(Self.source.merging(present) { $1 }) { folder in
      let source = try MigrationImport(from: .sqlx, at: "\(folder)/from")
      try body(try source.placed(in: "\(folder)/to", shared: shared), "\(folder)/to")
    }
  }
}
