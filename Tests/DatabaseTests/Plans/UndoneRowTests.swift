import TenancyPostgres
import TestSupport
import Testing

@testable import Tenancy

/// Triggers that run after a change of the registry and take it back, at once or at the commit: nothing is said to be done then,
/// and nothing else is.
@Suite struct UndoneRowTests {
  private static let timings = ["", "DEFERRABLE INITIALLY DEFERRED"]

  /// By event; the columns of an update as they were.
  private static func undo(_ event: String, on table: String) -> String {
    switch (event, table) {
    case ("INSERT", _): "DELETE FROM public.\(table) WHERE id = NEW.id"
    case ("DELETE", _): "INSERT INTO public.\(table) SELECT OLD.*"
    case (_, "tenants"):
      "UPDATE public.tenants SET name = OLD.name, deactivated = OLD.deactivated, plan = OLD.plan WHERE id = NEW.id"
    default:
      """
      UPDATE public.domains SET is_primary = OLD.is_primary, tenant_name = OLD.tenant_name WHERE id = NEW.id
      """
    }
  }

  private static func trigger(_ event: String, _ table: String, _ timing: String, _ body: String) -> String {
    """
    CREATE FUNCTION undo() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF pg_trigger_depth() = 1 THEN \(body); END IF;
      RETURN NULL;
    END $$;
    CREATE \(timing.isEmpty ? "" : "CONSTRAINT") TRIGGER undo AFTER \(event) ON \(table) \(timing)
      FOR EACH ROW EXECUTE FUNCTION undo()
    """
  }

