import TenancyPostgres
import TestSupport
import Testing

@testable import Tenancy

/// What lets one role's objects run as another, and what default privileges and search paths do not reach.
@Suite struct DoctorPrivilegeTests {
  /// The tenants a, b and c with a table each, and a role without privileges.
  private func fleet<T>(_ body: (Fleet, TestRole) async throws -> T) async throws -> T {
    try await Fleet.with { fleet in
      for name in ["a", "b", "c"] {
        try await fleet.create(
          name, domains: ["\(name).example.com"], [tableMigration(1), tableMigration(2)])
      }
      return try await TestRole.with(fleet.database) { try await body(fleet, $0) }
    }
  }

  private func findings(_ fleet: Fleet, settings: TenantDatabase.Settings? = nil, url: String? = nil)
    async throws -> [Finding]
  {
    let tenancy = try TenantDatabase(url ?? fleet.database.url, settings: settings ?? .init(), connections: 2)
    let found = try await tenancy.diagnose().entries.map(\.finding)
    await tenancy.close()
    return found
  }

  private static let a = Tenant(name: "a", schema: SchemaName(stored: "a"), isActive: true)
  private static let extensions = SchemaName(stored: "extensions")

  @Test(arguments: [
    ("hstore", "SELECT 1", false), ("hstore", "CREATE TABLE a.x (h extensions.hstore)", true),
    ("citext", "CREATE TABLE b.x (names extensions.citext[])", true),
    ("citext", "CREATE TABLE public.x (name extensions.citext)", false),
    ("citext", "CREATE FUNCTION c.f(extensions.citext) RETURNS int LANGUAGE sql RETURN 1", true),
    (
      "pg_trgm",
      "CREATE TABLE a.x (t text); CREATE INDEX ON a.x USING gin (t extensions.gin_trgm_ops)", true
    ),
  ])
  func anExtensionOutOfReach(name: String, use: String, isUsed: Bool) async throws {
    try await fleet { fleet, _ in
      try await fleet.psql(
        "CREATE SCHEMA extensions; CREATE EXTENSION \(name) SCHEMA extensions; \(use)")
      var expected = UnreachableExtension(
        name: name, schema: Self.extensions, path: [.shared], database: fleet.database.name, isUsed: isUsed)
      let found = try await findings(fleet)
      #expect(found == [.extensionOutOfReach(expected)])
      #expect(found.map(\.severity) == [isUsed ? .warning : .info])

      let narrow = try await findings(fleet, settings: .init(sharedSchemas: [.shared]))
      expected = UnreachableExtension(
        name: name, schema: Self.extensions, path: [.shared], database: nil, isUsed: isUsed)
      #expect(narrow == [.extensionOutOfReach(expected)])
      let wide = try await findings(fleet, settings: .init(sharedSchemas: [.shared, Self.extensions]))
      #expect(wide == [])
      try await fleet.psql("ALTER DATABASE \(fleet.database.name) SET search_path = public, extensions")
      let after = try await findings(fleet)
      #expect(after == [])
    }
  }

  /// Extensions of functions alone, or that are where everybody finds them.
  @Test func extensionsWithinReach() async throws {
    try await fleet { fleet, _ in
      try await fleet.psql(
        """
        CREATE SCHEMA extensions; CREATE EXTENSION pgcrypto SCHEMA extensions; CREATE EXTENSION fuzzystrmatch SCHEMA extensions;
        CREATE EXTENSION pg_stat_statements SCHEMA extensions; CREATE EXTENSION hstore
        """)
      let found = try await findings(fleet)
      #expect(found == [])
    }
  }

