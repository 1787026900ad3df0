import Foundation
import Tenancy
import TestSupport
import Testing

@testable import TenantctlCommands

@Suite("New migration files") struct MigrationFolderTests {
  /// 2026-11-23 10:15:00 UTC.
  private static let moment = 1_795_428_900

  @Test(
    arguments: [
      ([:], false, "tenant/"), ([:], true, "shared/"), (["1_a.sql": ""], false, ""),
      (["1_a.sql": ""], true, "shared/"),
      (["tenant/1_a.sql": ""], false, "tenant/"), (["shared/1_a.sql": ""], false, "tenant/"),
    ] as [([String: String], Bool, String)])
  func placeOfTheFile(files: [String: String], shared: Bool, place: String) throws {
    try withFolder(files) { folder in
      let path = try create("add capacity", shared: shared, in: folder)
      #expect(path == "\(folder)/\(place)20261123101500_add_capacity.sql")
      let set = try MigrationSet.load(at: folder)
      #expect((shared ? set.shared : set.tenant).last?.path == path)
      #expect((shared ? set.shared : set.tenant).last?.down == [])
    }
  }

  @Test func aTakenVersionIsPassedOver() throws {
    try withFolder([:]) { folder in
      let names = try ["a", "a", "b"].map { try create($0, in: "\(folder)/deep/er") }
      #expect(
        names.map { $0.suffix(20) } == [
          "20261123101500_a.sql", "20261123101501_a.sql", "20261123101502_b.sql",
        ])
    }
  }

  /// An older one would be out of order in every tenant.
  @Test(arguments: [("20991231235959", "20991231235960"), ("5", "20261123101500")])
  func comesAfterTheNewest(newest: String, version: String) throws {
    try withFolder(["tenant/\(newest)_a.sql": ""]) { folder in
      let path = try create("b", in: folder)
      #expect(path.hasSuffix("/\(version)_b.sql"))
    }
  }

  @Test func theLastSecondOfAYear() throws {
    try withFolder(["tenant/20261231235959_a.sql": ""]) { folder in
      let path = try MigrationFolder.create(name: "b", shared: false, at: 1_798_761_599, in: folder)
      #expect(path.hasSuffix("/20270101000000_b.sql"))
    }
  }

  @Test(arguments: [
    ("Add-Capacity  to tanks!", "add_capacity_to_tanks"), ("__a__", "a"), ("../../etc", "etc"),
    ("größe 2", "gr_e_2"),
  ]) func slug(name: String, slug: String) throws {
    try withFolder([:]) { folder in
      let path = try create(name, in: folder)
      #expect(path == "\(folder)/tenant/20261123101500_\(slug).sql")
    }
  }

  @Test(
    arguments: [
      ("", .badName("")), (" / ", .badName(" / ")), ("水", .badName("水")),
      (String(repeating: "a", count: 201), .nameTooLong),
    ] as [(String, MigrationFolderError)])
  func badName(name: String, error: MigrationFolderError) throws {
    try withFolder([:]) { folder in
      #expect(throws: error) { try create(name, in: folder) }
      let left = try FileManager.default.contentsOfDirectory(atPath: folder)
      #expect(left.isEmpty)
    }
  }

  private func create(_ name: String, shared: Bool = false, in folder: String) throws -> String {
    try MigrationFolder.create(name: name, shared: shared, at: Self.moment, in: folder)
  }
}
