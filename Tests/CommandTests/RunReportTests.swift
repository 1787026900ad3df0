import TestSupport
import Testing

/// What a run leaves for CI.
@Suite struct RunReportTests {
  private func with(_ body: (Scene) async throws -> Void) async throws {
    try await Scene.with(tenants: ["acme", "reef", "rock"]) { scene in
      try scene.folder.write(
        "ALTER TABLE tanks\n  ADD \"a<b\" text;\n", to: "migrations/tenant/20260103000000_colour.sql")
      try await scene.database.psql("ALTER TABLE reef.tanks ADD \"a<b\" text")
      try await body(scene)
    }
  }

  @Test func junit() async throws {
    try await with { scene in
      let outcome = try await scene.run(
        "migrate --all --jobs 1 --on-error stop --report junit=report.xml --quiet")
      #expect(outcome.status == 5)
      let path = "migrations/tenant/20260103000000_colour.sql"
      let message = """
        \(path):1:1: column &quot;a&lt;b&quot; of relation &quot;tanks&quot; already exists&#10;  ALTER TABLE tanks
        """
      #expect(
        try scene.folder.read("report.xml").replacing(#/time="[0-9.]+"/#, with: #"time="N""#) == """
          <?xml version="1.0" encoding="UTF-8"?>
          <testsuites>
          <testsuite name="tenantctl migrate" tests="3" failures="1" errors="0" skipped="1" time="N">
          <testcase classname="tenantctl.migrate" name="acme" time="N"/>
          <testcase classname="tenantctl.migrate" name="reef" time="N"><failure type="migration_failed" \
          message="\(message)">\(message)</failure></testcase>
          <testcase classname="tenantctl.migrate" name="rock" time="N"><skipped/></testcase>
          </testsuite>
          </testsuites>

          """)
    }
  }

  /// Whatever becomes of the report: what the run did is told.
  @Test func aReportThatCannotBeWrittenHidesNothing() async throws {
    try await with { scene in
      let failed = try await scene.run("migrate --all --report junit=/dev/full")
      #expect(failed.status == 5)
      #expect(failed.stdout.contains("migrated 2 tenants, 0 up to date, 1 failed in "))
      #expect(
        failed.stderr.contains("warning: the report was not written: /dev/full: No space left on device\n"))
      let fine = try await scene.run("migrate acme --report junit=/dev/full")
      #expect(fine.status == 1 && fine.stdout.hasPrefix("migrated 0 tenants, 1 up to date in "))
    }
  }

  @Test(arguments: ["migrate acme", "run acme -- echo"])
  func whatStandardOutputDoesNotTakeIsToldOf(line: String) async throws {
    try await with { scene in
      let words = line.split(separator: " ", maxSplits: 1)
      let outcome = try await Tenantctl.script(
        "tenantctl \(words[0]) --format ndjson \(words[1]) >/dev/full", database: scene.database,
        workingDirectory: scene.folder.path)
      #expect(outcome.status == 1)
      #expect(outcome.stderr.hasPrefix("warning: cannot write the result: No space left on device\n"))
    }
  }

  /// No tenant has its turn then.
  @Test func aFailureInTheSharedSchema() async throws {
    try await with { scene in
      try scene.folder.write("SELECT 1/0;\n", to: "migrations/shared/1_broken.sql")
      let outcome = try await scene.run(
        "migrate --all --report junit=report.xml", environment: ["GITHUB_ACTIONS": "true"])
      #expect(outcome.status == 1)
      #expect(
        outcome.stderr.contains(
          "::error file=migrations/shared/1_broken.sql,line=1,col=1,title=public failed::public: "))
      let report = try scene.folder.read("report.xml")
      #expect(report.contains(#"tests="4" failures="1" errors="0" skipped="3""#))
      #expect(report.contains(#"><failure type="migration_failed""#))
      #expect(report.hasSuffix("</testsuites>\n"))
    }
  }

  /// What an earlier run has left in the file is not taken for this one's.
  @Test(arguments: [
    ("migrate nobody", 3, "tenant_not_found", "migrate"),
    ("migrate --all --dry-run", 2, "usage", "migrate"),
    ("migrate --all --check", 2, "usage", "migrate"),
    ("rollback acme --dry-run", 2, "usage", "rollback"),
    ("rollback acme", 4, "not_reversible", "rollback"),
    ("adopt --all --like acme --dry-run", 2, "usage", "adopt"),
    ("migration baseline 20260102000000 --all --dry-run", 2, "usage", "migration baseline"),
    ("migration baseline 7 --all", 3, "version_not_found", "migration baseline"),
    ("migration import --from goose .", 2, "usage", "migration import"),
    ("run --all -- nothing_of_that_name", 1, "program", "run"),
    ("migrate --all --jobs x", 2, "usage", "migrate"),
  ])
  func aRefusalReplacesTheReport(line: String, status: Int32, code: String, name: String) async throws {
    try await with { scene in
      try scene.folder.write("of yesterday", to: "report.xml")
      let words = line.split(separator: " ", maxSplits: 1)
      let outcome = try await scene.run("--report junit=report.xml \(words[0]) \(words[1])")
      #expect(outcome.status == status, "\(outcome)")
      let report = try scene.folder.read("report.xml")
      #expect(report.contains(#"<error type="\#(code)" message=""#), "\(report)")
      #expect(
        report.contains(#"<testsuite name="tenantctl \#(name)" tests="1" failures="0" errors="1""#),
        "\(report)")
    }
  }

  @Test func aSuiteIsNamedLikeItsCommand() async throws {
    try await with { scene in
      try await scene.succeed("migration baseline 20260103000000 acme --report junit=report.xml")
      let report = try scene.folder.read("report.xml")
      #expect(report.contains(#"<testsuite name="tenantctl migration baseline" tests="1""#), "\(report)")
      #expect(
        report.contains(#"<testcase classname="tenantctl.migration.baseline" name="acme""#), "\(report)")
    }
  }

  @Test func annotationsOnGitHub() async throws {
    try await with { scene in
      let outcome = try await scene.run("migrate --all", environment: ["GITHUB_ACTIONS": "true"])
      #expect(outcome.status == 5)
      let path = "migrations/tenant/20260103000000_colour.sql"
      let annotation = """
        ::error file=\(path),line=1,col=1,title=reef failed::reef: \(path):1:1: column "a<b" of relation "tanks" already exists\
        %0A  ALTER TABLE tanks
        """
      #expect(outcome.stderr.split(separator: "\n").contains(annotation[...]))
      #expect(outcome.stderr.split(separator: "already exists").count == 2, "told once")
      #expect(try await !scene.run("migrate --all").stderr.contains("::error"))
    }
  }

  @Test func refuses() async throws {
    try await with { scene in
      try await scene.refuses([
        Refusal(
          "migrate --all --report html=x", 2, "usage", "invalid --report 'html=x': expected junit=FILE",
          hint: "see 'tenantctl migrate --help'"),
        Refusal(
          "migrate --all --report junit=no/where.xml", 1, "file", "no/where.xml: No such file or directory",
          hint: "check the path and its permissions"),
      ])
    }
  }
}
