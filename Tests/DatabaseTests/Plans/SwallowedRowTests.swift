import TenancyPostgres
import TestSupport
import Testing

@testable import Tenancy

/// Triggers, rules and policies on the registry's tables that keep a row from being stored: whatever was to happen fails,
/// says why, and leaves nothing behind.
@Suite struct SwallowedRowTests {
  struct Obstacle: Sendable, CustomTestStringConvertible {
    let name: String
    /// `EVENT` and `TABLE` are filled in.
    let sql: String
    var events: [String] = ["INSERT", "UPDATE", "DELETE"]

    var testDescription: String { name }

    static let all = [
      Obstacle(
        name: "trigger obstacle",
        sql: """
          CREATE FUNCTION skip() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
          CREATE TRIGGER obstacle BEFORE EVENT ON TABLE FOR EACH ROW EXECUTE FUNCTION skip()
          """),
      Obstacle(name: "rule obstacle", sql: "CREATE RULE obstacle AS ON EVENT TO TABLE DO INSTEAD NOTHING"),
      Obstacle(
        name: "rule obstacle",
        sql: """
          CREATE TABLE elsewhere (n int);
          CREATE RULE obstacle AS ON EVENT TO TABLE DO INSTEAD INSERT INTO elsewhere VALUES (1)
          """),
      Obstacle(
        name: "trigger obstacle",
        sql: """
          CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN NEW.COLUMN := upper(NEW.COLUMN) || ''X''; RETURN NEW; END';
          CREATE TRIGGER obstacle BEFORE EVENT ON TABLE FOR EACH ROW EXECUTE FUNCTION shout()
          """, events: ["INSERT"]),
    ]

    func on(_ table: String, _ event: String) -> String {
      sql.replacing("EVENT", with: event).replacing("ON TABLE", with: "ON \(table)")
        .replacing("TO TABLE", with: "TO \(table)")
        .replacing("COLUMN", with: table == "tenants" ? "name" : "domain_name")
    }
  }

  @Test(arguments: Obstacle.all, ["tenants", "domains"]) func swallows(obstacle: Obstacle, table: String)
    async throws
  {
    for event in obstacle.events {
      try await Fleet.with { fleet in
        try await fleet.psql("ALTER TABLE tenants ADD plan text")
        try await fleet.create("acme", domains: ["acme.com", "b.com"])
        try await fleet.psql(obstacle.on(table, event))
        let before = try await Self.contents(fleet)
        for (name, action) in Self.actions(on: table, event) {
          let error = await #expect(throws: TenancyProblem.self, "\(name)") { try await action(fleet) }
          #expect(error == .rowNotStored(table: "public.\(table)", by: [obstacle.name]), "\(name), \(event)")
          #expect(try await Self.contents(fleet) == before, "\(name), \(event)")
        }
      }
    }
  }

