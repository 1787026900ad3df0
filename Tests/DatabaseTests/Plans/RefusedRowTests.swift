import TestSupport
import Testing

@testable import Tenancy

/// Changes of the registry that PostgreSQL refuses, whoever is alone: no other session is to blame.
@Suite struct RefusedRowTests {
  /// The app's trigger does what tenantctl does.
  @Test func aTriggerThatManagesSchemas() async throws {
    try await Fleet.with { fleet in
      try await fleet.create("old")
      try await fleet.psql(
        """
        CREATE FUNCTION manage() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          IF TG_OP = 'INSERT' THEN EXECUTE format('CREATE SCHEMA %I', NEW.name);
          ELSE EXECUTE format('ALTER SCHEMA %I RENAME TO %I', OLD.name, NEW.name); END IF;
          RETURN NEW;
        END $$;
        CREATE TRIGGER manage AFTER INSERT OR UPDATE ON tenants FOR EACH ROW EXECUTE FUNCTION manage()
        """)
      for change in [{ try await fleet.create("acme") }, { try await fleet.rename("old", "new") }]
        as [() async throws -> Any]
      {
        let error = await #expect(throws: TenancyProblem.self) { _ = try await change() }
        guard case .triggerFailed(let table, _) = error, table.hasSuffix("public.tenants") else {
          Issue.record("\(String(describing: error))")
          return
        }
      }
      #expect(try await fleet.schemas() == "old")
    }
  }

  @Test func aComputedColumnOfAView() async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme")
      try await fleet.psql(
        """
        ALTER TABLE tenants RENAME TO customers;
        CREATE VIEW tenants AS SELECT id, lower(name) AS name, deactivated IS TRUE AS deactivated FROM customers
        """)
      let tenancy = try fleet.database.tenancy()
      let error = await #expect(throws: TenancyProblem.self) {
        try await tenancy.planSetActive(["acme"], false).apply()
      }
      guard case .server(let failure) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(failure.message == "cannot update column \"deactivated\" of view \"tenants\"")
      await tenancy.close()
    }
  }
}
