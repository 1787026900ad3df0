import TenancyPostgres
import TestSupport
import Testing

@testable import Tenancy

/// What another run changes between a plan and its doing.
@Suite struct MeanwhileTests {
  /// Another run has started over meanwhile: the first one must not meddle with what that one makes.
  @Test func anOvertakenRunChangesNothing() async throws {
    try await Fleet.with { fleet in
      let first = try await fleet.acmePlanInSeveralTransactions()
      let connection = try await fleet.database.connect()
      for step in first.steps.dropLast() { try await step.run(over: connection) }
      // Its lock would keep the others waiting; without it, the mark on the schema decides.
      try await connection.query("SELECT pg_advisory_unlock_all()")
      let second = try await fleet.acmePlanInSeveralTransactions()
      let third = try await fleet.acmePlanInSeveralTransactions()
      try await second.apply()
      let before = try await fleet.psql("TABLE tenants; TABLE domains; TABLE acme.schema_migrations")

      let last = try #require(first.steps.last)
      await #expect(throws: TenancyProblem.changedMeanwhile) { try await last.run(over: connection) }
      // Planned while the remains were there, which are a tenant by now.
      await #expect(throws: TenancyProblem.tenantExists("acme")) { try await third.apply() }
      #expect(try await fleet.psql("TABLE tenants; TABLE domains; TABLE acme.schema_migrations") == before)
    }
  }

  @Test(arguments: [false, true]) func twoAtOnce(inSeveralTransactions: Bool) async throws {
    try await Fleet.with(connections: 8) { fleet in
      let plans =
        inSeveralTransactions
        ? [try await fleet.acmePlanInSeveralTransactions(), try await fleet.acmePlanInSeveralTransactions()]
        : [try await fleet.acmePlan(), try await fleet.acmePlan()]
      let results = await withTaskGroup(of: Result<CreatedTenant, any Error>.self) { group in
        for plan in plans { group.addTask { await Self.result(of: plan) } }
        return await group.reduce(into: []) { $0.append($1) }
      }
      let errors = results.compactMap { result in
        if case .failure(let error) = result { error as? TenancyProblem } else { nil }
      }
      #expect(errors == [.tenantExists("acme")])
      try await fleet.expectAcmeComplete()
    }
  }