  /// A sequence's value that was drawn is not given back by a rollback.
  static func contents(_ fleet: Fleet) async throws -> String {
    try await fleet.database.contents().replacing(#/SELECT pg_catalog.setval.*/#, with: "")
  }

  static func actions(on table: String, _ event: String) -> [(
    String, @Sendable (Fleet) async throws -> Void
  )] {
    switch (table, event) {
    case ("tenants", "INSERT"): [("create", { try await $0.create("beta", domains: ["beta.com"]) })]
    case ("tenants", "UPDATE"):
      [
        ("rename", { try await $0.rename("acme", "apex") }),
        ("deactivate", { _ = try await $0.setActive("acme", false) }),
        ("set", { try await $0.tenancy.planSet(["acme"], ["plan": "x"]).apply() }),
      ]
    case ("tenants", _): [("drop", { try await $0.drop("acme") })]
    case (_, "INSERT"):
      [
        ("create", { try await $0.create("beta", domains: ["beta.com"]) }),
        ("add", { try await $0.tenancy.planAddDomain(host("c.com"), to: "acme", primary: false).apply() }),
      ]
    case (_, "UPDATE"):
      [
        ("primary", { try await $0.tenancy.planSetPrimary(host("b.com")).apply() }),
        ("add", { try await $0.tenancy.planAddDomain(host("c.com"), to: "acme", primary: true).apply() }),
        ("rename", { try await $0.rename("acme", "apex") }),
      ]
    default:
      [
        ("remove", { try await $0.tenancy.planRemoveDomain(host("b.com")).apply() }),
        ("drop", { try await $0.drop("acme") }),
      ]
    }
  }

  /// What does not stand in the way: an audit by a rule or a trigger, and views with triggers.
  @Test(arguments: [
    """
    CREATE RULE audit_i AS ON INSERT TO tenants DO ALSO INSERT INTO audit VALUES (NEW.name);
    CREATE RULE audit_u AS ON UPDATE TO tenants DO ALSO INSERT INTO audit VALUES (NEW.name);
    CREATE RULE audit_d AS ON DELETE TO tenants DO ALSO INSERT INTO audit VALUES (OLD.name)
    """,
    """
    CREATE FUNCTION audits() RETURNS trigger LANGUAGE plpgsql SET search_path TO public AS
      'BEGIN INSERT INTO audit VALUES (TG_OP); IF TG_OP = ''DELETE'' THEN RETURN OLD; END IF; RETURN NEW; END';
    CREATE TRIGGER audit BEFORE INSERT OR UPDATE OR DELETE ON tenants FOR EACH ROW EXECUTE FUNCTION audits()
    """,
    """
    CREATE FUNCTION audits() RETURNS trigger LANGUAGE plpgsql SET search_path TO public AS
      'BEGIN INSERT INTO audit VALUES (TG_OP); RETURN NULL; END';
    CREATE CONSTRAINT TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON tenants DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW EXECUTE FUNCTION audits()
    """,
  ])
  func auditsAreNoObstacle(sql: String) async throws {
    try await Fleet.with { fleet in
      // Without the foreign key on the name, which two statements would break.
      try await fleet.psql(
        "ALTER TABLE tenants ADD plan text; ALTER TABLE domains DROP CONSTRAINT domains_tenant_name_fkey")
      try await fleet.psql("CREATE TABLE audit (name text); \(sql)")
      try await fleet.create("acme", domains: ["acme.com"])
      try await fleet.rename("acme", "apex")
      #expect(try await fleet.setActive("apex", false))
      try await fleet.tenancy.planSet(["apex"], ["plan": "x"]).apply()
      #expect(try await fleet.list() == "apex(acme.com)-")
      #expect(try await fleet.psql("SELECT tenant_name FROM domains") == "apex")
      try await fleet.drop("apex")
      #expect(try await fleet.schemas() == "")
      #expect(try await fleet.psql("SELECT count(*) FROM audit") == "5")
    }
  }

  /// Our search path does not lead to what it means; its function needs one of its own.
  @Test(arguments: [
    "INSERT INTO audit VALUES (TG_OP)", "PERFORM audited(NEW.name)", "PERFORM ''x''::audited_kind",
  ])
  func aTriggerThatNamesNoSchema(body: String) async throws {
    try await Fleet.with { fleet in
      try await fleet.psql(
        """
        CREATE TABLE audit (name text); CREATE TYPE audited_kind AS ENUM ('x');
        CREATE FUNCTION audited(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
        CREATE FUNCTION audits() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN \(body); RETURN NEW; END';
        CREATE TRIGGER audit BEFORE INSERT ON tenants FOR EACH ROW EXECUTE FUNCTION audits()
        """)
      let error = await #expect(throws: TenancyProblem.self) { try await fleet.create("acme") }
      guard case .triggerFailed(table: "public.tenants", _) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(try await fleet.schemas() == "")
      try await fleet.psql("ALTER FUNCTION audits() SET search_path TO public")
      try await fleet.create("acme")
    }
  }

  /// Who was faster is no trigger, whatever triggers there are.
  @Test func aRaceIsToldApart() async throws {
    try await Fleet.with { fleet in
      try await fleet.psql(
        """
        CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
        CREATE TRIGGER touch BEFORE UPDATE ON tenants FOR EACH ROW EXECUTE FUNCTION touch()
        """)
      try await fleet.create("acme")
      let plan = try await fleet.tenancy.planSetActive(["acme"], false)
      try await fleet.psql("UPDATE tenants SET name = 'apex'")
      await #expect(throws: TenancyProblem.changedMeanwhile) { try await plan.apply() }
    }
  }
}

/// A registry that computes the schema from the name.
@Suite struct ComputedSchemaTests {
  private static func registry(_ column: String, _ more: String = "") -> Registry {
    var mapping = RegistryMapping(domains: nil)
    mapping.columns.schema = "schema_name"
    return Registry(
      name: column,
      ddl: """
        CREATE TABLE tenants (
          id serial PRIMARY KEY, name varchar(63) NOT NULL UNIQUE, code text, deactivated boolean NOT NULL,
          schema_name text \(column)); \(more)
        """, mapping: mapping, hasDomains: false)
  }

