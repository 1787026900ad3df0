import Synchronization
import Testing

@testable import Tenancy

/// A run is told that it has more jobs than the server has connections only where that is the reason.
@Suite struct FewerJobsTests {
  @Test(arguments: [
    ("53300", true), ("08P01", true), ("XX000", true), ("57P03", false), ("28P01", false), ("3D000", false),
    ("55000", false), (nil, false),
  ])
  func isTold(sqlState: String?, told: Bool) async throws {
    let subjects = try ["a", "b"].map { name in
      FleetSubject(
        Tenant(name: try TenantName(parsing: name), schema: SchemaName(stored: name), isActive: true))
    }
    let refusals = Mutex(0)
    let work = FleetWork<Int>(subjects) { index, _, value in
      if index == 0 {
        // The other worker hands its tenant back while this one is busy.
        while refusals.withLock({ $0 }) == 0 { await Task.yield() }
      } else if refusals.withLock({
        $0 += 1
        return $0 == 1
      }) {
        throw TenancyProblem.cannotConnect(
          ConnectionFailure(message: "refused", sqlState: sqlState, needsPassword: false))
      }
      value = index
      return true
    }
    let notes = Mutex(0)
    var run = FleetRun<Int>()
    run.jobs = 2
    run.onFewerJobs = { _ in notes.withLock { $0 += 1 } }
    let report = await work.run(run)
    #expect(report.tenants.allSatisfy { $0.isDone })
    #expect(notes.withLock { $0 } == (told ? 1 : 0))
  }
}
