import TestSupport
import Testing

@testable import Tenancy

/// Foreign keys of other tables to a tenant's row, or to one of its domains'.
@Suite struct RowReferenceTests {
  /// What refers to the row goes with the schema.
  @Test(
    arguments: [
      "", "DEFERRABLE INITIALLY DEFERRED", "ON DELETE RESTRICT", "ON DELETE CASCADE", "ON DELETE SET NULL",
    ], ["tenants", "domains"])
  func aTenantsOwnRows(key: String, table: String) async throws {
    try await Fleet.with { fleet in
      for name in ["acme", "other"] {
        try await fleet.create(name, domains: ["\(name).com"])
        try await fleet.psql(
          """
          SET search_path TO \(name), public;
          CREATE TABLE settings (id int PRIMARY KEY, ref int NOT NULL REFERENCES \(table) \(key));
          CREATE TABLE details (id int REFERENCES settings); CREATE VIEW v AS SELECT * FROM settings;
          CREATE TABLE parts (ref int REFERENCES \(table) \(key)) PARTITION BY LIST (ref);
          CREATE TABLE part PARTITION OF parts DEFAULT; CREATE TABLE empty (ref int REFERENCES \(table) \(key));
          INSERT INTO settings SELECT 1, id FROM \(table) WHERE '\(name)' = \(table == "tenants" ? "name" : "tenant_name");
          INSERT INTO details VALUES (1); INSERT INTO parts SELECT ref FROM settings
          """)
      }
      let plan = try await fleet.tenancy.planDrop("acme")
      #expect(plan.result.otherTables == [])
      let rest = try await fleet.database.definitions(outside: "acme")
      try await plan.apply()
      #expect(try await fleet.database.definitions(outside: "acme") == rest)
      #expect(try await fleet.schemas() == "other")
      #expect(try await fleet.list() == "other(other.com)")
      #expect(try await fleet.psql("SELECT count(*) FROM other.settings, other.parts") == "1")
    }
  }

