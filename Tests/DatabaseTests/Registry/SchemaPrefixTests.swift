import TenancyPostgres
import TestSupport
import Testing

@testable import Tenancy

/// A tenant whose schema is a prefix and its name, or its key.
@Suite struct SchemaPrefixTests {
  private static func keys(_ type: String) -> Registry {
    var mapping = RegistryMapping()
    mapping.columns.name = "id"
    mapping.schemaPrefix = "tenant_"
    return Registry(
      name: "\(type) keys",
      ddl: """
        CREATE TABLE tenants (
          id \(type) PRIMARY KEY, title text, updated_at timestamp NOT NULL, deactivated boolean NOT NULL DEFAULT false);
        CREATE TABLE domains (
          tenant_id \(type) NOT NULL REFERENCES tenants (id), domain_name text PRIMARY KEY, is_primary boolean NOT NULL)
        """, mapping: mapping)
  }

  private static let lives: [(Registry, [String])] = [
    (keys("smallint"), ["42", "43", "7"]), (keys("integer"), ["42", "43", "7"]),
    (keys("bigint"), ["4200000000", "43", "7"]),
  ]

  @Test(arguments: lives) func aLifeWithIntegerKeys(registry: Registry, names: [String]) async throws {
    let (old, other, new) = (names[0], names[1], names[2])
    try await Fleet.with(registry) { fleet in
      let created = try await fleet.create(old, domains: ["acme.com"])
      #expect(created.tenant.schema.rawValue == "tenant_\(old)")
      try await fleet.create(other)
      #expect(try await fleet.list() == [other, "\(old)(acme.com)"].sorted().joined(separator: " "))
      #expect(try await fleet.resolve("acme.com") == "\(old) by domain")
      #expect(try await fleet.resolve("\(old).example.com") == "\(old) by subdomain")
      try await fleet.tenancy.planAddDomain(host("b.com"), to: TenantName(stored: old), primary: true).apply()
      try await fleet.tenancy.planSet([TenantName(stored: old)], ["title": "Acme"]).apply()
      #expect(try await fleet.tenancy.show(TenantName(stored: old)).columns["title"] == "Acme")
      #expect(try await fleet.setActive(old, false))
      #expect(try await fleet.setActive(old, true))
      let schema = try await fleet.tenancy.withTenant(TenantName(stored: old)) {
        try await $0.query("SELECT current_schema()")[0][0]
      }
      #expect(schema == "tenant_\(old)")
      #expect(
        try await fleet.tenancy.diagnose().entries.map(\.finding) == [.noDomain(TenantName(stored: other))])
      await #expect(throws: TenancyProblem.tenantExists(TenantName(stored: other))) {
        try await fleet.rename(old, other)
      }
      let renamed = try await fleet.rename(old, new)
      #expect(renamed.tenant.schema.rawValue == "tenant_\(new)")
      #expect(try await fleet.resolve("acme.com") == "\(new) by domain")
      #expect(try await fleet.tenancy.domains(of: [TenantName(stored: new)]).count == 2)
      #expect(try await fleet.drop(new).hadSchema)
      #expect(try await fleet.list() == other)
      #expect(try await fleet.schemas() == "tenant_\(other)")
    }
  }

  /// What is no key is the name of no tenant: not a type error, and not the tenant with an equal number.
  @Test(arguments: ["acme", "042", " 42", "42.0", "99999999999999999999", "-", "4 2"])
  func noKey(name: String) async throws {
    try await Fleet.with(Self.keys("integer")) { fleet in
      try await fleet.create("42")
      let name = TenantName(stored: name)
      // One that has not read the catalog, and one that has.
      for database in [try fleet.database.tenancy(Self.keys("integer")), fleet.tenancy] {
        await #expect(throws: TenancyError(.tenantNotFound(name))) {
          try await database.withTenant(name) { _ in Issue.record("entered") }
        }
        await #expect(throws: TenancyProblem.tenantNotFound(name)) { try await database.show(name) }
        await #expect(throws: TenancyProblem.tenantNotFound(name)) { try await database.planDrop(name) }
        await #expect(throws: TenancyProblem.tenantNotFound(name)) {
          try await database.planRename(name, to: "1")
        }
        await #expect(throws: TenancyProblem.tenantNotFound(name)) {
          try await database.planSetActive([name], false)
        }
        await #expect(throws: TenancyProblem.tenantNotFound(name)) {
          try await database.planSet([name], ["title": "x"])
        }
        #expect(try await database.domains(of: ["42"]).isEmpty)
      }
      await #expect(throws: TenancyError(.hostNotFound("acme.example.com", label: "acme"))) {
        try await fleet.resolve("acme.example.com")
      }
      #expect(try await fleet.list() == "42")
    }
  }

  /// Names of another registry that are keys, without a prefix.
  @Test func keysWithoutAPrefix() async throws {
    var registry = Self.keys("integer")
    registry.mapping.schemaPrefix = ""
    registry.mapping.columns.schema = "title"
    try await Fleet.with(registry) { fleet in
      try await fleet.psql(
        "INSERT INTO tenants VALUES (42, 'acme', now()), (43, NULL, now()); CREATE SCHEMA acme; CREATE SCHEMA \"43\""
      )
      #expect(try await fleet.list() == "42 43")
      for name in ["42", "43"] as [TenantName] {
        _ = try await fleet.tenancy.withTenant(name) { try await $0.query("SELECT 1") }
      }
      await #expect(throws: TenancyError(.tenantNotFound("acme"))) {
        try await fleet.database.tenancy(registry).withTenant("acme") { _ in }
      }
    }
  }

  @Test func newNames() async throws {
    try await Fleet.with(Self.keys("integer")) { fleet in
      let column = ("id", "public.tenants")
      for name in ["acme", "042", "3000000000"] {
        await #expect(
          throws: TenancyProblem.nameNotOfType(name, column: column.0, table: column.1, type: "integer")
        ) { try await fleet.create(name) }
      }
      await #expect(throws: TenancyProblem.invalidTenantName("-1", .malformedKey)) {
        try await fleet.create("-1")
      }
      try await fleet.create("1")
      await #expect(
        throws: TenancyProblem.nameNotOfType("x", column: column.0, table: column.1, type: "integer")
      ) { try await fleet.rename("1", "x") }
      #expect(try await fleet.schemas() == "tenant_1")
    }
    try await Fleet.with(.prefixed) { fleet in
      // 63 bytes with the prefix, and 64.
      let (fits, exceeds) = (String(repeating: "n", count: 56), String(repeating: "n", count: 57))
      try await fleet.create(fits)
      for change in [{ try await fleet.create(exceeds) }, { try await fleet.rename(fits, exceeds) }]
        as [@Sendable () async throws -> Any]
      {
        await #expect(throws: TenancyProblem.invalidSchemaName("tenant_" + exceeds, .tooLong)) {
          _ = try await change()
        }
      }
      await #expect(throws: TenancyProblem.invalidTenantName("7-a", .hyphenated)) {
        try await fleet.create("7-a")
      }
      // With a prefix before them, a keyword and a number are names.
      for name in ["user", "42"] { try await fleet.create(name) }
      #expect(try await fleet.list() == "42 \(fits) user")
    }
  }

  @Test func keysThatPostgreSQLAssigns() async throws {
    try await Fleet.with(Self.keys("integer")) { fleet in
      try await fleet.create("1")
      try await fleet.psql("ALTER TABLE tenants ALTER id ADD GENERATED ALWAYS AS IDENTITY")
      let problem = TenancyProblem.nameAssigned(column: "id", table: "public.tenants")
      await #expect(throws: problem) { try await fleet.create("2") }
      await #expect(throws: problem) { try await fleet.rename("1", "2") }
      let schemas = try await fleet.schemas()
      #expect(schemas == "tenant_1")
    }
  }

  /// A row of the app's whose schema's name is cut by PostgreSQL must not lead to the one that has the rest.
  @Test func aNameThatIsCut() async throws {
    try await Fleet.with(.prefixed) { fleet in
      let fits = String(repeating: "n", count: 56)
      try await fleet.create(fits)
      let exceeds = TenantName(stored: fits + "n")
      try await fleet.psql("INSERT INTO tenants (name) VALUES ('\(exceeds)')")
      let problem = TenancyProblem.schemaNotEnterable(exceeds, SchemaName(of: exceeds, after: "tenant_"))
      await #expect(throws: problem) { try await fleet.tenancy.planDrop(exceeds) }
      await #expect(throws: TenancyError(problem)) {
        try await fleet.tenancy.withTenant(exceeds) { _ in Issue.record("entered") }
      }
      #expect(try await fleet.schemas() == "tenant_\(fits)")
    }
  }

  /// A prefix is part of a name and never of a statement.
  @Test(arguments: ["it's ", "\"; DROP SCHEMA public CASCADE; --", "\\", "Ünï-", "$$", "%s"])
  func anyPrefix(prefix: String) async throws {
    var registry = Registry.ours
    registry.mapping.schemaPrefix = prefix
    try await Fleet.with(registry) { fleet in
      let schema = SchemaName(of: "acme", after: prefix)
      try await fleet.psql(
        "INSERT INTO tenants (name) VALUES ('acme'); CREATE SCHEMA \(schema.identifier.quoted)")
      let seen = try await fleet.tenancy.withTenant("acme") {
        try await $0.query("SELECT current_schema()")[0][0]
      }
      #expect(seen == schema.rawValue)
      #expect(try await fleet.tenancy.show("acme").entry.tenant.schema == schema)
      await #expect(throws: TenancyProblem.invalidSchemaName("\(prefix)beta", .malformed)) {
        try await fleet.create("beta")
      }
      #expect(try await fleet.drop("acme").hadSchema)
      #expect(try await fleet.schemas() == "")
    }
  }

  /// A schema of its own, where the registry has a column for it, and otherwise the prefix and the name.
  @Test func aColumnBeforeThePrefix() async throws {
    var registry = Registry.ownSchemas
    registry.mapping.schemaPrefix = "t_"
    try await Fleet.with(registry) { fleet in
      try await fleet.psql(
        "INSERT INTO tenants (name, db_schema, deactivated) VALUES ('a', 'alpha', false), ('b', NULL, false), ('c', '', false)"
      )
      #expect(try await fleet.tenancy.list().map(\.tenant.schema.rawValue) == ["alpha", "t_b", "t_c"])
      #expect(try await fleet.create("d").tenant.schema.rawValue == "t_d")
      let new = NewTenant("e", schema: SchemaName(stored: "omega"))
      #expect(try await fleet.tenancy.planCreate(new).apply().tenant.schema.rawValue == "omega")
      #expect(try await fleet.rename("d", "f").tenant.schema.rawValue == "t_f")
      #expect(try await fleet.rename("e", "g").tenant.schema.rawValue == "omega")
    }
    try await Fleet.with(.prefixed) { fleet in
      let other = NewTenant("a", schema: SchemaName(stored: "a"))
      await #expect(throws: TenancyProblem.noSchemaColumn(table: "public.tenants")) {
        try await fleet.tenancy.planCreate(other)
      }
      let same = NewTenant("a", schema: SchemaName(stored: "tenant_a"))
      let created = try await fleet.tenancy.planCreate(same).apply()
      #expect(created.tenant.schema.rawValue == "tenant_a")
    }
  }

  /// stancl/tenancy keeps the name of a schema; renaming the tenant leaves it.
  @Test func stanclsOwnSchema() async throws {
    try await Fleet.with(.stanclWithColumn) { fleet in
      try await fleet.psql(
        #"INSERT INTO tenants (id, data) VALUES ('acme', '{"tenancy_db_name": "old_acme"}'), ('beta', '{}')"#)
      try await fleet.psql("CREATE SCHEMA old_acme; CREATE SCHEMA tenantbeta")
      #expect(try await fleet.tenancy.list().map(\.tenant.schema.rawValue) == ["old_acme", "tenantbeta"])
      #expect(try await fleet.rename("acme", "apex").tenant.schema.rawValue == "old_acme")
      #expect(try await fleet.drop("apex").hadSchema)
      #expect(try await fleet.schemas() == "tenantbeta")
    }
  }
}

