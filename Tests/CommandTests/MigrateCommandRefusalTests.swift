import Foundation
import TestSupport
import Testing

extension MigrateCommandTests {
  /// All that are wrong in a list are told of at once; a byte order mark is nobody's name.
  @Test func namesThatAreNotThere() async throws {
    try await with("SELECT 1;\n", tenants: ["acme"]) { scene in
      let list = "\u{FEFF}acme\r\nnone\r\nacme\r\nnobody\r\n"
      let outcome = try await scene.run("migrate --from-file -", stdin: list)
      #expect(
        outcome
          == Outcome(
            stdout: "",
            stderr: """
              error: tenants none, nobody do not exist
              hint: 'tenantctl list' shows all tenants; nothing was done

              """, status: 3))
      let names = (10..<35).map { "t\($0)" }.joined(separator: "\n")
      let many = try await scene.run("exec --from-file - -c TABLE", stdin: names)
      #expect(many.status == 3 && many.stderr.contains("t28, t29 and 5 more do not exist\n"))
    }
  }

  /// What PostgreSQL says does not tell what to do.
  @Test(arguments: [
    ("VACUUM tanks;", "put it in its own file that begins with '-- migrate:up transaction:false'"),
    (
      "DO $$ BEGIN COMMIT; END $$;",
      "remove COMMIT and ROLLBACK from the code that it runs, or put it in its own file with transaction:false"
    ),
    (
      "INSERT INTO schema_migrations VALUES ('7');",
      "remove the statement that changes the ledger from the file"
    ),
    (
      "RESET ALL;",
      """
      remove the statement that sets or resets search_path (RESET ALL does, too) from the file, or use SET LOCAL and set \
      it back
      """
    ),
  ])
  func hintsAtTheWayOut(sql: String, hint: String) async throws {
    try await with(sql, tenants: ["acme"]) { scene in
      let outcome = try await scene.run("migrate acme")
      #expect(outcome.status == 5 && outcome.stderr.contains("  hint: \(hint)\n"), "\(outcome)")
      try await scene.prints("status acme --quiet --verify", "acme\n")
    }
  }

  @Test func oneFailureLeavesTheOthersUntouched() async throws {
    try await with("SELECT 1;\nALTER TABLE tanks\n  ADD colour text;\n", tenants: ["acme", "reef", "rock"]) {
      scene in
      try await scene.database.psql("ALTER TABLE reef.tanks ADD colour text")
      let outcome = try await scene.run("migrate --all --jobs 2")
      #expect(outcome.status == 5)
      #expect(
        outcome.stderr == """
          failed on 1 tenant (reef):
            migrations/tenant/20260103000000_colour.sql:2:1: column "colour" of relation "tanks" already exists
              ALTER TABLE tanks
          hint: fix the cause and run the same command again: it does only what is left

          """)
      #expect(
        outcome.stdout.replacing(#/\d+ ms/#, with: "N ms") == """
          acme: applied 20260103000000 (N ms)
          rock: applied 20260103000000 (N ms)
          migrated 2 tenants, 0 up to date, 1 failed in N ms

          """)
      let json = try await scene.run("migrate --all --format json")
      #expect(json.status == 5 && json.stderr == "")
      #expect(
        json.stdout.contains(#""code":"migration_failed""#) && json.stdout.contains(#""sqlstate":"42701""#))
      #expect(
        json.stdout.contains(#""failed":1,"migrated":0,"not_run":0,"total":3,"unfinished":0,"up_to_date":2"#))
      try await scene.database.psql("ALTER TABLE reef.tanks DROP colour")
      try await scene.succeed("migrate --all")
    }
  }

  @Test func refusesBadFiles() async throws {
    let hint = "fix the files; 'tenantctl migration check' needs no database"
    let files: [(sql: String, problem: String)] = [
      (
        "SELECT 1;\nBEGIN;\n",
        """
        \(Self.third):2:1: BEGIN is not allowed: tenantctl begins and commits the transaction
            remove it; statements that cannot run in a transaction need a file with '-- migrate:up transaction:false'
        """
      ),
      (
        "\\d tanks\n",
        "\(Self.third):1:1: \\d is a psql command, not SQL\n    remove it, or write what it does in SQL"
      ),
      (
        "SELECT (1;\n",
        "\(Self.third):1:8: a parenthesis is not closed\n    add the closing )"
      ),
    ]
    for (sql, problem) in files {
      try await with(sql) { scene in
        let message = "1 problem in the migration files; nothing was run\n  \(problem)"
        try await scene.refuses([
          Refusal("migrate --all", 2, "migration_files", message, hint: hint),
          Refusal("migration list", 2, "migration_files", message, hint: hint),
          Refusal("create rock", 2, "migration_files", message, hint: hint),
        ])
      }
    }
  }

  @Test func warnsOfALateFile() async throws {
    try await Scene.with(tenants: ["acme", "reef"]) { scene in
      try scene.folder.write("CREATE TABLE late ();\n", to: "migrations/tenant/20250101000000_late.sql")
      let sentence =
        "migrations/tenant/20250101000000_late.sql is older than the newest migration of acme and 1 other"
      try await scene.refuses([
        Refusal(
          "migrate --all --strict", 4, "out_of_order", sentence,
          hint: "give the file a later version, or omit --strict; nothing was run")
      ])
      let outcome = try await scene.run("migrate --all")
      #expect(outcome.status == 0 && outcome.stderr == "warning: \(sentence)\n")
      try await scene.succeed("migrate --all --strict")
    }
  }

  @Test func refusesAnEditedFile() async throws {
    try await Scene.with(tenants: ["acme", "reef"]) { scene in
      try scene.folder.write(
        "CREATE TABLE tanks (id int);\n", to: "migrations/tenant/20260101000000_tanks.sql")
      try await scene.refuses([
        Refusal(
          "migrate --all", 4, "checksum_mismatch",
          "migrations/tenant/20260101000000_tanks.sql was edited after it was applied to acme and 1 other",
          hint: """
            restore the file and write a new migration for the change, or accept the edited file with \
            'tenantctl migration repair 20260101000000'; nothing was run
            """)
      ])
    }
  }

  @Test func refuses() async throws {
    try await with("SELECT 1;\n") { scene in
      try await scene.refuses([
        Refusal(
          "migrate", 2, "usage", "no tenants selected",
          hint: "name them, or use --all, --active, --match GLOB, --where COLUMN=VALUE or --from-file FILE"),
        Refusal(
          "migrate acme --all", 2, "usage", "names and --all cannot be used together",
          hint: "give the names or the option"),
        Refusal(
          "migrate acme atlantis", 3, "tenant_not_found", "tenant atlantis does not exist",
          hint: "'tenantctl list' shows all tenants"),
        Refusal(
          "migrate --all --to 7", 3, "version_not_found", "no migration file has version 7",
          hint: "'tenantctl migration list' shows all files"),
        Refusal(
          "migrate --all --to colour", 2, "usage", "invalid --to 'colour': it is not a migration version",
          hint: "a version is the digits that a file's name begins with, at most 128"),
        Refusal(
          "migrate --all --jobs 0", 2, "usage", "invalid --jobs '0': expected a whole number from 1 to 10000",
          hint: "see 'tenantctl migrate --help'"),
        Refusal(
          "migrate --from-file nowhere", 1, "file", "nowhere: No such file or directory",
          hint: "check the path and its permissions"),
        Refusal(
          "migrate --all --migrations nowhere", 2, "migrations_missing",
          "migrations folder \(scene.folder.path("nowhere")) does not exist",
          hint: Self.noFolder),
      ])
    }
  }

  /// In the wrong directory everything would seem to be up to date.
  @Test func theFolderMustBeThere() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try FileManager.default.removeItem(atPath: scene.folder.path("migrations"))
      let refusals = [
        "migrate --all", "migrate --all --check", "rollback acme --yes", "status --all --check",
      ].map {
        Refusal(
          $0, 2, "migrations_missing", "migrations folder \(scene.folder.path("migrations")) does not exist",
          hint: Self.noFolder)
      }
      try await scene.refuses(refusals)
      try await scene.refuses([
        Refusal(
          "create reef", 2, "migrations_missing",
          "migrations folder \(scene.folder.path("migrations")) does not exist",
          hint: """
            run the command in the project's folder, or name it with --config or --migrations; --no-migrations creates \
            the tenant without tables
            """)
      ])
      try await scene.succeed("create reef --no-migrations")
      try scene.folder.write("[migrations]\ndirectory = \"nope\"\n", to: "tenantctl.toml")
      #expect(try await scene.run("create kelp").status == 2)
    }
  }

  private static let noFolder =
    """
    run the command in the project's folder, or name it with --config or --migrations; in a new project 'tenantctl init' \
    creates it
    """
}