  /// In batches, too, the rows are gone before the schema is.
  @Test func manyTablesBesides() async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme")
      try await fleet.psql(
        """
        DO $$ BEGIN FOR i IN 1..800 LOOP
          EXECUTE format('CREATE TABLE acme.%I (id serial PRIMARY KEY, t text)', 't' || i);
        END LOOP; END $$;
        CREATE TABLE acme.settings (id int REFERENCES tenants); INSERT INTO acme.settings SELECT id FROM tenants
        """)
      let plan = try await fleet.tenancy.planDrop("acme")
      #expect(plan.steps.count > 2)
      let connection = try await fleet.database.connect()
      try await plan.steps[0].run(over: connection)
      #expect(try await fleet.list() == "")
      try await fleet.drop("acme")
      #expect(try await fleet.schemas() == "")
    }
  }

  /// What another tenant has is not deleted, and not changed.
  @Test(
    arguments: ["", "ON DELETE CASCADE", "ON DELETE SET NULL", "ON DELETE SET DEFAULT"],
    ["tenants", "domains"])
  func rowsOfAnotherTenant(key: String, table: String) async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme", domains: ["acme.com"])
      try await fleet.create("other")
      try await fleet.psql(
        """
        CREATE TABLE other.partners (id int REFERENCES \(table) \(key)); INSERT INTO other.partners SELECT id FROM \(table) LIMIT 1
        """)
      let before = try await fleet.database.contents()
      let error: TenancyProblem =
        table == "tenants"
        ? .tenantReferenced("acme", detail: "table other.partners")
        : .domainReferenced(host("acme.com"), detail: "table other.partners")
      await #expect(throws: error) { try await fleet.tenancy.planDrop("acme") }
      await #expect(throws: error) { try await fleet.tenancy.planDrop(["acme"]) }
      #expect(try await fleet.database.contents() == before)
      try await fleet.psql("DELETE FROM other.partners")
      try await fleet.drop("acme")
      #expect(try await fleet.schemas() == "other")
    }
  }

  /// Rows of shared tables go along and are named; those that refer to others are not, nor are the domains.
  @Test func rowsOfSharedTables() async throws {
    try await Fleet.with { fleet in
      for name in ["acme", "reef"] { try await fleet.create(name, domains: ["\(name).com"]) }
      try await fleet.psql(
        """
        ALTER TABLE domains DROP CONSTRAINT domains_tenant_id_fkey,
          ADD FOREIGN KEY (tenant_id) REFERENCES tenants ON DELETE CASCADE;
        CREATE SCHEMA billing; CREATE TABLE billing.invoices (tenant int REFERENCES tenants ON DELETE CASCADE);
        CREATE TABLE notes (host int REFERENCES domains ON DELETE SET NULL);
        CREATE TABLE others (tenant int REFERENCES tenants ON DELETE CASCADE);
        ALTER TABLE billing.invoices ENABLE ROW LEVEL SECURITY;
        INSERT INTO billing.invoices SELECT t.id FROM tenants t, generate_series(1, 3);
        INSERT INTO notes SELECT id FROM domains; INSERT INTO others SELECT id FROM tenants WHERE name = 'reef'
        """)
      let invoices = AffectedTable(name: "billing.invoices", deletes: true)
      let notes = AffectedTable(name: "public.notes", deletes: false)
      let others = AffectedTable(name: "public.others", deletes: true)
      let both = try await fleet.tenancy.planDrop(["acme", "reef"]).forecast.tenants.compactMap(\.value)
      #expect(both.map { Set($0.otherTables) } == [[invoices, notes], [invoices, notes, others]])
      #expect(Set(try await fleet.drop("acme").otherTables) == [invoices, notes])
      #expect(
        try await fleet.psql(
          "SELECT (SELECT count(*) FROM billing.invoices), count(*), count(host), (SELECT count(*) FROM others) FROM notes"
        ) == "3|2|1|1")
    }
  }

  /// Tenants that belong to one another.
  @Test func tenantsOfATenant() async throws {
    try await Fleet.with { fleet in
      try await fleet.psql("ALTER TABLE tenants ADD parent int REFERENCES tenants ON DELETE CASCADE")
      try await fleet.create("acme")
      try await fleet.create("reef")
      try await fleet.psql("UPDATE tenants SET parent = 1 WHERE name = 'reef'")
      await #expect(throws: TenancyProblem.tenantReferenced("acme", detail: "table public.tenants")) {
        try await fleet.drop("acme")
      }
      try await fleet.drop("reef")
      try await fleet.drop("acme")
      #expect(try await fleet.schemas() == "")
    }
  }

  /// A tenant and those that belong to it, or have rows about it, by one command: these go first, whatever the order of the
  /// names is.
  @Test(
    arguments: ["", "ON DELETE RESTRICT", "ON DELETE CASCADE", "ON DELETE SET NULL"],
    ["rows", "tables", "hosts"])
  func tenantsOfATenantByOneDrop(key: String, way: String) async throws {
    try await Fleet.with { fleet in
      try await fleet.psql("ALTER TABLE tenants ADD parent int REFERENCES tenants \(key)")
      for name in ["acme", "reef", "coral", "other"] {
        try await fleet.create(name, domains: ["\(name).com"])
      }
      let refer =
        way == "rows"
        ? "UPDATE tenants SET parent = id - 1 WHERE id BETWEEN 2 AND 3; UPDATE tenants SET parent = 1 WHERE id = 1"
        : ["reef", "coral"].enumerated().map { index, name in
          """
          CREATE TABLE \(name).partners (id int REFERENCES \(way == "hosts" ? "domains" : "tenants") \(key));
          INSERT INTO \(name).partners VALUES (\(index + 1));
          """
        }.joined()
      try await fleet.psql(refer)
      let names: [TenantName] = ["acme", "coral", "reef"]
      if key == "ON DELETE CASCADE" {
        await #expect(throws: TenancyProblem.self) { try await fleet.tenancy.planDrop(["acme"]) }
        await #expect(throws: TenancyProblem.self) { try await fleet.tenancy.planDrop(["acme", "coral"]) }
      }
      let plan = try await fleet.tenancy.planDrop(names)
      #expect(plan.entries.map(\.subject.label) == ["coral", "reef", "acme"])
      #expect(plan.forecast.tenants.compactMap(\.value).flatMap(\.otherTables) == [])
      var run = FleetRun<DroppedTenant>()
      run.jobs = 3
      let report = await fleet.tenancy.run(plan, run)
      #expect(report.failures.map { "\($0.label): \($0.failure!)" } == [])
      #expect(try await fleet.schemas() == "other")
      #expect(try await fleet.list() == "other(other.com)")
    }
  }

  /// The one that goes first cannot be dropped: it loses nothing with the other one.
  @Test(arguments: ["rows", "tables"]) func theReferringTenantStays(way: String) async throws {
    try await Fleet.with { fleet in
      try await fleet.psql("ALTER TABLE tenants ADD parent int REFERENCES tenants ON DELETE CASCADE")
      for name in ["acme", "reef"] { try await fleet.create(name) }
      try await fleet.psql(
        """
        CREATE TABLE reef.partners (id int REFERENCES tenants ON DELETE CASCADE); CREATE TABLE reef.last ();
        \(way == "rows" ? "UPDATE tenants SET parent = 1 WHERE id = 2" : "INSERT INTO reef.partners VALUES (1)")
        """)
      var run = FleetRun<DroppedTenant>()
      run.jobs = 3
      run.retries = 0
      let plan = try await fleet.tenancy.planDrop(["acme", "reef"])
      let holder = try await fleet.database.holder(of: "LOCK TABLE reef.last IN ACCESS SHARE MODE")
      let report = await fleet.tenancy.run(plan, run)
      #expect(report.failures.map(\.label) == ["reef", "acme"])
      let failure = report.failures.last?.failure as? TenancyProblem
      #expect(failure == .tenantReferenced("acme", detail: "tenant reef"))
      await holder.close()
      #expect(try await fleet.list() == "acme reef")
      #expect(try await fleet.psql("SELECT count(*) FROM reef.partners") == (way == "rows" ? "0" : "1"))
      #expect(await fleet.tenancy.run(plan, run).failures.isEmpty)
      #expect(try await fleet.schemas() == "")
    }
  }

  /// Each has rows about the other.
  @Test(arguments: ["", "ON DELETE CASCADE"]) func tenantsOfEachOther(key: String) async throws {
    try await Fleet.with { fleet in
      for name in ["acme", "reef"] { try await fleet.create(name) }
      try await fleet.psql(
        """
        CREATE TABLE reef.partners (id int REFERENCES tenants \(key)); INSERT INTO reef.partners VALUES (1);
        CREATE TABLE acme.partners (id int REFERENCES tenants \(key)); INSERT INTO acme.partners VALUES (2)
        """)
      if key.isEmpty {
        await #expect(throws: TenancyProblem.tenantReferenced("acme", detail: "tenant reef")) {
          try await fleet.tenancy.planDrop(["acme", "reef"])
        }
      } else {
        let plan = try await fleet.tenancy.planDrop(["acme", "reef"])
        #expect(await fleet.tenancy.run(plan).failures.isEmpty)
        #expect(try await fleet.schemas() == "")
      }
    }
  }
}
