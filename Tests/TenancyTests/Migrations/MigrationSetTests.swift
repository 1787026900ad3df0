import Foundation
import Tenancy
import TestSupport
import Testing

@testable import TenantctlCommands

@Suite("Folders of migrations") struct MigrationSetTests {
  @Test func tenantAndSharedByVersion() throws {
    try withFolder([
      "tenant/10_b.sql": "", "tenant/9_a.sql": "", "shared/9_c.sql": "", "tenant/README.md": "",
      "tenant/.8_d.sql": "",
      "tenant/7_e.sql.swp": "", "README": "",
    ]) { folder in
      let set = try MigrationSet.load(at: folder)
      #expect(set.tenant.map(\.path) == ["\(folder)/tenant/9_a.sql", "\(folder)/tenant/10_b.sql"])
      #expect(set.shared.map(\.name) == ["c"])
      #expect(try MigrationSet.load(at: folder + "/") == set)
    }
  }

  @Test(arguments: [["2_b.sql": "", "1_a.sql": ""], ["2_b.sql": "", "1_a.sql": "", "shared/1_s.sql": ""]])
  func filesInNeitherFolderAreTheTenants(files: [String: String]) throws {
    try withFolder(files) { folder in
      let set = try MigrationSet.load(at: folder)
      #expect(set.tenant.map(\.name) == ["a", "b"])
      #expect(set.shared.count == files.count - 2)
    }
  }

  @Test func emptyFolder() throws {
    try withFolder([:]) { folder in
      let set = try MigrationSet.load(at: folder)
      #expect(set == MigrationSet(tenant: [], shared: []))
    }
  }

