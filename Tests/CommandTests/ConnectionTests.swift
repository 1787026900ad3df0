import Foundation
import TenancyPostgres
import TestSupport
import Testing

@Suite struct ConnectionTests {
  private static let hint = "hint: check --database or DATABASE_URL, and that the server is running\n"

  @Test func aLongTimeout() async throws {
    try await Scene.with { scene in
      let outcome = try await scene.run(["-d", "\(scene.database.url)&connect_timeout=9999999", "list"])
      #expect(outcome.status == 0)
    }
  }

  @Test func noServerIsStatus7() async throws {
    try await TemporaryFolder.with { folder in
      for url in ["postgresql:///shop?host=\(folder.path)", "host=127.0.0.1 port=1 dbname=shop"] {
        let outcome = try await Tenantctl.run(["-d", url, "list"])
        #expect(outcome.status == 7 && outcome.stdout == "")
        #expect(outcome.stderr.hasPrefix("error: cannot connect to the database: connection to server"))
        #expect(outcome.stderr.hasSuffix(Self.hint))
        let json = try await Tenantctl.run(["-d", url, "list", "--format", "json"])
        #expect(json.status == 7 && json.stdout == json.stderr)
        #expect(
          try JSONDecoder().decode(Failure.self, from: Data(json.stdout.utf8)).error.code == "cannot_connect")
      }
    }
  }

  @Test func noSuchDatabaseIsStatus7() async throws {
    let url = try TestServer.given().url(database: "atlantis")
    let outcome = try await Tenantctl.run(["-d", url, "list"])
    #expect(outcome.status == 7)
    #expect(outcome.stderr.contains(#"database "atlantis" does not exist"#))
  }

  /// Told by the server's code, not by its text, so in whichever language it speaks.
  @Test func tooManyConnectionsAreNotAMatterOfTheURL() async throws {
    try await TestServer.withOwn {
      try await Scene.with(tenants: ["acme"]) { scene in
        try await withRole(scene) { url in
          let role = "role_of_\(scene.database.name)"
          try await scene.database.psql("ALTER ROLE \(role) CONNECTION LIMIT 0")
          for line in [
            "list", "migrate --all", "doctor", "exec --all -c TABLE", "resolve acme.example.com", "psql acme",
          ] {
            let outcome = try await scene.run(
              line, environment: ["TENANTCTL_DATABASE_URL": url("open%20sesame")])
            #expect(outcome.status == 7, "\(line): \(outcome)")
            #expect(
              outcome.stderr.contains(
                "FATAL:  too many connections for role \"\(role)\"\nhint: the server, the role or the"),
              "\(line): \(outcome)")
            #expect(!outcome.stderr.contains("LOCATION"))
          }
          let json = try await scene.run(
            "list --format json", environment: ["TENANTCTL_DATABASE_URL": url("open%20sesame")])
          #expect(
            try JSONDecoder().decode(Failure.self, from: Data(json.stdout.utf8)).error.sqlstate == "53300")
        }
      }
    }
  }

  @Test(arguments: [
    ("schema=public", "libpq does not know the parameter schema", "tenantctl sets each tenant's schema"),
    (
      "currentSchema=x", "libpq does not know the parameter currentSchema",
      "tenantctl sets each tenant's schema"
    ),
    ("pgbouncer=true&x=1", "libpq does not know the parameter pgbouncer", "it works through PgBouncer"),
    ("ssl=require", "libpq knows the parameter ssl only as ssl=true", "write sslmode=require"),
    ("ssl=false", "libpq knows the parameter ssl only as ssl=true", "write sslmode=disable"),
    ("use_ssl=No", "libpq does not know the parameter use_ssl", "write sslmode=disable"),
    ("sslmode=required", "sslmode must be one of disable, allow,", "correct it in the URL"),
    ("port=x", "port must be a number from 1 to 65535", "correct it in the URL, or in its PG* variable"),
    ("port=70000", "port must be a number from 1 to 65535", "correct it"),
    ("connect_timeout=1O", "connect_timeout must be a whole number", "correct it in the URL"),
    (
      "keepalives_idle=soon&host=127.0.0.1", "keepalives_idle must be a whole number", "correct it in the URL"
    ),
    ("host=127.0.0.1,127.0.0.1&port=1,x", "port must be a number from 1 to 65535", "correct it"),
    ("target_session_attrs=master", "target_session_attrs must be one of any, read-write,", "correct it"),
    ("sslmod%65l=require", "libpq does not know the parameter sslmodel", "did you mean sslmode?"),
    (
      "conection_timeout=3", "libpq does not know the parameter conection_timeout",
      "did you mean connect_timeout?"
    ),
    (
      "jit=off", "libpq does not know the parameter jit",
      "remove it; a server's setting is written as options=-c%20NAME"
    ),
    (
      "options=-csearch_path=x", "a = in the value of options must be written as %3D",
      "a server's setting is written as options=-c%20NAME%3DVALUE"
    ),
    ("application_name=a=b", "a = in the value of application_name must be written as %3D", "write %3D"),
    ("unix_sock=/run/x", "libpq does not know the parameter unix_sock", "write host=FOLDER"),
    (
      // It may be a part of a password in which an & is not encoded.
      "password=a&jit=off", "libpq does not know one of its parameters",
      "in a password &, ?, /, = and blanks are %26"
    ),
    ("password=ab&s3cret", "libpq does not know one of its parameters", "check the parameters' names"),
  ])
  func aParameterOfAnotherDriverIsNamed(parameter: String, message: String, hint: String) async throws {
    let url = "postgresql://u:hunter2@h/d?\(parameter)"
    for words in [["-d", url, "list"], ["list", "--format", "json", "-d", url]] {
      let outcome = try await Tenantctl.run(words)
      #expect(outcome.status == 2 && !outcome.stderr.contains("hunter2"), "\(outcome)")
      #expect(
        outcome.stderr.contains("invalid database URL: \(message)") && outcome.stderr.contains(hint),
        "\(outcome)")
    }
  }

  /// The libpq of Debian 12 is too old for the first; the others are not its own.
  @Test func aVariableThatLibpqIgnoresIsNamed() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      let known = ConnectionParameters.ignoredVariables(in: ["PGREQUIREAUTH"]).isEmpty
      for quiet in ["", " -q"] {
        let outcome = try await scene.run(
          "list\(quiet)",
          environment: [
            "PGREQUIREAUTH": "scram-sha-256,none", "PGVERSION": "15", "PGDATA": "/x", "PGTZ": "UTC",
            "PGUSER_X": "x",
          ])
        #expect(outcome.status == 0)
        #expect(
          outcome.stderr.replacing(#/libpq [0-9.]+/#, with: "libpq N")
            == (known
              ? ""
              : "warning: libpq N is too old for PGREQUIREAUTH, which it ignores: install a newer libpq, or unset the variable\n")
        )
      }
    }
  }

  @Test(arguments: [
    ("postgresql://u:pa%ss@h/d", "a % in it must be written as %25", "in them @, :, / and % are %40"),
    ("'postgresql://u:pass@h/d'", "it begins with a quotation mark", "remove the quotes"),
    ("pgsql://u:pass@h/d", "its scheme is pgsql://, not postgresql://", "write it as postgresql://"),
  ])
  func saysWhatIsWrongWithAURL(url: String, message: String, hint: String) async throws {
    let outcome = try await Tenantctl.run(["list"], environment: ["DATABASE_URL": url])
    #expect(outcome.status == 2)
    #expect(
      outcome.stderr.hasPrefix("error: invalid database URL: \(message)") && outcome.stderr.contains(hint),
      "\(outcome)")
    #expect(!outcome.stderr.contains("pass@"))
  }

  /// A file with a secret ends with a line break.
  @Test func blanksAroundAURLDoNoHarm() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      let outcome = try await Tenantctl.run(
        ["list", "-q"], environment: ["DATABASE_URL": " \(scene.database.url)\n"])
      #expect(outcome == Outcome(stdout: "acme\n", stderr: "", status: 0))
    }
  }

  @Test func malformedURLsAreStatus2() async throws {
    for url in [
      "shop", "mysql://a:secret@h/shop", "password=secret host", "postgresql://a:se@secret@h/shop",
      "postgresql://a:se/secret@h/shop",
    ] {
      let outcome = try await Tenantctl.run(["-d", url, "list"])
      #expect(outcome.status == 2, "\(url)")
      #expect(outcome.stderr.hasPrefix("error: invalid database URL: "), "\(url)")
      #expect(outcome.stderr.hasSuffix("hint: write it as postgresql://USER@HOST:PORT/DATABASE\n"), "\(url)")
      #expect(!outcome.stderr.contains("secret"), "\(url)")
    }
  }

  /// A role with a password, and without any right but to connect.
  private func withRole(_ scene: Scene, _ body: (_ url: (String) -> String) async throws -> Void) async throws
  {
    let role = "role_of_\(scene.database.name)"
    try await scene.database.psql("CREATE ROLE \(role) LOGIN PASSWORD 'open sesame'")
    do {
      try await body { password in
        scene.database.url.replacing(#/postgres@/#, with: "\(role):\(password)@")
      }
      try await scene.database.psql("DROP OWNED BY \(role); DROP ROLE \(role)")
    } catch {
      _ = try? await scene.database.psql("DROP OWNED BY \(role); DROP ROLE \(role)")
      throw error
    }
  }

  @Test func aRefusedPasswordIsStatus7() async throws {
    try await Scene.with { scene in
      try await withRole(scene) { url in
        let outcome = try await scene.run("list", environment: ["TENANTCTL_DATABASE_URL": url("wr0ng")])
        #expect(outcome.status == 7)
        #expect(outcome.stderr.contains("password authentication failed for user"))
        #expect(!outcome.stderr.contains("wr0ng"))
      }
    }
  }

  @Test func aPasswordThatIsNotGivenIsNamed() async throws {
    try await Scene.with { scene in
      try await withRole(scene) { url in
        let without = url("x").replacing(":x@", with: "@")
        let outcome = try await scene.run("list", environment: ["TENANTCTL_DATABASE_URL": without])
        #expect(outcome.status == 7 && outcome.stderr.contains("no password supplied"), "\(outcome)")
        #expect(
          outcome.stderr.hasSuffix(
            "hint: the server asks for a password: set PGPASSWORD, or write it to ~/.pgpass or into the URL\n"
          ),
          "\(outcome)")
      }
    }
  }

  @Test(arguments: [
    ("x", false), ("0", false), ("5432x,5433", false), ("54 32", false), ("99999999999999999999", false),
    ("", true),
    (" 1 ", true), ("1,", true),
  ])
  func aPortIsANumber(port: String, isValid: Bool) async throws {
    let outcome = try await Tenantctl.run(
      ["-d", "host=127.0.0.1,127.0.0.1 dbname=x", "list"], environment: ["PGPORT": port])
    #expect(outcome.status == (isValid ? 7 : 2), "\(outcome)")
  }

  @Test func aMissingPrivilegeIsNamed() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await withRole(scene) { url in
        let environment = ["TENANTCTL_DATABASE_URL": url("open%20sesame")]
        let hint =
          "hint: connect as the owner, or grant the privilege; creating tenants needs CREATE on the database\n"
        let list = try await scene.run("list", environment: environment)
        #expect(
          list
            == Outcome(stdout: "", stderr: "error: permission denied for table tenants\n\(hint)", status: 1))
        try await scene.database.psql("GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC")
        let before = try await scene.database.contents()
        let create = try await scene.run("create reef --format json", environment: environment)
        let error = try JSONDecoder().decode(Failure.self, from: Data(create.stdout.utf8)).error
        #expect(create.status == 1 && error.code == "insufficient_privilege" && error.sqlstate == "42501")
        #expect(error.message == "permission denied for database \(scene.database.name)")
        #expect(try await scene.database.contents() == before)
      }
    }
  }

  @Test func aPasswordIsNeverShown() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await withRole(scene) { url in
        try await scene.database.psql("GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC")
        for password in ["open%20sesame", "wrong%20sesame"] {
          for words in [
            "-v list", "-v create reef", "-v show acme --format json", "migrate --all",
            "list extra \(url(password))",
            "--databse \(url(password)) list", "list --format \(url(password))", "-v __complete tenant",
          ] {
            for database in [url(password), url(password) + "&port=1", url(password) + "&sslmode=bogus"] {
              let outcome = try await scene.run(words, environment: ["TENANTCTL_DATABASE_URL": database])
              let output = outcome.stdout + outcome.stderr
              #expect(!output.contains("sesame"), "\(words): \(output)")
            }
          }
        }
      }
    }
  }

  @Test func aServerThatGoesAwayIsToldApart() async throws {
    let outcome = try await Scene.stoppedCreate { scene, _ in
      try await scene.database.psql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"
      )
    }
    #expect(outcome.status == 1 && outcome.stdout == "")
    #expect(outcome.stderr.hasPrefix("error: lost the connection to the server: "))
    #expect(
      outcome.stderr.hasSuffix(
        "\nhint: run the same command again: what was committed stays, the rest is done again\n"))
  }
}
