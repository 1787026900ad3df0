import TenancyPostgres
import TestSupport
import Testing

@testable import Tenancy

/// The triggers as objects of the database: who owns them, what they resolve, whether they are complete.
@Suite struct NotificationTriggerTests {
  // MARK: - Whether they are there

  /// What is done to installed triggers.
  private static let damages = [
    "ALTER TABLE tenants DISABLE TRIGGER tenantctl_notify_update", "ALTER TABLE domains DISABLE TRIGGER ALL",
    "DROP TRIGGER tenantctl_notify_truncate ON domains",
    "ALTER TABLE tenants ENABLE TRIGGER tenantctl_notify_replica",
    "ALTER FUNCTION tenantctl_notify_tenants() SECURITY DEFINER",
    "ALTER FUNCTION tenantctl_notify_tenants() RESET search_path",
    "ALTER FUNCTION tenantctl_notify_tenants() SET search_path = public",
    "CREATE OR REPLACE FUNCTION tenantctl_notify_domains() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    "DROP FUNCTION tenantctl_notify_domains() CASCADE",
    """
    CREATE OR REPLACE TRIGGER tenantctl_notify_update AFTER UPDATE ON tenants
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT WHEN (false)
    EXECUTE FUNCTION tenantctl_notify_tenants()
    """,
  ]

