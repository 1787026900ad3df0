import TestSupport
import Testing

@testable import Tenancy

/// The owner of a schema can write any comment on it, also one that looks like a mark of ours; and what was true when a drop
/// was planned may not be when it is made.
@Suite struct ForgedMarkTests {
  /// A tenant that is there does not lose its schema to a drop of another name.
  @Test(arguments: ["gone", "acme"]) func aMarkOfADropOnATenantsSchema(name: String) async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme")
      try await fleet.create("beta")
      try await fleet.database.psql("COMMENT ON SCHEMA beta IS 'tenantctl: being dropped, tenant \(name)'")
      if name == "gone" {
        await #expect(throws: TenancyProblem.tenantNotFound("gone")) { try await fleet.drop("gone") }
      } else {
        try await fleet.drop("acme")
      }
      #expect(try await fleet.list() == (name == "gone" ? "acme beta" : "beta"))
      #expect(try await fleet.database.psql("SELECT to_regnamespace('beta') IS NOT NULL") == "t")
    }
  }

  @Test func aMarkOnASchemaOfAStranger() async throws {
    try await Fleet.with { fleet in
      try await TestRole.with(fleet.database) { role in
        try await fleet.database.psql(
          """
          CREATE SCHEMA beta AUTHORIZATION \(role.name); CREATE TABLE beta.t ();
          COMMENT ON SCHEMA beta IS 'tenantctl: being dropped, tenant beta'
          """)
        await #expect(throws: TenancyProblem.schemaWithoutTenant(SchemaName(stored: "beta"))) {
          try await fleet.drop("beta")
        }
        await #expect(throws: TenancyProblem.schemaWithoutTenant(SchemaName(stored: "beta"))) {
          try await fleet.create("beta")
        }
        try await fleet.database.psql("COMMENT ON SCHEMA beta IS 'tenantctl: being created, 1a2b'")
        await #expect(throws: TenancyProblem.schemaWithoutTenant(SchemaName(stored: "beta"))) {
          try await fleet.create("beta")
        }
        #expect(try await fleet.database.psql("SELECT to_regclass('beta.t') IS NOT NULL") == "t")
        try await fleet.database.psql("DROP SCHEMA beta CASCADE")
      }
    }
  }

  /// What stands outside does not go with the remains of an interrupted create.
  @Test func remainsThatOthersDependOn() async throws {
    try await Fleet.with { fleet in
      try await fleet.database.psql(
        """
        CREATE SCHEMA acme CREATE TABLE t (id int PRIMARY KEY); CREATE VIEW public.v AS SELECT * FROM acme.t;
        COMMENT ON SCHEMA acme IS 'tenantctl: being created, 1a2b'
        """)
      do {
        try await fleet.create("acme")
        Issue.record("created")
      } catch TenancyProblem.schemaReferenced(_, _, let objects, 1) {
        #expect(objects == ["view public.v"])
      }
      try await fleet.database.psql("DROP VIEW v")
      try await fleet.create("acme")
      #expect(try await fleet.list() == "acme")
    }
  }

  /// Protected, activated or deactivated after the question was asked.
  @Test(arguments: ["protect", "deactivate", "activate"]) func whatChangesBeforeTheDrop(how: String)
    async throws
  {
    try await Fleet.with { fleet in
      try await fleet.create("acme")
      if how == "activate" { _ = try await fleet.setActive("acme", false) }
      let plan = try await fleet.tenancy.planDrop("acme")
      let many = try await fleet.tenancy.planDrop(["acme"])
      switch how {
      case "protect": try await fleet.tenancy.planSet(["acme"], [:], isProtected: true).apply()
      default: _ = try await fleet.setActive("acme", how == "activate")
      }
      await #expect(throws: TenancyProblem.changedMeanwhile) { try await plan.apply() }
      let report = await fleet.tenancy.run(many)
      #expect(report.failures.count == 1)
      #expect(try await fleet.list() == (how == "deactivate" ? "acme-" : "acme"))
      #expect(try await fleet.database.psql("SELECT to_regnamespace('acme') IS NOT NULL") == "t")
    }
  }
}
