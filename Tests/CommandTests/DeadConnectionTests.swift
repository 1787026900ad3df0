import Foundation
import Glibc
import TenancyPostgres
import TestSupport
import Testing

/// A network that dies without a word, a terminal that is closed, and output that nobody takes.
@Suite(.timeLimit(.minutes(20))) struct DeadConnectionTests {
  private static let draining = "interrupt again to cancel them"

  /// Calls `body` while a command has sent something on a connection that has died by then.
  private func onDeadConnection(
    _ words: [String], _ body: (RunningProgram) async throws -> Void
  ) async throws {
    try await Scene.with(tenants: ["acme", "reef", "rock"]) { scene in
      try scene.folder.write(
        "ALTER TABLE tanks ADD colour text;\n", to: "migrations/tenant/20260103000000_c.sql")
      try scene.folder.write("[migrations]\nlock_timeout = \"100s\"\n", to: "tenantctl.toml")
      try await TestProxy.with(scene.database) { proxy in
        let holder = try await scene.database.holder(of: "SELECT FROM reef.tanks")
        try await Tenantctl.start(words + ["-d", proxy.url], workingDirectory: scene.folder.path) { program in
          try await holder.blocked()
          proxy.goSilent()
          try await body(program)
        }
        await holder.close()
      }
    }
  }

  @Test func theSecondSignalGivesUp() async throws {
    try await onDeadConnection(["migrate", "--all", "--jobs", "1"]) { program in
      program.signal(SIGINT)
      try await program.wrote(Self.draining)
      program.signal(SIGINT)
      let outcome = await program.outcome()
      #expect(outcome.status == 130)
      // What had not been confirmed as durable by then is not told as applied.
      #expect(outcome.stdout.contains("1 not run"), "\(outcome)")
      #expect(outcome.stderr.contains("the server has not answered the cancellation within 5 s"))
    }
  }

  @Test(arguments: [
    (["migrate", "--all", "--jobs", "1"], "of 3 tenants done, 0 failed"),
    (
      ["exec", "--all", "--jobs", "1", "--write", "-c", "DROP TABLE tanks"],
      "interrupted: 1 of 3 tenants done, 0 failed"
    ),
  ])
  func theThirdSignalEndsAtOnce(words: [String], known: String) async throws {
    try await onDeadConnection(words) { program in
      program.signal(SIGTERM)
      try await program.wrote(Self.draining)
      program.signal(SIGTERM)
      program.signal(SIGINT)
      let outcome = await program.outcome()
      #expect(outcome.status == 130 && outcome.stderr.contains(known), "\(outcome)")
    }
  }

  @Test func aChangeThatIsOnlyCancelled() async throws {
    try await onDeadConnection(["drop", "reef", "--yes"]) { program in
      program.signal(SIGINT)
      let outcome = await program.outcome()
      #expect(outcome.status == 130, "\(outcome)")
      #expect(
        outcome.stderr.contains("the server has not answered the cancellation within 5 s"), "\(outcome)")
    }
  }

  /// A shell ignores SIGINT for what a script starts in the background.
  @Test func aReadEndsAtOnce() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await TestProxy.with(scene.database) { proxy in
        proxy.goSilent()
        let outcome = try await Tenantctl.script(
          """
          tenantctl list -d '\(proxy.url)?connect_timeout=100' & program=$!
          sleep 1; kill -INT $program; wait $program
          """)
        #expect(outcome.status == 130, "\(outcome)")
      }
    }
  }

  @Test func aClosedTerminalDrains() async throws {
    try await Scene.with(tenants: ["acme", "reef"]) { scene in
      try scene.folder.write(
        "ALTER TABLE tanks ADD colour text;\n", to: "migrations/tenant/20260103000000_c.sql")
      let words = ["migrate", "--all", "--jobs", "1"]
      let holder = try await scene.database.holder(of: "SELECT FROM acme.tanks")
      try await Tenantctl.start(words, database: scene.database, workingDirectory: scene.folder.path) {
        program in
        try await holder.blocked()
        program.signal(SIGHUP)
        try await program.wrote(Self.draining)
        await holder.close()
        let outcome = await program.outcome()
        #expect(
          outcome.status == 130 && outcome.stdout.contains("migrated 1 tenant, 0 up to date, 1 not run"))
      }
    }
  }

  @Test func aFileThatGetsTooLong() async throws {
    try await Scene.with { scene in
      let words = "tenantctl create acme --format json > out"
      let outcome = try await Tenantctl.script(
        "ulimit -f 0; \(words)", database: scene.database, workingDirectory: scene.folder.path)
      #expect(
        outcome.status == 1 && outcome.stderr.contains("cannot write the result: File too large"),
        "\(outcome)")
      #expect(
        try await scene.database.psql("SELECT count(*) FROM acme.schema_migrations") == "2", "it is there")
      let report = try await Tenantctl.script(
        "ulimit -f 0; tenantctl migrate --all --report junit=out.xml", database: scene.database,
        workingDirectory: scene.folder.path)
      #expect(report.status == 1 && report.stderr.contains("the report was not written"), "\(report)")
    }
  }
}