  @Test(arguments: damages) func damagedTriggersAreNoticedAndFixed(sql: String) async throws {
    try await Fleet.with { fleet in
      try await fleet.install()
      #expect(try await fleet.tenancy.diagnose().entries.isEmpty)
      try await fleet.psql(sql)
      #expect(try await fleet.notifications() == .outdated)
      let diagnosis = try await fleet.tenancy.diagnose()
      #expect(
        diagnosis.entries.map(\.finding) == [
          .notificationsOutdated(table: "public.tenants", isBlocked: false)
        ])
      #expect(await fleet.tenancy.fix(diagnosis).count == 1)
      #expect(try await fleet.notifications() == .current)
      #expect(try await fleet.tenancy.diagnose().entries.isEmpty)
      #expect(try await fleet.heard("INSERT INTO tenants (name) VALUES ('a')") == ["1"])
    }
  }

  @Test func oneRunCreatesAndNotifies() async throws {
    for mapping in [RegistryMapping(), Registry.prefixed.mapping, Registry.withoutDomains.mapping] {
      try await TestDatabase.with { database in
        let tenancy = try TenantDatabase(database.url, settings: .init(registry: mapping))
        let made = try await tenancy.planInitialize(.mapping, notify: true).apply()
        #expect(made.notifications == .current && made.created.count == (mapping.domains == nil ? 1 : 2))
        let found = try await tenancy.planInitialize(.mapping, notify: true)
        #expect(found.script == [] && found.result.notifications == .current && found.result.notifying == [])
        await tenancy.close()
      }
    }
  }

  @Test func anUpgradeMakesThemOutdated() async throws {
    try await Fleet.with(.flaskBase) { fleet in
      try await fleet.install()
      let upgraded = try await fleet.tenancy.planInitialize(.mapping, upgrade: true)
      #expect(upgraded.result.notifications == .outdated && upgraded.result.notifying == [])
      try await upgraded.apply()
      #expect(try await fleet.notifications() == .outdated)
      try await fleet.psql("INSERT INTO tenants (name, created_at, updated_at) VALUES ('a', now(), now())")
      #expect(try await fleet.heard("UPDATE tenants SET deactivated = true") == [])
      try await fleet.install()
      #expect(try await fleet.heard("UPDATE tenants SET deactivated = false") == ["a"])
    }
    try await Fleet.with(.flaskBase) { fleet in
      let both = try await fleet.tenancy.planInitialize(.mapping, upgrade: true, notify: true).apply()
      #expect(both.notifications == .current)
      #expect(try await fleet.notifications() == .current)
    }
  }

  // MARK: - What they must not break

  /// An app's migration renames a column, in a session that has used the triggers.
  @Test func aWriteNeverFailsOfThem() async throws {
    try await Fleet.with { fleet in
      try await fleet.install()
      try await fleet.psql("INSERT INTO tenants (name) VALUES ('a')")
      let heard = try await fleet.heard(
        """
        UPDATE tenants SET deactivated = true; INSERT INTO tenants (name) VALUES ('b');
        ALTER TABLE tenants RENAME deactivated TO off; ALTER TABLE tenants RENAME id TO key;
        UPDATE tenants SET off = false; INSERT INTO tenants (name) VALUES ('c'); DELETE FROM tenants WHERE name = 'c';
        ALTER TABLE tenants ALTER off TYPE text; ALTER TABLE tenants RENAME key TO id;
        INSERT INTO tenants (name) VALUES ('d');
        SET session_replication_role = replica; UPDATE tenants SET off = 'x'
        """)
      #expect(heard == ["1", "2", "*", "*", "*", "4", "*"])
    }
  }

  private static let odd = Registry(
    name: "names that the function uses itself",
    ddl: """
      CREATE DOMAIN slug AS text;
      CREATE TABLE "TG_OP" (keys slug PRIMARY KEY, k text UNIQUE, r boolean, "$notify$" boolean, ":c" integer);
      CREATE TABLE new_rows (c1 slug, "key"";--" text UNIQUE, "a'b\\c" boolean)
      """,
    mapping: {
      var mapping = RegistryMapping(
        tenants: QualifiedName("public", "TG_OP"), domains: QualifiedName("public", "new_rows"))
      mapping.columns.id = "keys"
      mapping.columns.name = "k"
      mapping.columns.deactivated = "$notify$"
      mapping.columns.tenantID = "c1"
      mapping.columns.domain = "key\";--"
      mapping.columns.primary = "a'b\\c"
      return mapping
    }())

  @Test func anyNames() async throws {
    try await Fleet.with(Self.odd) { fleet in
      try await fleet.install()
      #expect(try await fleet.notifications() == .current)
      let long = String(repeating: "x", count: 1000)
      let heard = try await fleet.heard(
        #"""
        INSERT INTO "TG_OP" VALUES ('a', 'A'); INSERT INTO "TG_OP" VALUES ('', 'B'); INSERT INTO "TG_OP" VALUES ('b"', 'C');
        UPDATE "TG_OP" SET "$notify$" = true WHERE keys = 'a'; UPDATE "TG_OP" SET r = true, ":c" = 1;
        UPDATE "TG_OP" SET keys = '\#(long)' WHERE keys = 'a'; UPDATE "TG_OP" SET keys = keys || 'y' WHERE k = 'A';
        INSERT INTO new_rows VALUES ('a', 'x.com'); INSERT INTO new_rows VALUES (NULL, 'y.com')
        """#)
      // The link is of a type whose equal values may differ as text.
      #expect(heard == ["a", "*", "b\"", "a", "a", long, "*", "*", "*"])
    }
  }

  @Test func theyAreNoSuspectsOfALostRow() async throws {
    try await Fleet.with { fleet in
      try await fleet.install()
      try await fleet.psql(
        """
        CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
        CREATE TRIGGER swallow BEFORE INSERT ON tenants FOR EACH ROW EXECUTE FUNCTION swallow()
        """)
      await #expect(throws: TenancyProblem.rowNotStored(table: "public.tenants", by: ["trigger swallow"])) {
        try await fleet.create("acme")
      }
    }
  }

  // MARK: - Where they cannot be

  @Test(arguments: [
    "CREATE VIEW tenants AS TABLE t", "CREATE MATERIALIZED VIEW tenants AS TABLE t",
    """
    CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;
    CREATE FOREIGN TABLE tenants (id integer, name text) SERVER s
    """,
  ]) func onlyTablesHaveThem(ddl: String) async throws {
    let registry = Registry(
      name: "view", ddl: "CREATE TABLE t (id serial, name text); \(ddl)",
      mapping: RegistryMapping(domains: nil))
    try await Fleet.with(registry) { fleet in
      let before = try await fleet.database.contents()
      // Rows of a foreign table cannot be counted here, so that the registry as a whole is not read.
      let shape = try await fleet.tenancy.connected {
        try await RegistryShape.load(registry.mapping, over: $0)
      }
      await #expect(throws: TenancyProblem.notificationsNeedTable("public.tenants")) {
        try await fleet.tenancy.connected { try await RegistryNotifications(shape).admit(over: $0) }
      }
      #expect(try await fleet.database.contents() == before)
    }
  }

  // MARK: - Other roles

  private static let forged =
    "CREATE FUNCTION public.tenantctl_notify_domains() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"

  @Test func aFunctionOfAnotherRoleIsNotReplaced() async throws {
    try await Fleet.with { fleet in
      try await TestRole.with(fleet.database) { role in
        try await fleet.psql("GRANT CREATE ON SCHEMA public TO \(role.name)")
        let earlier = try await fleet.tenancy.planInitialize(.mapping, notify: true)
        try await fleet.psql("SET ROLE \(role.name); \(Self.forged)")
        let before = try await fleet.database.contents()
        // A superuser may replace it, but it would stay the other role's, who could replace it again.
        await #expect(throws: TenancyProblem.changedMeanwhile) { try await earlier.apply() }
        let taken = TenancyProblem.functionTaken("public.tenantctl_notify_domains()", owner: role.name)
        await #expect(throws: taken) { try await fleet.install() }
        await #expect(throws: taken) {
          try await fleet.tenancy.planInitialize(.mapping, upgrade: true, notify: true)
        }
        #expect(try await fleet.database.contents() == before)
        #expect(try await fleet.tenancy.diagnose().entries.allSatisfy { $0.finding.severity != .error })
      }
    }
  }

  @Test func aFunctionThatWasGivenAwayIsReported() async throws {
    try await Fleet.with { fleet in
      try await TestRole.with(fleet.database) { role in
        try await fleet.install()
        try await fleet.psql("ALTER FUNCTION tenantctl_notify_tenants() OWNER TO \(role.name)")
        #expect(try await fleet.notifications() == .outdated)
        let entries = try await fleet.tenancy.diagnose().entries
        #expect(
          entries.map(\.finding).filter { if case .hookedRegistry = $0 { false } else { true } }
            == [.notificationsOutdated(table: "public.tenants", isBlocked: true)])
        // Its triggers run the owner's code, for each event.
        #expect(entries.count > 1 && entries.allSatisfy { !$0.canBeFixed })
        // Its owner is trusted where it owns the table, but another role than a superuser could not replace it.
        try await fleet.psql("ALTER TABLE tenants OWNER TO \(role.name)")
        #expect(try await fleet.notifications() == .current)
        try await fleet.psql("REASSIGN OWNED BY \(role.name) TO CURRENT_USER")
      }
    }
  }

  @Test func aFunctionOfAnotherKindIsInTheWay() async throws {
    try await Fleet.with { fleet in
      let function =
        "CREATE FUNCTION public.tenantctl_notify_tenants() RETURNS integer LANGUAGE sql AS 'SELECT 1'"
      try await fleet.psql(function)
      let owner = try await fleet.psql("SELECT CURRENT_USER")
      await #expect(
        throws: TenancyProblem.functionTaken("public.tenantctl_notify_tenants()", owner: owner)
      ) { try await fleet.install() }
      #expect(try await fleet.notifications() == .none)
    }
  }

  /// The owner of the tables installs; an app that may only write rows needs no further privilege.
  @Test func anOwnerInstallsAndAnAppWrites() async throws {
    try await Fleet.with { fleet in
      try await TestRole.with(fleet.database) { role in
        try await fleet.psql(
          """
          ALTER TABLE tenants OWNER TO \(role.name); ALTER TABLE domains OWNER TO \(role.name);
          GRANT CREATE ON SCHEMA public TO \(role.name)
          """)
        let owner = try fleet.database.tenancy(url: role.url())
        try await owner.planInitialize(.mapping, notify: true).apply()
        #expect(try await fleet.notifications() == .current)
        // It is the owner's; a superuser may replace it.
        try await fleet.psql("ALTER TABLE tenants DISABLE TRIGGER tenantctl_notify_update")
        try await fleet.install()
        #expect(try await owner.planInitialize(.mapping).result.notifications == .current)
        await owner.close()
        try await TestRole.with(fleet.database, suffix: "app") { app in
          try await fleet.psql(
            """
            REVOKE ALL ON FUNCTION tenantctl_notify_tenants() FROM PUBLIC;
            GRANT INSERT ON tenants TO \(app.name); GRANT USAGE ON SEQUENCE tenants_id_seq TO \(app.name)
            """)
          #expect(
            try await fleet.heard("SET ROLE \(app.name); INSERT INTO tenants (name) VALUES ('a')") == ["1"])
        }
      }
    }
  }

  /// What a session's search path finds before pg_catalog is never called.
  @Test func nothingOfTheWritersPathIsResolved() async throws {
    try await Fleet.with { fleet in
      try await fleet.install()
      let heard = try await fleet.heard(
        """
        CREATE FUNCTION pg_notify(text, text) RETURNS void LANGUAGE plpgsql AS 'BEGIN RAISE ''trapped''; END';
        CREATE FUNCTION array_agg(text) RETURNS text[] LANGUAGE plpgsql AS 'BEGIN RAISE ''trapped''; END';
        CREATE FUNCTION octet_length(text) RETURNS integer LANGUAGE plpgsql AS 'BEGIN RAISE ''trapped''; END';
        CREATE FUNCTION cardinality(text[]) RETURNS integer LANGUAGE plpgsql AS 'BEGIN RAISE ''trapped''; END';
        CREATE FUNCTION trap(integer, integer) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE ''trapped''; END';
        CREATE OPERATOR > (LEFTARG = integer, RIGHTARG = integer, FUNCTION = trap);
        CREATE FUNCTION trap(text, text) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE ''trapped''; END';
        CREATE OPERATOR = (LEFTARG = text, RIGHTARG = text, FUNCTION = trap);
        CREATE TEMPORARY TABLE new_rows (id integer, name text); CREATE TEMPORARY TABLE old_rows (id integer);
        CREATE DOMAIN pg_temp.text AS integer;
        SET search_path = public, pg_temp, pg_catalog;
        INSERT INTO tenants (name) VALUES ('a'); UPDATE tenants SET deactivated = true;
        SET session_replication_role = replica; UPDATE tenants SET deactivated = false
        """)
      #expect(heard == ["1", "1", "*"])
    }
  }
}
