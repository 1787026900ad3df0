import Foundation
import Glibc
import TenancyPostgres
import TestSupport
import Testing

/// Runs that are cut off in the middle, when so many tenants are done: the next run completes them.
///
/// `make test-crashes` is the long form; with `TENANTCTL_TEST_CRASH_KINDS=transaction` it takes minutes instead of hours.
/// `TENANTCTL_TEST_SEED=N` repeats one that failed, as far as the machine is the same.
@Suite(.serialized) struct CrashTests {
  enum Crash: CaseIterable {
    /// `kill -9` of the program.
    case program
    /// `pg_terminate_backend` of all of its sessions.
    case sessions
    /// `kill -9` of one of the server's processes that serve it: the server ends all sessions and recovers.
    case server
  }

  /// What the migrations are.
  enum Kind: String, CaseIterable {
    case transaction
    case statements
  }

  /// What `TENANTCTL_TEST_CRASH_KINDS` names.
  private static let names =
    ProcessInfo.processInfo.environment["TENANTCTL_TEST_CRASH_KINDS"]?.split(separator: ",").map(String.init)
    ?? Kind.allCases.map(\.rawValue)
  private static let kinds = names.compactMap(Kind.init)

  /// An unknown name would leave nothing to test.
  @Test func theKindsAreKnown() {
    #expect(!Self.kinds.isEmpty && Self.kinds.map(\.rawValue) == Self.names)
  }

  private static func number(_ name: String, or fallback: Int) -> Int {
    ProcessInfo.processInfo.environment[name].flatMap { Int($0) } ?? fallback
  }
  private static let rounds = number("TENANTCTL_TEST_CRASHES", or: 3)
  private static let tenants = (1...number("TENANTCTL_TEST_CRASH_TENANTS", or: 40)).map { "t\($0)" }
  private static let seed = number("TENANTCTL_TEST_SEED", or: Int.random(in: 0...Int.max))

  @Test(arguments: Crash.allCases, kinds)
  func everyMigrationExactlyOnce(crash: Crash, kind: Kind) async throws {
    if crash == .server {
      try await TestServer.withOwn { try await crashes(crash, kind) }
    } else {
      try await crashes(crash, kind)
    }
  }