  @Test(arguments: ["tenants", "domains"], timings) func undoes(table: String, timing: String) async throws {
    for event in ["INSERT", "UPDATE", "DELETE"] {
      try await Fleet.with { fleet in
        try await fleet.psql(
          "ALTER TABLE tenants ADD plan text; ALTER TABLE domains DROP CONSTRAINT domains_tenant_name_fkey")
        try await fleet.create("acme", domains: ["acme.com", "b.com"])
        try await fleet.psql(Self.trigger(event, table, timing, Self.undo(event, on: table)))
        let fleet = try fleet.restarted()
        let before = try await SwallowedRowTests.contents(fleet)
        for (name, action) in SwallowedRowTests.actions(on: table, event) {
          let error = await #expect(throws: TenancyProblem.self, "\(name)") { try await action(fleet) }
          // A domain's row that comes back keeps its tenant's row.
          if (name, table) != ("drop", "domains") {
            #expect(
              error == .rowNotStored(table: "public.\(table)", by: ["trigger undo"]), "\(name), \(event)")
          }
          #expect(try await SwallowedRowTests.contents(fleet) == before, "\(name), \(event)")
        }
      }
    }
  }

  /// Where nothing but its name says whose a domain is.
  @Test(arguments: timings) func theDomainOfADroppedTenantComesBack(timing: String) async throws {
    try await Fleet.with(.flaskBase) { fleet in
      try await fleet.create("acme", domains: ["acme.com"])
      try await fleet.psql("ALTER TABLE domains DROP CONSTRAINT domains_tenant_name_fkey")
      try await fleet.psql(Self.trigger("DELETE", "domains", timing, Self.undo("DELETE", on: "domains")))
      let fleet = try fleet.restarted(.flaskBase)
      let before = try await fleet.database.contents()
      let error = TenancyProblem.rowNotStored(table: "public.domains", by: ["trigger undo"])
      await #expect(throws: error) { try await fleet.drop("acme") }
      #expect(try await fleet.database.contents() == before)
    }
  }

  /// What `doctor` fixes, too.
  @Test(arguments: timings) func aFix(timing: String) async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme", domains: ["acme.com"])
      try await fleet.psql("UPDATE domains SET is_primary = false")
      try await fleet.psql(Self.trigger("UPDATE", "domains", timing, Self.undo("UPDATE", on: "domains")))
      let fleet = try fleet.restarted()
      let diagnosis = try await fleet.tenancy.diagnose()
      let outcomes = await fleet.tenancy.fix(diagnosis)
      let index = try #require(
        diagnosis.entries.firstIndex { $0.finding == .noPrimaryDomain("acme", [host("acme.com")]) })
      guard case .failed(let problem) = outcomes[index] else {
        Issue.record("\(outcomes)")
        return
      }
      #expect(problem == .rowNotStored(table: "public.domains", by: ["trigger undo"]))
    }
  }

  /// What the trigger asks for comes after the tenant's row, in the same transaction.
  @Test func aTriggerThatWaitsForTheDomain() async throws {
    try await Fleet.with { fleet in
      try await fleet.psql(
        """
        CREATE FUNCTION needs() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          IF NOT EXISTS (SELECT FROM public.domains d WHERE d.tenant_name = NEW.name) THEN RAISE 'no domain'; END IF;
          RETURN NULL; END $$;
        CREATE CONSTRAINT TRIGGER needs AFTER INSERT ON tenants DEFERRABLE INITIALLY DEFERRED
          FOR EACH ROW EXECUTE FUNCTION needs()
        """)
      try await fleet.create("acme", domains: ["acme.com"])
      await #expect(throws: TenancyProblem.self) { try await fleet.create("reef") }
      #expect(try await fleet.schemas() == "acme")
    }
  }

  /// One of the other table's: the tenants have none.
  @Test func aTriggerOnTheOtherTable() async throws {
    try await Fleet.with { fleet in
      try await fleet.psql(
        Self.trigger("INSERT", "domains", "", "UPDATE public.tenants SET deactivated = true"))
      let error = TenancyProblem.rowNotStored(table: "public.domains", by: ["trigger undo"])
      await #expect(throws: error) { try await fleet.create("acme", domains: ["acme.com"]) }
      #expect(try await fleet.list() == "")
      #expect(try await fleet.schemas() == "")
      try await fleet.create("reef")
      #expect(try await fleet.list() == "reef")
    }
  }

  /// By a trigger before the change, as an app may want it; and by a column's type.
  @Test func aValueThatIsAltered() async throws {
    try await Fleet.with { fleet in
      try await fleet.psql(
        """
        ALTER TABLE tenants ADD plan text, ADD price numeric(10, 2), ADD code char(5), ADD note jsonb, ADD since timestamp(0),
          ADD rates numeric(4, 1)[], ADD label text COLLATE "de-x-icu";
        CREATE FUNCTION alters() RETURNS trigger LANGUAGE plpgsql AS
          'BEGIN NEW.plan := lower(NEW.plan); RETURN NEW; END';
        CREATE TRIGGER alters BEFORE UPDATE ON tenants FOR EACH ROW EXECUTE FUNCTION alters();
        CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
        CREATE TRIGGER nothing AFTER UPDATE ON tenants FOR EACH ROW EXECUTE FUNCTION nothing()
        """)
      try await fleet.create("acme")
      try await fleet.tenancy.planSet(["acme"], ["plan": "Gold"]).apply()
      #expect(try await fleet.psql("SELECT plan FROM tenants") == "gold")
      try await fleet.psql("DROP TRIGGER alters ON tenants")
      let values: ColumnValues = [
        "plan": "gold", "price": "1.005", "code": "ab", "note": "{ \"a\":1 }",
        "since": "2026-01-01 00:00:00.7",
        "rates": "{1.25}", "label": "ß",
      ]
      try await fleet.tenancy.planSet(["acme"], values).apply()
      #expect(
        try await fleet.psql("SELECT plan, price, code, note, since, rates, label FROM tenants")
          == #"gold|1.01|ab   |{"a": 1}|2026-01-01 00:00:01|{1.3}|ß"#)
      try await fleet.tenancy.planSet(["acme"], ["plan": nil, "price": nil]).apply()
    }
  }
}

extension Fleet {
  /// As another process finds it, which reads the registry's shape again.
  fileprivate func restarted(_ registry: Registry = .ours) throws -> Fleet {
    Fleet(database: database, tenancy: try database.tenancy(registry))
  }
}