  @Test func whoMayCreateInASharedSchema() async throws {
    try await fleet { fleet, role in
      try await fleet.psql("GRANT CREATE ON SCHEMA public TO PUBLIC")
      let everybody = try await findings(fleet)
      let user = try await fleet.psql("SELECT CURRENT_USER")
      #expect(
        everybody == [
          .canCreateInShared(.shared, .everybody),
          .powerfulConnection(role: user, .superuser, creators: [.everybody]),
        ])
      try await fleet.psql(
        """
        REVOKE CREATE ON SCHEMA public FROM PUBLIC; CREATE SCHEMA extensions;
        GRANT CREATE ON SCHEMA public, extensions TO \(role.name);
        """)
      let settings = TenantDatabase.Settings(sharedSchemas: [.shared, Self.extensions])
      let one = try await findings(fleet, settings: settings)
      let creator = Creator.role(role.name)
      #expect(
        one == [
          .canCreateInShared(Self.extensions, creator), .canCreateInShared(.shared, creator),
          .powerfulConnection(role: user, .superuser, creators: [creator]),
        ])
      // Whoever can become the one who migrates gains nothing by it.
      try await fleet.psql("GRANT \(user) TO \(role.name)")
      let trusted = try await findings(fleet, settings: settings)
      #expect(trusted == [])
      try await fleet.psql("REVOKE \(user) FROM \(role.name); ALTER ROLE \(role.name) NOLOGIN")
      let nobody = try await findings(fleet, settings: settings)
      #expect(nobody == [])
    }
  }

  @Test func whoMayCreateInTenantsSchemas() async throws {
    try await fleet { fleet, role in
      let user = try await fleet.psql("SELECT CURRENT_USER")
      let creator = Creator.role(role.name)
      try await fleet.psql("GRANT CREATE ON SCHEMA b TO \(role.name)")
      let one = try await findings(fleet)
      let power = Finding.powerfulConnection(role: user, .superuser, creators: [creator])
      #expect(one == [.canCreateInTenants(creator, count: 1, first: SchemaName(stored: "b")), power])
      try await fleet.psql("GRANT CREATE ON SCHEMA a, c TO \(role.name)")
      let all = try await findings(fleet)
      #expect(all == [.canCreateInTenants(creator, count: 3, first: SchemaName(stored: "a")), power])

      // Without the power of a superuser there is the same to be said about the grant, and no more.
      let owner = "\(fleet.database.name)_owner"
      try await fleet.psql(
        """
        CREATE ROLE \(owner) LOGIN PASSWORD 'hunter2'; ALTER DATABASE \(fleet.database.name) OWNER TO \(owner);
        ALTER TABLE tenants OWNER TO \(owner); ALTER TABLE domains OWNER TO \(owner);
        DO $$ BEGIN EXECUTE (SELECT string_agg(format('ALTER SCHEMA %I OWNER TO \(owner); ALTER TABLE %1$I.schema_migrations
          OWNER TO \(owner); ALTER TABLE %1$I.t1 OWNER TO \(owner); ALTER TABLE %1$I.t2 OWNER TO \(owner)', s), ';')
          FROM unnest(ARRAY['a', 'b', 'c']) s); END $$
        """)
      let ownerURL = role.url().replacing(role.name, with: owner)
      let byOwner = try await findings(fleet, url: ownerURL)
      let asSuperuser = try await findings(fleet)
      try await fleet.psql(
        "REASSIGN OWNED BY \(owner) TO CURRENT_USER; DROP OWNED BY \(owner); DROP ROLE \(owner)")
      #expect(byOwner == [.canCreateInTenants(creator, count: 3, first: SchemaName(stored: "a"))])
      #expect(asSuperuser == all)
    }
  }

  @Test func whoMayWriteLedgers() async throws {
    try await fleet { fleet, role in
      try await fleet.psql(
        "GRANT SELECT ON ALL TABLES IN SCHEMA a, b TO \(role.name); GRANT SELECT ON c.schema_migrations TO PUBLIC"
      )
      let readers = try await findings(fleet)
      #expect(readers == [])
      try await fleet.psql(
        "GRANT INSERT ON ALL TABLES IN SCHEMA b, c TO \(role.name); GRANT DELETE ON c.schema_migrations TO PUBLIC"
      )
      let found = try await findings(fleet)
      func ledger(_ schema: String) -> QualifiedLedger {
        QualifiedLedger(schema: SchemaName(stored: schema), table: "schema_migrations")
      }
      #expect(
        found == [
          .canWriteLedgers(.everybody, count: 1, first: ledger("c")),
          .canWriteLedgers(.role(role.name), count: 2, first: ledger("b")),
        ])
      #expect(found.allSatisfy { $0.severity == .info })
    }
  }

  @Test func whoMayPutTriggersOnTheRegistry() async throws {
    try await fleet { fleet, role in
      try await fleet.psql("GRANT SELECT, INSERT, UPDATE, DELETE ON tenants, domains TO \(role.name)")
      let users = try await findings(fleet)
      #expect(users == [])
      try await fleet.psql(
        "GRANT TRIGGER ON domains TO \(role.name); GRANT REFERENCES (id) ON tenants TO PUBLIC")
      let found = try await findings(fleet)
      #expect(
        found == [
          .canHookRegistry(.everybody, table: "public.tenants"),
          .canHookRegistry(.role(role.name), table: "public.domains"),
        ])
      #expect(found.allSatisfy { $0.severity == .warning })
    }
  }

  @Test func ownersOfTenantsSchemas() async throws {
    try await fleet { fleet, role in
      let user = try await fleet.psql("SELECT CURRENT_USER")
      try await fleet.psql("ALTER SCHEMA b OWNER TO \(role.name)")
      let found = try await findings(fleet)
      // What the role owns goes with it, and would not without the rest.
      try await fleet.psql("ALTER SCHEMA b OWNER TO \(user)")
      #expect(
        found == [.powerfulConnection(role: user, .superuser, creators: [.owner(role.name)])])
    }
  }

  /// A role that may create in the database adds its functions to an extension: they would become all tenants'.
  @Test func anExtensionWithAStrangersFunction() async throws {
    try await fleet { fleet, role in
      try await fleet.psql(
        """
        CREATE EXTENSION citext SCHEMA b; GRANT CREATE ON DATABASE \(fleet.database.name) TO \(role.name);
        ALTER SCHEMA a OWNER TO \(role.name); SET ROLE \(role.name); CREATE EXTENSION hstore SCHEMA a;
        CREATE FUNCTION a.lower(varchar) RETURNS text LANGUAGE sql RETURN 'x';
        ALTER EXTENSION hstore ADD FUNCTION a.lower(varchar)
        """)
      let report = try await fleet.tenancy.diagnose()
      let moves = report.entries.compactMap { entry -> Bool? in
        if case .extensionInTenant(_, _, _, let move) = entry.finding {
          move == .untrusted(role.name)
        } else {
          nil
        }
      }
      #expect(moves == [true, false])
      try await fleet.psql("DROP EXTENSION citext; ALTER SCHEMA a OWNER TO CURRENT_USER")
    }
  }

  /// The grant that allowed it is gone, the trigger is not.
  @Test func aStrangersTriggerOnTheRegistry() async throws {
    try await fleet { fleet, role in
      try await fleet.psql(
        """
        CREATE SCHEMA own AUTHORIZATION \(role.name); GRANT TRIGGER ON tenants TO \(role.name); SET ROLE \(role.name);
        CREATE FUNCTION own.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
        CREATE TRIGGER audit AFTER INSERT ON tenants FOR EACH STATEMENT EXECUTE FUNCTION own.f();
        RESET ROLE; REVOKE TRIGGER ON tenants FROM \(role.name)
        """)
      let hook = RegistryHook(
        trigger: "audit", table: "public.tenants", function: "own.f()", owner: role.name)
      let found = try await findings(fleet)
      #expect(found == [.hookedRegistry(hook)])
      try await fleet.psql("ALTER FUNCTION own.f() OWNER TO CURRENT_USER")
      #expect(try await findings(fleet) == [])
      try await fleet.psql("DROP FUNCTION own.f() CASCADE")
    }
  }

  @Test func ownersThatDiffer() async throws {
    try await fleet { fleet, role in
      let user = try await fleet.psql("SELECT CURRENT_USER")
      func strays(_ owner: String, _ usual: String, _ count: Int, _ first: String) -> Finding {
        .ownersDiffer(
          Self.a,
          StrayRelations(
            owner: owner, usualOwner: usual, canBeReassigned: owner != user && usual == user, count: count,
            first: first))
      }
      // One to one: whose the schema is decides.
      try await fleet.psql("ALTER TABLE a.t1 OWNER TO \(role.name)")
      let table = try await findings(fleet)
      #expect(table == [strays(role.name, user, 1, "t1")])
      // A ledger that is another's than the app's tables is no matter.
      try await fleet.psql("ALTER TABLE a.t2 OWNER TO \(role.name)")
      let ledger = try await findings(fleet)
      #expect(ledger == [])
      try await fleet.psql(
        "CREATE VIEW a.v AS SELECT 1; CREATE SEQUENCE a.s; CREATE MATERIALIZED VIEW a.m AS SELECT 1")
      let others = try await findings(fleet)
      #expect(others == [strays(role.name, user, 2, "t1")])
      try await fleet.psql("ALTER TABLE a.t1 OWNER TO \(user); ALTER TABLE a.t2 OWNER TO \(user)")
      let after = try await findings(fleet)
      #expect(after == [])
      try await fleet.psql(
        "ALTER TABLE a.t2 OWNER TO \(role.name); ALTER VIEW a.v OWNER TO \(role.name); ALTER TABLE a.m OWNER TO \(role.name)"
      )
      // However many another role has made: it is not trusted, and the schema is not its own.
      let first = try await findings(fleet)
      #expect(first == [strays(role.name, user, 3, "m")])
      try await fleet.psql("ALTER SCHEMA a OWNER TO \(role.name)")
      let owned = try await findings(fleet)
      #expect(owned.contains(strays(user, role.name, 2, "s")))
      try await fleet.psql("ALTER SCHEMA a OWNER TO \(user)")
      // What belongs to an extension belongs to whoever made that.
      try await fleet.psql(
        """
        CREATE EXTENSION pg_stat_statements SCHEMA a; ALTER TABLE a.t1 OWNER TO \(role.name);
        ALTER TABLE a.t2 OWNER TO \(role.name); DROP VIEW a.v; DROP SEQUENCE a.s; DROP MATERIALIZED VIEW a.m
        """)
      let extended = try await findings(fleet)
      #expect(extended == [.extensionInTenant(Self.a, name: "pg_stat_statements", to: .shared, .possible)])
    }
  }
}
