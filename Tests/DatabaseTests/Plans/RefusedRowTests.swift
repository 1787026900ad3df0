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

  /// What the rule does comes in between, so that the keys between the tables do not hold. It may be there when the registry's
  /// shape is read, or come afterwards.
  @Test(
    arguments: [
      "UPDATE TO tenants DO ALSO INSERT INTO audit VALUES (new.name)", "UPDATE TO tenants DO INSTEAD NOTHING",
      """
      INSERT TO tenants DO ALSO INSERT INTO domains (tenant_id, tenant_name, domain_name, is_primary)
      VALUES (-1, new.name, new.name || '.example.org', false)
      """,
    ], [true, false]) func aRule(rule: String, isKnown: Bool) async throws
  {
    try await Fleet.with { fleet in
      try await fleet.create("acme")
      try await fleet.psql(
        """
        INSERT INTO domains (tenant_id, tenant_name, domain_name, is_primary)
        SELECT id, name, 'acme.example.com', true FROM tenants;
        CREATE TABLE audit (name text);
        CREATE RULE r AS ON \(rule)
        """)
      let later = Fleet(database: fleet.database, tenancy: try fleet.database.tenancy())
      let changed = isKnown ? later : fleet
      await #expect(throws: TenancyProblem.rowNotStored(table: "public.tenants", by: ["rule r"])) {
        if rule.hasPrefix("INSERT") {
          try await changed.create("reef")
        } else {
          try await changed.rename("acme", "apex")
        }
      }
      await later.tenancy.close()
      #expect(try await fleet.psql("SELECT string_agg(name, ' ') FROM tenants") == "acme")
      #expect(try await fleet.schemas() == "acme")
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
