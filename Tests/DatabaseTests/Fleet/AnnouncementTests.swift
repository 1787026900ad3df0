import TestSupport
import Testing

@testable import Tenancy

/// What is reported as done is on disk; that the server has not crashed since is told by its processes.
@Suite struct AnnouncementTests {
  /// Monitoring resets statistics; a crash does, too.
  @Test(arguments: ["bgwriter", "wal"]) func statisticsThatAreReset(target: String) async throws {
    try await Fleet.with { fleet in
      try await fleet.populate(["a", "b"])
      let files = [
        try tableMigration(1), try migration("2", "SELECT pg_stat_reset_shared('\(target)')"),
        try tableMigration(3),
      ]
      #expect(try await fleet.migrate(files).outline == "a: 1,2,3; b: 1,2,3")
    }
  }

  /// Any role may ask, and two sessions get the same answer.
  @Test func theServersRun() async throws {
    try await Fleet.with { fleet in
      try await TestRole.with(fleet.database) { role in
        let own = try await fleet.psql(DatabaseTraits.serverRun.inlined)
        let theirs = try await fleet.psql("SET ROLE \(role.name); \(DatabaseTraits.serverRun.inlined)")
        #expect(own == theirs)
        #expect(own.wholeMatch(of: /\d+\.\d+ \d+/) != nil)
      }
    }
  }
}
