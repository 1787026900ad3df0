import TenancyPostgres
import TestSupport
import Testing

@testable import Tenancy

/// How many tenants at a time, when nobody says it.
@Suite struct AffordableJobsTests {
  @Test(arguments: [("-1", 8), ("33", 8), ("31", 7), ("9", 2), ("2", 1), ("0", 1)])
  func aQuarterOfWhatTheDatabaseMayHave(limit: String, jobs: Int) async throws {
    // A server of its own: how many connections other tests leave is anybody's guess.
    try await TestServer.withOwn {
      try await TestDatabase.with { database in
        try await database.psql("ALTER DATABASE \(database.name) CONNECTION LIMIT \(limit)")
        #expect(try await database.tenancy().affordableJobs() == jobs)
      }
    }
  }

  @Test func aQuarterOfWhatTheRoleMayHave() async throws {
    try await TestServer.withOwn {
      try await TestDatabase.with { database in
        try await database.psql("ALTER ROLE postgres CONNECTION LIMIT 13")
        #expect(try await database.tenancy().affordableJobs() == 3)
      }
    }
  }

  @Test func aQuarterOfWhatTheServerHasLeft() async throws {
    try await TestServer.withOwn(settings: ["max_connections=30"]) {
      try await TestDatabase.with { database in
        let tenancy = try database.tenancy()
        let before = try await tenancy.affordableJobs()
        // Of 27, our own session and the server's helpers have a few.
        #expect((5...6).contains(before))
        var sessions: [Connection] = []
        for _ in 0..<16 { sessions.append(try await database.connect()) }
        #expect(try await tenancy.affordableJobs() == before - 4)
        for session in sessions { await session.close() }
      }
    }
  }
}
