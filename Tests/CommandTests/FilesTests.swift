import TestSupport
import Testing

@testable import TenantctlCommands

/// Files that cannot be written whole.
@Suite struct FilesTests {
  @Test func aFullDiskHasAHintOfItsOwn() {
    let problem = #expect(throws: FileProblem.self) { try Files.write("/dev/full", "text") }
    #expect(problem?.reason == "No space left on device")
    #expect(problem?.hint == "free some space on the disk, then run the command again")
    let other = #expect(throws: FileProblem.self) { try Files.write("/dev/full/file", "text") }
    #expect(other?.hint == "check the path and its permissions")
  }

  /// A part of a section would make the configuration invalid.
  @Test func appendsAllOrNone() async throws {
    try await Scene.empty { scene in
      try await scene.database.psql(
        """
        CREATE TABLE customers_client (id serial PRIMARY KEY, schema_name text UNIQUE, name text);
        CREATE TABLE customers_domain (
          id serial PRIMARY KEY, domain text UNIQUE, is_primary boolean NOT NULL,
          tenant_id int REFERENCES customers_client)
        """)
      let before = "#\(String(repeating: " ", count: 1000))\n"
      try scene.folder.write(before, to: "tenantctl.toml")
      let outcome = try await TestSupport.Tenantctl.script(
        "ulimit -f 1; tenantctl init", database: scene.database, workingDirectory: scene.folder.path)
      #expect(outcome.status == 1, "\(outcome)")
      #expect(try scene.folder.read("tenantctl.toml") == before)
      try await scene.succeed("init")
      #expect(try scene.folder.read("tenantctl.toml").contains("[registry]"))
    }
  }
}
