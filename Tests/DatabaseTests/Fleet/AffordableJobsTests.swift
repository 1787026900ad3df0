import Synchronization
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

  /// What is left of the smallest of three limits, and one less.
  @Test(arguments: [
    ("-1", "-1", 3...5), ("7", "-1", 4...4), ("-1", "5", 3...3), ("7", "5", 3...3), ("2", "-1", 1...1),
    ("-1", "1", 1...1),
  ])
  func programsAtATime(database limit: String, role: String, jobs: ClosedRange<Int>) async throws {
    try await TestServer.withOwn(settings: ["max_connections=10"]) {
      try await TestDatabase.with { database in
        try await TestRole.with(database) { tester in
          try await database.psql(
            """
            ALTER DATABASE \(database.name) CONNECTION LIMIT \(limit); ALTER ROLE \(tester.name) CONNECTION LIMIT \(role)
            """)
          let one = try await database.connect()
          let tenancy = try TenantDatabase(tester.url(), connections: 1)
          #expect(jobs.contains(try await tenancy.programsAtATime()))
          await one.close()
        }
      }
    }
  }

  /// PostgreSQL 16 keeps some for roles that may use them.
  @Test(arguments: [(0, 14...16, 3...4), (5, 9...11, 2...2), (12, 2...4, 1...1)])
  func connectionsThatAreReserved(count: Int, programs: ClosedRange<Int>, jobs: ClosedRange<Int>) async throws
  {
    let version = try await TestDatabase.with { try await $0.psql("SHOW server_version_num") }
    let isKnown = Int(version).map { $0 >= 160_000 } ?? false
    if !isKnown, count > 0 { return }
    try await TestServer.withOwn(
      settings: ["max_connections=20"] + (isKnown ? ["reserved_connections=\(count)"] : [])
    ) {
      try await TestDatabase.with { database in
        try await TestRole.with(database) { tester in
          let tenancy = try TenantDatabase(tester.url(), connections: 1)
          #expect(programs.contains(try await tenancy.programsAtATime()))
          #expect(jobs.contains(try await tenancy.affordableJobs()))
        }
      }
    }
  }

  /// More jobs than connections: the run goes on with those that it gets, and says so once at most. A worker that gets
  /// another one's connection before its own is refused has nothing to say.
  @Test(arguments: [1, 3]) func moreThanTheServerHas(free: Int) async throws {
    try await TestServer.withOwn(settings: ["max_connections=9"]) {
      try await Fleet.with(connections: 50) { fleet in
        try await fleet.populate((10..<50).map { "t\($0)" })
        var sessions: [Connection] = []
        for _ in 0..<(9 - free) { sessions.append(try await fleet.database.connect()) }
        let told = Mutex<[TenancyProblem]>([])
        let report = try await fleet.migrate([tableMigration(1)]) { run in
          run.jobs = 50
          run.onFewerJobs = { problem in told.withLock { $0.append(problem) } }
        }
        for session in sessions { await session.close() }
        #expect(report.tenants.allSatisfy { $0.isDone && $0.value != nil }, "\(report.outline)")
        let problems = told.withLock { $0 }
        #expect(problems.count <= 1)
        for case .cannotConnect(let failure) in problems { #expect(failure.sqlState == "53300") }
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