  @Test func aDomainTakenMeanwhile() async throws {
    try await Fleet.with { fleet in
      try await fleet.create("beta")
      let plan = try await fleet.acmePlan()
      try await fleet.tenancy.planAddDomain(host("www.acme.com"), to: "beta", primary: false).apply()
      await #expect(throws: TenancyProblem.changedMeanwhile) { try await plan.apply() }
      #expect(try await fleet.list() == "beta(www.acme.com)")
      #expect(try await fleet.schemas() == "beta")
      await #expect(throws: TenancyProblem.domainTaken(host("www.acme.com"), by: "beta")) {
        try await fleet.acmePlan()
      }
    }
  }

  /// Each would be its tenant's first, and so primary: whoever is second is planned once more.
  @Test func twoDomainsAtOnce() async throws {
    try await Fleet.with(connections: 8) { fleet in
      try await fleet.create("acme")
      for round in 0..<5 {
        let isPrimary = round > 0
        let hosts = (0..<4).map { host("\($0).round\(round).com") }
        var plans: [Plan<Domain>] = []
        for host in hosts {
          plans.append(try await fleet.tenancy.planAddDomain(host, to: "acme", primary: isPrimary))
        }
        let errors = try await withThrowingTaskGroup(of: TenancyProblem?.self) { group in
          for plan in plans {
            group.addTask {
              do { try await plan.apply() } catch let error as TenancyProblem { return error }
              return nil
            }
          }
          return try await group.reduce(into: []) { $0 += [$1].compactMap { $0 } }
        }
        #expect(errors == [])
        #expect(try await fleet.psql("SELECT count(*) FROM domains WHERE is_primary") == "1")
      }
    }
  }

  /// A schema without its row is nobody's: where the row stays, whatever keeps it, the schema does, too.
  @Test(arguments: [
    ("UPDATE tenants SET name = 'apex'", TenancyProblem.changedMeanwhile),
    (
      """
      CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
      CREATE TRIGGER keep BEFORE DELETE OR UPDATE ON tenants FOR EACH ROW EXECUTE FUNCTION keep()
      """, TenancyProblem.rowNotStored(table: "public.tenants", by: ["trigger keep"])
    ),
  ])
  func aRowThatStays(change: String, error: TenancyProblem) async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme")
      let plan = try await fleet.tenancy.planDrop("acme")
      let deactivation = try await fleet.tenancy.planSetActive(["acme"], false)
      try await fleet.psql(change)
      await #expect(throws: error) { try await plan.apply() }
      await #expect(throws: error) { try await deactivation.apply() }
      #expect(try await fleet.schemas() == "acme")
    }
  }

  @Test func aTenantGoneMeanwhile() async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme", domains: ["acme.com", "b.com"])
      let add = try await fleet.tenancy.planAddDomain(host("c.com"), to: "acme", primary: true)
      let primary = try await fleet.tenancy.planSetPrimary(host("b.com"))
      let rename = try await fleet.tenancy.planRename("acme", to: "apex")
      try await fleet.psql("DELETE FROM domains; DELETE FROM tenants")
      await #expect(throws: TenancyProblem.tenantNotFound("acme")) { try await add.apply() }
      await #expect(throws: TenancyProblem.changedMeanwhile) { try await primary.apply() }
      await #expect(throws: TenancyProblem.changedMeanwhile) { try await rename.apply() }
      #expect(try await fleet.schemas() == "acme")
    }
  }

  /// Whichever comes first, the other one says that it has lost; the words of the server would help nobody.
  @Test(arguments: Race.allCases) func twoThatExcludeEachOther(race: Race) async throws {
    for _ in 0..<8 {
      try await Fleet.with(connections: 4) { fleet in
        try await fleet.create("acme", domains: ["acme.com"])
        let changes = try await race.changes(fleet.tenancy)
        let errors = await withTaskGroup(of: (any Error)?.self) { group in
          for change in changes {
            group.addTask {
              do {
                try await change()
                return nil
              } catch { return error }
            }
          }
          return await group.reduce(into: []) { $0.append($1) }
        }.compactMap(\.self)
        #expect(errors.count < 2)
        for error in errors {
          let expected: [TenancyProblem] = [
            .changedMeanwhile, .tenantExists("apex"), .tenantNotFound("acme"),
          ]
          #expect(expected.contains { $0 == error as? TenancyProblem }, "\(error)")
        }
        let findings = try await fleet.tenancy.diagnose().entries.map(\.finding)
        #expect(findings == [], "\(findings), \(errors)")
      }
    }
  }

  enum Race: CaseIterable {
    case renameTwice, renameAndDrop, renameAndCreate, renameAndDomain, dropAndDomain

    func changes(_ tenancy: TenantDatabase) async throws -> [@Sendable () async throws -> Void] {
      let rename = try await tenancy.planRename("acme", to: "apex")
      let drop = try await tenancy.planDrop("acme")
      let domain = try await tenancy.planAddDomain(host("b.com"), to: "acme", primary: false)
      switch self {
      case .renameTwice:
        let other = try await tenancy.planRename("acme", to: "atom")
        return [{ try await rename.apply() }, { try await other.apply() }]
      case .renameAndDrop: return [{ try await rename.apply() }, { try await drop.apply() }]
      case .renameAndCreate:
        let create = try await tenancy.planCreate(NewTenant("apex", domains: [host("apex.com")]))
        return [{ try await rename.apply() }, { try await create.apply() }]
      case .renameAndDomain: return [{ try await rename.apply() }, { try await domain.apply() }]
      case .dropAndDomain: return [{ try await drop.apply() }, { try await domain.apply() }]
      }
    }
  }

  private static func result(of plan: Plan<CreatedTenant>) async -> Result<CreatedTenant, any Error> {
    do { return .success(try await plan.apply()) } catch { return .failure(error) }
  }
}
