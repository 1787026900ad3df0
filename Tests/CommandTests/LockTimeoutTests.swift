import TestSupport
import Testing

/// No command waits for ever behind somebody else's lock on the registry.
@Suite struct LockTimeoutTests {
  private static let lines = [
    "list", "list --format json", "show acme", "resolve acme.example.com", "domain list", "domain list acme",
    "status --all", "migrate --all", "exec --all -c SELECT", "create reef", "drop acme --yes",
    "rename acme apex", "set acme plan=gold", "deactivate acme", "domain add acme a.com",
    "domain remove acme.example.com", "domain primary acme.example.com",
  ]

  @Test(arguments: ["", "through PgBouncer"]) func gaveUp(path: String) async throws {
    var files = Scene.files
    files["tenantctl.toml"] = "[migrations]\nlock_timeout = \"100ms\"\n"
    try await Scene.with(tenants: ["acme"], files: files) { scene in
      let before = try await scene.database.contents()
      try await scene.database.whileHolding("LOCK TABLE tenants, domains IN ACCESS EXCLUSIVE MODE") { _ in
        if path.isEmpty { return try await Self.try(scene, [:]) }
        try await TestPgBouncer.with(scene.database) { url in
          try await Self.try(scene, ["TENANTCTL_DATABASE_URL": url])
        }
      }
      #expect(try await scene.database.contents() == before)
      try await scene.prints("list --quiet", "acme\n")
    }
  }

  /// One tenant's ledger is as good as locked for ever: that tenant cannot be read, and all the others can.
  @Test func aLedgerThatIsLocked() async throws {
    var files = Scene.files
    files["tenantctl.toml"] = "[migrations]\nlock_timeout = \"100ms\"\n"
    try await Scene.with(tenants: ["acme", "reef"], files: files) { scene in
      try await scene.database.whileHolding("LOCK TABLE acme.schema_migrations IN ACCESS EXCLUSIVE MODE") {
        _ in
        for (line, status) in [
          ("status --all --verify", 0), ("rollback acme --yes", 5),
          ("migration baseline 20260102000000 acme", 5),
        ] {
          let outcome = try await scene.run(line)
          let isTold = (outcome.stdout + outcome.stderr).contains("canceling statement due to lock timeout")
          #expect(isTold && Int(outcome.status) == status, "\(line): \(outcome)")
        }
        #expect(
          try await scene.run("status --all --verify").stdout.contains("20260102000000        1  up to date"))
      }
    }
  }

  /// The code of a lock timeout without a wait: what the server says, or whoever raised it, is the reason.
  @Test(arguments: [
    ("LOCK TABLE tanks IN EXCLUSIVE MODE", "another session held a lock for longer than lock_timeout", true),
    (
      "LOCK TABLE tanks IN EXCLUSIVE MODE NOWAIT", #"could not obtain lock on relation "tanks""#, true
    ),
    (
      "SELECT FROM tanks FOR UPDATE NOWAIT", #"could not obtain lock on row in relation "tanks""#, true
    ),
    ("DO $$ BEGIN RAISE 'the shop is open' USING ERRCODE = '55P03'; END $$", "the shop is open", false),
  ])
  func whatIsLocked(statement: String, sentence: String, isHeld: Bool) async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try scene.folder.write("[migrations]\nlock_timeout = \"50ms\"\n", to: "tenantctl.toml")
      try scene.folder.write("\(statement);\n", to: "migrations/tenant/20260103000000_lock.sql")
      try await scene.database.psql("INSERT INTO acme.tanks (name) VALUES ('a')")
      try await scene.database.whileHolding("SELECT FROM acme.tanks FOR UPDATE") { _ in
        let outcome = try await scene.run("migrate acme --retries 0")
        #expect(outcome.status == 5 && outcome.stderr.contains("_lock.sql:1:1: \(sentence)\n"), "\(outcome)")
        #expect(outcome.stderr.contains("held by pid ") == isHeld, "\(outcome)")
        let isOfTimeout = outcome.stderr.contains("lock_timeout")
        #expect(isOfTimeout == sentence.contains("lock_timeout"), "\(outcome)")
        let json = try await scene.run("migrate acme --retries 0 --format json")
        #expect(json.stdout.contains(#""code":"\#(isHeld ? "locked" : "migration_failed")""#), "\(json)")
      }
    }
  }

  private static func `try`(_ scene: Scene, _ environment: [String: String]) async throws {
    for line in lines {
      let outcome = try await scene.run(line, environment: environment)
      #expect(outcome.status == 1, "\(line): \(outcome)")
      #expect(outcome.stderr.contains("lock timeout"), "\(line): \(outcome.stderr)")
    }
  }

  @Test func aLockIsNotWaitedForLong() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try scene.folder.write("[migrations]\nlock_timeout = \"10ms\"\n", to: "tenantctl.toml")
      let program = """
        psql -Xq "$TENANTCTL_DATABASE_URL" <<'SQL'
        BEGIN; UPDATE tenants SET name = name;
        \\! tenantctl deactivate acme; echo $? >&2
        SQL
        """
      let outcome = try await Tenantctl.script(
        program, database: scene.database, workingDirectory: scene.folder.path)
      let stderr = outcome.stderr.replacing(
        /pid [0-9]+ \(.*, psql\), idle in transaction for [0-9.]+ m?s/, with: "pid N, idle for a while")
      #expect(
        stderr == """
          error: another session holds a lock: canceling statement due to lock timeout
            held by pid N, idle for a while, last: UPDATE tenants SET name = name;
          hint: run the command again when that session has finished; lock_timeout in tenantctl.toml limits the wait
          1

          """)
    }
  }
}
