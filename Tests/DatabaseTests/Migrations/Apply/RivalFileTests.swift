import TestSupport
import Testing

@testable import Tenancy

/// Two runs at once, as of two branches, that have different files of one version.
@Suite struct RivalFileTests {
  @Test(arguments: [false, true], ["", "-- migrate:up transaction:false\n"])
  func theSlowerRunDoesNotTakeItForItsOwn(isShared: Bool, marker: String) async throws {
    try await Fleet.with(tenants: 1) { fleet in
      func plan(_ table: String) async throws -> MigrationPlan {
        let file = try migration("2", "\(marker)CREATE TABLE public.\(table) ();", name: table)
        let files = MigrationSet(tenant: isShared ? [] : [file], shared: isShared ? [file] : [])
        return try await fleet.tenancy.planMigration(FleetSelection(names: nil), files)
      }
      let (orders, invoices) = (try await plan("orders"), try await plan("invoices"))
      let first = await fleet.tenancy.migrate(orders)
      #expect((first.tenants + [first.shared].compactMap { $0 }).allSatisfy { $0.failure == nil })
      let second = await fleet.tenancy.migrate(invoices)
      let outcome = try #require(isShared ? second.shared : second.tenants.first)
      guard case .failed(TenancyProblem.checksumMismatch(let files, let names)) = outcome.status else {
        Issue.record("\(outcome.status)")
        return
      }
      #expect(files.map(\.version.rawValue) == ["2"] && Array(names.values) == ["orders"])
      #expect(try await fleet.psql("SELECT to_regclass('public.invoices')") == "NULL")
    }
  }
}
