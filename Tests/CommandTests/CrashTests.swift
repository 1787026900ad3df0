import Glibc
import TestSupport
import Testing

/// Runs that end in the middle, at instants that nobody chose: whatever was under way, the next run makes it whole.
@Suite struct CrashTests {
  enum Crash: CaseIterable {
    /// `kill -9` of the program.
    case program
    /// `pg_terminate_backend` of all of its sessions.
    case sessions
  }

  private static let tenants = (1...60).map { "t\($0)" }

  @Test(arguments: Crash.allCases) func everyMigrationExactlyOnce(crash: Crash) async throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SplitMix64(state: seed)
    try await Scene.with(files: [:]) { scene in
      try await scene.database.psql(
        Self.tenants.map { "CREATE SCHEMA \($0); INSERT INTO tenants (name) VALUES ('\($0)')" }
          .joined(separator: ";"))
      try scene.folder.write("CREATE TABLE log (version int);\n", to: "migrations/tenant/0_log.sql")
      let start = ContinuousClock.now
      try await scene.succeed("migrate --all --jobs 3")
      let whole = ContinuousClock.now - start
      for round in 1...10 {
        try scene.folder.write(
          "INSERT INTO log VALUES (\(round));\nCREATE TABLE m\(round) ();\n",
          to: "migrations/tenant/\(round)_m.sql")
        let instant = whole * Double.random(in: 0...1, using: &random)
        try await run(scene, crash, at: instant)
        let rerun = try await scene.run("migrate --all --jobs 3")
        #expect(rerun.status == 0, "seed \(seed), round \(round), after \(instant): \(rerun)")
        let wrong = try await scene.database.psql(Self.wrong(rounds: round))
        #expect(wrong == "", "seed \(seed), round \(round), after \(instant)")
      }
    }
  }

  private func run(_ scene: Scene, _ crash: Crash, at instant: Duration) async throws {
    try await Tenantctl.start(
      ["migrate", "--all", "--jobs", "3"], database: scene.database, workingDirectory: scene.folder.path
    ) { program in
      // The instant is the test: there is no event to wait for.
      try await Task.sleep(for: instant)
      switch crash {
      case .program: program.signal(SIGKILL)
      case .sessions:
        try await scene.database.psql(
          """
          SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND application_name = 'tenantctl'
          """)
      }
      let outcome = await program.outcome()
      #expect([0, 1, 5, 7, 137].contains(outcome.status), "\(outcome)")
    }
  }

  /// The tenants that have not each migration, its row and its table exactly once.
  private static func wrong(rounds: Int) -> String {
    let expected = (1...rounds).map(String.init).joined(separator: ",")
    let rows = tenants.map { name in
      """
      SELECT '\(name)', (SELECT string_agg(version::text, ',' ORDER BY version) FROM \(name).log),
        (SELECT string_agg(version, ',' ORDER BY version::int) FROM \(name).schema_migrations WHERE version <> '0'),
        (SELECT string_agg(substr(tablename, 2), ',' ORDER BY substr(tablename, 2)::int) FROM pg_tables
         WHERE schemaname = '\(name)' AND tablename ~ '^m\\d'),
        obj_description('\(name).schema_migrations'::regclass) LIKE 'tenantctl head=\(rounds) count=\(rounds + 1) %'
      """
    }
    return """
      SELECT * FROM (\(rows.joined(separator: " UNION ALL "))) AS t (name, log, ledger, tables, comment)
      WHERE (log, ledger, tables, comment) IS DISTINCT FROM ('\(expected)', '\(expected)', '\(expected)', true)
      """
  }
}

/// Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014: the same numbers from the same seed.
private struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