  @Test(arguments: [
    ("GENERATED ALWAYS AS (name) STORED", "acme", "apex"),
    ("GENERATED ALWAYS AS ('t_' || lower(name)) STORED", "t_acme", "t_apex"),
    ("GENERATED ALWAYS AS (coalesce(code, 't_' || name)) STORED", "t_acme", "t_apex"),
  ])
  func isFollowed(column: String, schema: String, renamed: String) async throws {
    try await Fleet.with(Self.registry(column)) { fleet in
      let created = try await fleet.create("acme")
      #expect(created.tenant.schema.rawValue == schema)
      #expect(try await fleet.schemas() == schema)
      try await fleet.psql("CREATE TABLE \(schema).tanks ()")
      let tenant = try await fleet.rename("acme", "apex").tenant
      #expect(tenant.schema.rawValue == renamed)
      #expect(try await fleet.schemas() == renamed)
      #expect(try await fleet.psql("SELECT name, schema_name FROM tenants") == "apex|\(renamed)")
      #expect(try await fleet.tenancy.show("apex").tables == 1)
      try await fleet.drop("apex")
      #expect(try await fleet.schemas() == "")
    }
  }

  /// The schema is known only once the registry is.
  @Test func theSchemaThatIsComputedExists() async throws {
    try await Fleet.with(Self.registry("GENERATED ALWAYS AS ('t_' || lower(name)) STORED")) { fleet in
      try await fleet.psql("CREATE SCHEMA t_acme")
      await #expect(throws: TenancyProblem.schemaWithoutTenant(SchemaName(stored: "t_acme"))) {
        try await fleet.create("acme")
      }
    }
  }

  /// A code that stays keeps the schema where it is.
  @Test func isFollowedByNothing() async throws {
    try await Fleet.with(Self.registry("GENERATED ALWAYS AS (coalesce(code, name)) STORED")) { fleet in
      try await fleet.create("acme", values: ["code": "c7"])
      #expect(try await fleet.rename("acme", "apex").tenant.schema.rawValue == "c7")
      #expect(try await fleet.schemas() == "c7")
    }
  }

  /// What only PostgreSQL knows is not guessed.
  @Test(arguments: [
    "GENERATED ALWAYS AS ('t' || id) STORED", "GENERATED ALWAYS AS (coalesce(code, name || id)) STORED",
  ])
  func isNotGuessed(column: String) async throws {
    try await Fleet.with(Self.registry(column)) { fleet in
      await #expect(
        throws: TenancyProblem.rowNotStored(table: "public.tenants", by: ["generated column schema_name"])
      ) { try await fleet.create("acme") }
      let left = try await fleet.schemas() + fleet.list()
      #expect(left == "")
    }
  }

  @Test(arguments: ["INSERT", "UPDATE"]) func byATrigger(event: String) async throws {
    let trigger = """
      CREATE FUNCTION computes() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN NEW.schema_name := ''t_'' || NEW.name; RETURN NEW; END';
      CREATE TRIGGER computes BEFORE \(event) ON tenants FOR EACH ROW EXECUTE FUNCTION computes()
      """
    try await Fleet.with(Self.registry("", trigger)) { fleet in
      let error = TenancyProblem.rowNotStored(table: "public.tenants", by: ["trigger computes"])
      if event == "INSERT" {
        await #expect(throws: error) { try await fleet.create("acme") }
        #expect(try await fleet.schemas() == "")
        let new = NewTenant("acme", schema: SchemaName(stored: "t_acme"))
        try await fleet.tenancy.planCreate(new).apply()
        #expect(try await fleet.schemas() == "t_acme")
      } else {
        try await fleet.create("acme")
        await #expect(throws: error) { try await fleet.rename("acme", "apex") }
        #expect(try await fleet.schemas() == "acme")
        #expect(try await fleet.list() == "acme")
      }
    }
  }

  @Test func aGeneratedNameIsNotRenamed() async throws {
    try await Fleet.with(
      Registry(
        name: "generated name",
        ddl: """
          CREATE TABLE tenants (
            id serial PRIMARY KEY, code text, name text GENERATED ALWAYS AS (lower(code)) STORED UNIQUE,
            deactivated boolean NOT NULL)
          """, mapping: RegistryMapping(domains: nil), hasDomains: false)
    ) { fleet in
      try await fleet.create("acme", values: ["code": "ACME"])
      #expect(try await fleet.list() == "acme")
      await #expect(throws: TenancyProblem.columnGenerated("name", table: "public.tenants")) {
        try await fleet.rename("acme", "apex")
      }
      await #expect(
        throws: TenancyProblem.rowNotStored(table: "public.tenants", by: ["generated column name"])
      ) {
        try await fleet.create("beta", values: ["code": "other"])
      }
      #expect(try await fleet.schemas() == "acme")
    }
  }
}
