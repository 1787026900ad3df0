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

  @Test func annotationsOnGitHub() async throws {
    try await with { scene in
      let outcome = try await scene.run("migrate --all", environment: ["GITHUB_ACTIONS": "true"])
      #expect(outcome.status == 5)
      let path = "migrations/tenant/20260103000000_colour.sql"
      let annotation = """
        ::error file=\(path),line=1,col=1,title=reef failed::\(path):1:1: column "a<b" of relation "tanks" already exists\
        %0A  ALTER TABLE tanks
        """
      #expect(outcome.stderr.split(separator: "\n").contains(annotation[...]))
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