/// `init` finds the prefix.
@Suite struct SchemaPrefixRecognitionTests {
  private static let integers = """
    CREATE TABLE accounts (id integer PRIMARY KEY, name text NOT NULL UNIQUE);
    INSERT INTO accounts SELECT n, 'Acme ' || n FROM generate_series(1, 12) n;
    """

  private func recognize(_ sql: String, _ table: String? = "accounts") async throws -> RecognizedRegistry? {
    try await TestDatabase.with { database in
      try await database.psql(sql)
      let tenancy = try TenantDatabase(database.url)
      let source = table.map { RegistrySource.tables(QualifiedName("public", Identifier($0)), domains: nil) }
      let found: Result<RecognizedRegistry?, any Error>
      do { found = .success(try await tenancy.recognizeRegistry(source ?? .anywhere)) } catch {
        found = .failure(error)
      }
      await tenancy.close()
      return try found.get()
    }
  }

  private func mapping(_ sql: String) async throws -> [String] {
    let mapping = try await recognize(sql)?.mapping
    return [mapping?.columns.name ?? "name", mapping?.schemaPrefix ?? ""]
  }

  @Test func fromMostSchemas() async throws {
    // Ten of twelve; that tenant_11 ends in 1, too, is no reason for the prefix tenant_1.
    let schemas = "SELECT format('CREATE SCHEMA tenant_%s', n) FROM generate_series(3, 12) n \\gexec\n"
    #expect(try await mapping(Self.integers + schemas) == ["id", "tenant_"])
    let five = "SELECT format('CREATE SCHEMA tenant_%s', n) FROM generate_series(1, 5) n \\gexec\n"
    #expect(try await mapping(Self.integers + five) == ["name", ""])
    let names =
      "CREATE TABLE accounts (id integer PRIMARY KEY, name text UNIQUE); INSERT INTO accounts VALUES (1, 'a'), (2, 'b');"
    #expect(try await mapping(names + "CREATE SCHEMA c_a; CREATE SCHEMA c_b") == ["name", "c_"])
    #expect(try await mapping(names + "CREATE SCHEMA a; CREATE SCHEMA b; CREATE SCHEMA c_a") == ["name", ""])
    let one =
      "CREATE TABLE accounts (id integer PRIMARY KEY, name text UNIQUE); INSERT INTO accounts VALUES (1, 'a');"
    #expect(try await mapping(one + "CREATE SCHEMA data") == ["name", ""])
    #expect(try await mapping(one + "CREATE SCHEMA t_a") == ["name", "t_"])
    let keys =
      "CREATE TABLE accounts (id uuid PRIMARY KEY); INSERT INTO accounts SELECT gen_random_uuid() FROM generate_series(1, 3);"
    let uuids = "SELECT format('CREATE SCHEMA %I', 't' || id) FROM accounts \\gexec\n"
    #expect(try await mapping(keys + uuids) == ["id", "t"])
  }

  @Test func stancl() async throws {
    let ddl = Registry.stancl.ddl + ";"
    let empty = try #require(try await recognize(ddl, nil))
    #expect(empty.kind == .stanclTenancy && empty.mapping == Registry.stancl.mapping)
    #expect(empty.remarks.contains(.schemasInData(table: "public.tenants")))
    let rows = "INSERT INTO tenants (id) VALUES ('a'), ('b');"
    let found = try await recognize(ddl + rows + "CREATE SCHEMA shop_a; CREATE SCHEMA shop_b", nil)
    #expect(found?.mapping.schemaPrefix == "shop_" && found?.tenants == 2)
    await #expect(
      throws: TenancyProblem.unclearRegistry(
        .schemas(table: "public.tenants", key: "id", available: ["id", "created_at", "updated_at", "data"]))
    ) { try await recognize(ddl + rows, nil) }
    let column = try await recognize(Registry.stanclWithColumn.ddl, nil)
    #expect(column?.mapping == Registry.stanclWithColumn.mapping)
    #expect(column?.remarks.contains(.schemasInData(table: "public.tenants")) == false)
  }
}
