import TestSupport
import Testing

@Suite struct PsqlCommandTests {
  @Test func opensPsqlInTheTenantsSchema() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await scene.succeed("deactivate acme")
      let outcome = try await scene.run([
        "psql", "acme", "--", "-XAt", "-c", "SHOW search_path", "-c", "SELECT count(*) FROM tanks",
      ])
      #expect(outcome == Outcome(stdout: "\"acme\", public\n0\n", stderr: "", status: 0))
    }
  }

  /// psql runs ~/.psqlrc after it has connected.
  @Test func aStartupFileWithASearchPathIsAWarning() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      let file = try scene.folder.write("-- search_path\n\\timing off\n", to: ".psqlrc")
      let show = ["psql", "acme", "--", "-Atc", "SELECT current_schema"]
      let home = ["HOME": scene.folder.path]
      #expect(try await scene.run(show, environment: home).stderr == "")
      try scene.folder.write("SET search_path TO public;\n", to: ".psqlrc")
      let outcome = try await scene.run(show, environment: home)
      #expect(
        outcome.stderr
          == """
          warning: \(file) sets search_path, so psql does not work in tenant acme: remove the line, or add -X: 'tenantctl psql \
          acme -- -X'

          """)
      #expect(try await scene.run(show + ["-X"], environment: home).stderr == "")
      let plain = try await scene.run(
        ["psql", "acme", "--", "-XAtc", "SELECT current_schema"], environment: home)
      #expect(plain == Outcome(stdout: "acme\n", stderr: "", status: 0))
    }
  }

  @Test func anySchemaCanBeNamed() async throws {
    let names = [#"a b\c"d"#, "A'%`$x", "tab\tnew"]
    for name in names {
      try await Scene.with(tenants: ["acme"]) { scene in
        let literal = "'\(name.replacing("'", with: "''"))'"
        try await scene.database.psql(
          """
          ALTER TABLE tenants ADD schema_name text;
          UPDATE tenants SET schema_name = \(literal);
          SELECT format('ALTER SCHEMA acme RENAME TO %I', \(literal)) \\gexec
          """)
        try scene.folder.write("[registry.columns]\nschema = \"schema_name\"\n", to: "tenantctl.toml")
        let outcome = try await scene.run(["psql", "acme", "--", "-XAt", "-c", "SELECT current_schema"])
        #expect(outcome == Outcome(stdout: "\(name)\n", stderr: "", status: 0))
      }
    }
  }

  @Test func theStatusIsPsqls() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      let outcome = try await scene.run(
        "psql acme -- -X -v ON_ERROR_STOP=1 -f -", stdin: "SELECT 1;\nSELECT nonsense;\n")
      #expect(outcome.status == 3)
      #expect(outcome.stderr.contains("column \"nonsense\" does not exist"))
    }
  }

  /// A psql of our own shows what the real one would get.
  @Test func thePasswordIsInTheEnvironmentOnly() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      // The service file has its say, but not over what stands beside the service's name.
      let services = try scene.folder.write("[shop]\ndbname=wrong\nconnect_timeout=7\n", to: "services.conf")
      try await TestRole.with(scene.database) { role in
        try await scene.database.psql(
          "GRANT SELECT ON tenants TO \(role.name); GRANT USAGE ON SCHEMA acme TO \(role.name)")
        let run = """
          mkdir bin; cat > bin/psql <<'SCRIPT'
          #!/bin/sh
          printf '%s\\n' "$@"; env | grep -E '^(PG|DATABASE|TENANT)' | sort
          SCRIPT
          chmod +x bin/psql; export PATH="$PWD/bin:$PATH"
          export PGHOST=nowhere.invalid PGSERVICEFILE='\(services)'
          tenantctl psql acme -d '\(role.url())&service=shop' -- -c x
          """
        let outcome = try await Tenantctl.script(run, workingDirectory: scene.folder.path)
        let lines = outcome.stdout.split(separator: "\n").map(String.init)
        #expect(outcome.status == 0, "\(outcome)")
        #expect(Array(lines.prefix(4)) == ["-v", "PROMPT1=acme %/%R%x%# ", "-c", "x"])
        #expect(lines.filter { $0.contains(role.password) }.count == 2)
        for line in [
          "PGPASSWORD=\(role.password)", "PGUSER=\(role.name)", "PGDATABASE=\(scene.database.name)",
          "PGOPTIONS=-c search_path=\"acme\",\\ public", "TENANT=acme", "TENANT_SCHEMA=acme",
          "PGCONNECT_TIMEOUT=7",
        ] {
          #expect(lines.contains(line))
        }
        #expect(!lines.contains { $0.contains("nowhere.invalid") || $0.contains("PGSERVICE=") })
      }
    }
  }

  @Test func thePromptBeginsWithTheTenant() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await Tenantctl.onTerminal(["psql", "acme", "--", "-X"], database: scene.database) { program in
        try await program.wrote("acme \(scene.database.name)=# ")
        program.type("\\q\n")
        #expect(await program.outcome().status == 0)
      }
    }
  }

  @Test func refuses() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await scene.database.psql("DROP SCHEMA acme CASCADE")
      try await scene.refuses([
        Refusal(
          "psql zebra", 3, "tenant_not_found", "tenant zebra does not exist",
          hint: "'tenantctl list' shows all tenants"),
        Refusal(
          "psql acme", 3, "schema_missing", "schema acme of tenant acme does not exist",
          hint: """
            if the schema was renamed, 'tenantctl doctor' finds it; otherwise restore it from a backup, or remove the tenant with \
            'tenantctl drop acme'
            """),
        Refusal(
          "psql", 2, "usage", "missing argument NAME",
          hint: "usage: tenantctl psql [OPTIONS] NAME [-- ARGS...]"),
      ])
    }
  }

  @Test func psqlMustBeThere() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      let outcome = try await scene.run("psql acme", environment: ["PATH": scene.folder.path])
      #expect(
        outcome
          == Outcome(
            stdout: "",
            stderr:
              "error: cannot run psql: No such file or directory\nhint: install it, or put its folder on PATH\n",
            status: 1))
    }
  }
}
