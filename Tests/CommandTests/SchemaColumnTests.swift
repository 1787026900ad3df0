import TestSupport
import Testing

/// A registry whose tenants are keys, with a column for the schema: the name is not the schema's.
@Suite struct SchemaColumnTests {
  private static let uuids = ["6f1e2f6e-3333-4111-8111-aaaaaaaaaaaa", "af1e2f6e-3333-4111-8111-aaaaaaaaaaaa"]

  @Test(arguments: [
    ("bigserial", ["10", "7"], false), ("integer", ["10", "7"], false), ("smallint", ["10", "7"], false),
    ("uuid", uuids, true), ("text", ["1and1", "order"], false),
  ])
  func aNameThatNoSchemaCanHave(type: String, names: [String], hasHyphens: Bool) async throws {
    let settings = """
      [registry]
      tenants = "accounts"
      domains = false
      [registry.columns]
      name = "id"
      schema = "place"
      [names]
      allow_hyphens = \(hasHyphens)

      """
    try await Scene.empty(files: Scene.files.merging(["tenantctl.toml": settings]) { $1 }) { scene in
      try await scene.database.psql("CREATE TABLE accounts (id \(type) PRIMARY KEY, place text UNIQUE)")
      try await scene.succeed("create \(names[0]) --schema s1")
      try await scene.prints("list --columns name,schema --format csv", "name,schema\n\(names[0]),s1\n")
      try await scene.succeed("rename \(names[0]) \(names[1])")
      try await scene.prints("list --columns name,schema --format csv", "name,schema\n\(names[1]),s1\n")
      try await scene.succeed("status --all --check")
      try scene.folder.write("name,schema\n\(names[0]),s2\n", to: "new.csv")
      try await scene.succeed("create --from-file new.csv")
      try await scene.succeed("drop \(names[0]) --yes")
      let before = try await scene.database.contents()
      let bare = try await scene.run("create \(names[0])")
      if names[0].first?.isNumber == true {
        #expect(
          bare.status == 2
            && bare.stderr.hasPrefix("error: the name of tenant \(names[0]) cannot be its schema's name: ")
            && bare.stderr.contains("\nhint: give the tenant another schema with --schema\n"), "\(bare)")
        #expect(try await scene.database.contents() == before)
      }
      for (line, message) in [
        ("create \(names[0]) --schema 10", "invalid schema name '10'"),
        ("create 1A --schema s3", "invalid tenant name '1A'"),
        ("create public --schema s3", "invalid tenant name 'public'"),
      ] {
        let outcome = try await scene.run(line)
        #expect(outcome.status == 2 && outcome.stderr.contains(message), "\(line): \(outcome)")
      }
    }
  }
}
