import Arguments
import Foundation
import TestSupport
import Testing

@testable import TenantctlCommands

@Suite struct GeneratedFilesTests {
  private static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  @Test func theTreeIsWellFormed() {
    #expect(TenantctlCommands.Tenantctl.tree.problems() == [])
  }

  @Test(arguments: GenerateCommand.generatedFiles().map(\.path))
  func committedFilesAreTrue(path: String) throws {
    let generated = GenerateCommand.generatedFiles().first { $0.path == path }?.text
    let committed = try? String(contentsOf: Self.root.appending(path: path), encoding: .utf8)
    #expect(generated == committed, "run `make generate` and commit what it writes")
  }

  @Test func noFileIsLeftOver() throws {
    let committed = try ["man", "completions"].flatMap { folder in
      try FileManager.default.contentsOfDirectory(atPath: Self.root.appending(path: folder).path).map {
        "\(folder)/\($0)"
      }
    }
    // The gateway's page has a test of its own.
    #expect(
      committed.filter { $0 != "man/tenantctl-gateway.1" }.sorted()
        == GenerateCommand.generatedFiles().map(\.path).sorted())
  }

  @Test func theCommandWritesThem() async throws {
    try await TemporaryFolder.with { folder in
      let outcome = try await TestSupport.Tenantctl.run(["__generate", folder.path])
      #expect(outcome.status == 0)
      #expect(try folder.files() == GenerateCommand.generatedFiles().map(\.path).sorted())
    }
  }

  @Test func manualPagesAreCleanAndReadable() async throws {
    try await TemporaryFolder.with { folder in
      for (path, text) in GenerateCommand.generatedFiles() where path.hasPrefix("man/") {
        try folder.write(text, to: path)
      }
      let lint = try await TestSupport.Tenantctl.script(
        "cd \(folder.path)/man && mandoc -T lint -W warning *.[15]")
      #expect(lint == Outcome(stdout: "", stderr: "", status: 0))
      let page = try await TestSupport.Tenantctl.script(
        "mandoc -T utf8 \(folder.path)/man/tenantctl.toml.5 | col -bx")
      #expect(page.stdout.contains("lock_timeout = \"500ms\""))
      #expect(page.stdout.contains("tenants = \"public.customers_client\""))
    }
  }

  /// Every key of the manual is understood with the manual's own example.
  @Test(arguments: ConfigurationKey.all.map(\.path))
  func examplesOfKeysAreUnderstood(path: String) async throws {
    let key = try #require(ConfigurationKey.all.first { $0.path == path })
    let files = [
      "tenantctl.toml": "[\(key.table)]\n\(key.name) = \(key.example)\n", "db/migrations/README": "",
    ]
    try await TemporaryFolder.with(files: files) { folder in
      let outcome = try await TestSupport.Tenantctl.run(["migration", "list"], workingDirectory: folder.path)
      #expect(outcome.status == 0)
    }
  }
}