  @Test func missingFolder() throws {
    try withFolder(["file": ""]) { folder in
      #expect(throws: MigrationFolderError.missing(path: "\(folder)/x")) {
        try MigrationSet.load(at: "\(folder)/x")
      }
      let error = MigrationFolderError.inaccessible(path: "\(folder)/file", reason: "Not a directory")
      #expect(throws: error) { try MigrationSet.load(at: "\(folder)/file") }
    }
  }

  /// The one that comes later sees the other's file.
  @Test func newMigrationsAtTheSameTime() async throws {
    try await TemporaryFolder.with { folder in
      let paths = try await withThrowingTaskGroup(of: String.self) { group in
        for number in 0..<8 {
          group.addTask {
            try MigrationFolder.create(
              name: number % 2 == 0 ? "same" : "other", shared: false, at: 0, in: folder.path("migrations"))
          }
        }
        return try await group.reduce(into: Set<String>()) { $0.insert($1) }
      }
      #expect(paths.count == 8)
      #expect(try MigrationSet.load(at: folder.path("migrations")).tenant.count == 8)
    }
  }

  @Test func allProblemsOfAllFiles() throws {
    try withFolder([
      "0_stray.sql": "", "tenant/1_a.sql": "BEGIN;", "tenant/1_b.sql": "(", "tenant/c.sql": "",
      "tenant/3_d.sql/e": "",
      "tenant/01_f.sql": "", "shared/1_g.sql": "'", "shared/2_h.sql": "",
    ]) { folder in
      let error = #expect(throws: MigrationFolderError.self) { _ = try MigrationSet.load(at: folder) }
      guard case .invalid(let invalid) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(
        invalid.problems.map { $0.description.dropFirst(folder.count + 1) } == [
          "0_stray.sql: files outside of tenant/ and shared/ are not read",
          "tenant/1_a.sql:1:1: BEGIN is not allowed: tenantctl begins and commits the transaction",
          "tenant/1_b.sql:1:1: a parenthesis is not closed",
          "tenant/3_d.sql: the file cannot be read: Is a directory",
          "tenant/c.sql: the file's name does not begin with a version",
          "tenant/1_b.sql: \(folder)/tenant/1_a.sql also has version 1",
          "shared/1_g.sql:1:1: a string (') is not closed",
        ])
    }
  }

  @Test(arguments: [
    "tenant/2_b.SQL", "tenant/2_b.sql.txt", "tenant/2_b.sql ", "tenant/2_b.Sql", "tenant/2_b.psql",
    "tenant/2_b.sql.",
    "shared/2_b.sql\u{200B}", "tenant/2_b.sql\u{200D}", "tenant/2_b.sql.txt\u{FE0F}.", "2_b.SQL",
    "tenant/2026/2_b.sql", "tenant/old/deep/2_b.sql", "2026/2_b.sql",
    "2024-01-01-000000_a/up.sql", "20240101000000_a/migration.sql", "archive/2_b.sql", "tenant/a/views.sql",
    "tenant/2_b.down.sql", "tenant/2_b.undo.sql",
    "tenant/1_a_down.sql", "tenant/1_a-down.sql", "tenant/1_a_undo.sql", "tenant/1_a-rollback.sql",
  ])
  func whatWouldSilentlyNeverRun(name: String) throws {
    try withFolder(["tenant/1_a.sql": "SELECT 1;", name: "SELECT 1;"]) { folder in
      let error = #expect(throws: MigrationFolderError.self) { _ = try MigrationSet.load(at: folder) }
      guard case .invalid(let invalid) = error else { return }
      #expect(invalid.problems.map(\.file) == ["\(folder)/\(name)"])
      #expect(!invalid.problems[0].hint.isEmpty)
    }
  }

  /// As the later version that two files of one version are to have, it would run right after the other.
  @Test(arguments: [
    ("1_a_up.sql", "1_a_down.sql"), ("1_a-up.sql", "1_a-down.sql"), ("1_up.sql", "1_down.sql"),
    ("1_a.sql", "1_a.drop.sql"), ("1_a.sql", "1_a_drop.sql"), ("1_a.sql", "1_a.revert.sql"),
    ("1_a.sql", "1_a-revert.sql"), ("1_a.up.sql", "1_a.drop.sql"), ("1_a_up.sql", "1_a_revert.sql"),
    ("1_a.sql", "1_a.downgrade.sql"), ("1_a.sql", "1_a_rollback.sql"),
  ])
  func filesThatUndo(up: String, down: String) throws {
    try withFolder(["tenant/\(up)": "SELECT 1;", "tenant/\(down)": "SELECT 2;"]) { folder in
      let error = #expect(throws: MigrationFolderError.self) { _ = try MigrationSet.load(at: folder) }
      guard case .invalid(let invalid) = error else { return }
      #expect(invalid.problems == [MigrationFileError(.downFile, file: "\(folder)/tenant/\(down)")])
      #expect(invalid.problems[0].hint == "put it into the migration's file below a line '-- migrate:down'")
    }
  }

  @Test func theWordMayBelongToTheName() throws {
    let names = [
      "1_scale_down.sql", "2_add-undo.sql", "3_scale.sql", "4_orders.drop.sql", "5_orders_revert.sql",
      "6_orders.sql",
      "7_backdrop.sql", "8_a.revert.sql",
    ]
    try withFolder(Dictionary(uniqueKeysWithValues: names.map { ($0, "") })) { folder in
      let set = try MigrationSet.load(at: folder)
      #expect(set.tenant.count == names.count)
    }
  }

  @Test(arguments: [
    (["db/migrations/tenant/1_a.sql"], "db", "db/migrations"),
    (["db/migrations/1_a.sql"], "db", "db/migrations"),
    (["db/functions/1_f.sql", "db/migrations/shared/1_a.sql"], "db", "db/migrations"),
    (["my db/sql/1_a.sql"], "my db/", "'my db/sql'"),
  ])
  func theFolderAboveIsNamed(files: [String], path: String, meant: String) throws {
    try withFolder(Dictionary(uniqueKeysWithValues: files.map { ($0, "SELECT 1;") })) { folder in
      let error = #expect(throws: MigrationFolderError.self) {
        _ = try MigrationSet.load(at: "\(folder)/\(path)")
      }
      guard case .invalid(let invalid) = error else { return }
      #expect(
        invalid.problems.count == 1 && invalid.problems[0].message.hasPrefix("a folder below is not read"))
      #expect(
        invalid.problems[0].hint.replacing("\(folder)/", with: "").hasSuffix("name it: --migrations \(meant)")
      )
    }
  }

  @Test(arguments: [
    "tenant/.2_b.sql", "tenant/2_b.sql~", "tenant/.2_b.sql.swp", "tenant/README.md", "tenant/2_b.sql.bak",
    "README.md",
    "tenant/2_b.sql.orig", "tenant/2_b.sql.disabled", "tenant/.old/2_b.sql", "meta/0000_snapshot.json",
    "seeds/fish.sql",
    "tenant/docs/a.md", "notes.txt", "tenant/#2_b.sql#",
  ])
  func whatIsPutAside(name: String) throws {
    try withFolder(["tenant/1_a.sql": "SELECT 1;", name: "SELECT 1;"]) { folder in
      let set = try MigrationSet.load(at: folder)
      #expect(set.tenant.map(\.name) == ["a"])
    }
  }

  @Test func foldersAreNamedByTheirKind() throws {
    try withFolder([
      "20240101000000_a/up.sql": "", "20240101000000_a/down.sql": "", "20240102000000_b/up.sql": "",
      "20240103000000_c/migration.sql": "",
    ]) { folder in
      let error = #expect(throws: MigrationFolderError.self) { _ = try MigrationSet.load(at: folder) }
      guard case .invalid(let invalid) = error else { return }
      #expect(
        invalid.problems.map { $0.description.dropFirst(folder.count + 1) } == [
          "20240101000000_a/down.sql: a folder below is not read; this is Diesel's layout (and 1 other folder)",
          "20240103000000_c/migration.sql: a folder below is not read; this is Prisma's layout",
        ])
      #expect(invalid.problems[1].hint.contains("--from prisma"))
    }
  }

  @Test func drizzlesFilesAsTheyAre() throws {
    try withFolder([
      "0000_init.sql":
        "CREATE TABLE \"a\" (\"x\" int);\n--> statement-breakpoint\nCREATE TABLE \"b\" (\"x\" int);",
      "0001_more.sql": "ALTER TABLE \"a\" ADD COLUMN \"y\" int;--> statement-breakpoint\nSELECT 1;",
      "meta/_journal.json": "{}", "meta/0000_snapshot.json": "{}",
    ]) { folder in
      let set = try MigrationSet.load(at: folder)
      #expect(set.tenant.map(\.up.count) == [2, 2])
    }
  }

  /// To open a pipe would be to wait for somebody who writes.
  @Test(arguments: [
    ("pipe", "Neither a file nor a folder", "a migration is a file: rename it, or move it away"),
    ("folder", "Is a directory", "a migration is a file: rename it, or move it away"),
    (
      "link", "It is a symbolic link to something that does not exist",
      "restore the file that it refers to, or remove the link"
    ),
  ])
  func whatIsNoFile(kind: String, reason: String, hint: String) throws {
    try withFolder(["1_a.sql": ""]) { folder in
      let path = "\(folder)/2_b.sql"
      let made =
        kind == "pipe"
        ? mkfifo(path, 0o600) : kind == "link" ? symlink("/nonexistent", path) : mkdir(path, 0o700)
      #expect(made == 0)
      let error = #expect(throws: MigrationFolderError.self) { _ = try MigrationSet.load(at: folder) }
      guard case .invalid(let invalid) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(
        invalid.problems.map(\.description) == [
          "\(path): the file cannot be read: \(reason)"
        ])
      #expect(invalid.problems.map(\.hint) == [hint])
    }
  }

  @Test func largeFile() throws {
    let text = String(repeating: "SELECT 'x';\n", count: 20_000)
    try withFolder(["1_a.sql": text]) { folder in
      let file = try #require(try MigrationSet.load(at: folder).tenant.first)
      #expect(file.up.count == 20_000)
      #expect(file.checksum == Checksum(of: Array(text.utf8)))
    }
  }
}
