import TestSupport
import Testing

@testable import Tenancy

/// A registry that is a view of some rows, such as those that are not deleted.
@Suite struct ViewRegistryTests {
  private static func with(
    _ condition: String, _ option: String = "", _ body: (Fleet) async throws -> Void
  ) async throws {
    try await Fleet.with { fleet in
      try await fleet.psql(
        """
        ALTER TABLE tenants RENAME TO customers;
        ALTER TABLE customers ADD deleted_at timestamptz, ADD plan text;
        CREATE VIEW tenants AS SELECT * FROM customers WHERE \(condition) \(option)
        """)
      for name in ["acme", "reef"] { try await fleet.create(name, domains: ["\(name).com"]) }
      try await body(fleet)
    }
  }

  private static let deleted = "deleted_at IS NULL"

  @Test(arguments: ["", "WITH CHECK OPTION"]) func setAndDeactivate(option: String) async throws {
    try await Self.with(Self.deleted, option) { fleet in
      try await fleet.tenancy.planSet(["acme", "reef"], ["plan": "gold"]).apply()
      #expect(try await fleet.setActive("acme", false))
      #expect(try await !fleet.setActive("acme", false))
      #expect(try await fleet.list() == "acme(acme.com)- reef(reef.com)")
      #expect(try await fleet.setActive("acme", true))
      #expect(
        try await fleet.psql("SELECT string_agg(plan, ' ') FROM customers WHERE NOT deactivated")
          == "gold gold")
      try await fleet.psql("UPDATE customers SET deleted_at = now() WHERE name = 'reef'")
      await #expect(throws: TenancyProblem.tenantNotFound("reef")) {
        try await fleet.setActive("reef", false)
      }
      await #expect(throws: TenancyProblem.tenantNotFound("reef")) {
        try await fleet.tenancy.planSet(["reef"], ["plan": "none"]).apply()
      }
    }
  }

  /// The row is stored as it was sent, and leaves the view.
  @Test func aRowLeavesTheView() async throws {
    try await Self.with(Self.deleted) { fleet in
      try await fleet.tenancy.planSet(["acme"], ["deleted_at": "2026-01-01"]).apply()
      #expect(try await fleet.list() == "reef(reef.com)")
      #expect(try await fleet.psql("SELECT name FROM customers WHERE deleted_at < '2026-02-01'") == "acme")
    }
    try await Self.with("NOT deactivated") { fleet in
      let isDone = try await fleet.setActive("acme", false)
      #expect(isDone)
      #expect(try await fleet.list() == "reef(reef.com)")
      #expect(try await fleet.psql("SELECT name FROM customers WHERE deactivated") == "acme")
    }
  }

  /// PostgreSQL is asked to refuse that.
  @Test func aRowMayNotLeaveTheView() async throws {
    try await Self.with(Self.deleted, "WITH CHECK OPTION") { fleet in
      await #expect(throws: TenancyProblem.self) {
        try await fleet.tenancy.planSet(["acme"], ["deleted_at": "2026-01-01"]).apply()
      }
      let list = try await fleet.list()
      #expect(list == "acme(acme.com) reef(reef.com)")
    }
  }

  /// One on the table below it takes the change back.
  @Test func aTrigger() async throws {
    try await Self.with(Self.deleted) { fleet in
      try await fleet.psql(
        """
        CREATE FUNCTION undo() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          IF pg_trigger_depth() = 1 THEN
            UPDATE public.customers SET deleted_at = OLD.deleted_at, deactivated = OLD.deactivated WHERE id = NEW.id;
          END IF; RETURN NULL; END $$;
        CREATE TRIGGER undo AFTER UPDATE ON customers FOR EACH ROW EXECUTE FUNCTION undo()
        """)
      let error = TenancyProblem.rowNotStored(table: "public.tenants", by: ["trigger undo"])
      await #expect(throws: error) {
        try await fleet.tenancy.planSet(["acme"], ["deleted_at": "2026-01-01"]).apply()
      }
      await #expect(throws: error) { try await fleet.setActive("acme", false) }
    }
  }

  /// The tenant's own tables refer to the table below it.
  @Test(arguments: ["", "ON DELETE CASCADE"]) func drop(key: String) async throws {
    try await Self.with(Self.deleted) { fleet in
      for (id, name) in [(1, "acme"), (2, "reef")] {
        try await fleet.psql(
          """
          CREATE TABLE \(name).a (tenant int REFERENCES customers \(key)); INSERT INTO \(name).a VALUES (\(id));
          CREATE TABLE \(name).b (host int REFERENCES domains \(key)); INSERT INTO \(name).b SELECT id FROM domains WHERE tenant_name = '\(name)'
          """)
      }
      try await fleet.drop("acme")
      #expect(try await fleet.list() == "reef(reef.com)")
      #expect(try await fleet.psql("SELECT count(*) FROM reef.a, reef.b") == "1")
      let plan = try await fleet.tenancy.planDrop(["reef"])
      #expect(plan.mostJobs == 1)
      #expect(await fleet.tenancy.run(plan).failures.isEmpty)
      #expect(try await fleet.schemas() == "")
    }
  }
}
