import TestSupport
import Testing

@Suite struct InitNotifyTests {
  private static let found =
    "found tenantctl's registry: public.tenants (0 tenants), public.domains (0 domains)\n"
  private static let removal = """
    note: to remove the notifications: DROP FUNCTION public.tenantctl_notify_tenants(), \
    public.tenantctl_notify_domains() CASCADE

    """

  private func with(_ body: (Scene) async throws -> Void) async throws {
    try await Scene.empty { scene in
      try await scene.succeed("init --no-files")
      try await body(scene)
    }
  }

  @Test func installsOnce() async throws {
    try await with { scene in
      let done = try await scene.run("init --notify --yes --no-files")
      #expect(
        done.status == 0
          && done.stdout == "\(Self.found)installed notifications of changes on channel tenantctl_registry\n")
      #expect(done.stderr.hasPrefix("BEGIN;\n") && done.stderr.contains("\nCOMMIT;\n\(Self.removal)next: "))
      try await scene.prints(
        "init --notify --no-files", Self.found,
        stderr: "note: notifications are installed already\n\(InitCommandTests.next)")
      try await scene.prints(
        "init --no-files", Self.found, stderr: "note: notifications are installed\n\(InitCommandTests.next)")
      try await scene.prints(
        "init --notify --dry-run --no-files", "",
        stderr: Self.found + "note: notifications are installed already\n")
      try await scene.prints("doctor", "0 tenants: no problems found\n")
    }
  }

  /// psql takes the SQL as it is, and does with it what the command does, to the byte.
  @Test(arguments: ["init --notify --no-files", "init --notify --upgrade --no-files"])
  func dryRun(line: String) async throws {
    for ddl in [
      "CREATE TABLE tenants (id serial PRIMARY KEY, name text); CREATE TABLE domains (tenant_id integer, domain_name text, is_primary boolean)",
      "SELECT 1",
    ] {
      try await Scene.empty { scene in
        try await scene.database.psql(ddl)
        let before = try await scene.database.contents()
        let dry = try await scene.run("\(line) --dry-run")
        #expect(dry.status == 0 && dry.stderr.hasSuffix(Self.removal), "\(dry)")
        #expect(try await scene.database.contents() == before)
        let byPsql = try await scene.inTwin { twin in
          try await twin.database.psql(dry.stdout)
          return try await twin.database.contents()
        }
        try await scene.succeed("\(line) --yes")
        #expect(try await scene.database.contents() == byPsql)
        let json = try await scene.run("\(line) --dry-run --format json")
        #expect(json.stdout.contains(#""notifications":"current""#) && json.stdout.contains(#""sql":[]"#))
      }
    }
  }

  @Test func json() async throws {
    try await with { scene in
      func state(_ line: String) async throws -> String? {
        let outcome = try await scene.run("\(line) --no-files --format json")
        return outcome.stdout.firstMatch(of: #/"notifications":"(\w+)"/#).map { String($0.1) }
          ?? outcome.stderr
      }
      #expect(try await state("init") == "none")
      #expect(try await state("init --notify --yes") == "current")
      try await scene.database.psql("ALTER TABLE domains DISABLE TRIGGER tenantctl_notify_delete")
      #expect(try await state("init") == "outdated")
      let note =
        "note: the triggers that notify of changes are incomplete or out of date; 'tenantctl init --notify' replaces them"
      try await scene.prints("init --no-files", Self.found, stderr: "\(note)\n\(InitCommandTests.next)")
      try await scene.database.psql(
        "DROP FUNCTION public.tenantctl_notify_tenants(), public.tenantctl_notify_domains() CASCADE")
      #expect(try await state("init") == "none")
    }
  }

  @Test func doctorInstallsThemAgain() async throws {
    try await with { scene in
      try await scene.succeed("init --notify --yes --no-files")
      try await scene.database.psql("DROP TRIGGER tenantctl_notify_update ON tenants")
      let found = try await scene.run("doctor")
      #expect(
        found
          == Outcome(
            stdout: """
              warning: the triggers that notify of changes are incomplete, disabled or out of date
                public.tenants
                  --fix: they are installed again
              0 tenants: 1 warning; 'tenantctl doctor --fix' fixes 1 of them

              """, stderr: "", status: 1))
      try await scene.succeed("doctor --fix --yes")
      try await scene.prints("doctor", "0 tenants: no problems found\n")
    }
  }

  @Test func asks() async throws {
    try await with { scene in
      let before = try await scene.database.contents()
      try await scene.refuses([
        Refusal(
          "init --notify --no-files", 4, "confirmation_needed",
          "This changes the registry's tables. Without a terminal --yes is required.",
          hint: "add --yes to confirm")
      ])
      #expect(try await scene.database.contents() == before)
    }
  }

  @Test func refusals() async throws {
    try await with { scene in
      try await TestRole.with(scene.database) { role in
        try await scene.database.psql(
          """
          GRANT CREATE ON SCHEMA public TO \(role.name); SET ROLE \(role.name);
          CREATE FUNCTION tenantctl_notify_tenants() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'
          """)
        try await scene.refuses([
          Refusal(
            "init --notify --yes --no-files", 4, "function_taken",
            "function public.tenantctl_notify_tenants() already exists and cannot be replaced: it belongs to \(role.name)",
            hint: """
              if nothing else uses it: DROP FUNCTION public.tenantctl_notify_tenants() CASCADE, as \(role.name) or as a \
              superuser
              """)
        ])
      }
      try await scene.database.psql(
        "ALTER TABLE domains RENAME TO hosts; CREATE VIEW domains AS TABLE hosts")
      try scene.folder.write("[registry]\ntenants = \"tenants\"\n", to: "tenantctl.toml")
      try await scene.refuses([
        Refusal(
          "init --notify --yes --no-files", 4, "no_notifications",
          "public.domains is a view or a foreign table, and triggers do not notice when its rows change",
          hint: "omit --notify: programs that keep the registry in memory read it again at intervals")
      ])
    }
  }
}