  /// Commits return before they are on disk, and nothing is reported until it is there: what the server has not written by
  /// itself when it crashes is lost, and nobody was told that it was done.
  @Test func whatWasReportedIsThere() async throws {
    try await TestServer.withOwn(settings: ["wal_writer_delay=10s"]) {
      var random = SplitMix64(state: UInt64(Self.seed))
      try await Scene.with(files: [:]) { scene in
        try await scene.database.psql(
          (1...400).map { "CREATE SCHEMA t\($0); INSERT INTO tenants (name) VALUES ('t\($0)')" }.joined(
            separator: ";"))
        try scene.folder.write("CREATE TABLE log (version int);\n", to: "migrations/tenant/0_log.sql")
        try await scene.succeed("migrate --all --jobs 3")
        var cuts = 0
        for round in 1...max(4, Self.rounds) {
          try scene.folder.write(Self.file(round, .transaction), to: "migrations/tenant/\(round + 1)_m.sql")
          let reported = try await Tenantctl.start(
            ["migrate", "--all", "--jobs", "3", "--format", "ndjson"], database: scene.database,
            workingDirectory: scene.folder.path
          ) { program in
            try await program.wrote(#""status":"migrated""#)
            let instant = Duration.milliseconds(Int.random(in: 0...80, using: &random))
            try await Task.sleep(for: instant)  // The instant is the test: no event tells of it.
            let pid = try await scene.database.psql("\(Self.sessions) ORDER BY random() LIMIT 1")
            if let pid = Int32(pid) { kill(pid, SIGKILL) }
            return Self.migrated(in: await program.outcome().stdout)
          }
          try await scene.database.recovered()
          let there = try await scene.database.psql(
            (1...400).map { "SELECT 't\($0)' FROM t\($0).schema_migrations WHERE version = '\(round + 1)'" }
              .joined(separator: " UNION ALL ")
          ).split(separator: "\n").map(String.init)
          #expect(Set(reported).subtracting(there) == [], "seed \(Self.seed), round \(round)")
          if !reported.isEmpty && reported.count < 400 { cuts += 1 }
          try await scene.succeed("migrate --all --jobs 3")
        }
        #expect(cuts > 0)
      }
    }
  }

  private static func migrated(in lines: String) -> [String] {
    lines.split(separator: "\n").compactMap { line in
      line.contains(#""status":"migrated""#)
        ? line.firstMatch(of: #/"name":"(t\d+)"/#).map { String($0.1) } : nil
    }
  }

  private func crashes(_ crash: Crash, _ kind: Kind) async throws {
    var random = SplitMix64(state: UInt64(Self.seed))
    try await Scene.with(files: [:]) { scene in
      try await scene.database.psql(
        Self.tenants.map { "CREATE SCHEMA \($0); INSERT INTO tenants (name) VALUES ('\($0)')" }
          .joined(separator: ";"))
      try scene.folder.write("CREATE TABLE log (version int);\n", to: "migrations/tenant/0_log.sql")
      try await scene.succeed("migrate --all --jobs 3")
      var cuts = 0
      for round in 0..<Self.rounds {
        try scene.folder.write(Self.file(round, kind), to: "migrations/tenant/\(round + 1)_m.sql")
        let count = Int.random(in: 1...Self.tenants.count / 2, using: &random)
        try await run(scene, crash, round, whenDone: count)
        let done = try await Self.done(round + 1, scene)
        if 1..<Self.tenants.count ~= done { cuts += 1 }
        let rerun = try await scene.run("migrate --all --jobs 3 --retries 20")
        let place = "seed \(Self.seed), \(crash), \(kind), round \(round), after \(count) tenants"
        #expect(rerun.status == 0, "\(place): \(rerun)")
        let wrong = try await scene.database.psql(Self.wrong(round + 1, kind))
        #expect(wrong == "", "\(place)")
      }
      #expect(cuts > 0, "seed \(Self.seed), \(crash), \(kind): no run was cut in the middle")
    }
  }

  private static func file(_ round: Int, _ kind: Kind) -> String {
    let number = round + 1
    let statements = "INSERT INTO log VALUES (\(number));\nCREATE TABLE m\(number) ();\n"
    return kind == .transaction
      ? statements
      : "-- migrate:up transaction:false\nCREATE INDEX CONCURRENTLY i\(number) ON log (version);\n\(statements)"
  }

  private func run(_ scene: Scene, _ crash: Crash, _ round: Int, whenDone count: Int) async throws {
    // Without its last tenant no run is over, however fast it is.
    let last = Self.tenants.max() ?? ""
    let holder = try await scene.database.holder(of: "LOCK TABLE \(last).log IN EXCLUSIVE MODE")
    try await Tenantctl.start(
      ["migrate", "--all", "--jobs", "3"], database: scene.database, workingDirectory: scene.folder.path
    ) { program in
      let observer = try await scene.database.connect()
      let tables: SQL = "SELECT count(*) FROM pg_class WHERE relname = \("m\(round + 1)")"
      _ = try await observer.awaited("SELECT nullif((\(tables)) >= \(count), false)::int")
      await observer.close()
      switch crash {
      case .program: program.signal(SIGKILL)
      case .sessions:
        try await scene.database.psql("SELECT pg_terminate_backend(pid) FROM (\(Self.sessions)) AS s")
      case .server:
        let pid = try await scene.database.psql("\(Self.sessions) ORDER BY random() LIMIT 1")
        if let pid = Int32(pid) { kill(pid, SIGKILL) }
      }
      await holder.close()
      let outcome = await program.outcome()
      #expect([0, 1, 5, 7, 137].contains(outcome.status), "\(outcome)")
    }
    try await scene.database.recovered()
  }

  private static let sessions = """
    SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'tenantctl' AND backend_type = 'client backend'
    """

  /// How many tenants have a migration.
  private static func done(_ version: Int, _ scene: Scene) async throws -> Int {
    let counts = tenants.map {
      "SELECT count(*) FROM \($0).schema_migrations WHERE version = '\(version)' AND statements_done = statements_total"
    }
    let sum = try await scene.database.psql(
      "SELECT sum(count) FROM (\(counts.joined(separator: " UNION ALL "))) AS c")
    return Int(sum) ?? 0
  }

  /// The tenants that have not each migration, its row, its table and its index exactly once.
  private static func wrong(_ last: Int, _ kind: Kind) -> String {
    let expected = (1...last).map(String.init).joined(separator: ",")
    let rows = tenants.map { name in
      """
      SELECT '\(name)', (SELECT string_agg(version::text, ',' ORDER BY version) FROM \(name).log),
        (SELECT string_agg(version, ',' ORDER BY version::int) FROM \(name).schema_migrations
         WHERE version <> '0' AND statements_done = statements_total),
        (SELECT string_agg(substr(tablename, 2), ',' ORDER BY substr(tablename, 2)::int) FROM pg_tables
         WHERE schemaname = '\(name)' AND tablename ~ '^m\\d'),
        (SELECT string_agg(substr(relname, 2), ',' ORDER BY substr(relname, 2)::int) FROM pg_class
         JOIN pg_index ON indexrelid = oid WHERE indrelid = '\(name).log'::regclass AND indisvalid),
        (SELECT count(*) FROM pg_index WHERE indrelid = '\(name).log'::regclass AND NOT indisvalid),
        obj_description('\(name).schema_migrations'::regclass) LIKE 'tenantctl head=\(last) count=\(last + 1) %'
      """
    }
    let indexes = kind == .transaction ? "NULL" : "'\(expected)'"
    return """
      SELECT * FROM (\(rows.joined(separator: " UNION ALL "))) AS t (name, log, ledger, tables, indexes, unsound, comment)
      WHERE (log, ledger, tables, indexes, unsound, comment)
        IS DISTINCT FROM ('\(expected)', '\(expected)', '\(expected)', \(indexes), 0, true)
      """
  }
}

extension TestDatabase {
  /// Waits until the server takes clients: after a crash it takes nobody until it has recovered.
  fileprivate func recovered() async throws {
    let end = ContinuousClock.now + .seconds(60)
    while (try? await psql("SELECT 1")) == nil {
      if ContinuousClock.now > end { throw ServerIsGone() }
    }
  }
}

private struct ServerIsGone: Error {}
