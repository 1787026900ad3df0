import Foundation
import TestSupport
import Testing

@Suite struct MigrationImportCommandTests {
  private static let goose = [
    "goose/00001_tanks.sql":
      "-- +goose Up\nCREATE TABLE tanks (id int);\n-- +goose Down\nDROP TABLE tanks;\n",
    "goose/00002_index.sql":
      "-- +goose NO TRANSACTION\n-- +goose Up\nCREATE INDEX CONCURRENTLY i ON tanks (id);\n",
    "goose/seed.sql": "",
  ]

  @Test func writesTheFiles() async throws {
    try await Scene.empty(files: Self.goose) { scene in
      // No database is asked.
      let nowhere = ["TENANTCTL_DATABASE_URL": "postgresql://127.0.0.1:1/none"]
      try await scene.prints(
        "migration import --from goose goose", "wrote 2 migrations to migrations/tenant\n",
        stderr:
          "note: skipped goose/seed.sql, which goose does not read\nnext: 'tenantctl migration check'\n",
        environment: nowhere)
      #expect(
        try scene.folder.read("migrations/tenant/00002_index.sql")
          == "-- migrate:up transaction:false\nCREATE INDEX CONCURRENTLY i ON tanks (id);\n")
      try await scene.prints(
        "migration list --format csv",
        """
        version,name,scope,statements,down,transaction
        00001,tanks,tenant,1,yes,yes
        00002,index,tenant,1,,no

        """)
      try await scene.prints("migration import --from goose goose --quiet", "")
      try await scene.prints(
        "migration import --from goose goose --shared --quiet",
        "migrations/shared/00001_tanks.sql\nmigrations/shared/00002_index.sql\n")
      try await scene.prints(
        "migration import --from goose goose --format json",
        #"""
        {"files":[{"path":"migrations/tenant/00001_tanks.sql","reversible":true,\#
        "sources":["goose/00001_tanks.sql"],"transaction":true,"version":"00001"},\#
        {"path":"migrations/tenant/00002_index.sql","reversible":false,"sources":["goose/00002_index.sql"],\#
        "transaction":false,"version":"00002"}],"histories":null,"ignored":["goose/seed.sql"],"written":false}

        """#)
    }
  }

  @Test func takesOverHistories() async throws {
    try await scene { scene in
      try await scene.prints(
        "migration import --from goose goose --ledger --all",
        "wrote 2 migrations to migrations/tenant\nimported 1 history, 1 unchanged\n",
        stderr:
          "note: skipped goose/seed.sql, which goose does not read\nnext: 'tenantctl migration check'\n")
      try await scene.prints(
        "status --all",
        """
        VERSION  TENANTS  STATE
        00001          1  1 pending
        none           1  2 pending
        acme: pending 00002
        reef: pending 00001, 00002

        """)
      try await scene.succeed("migrate --all")
      // Where the files are, a later run takes over only histories, of tenants that came later.
      let json = try await scene.run("migration import --from goose goose --ledger acme --format json")
      #expect(
        json.stdout.contains(
          #""name":"acme","recorded":[],"renamed_table":null,"schema":"acme","status":"unchanged"}]"#))
    }
  }

  @Test func dryRun() async throws {
    try await scene { scene in
      try await scene.dryRunTellsTheTruth("migration import --from goose goose --ledger --all")
    }
  }

  /// Links to the folder itself would be followed for ever.
  @Test func linksThatLeadBack() async throws {
    try await Scene.empty(files: ["src/V1__a.sql": "SELECT 1;\n"]) { scene in
      for name in ["loop", "loop2"] {
        try FileManager.default.createSymbolicLink(
          atPath: scene.folder.path("src/\(name)"), withDestinationPath: ".")
      }
      let outcome = try await scene.run("migration import --from flyway src --shared")
      #expect(outcome.status == 0, "\(outcome)")
      #expect(try scene.folder.files().count { $0.hasPrefix("migrations/") } == 1)
    }
  }

  @Test func refuses() async throws {
    try await Scene.with(
      tenants: ["acme", "reef"],
      files: Scene.files.merging(Self.goose) { $1 }.merging([
        "bad/1_a.up.sql": "ROLLBACK;\n", "bad/2_b.up.py": "", "empty/x.md": "",
      ]) { $1 }
    ) { scene in
      try await scene.database.psql(
        """
        CREATE TABLE acme.hooked (); ALTER TABLE acme.hooked ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON acme.hooked;
        CREATE VIEW reef.hooked AS SELECT 1 / 0 AS version_id
        """)
      try await scene.refuses([
        Refusal(
          "migration import --from golang-migrate bad", 4, "import_refused",
          """
          2 problems in the files; nothing was written
            bad/1_a.up.sql:1:1: ROLLBACK is not allowed: tenantctl begins and commits the transaction
              remove it, or split the file there into two migrations
            bad/2_b.up.py: it is a file for golang-migrate with the ending .py, and only SQL can be imported
              rewrite it in SQL; or remove it, and record it with 'migration baseline' where it has run
          """, hint: "fix them in a copy of the folder, and import that"),
        Refusal(
          "migration import --from goose goose", 4, "folder_occupied",
          "folder migrations/tenant is not empty",
          hint: "give an empty folder with --migrations, and move the files from there; nothing was written"),
        Refusal(
          "migration import --from goose empty", 4, "import_refused",
          "empty contains no migration of goose",
          hint: "check the folder and --from; nothing was written"),
        Refusal(
          "migration import --from goose nowhere", 2, "file", "folder nowhere does not exist",
          hint: "give the folder of the other tool's migrations"),
        Refusal(
          "migration import --from goose goose --migrations to --ledger --all", 4, "history_refused",
          """
          the history of 2 tenants cannot be imported; nothing was written
            acme: the tool's table acme.goose_db_version does not exist
            reef: the tool's table reef.goose_db_version does not exist
          """, hint: "fix it with the other tool, or omit the tenant with --exclude"),
        Refusal(
          "migration import --from goose goose --migrations to --ledger --all --table hooked", 4,
          "history_refused",
          """
          the history of 2 tenants cannot be imported; nothing was written
            acme: the tool's table acme.hooked is not trusted: it has row-level security
            reef: the tool's table reef.hooked is not trusted: it is not an ordinary table
          """, hint: "fix it with the other tool, or omit the tenant with --exclude"),
        Refusal(
          "migration import goose", 2, "usage", "--from is required",
          hint:
            "use --from with goose, golang-migrate, flyway, sqlx, prisma, diesel, sql-migrate, tern or node-pg-migrate"
        ),
        Refusal(
          "migration import --from goose goose --all", 2, "usage",
          "the selection has no effect without --ledger",
          hint: "add --ledger to import their histories"),
        Refusal(
          "migration import --from goose goose --shared --ledger acme", 2, "usage",
          "--shared and a selection of tenants cannot be used together",
          hint: "omit the selection: the shared schema has one history"),
        Refusal(
          "migration import --from goose goose --table x", 2, "usage",
          "--table has no effect without --ledger",
          hint: "add --ledger"),
        Refusal(
          "migration import --from goose goose --ledger", 2, "usage", "no tenants selected",
          hint: "name them, or use --all, --active, --match GLOB, --where COLUMN=VALUE or --from-file FILE"),
      ])
    }
  }

  /// `acme` has the first of goose's migrations, `reef` none.
  private func scene(_ body: (Scene) async throws -> Void) async throws {
    try await Scene.with(files: Self.goose) { scene in
      for name in ["acme", "reef"] {
        try await scene.database.psql(
          """
          CREATE SCHEMA \(name); INSERT INTO tenants (name) VALUES ('\(name)'); CREATE TABLE \(name).goose_db_version (
            id integer PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY, version_id bigint NOT NULL,
            is_applied boolean NOT NULL, tstamp timestamp NOT NULL DEFAULT now());
          INSERT INTO \(name).goose_db_version (version_id, is_applied) VALUES (0, true)
          """)
      }
      try await scene.database.psql(
        "INSERT INTO acme.goose_db_version (version_id, is_applied) VALUES (1, true); CREATE TABLE acme.tanks (id int)"
      )
      try await body(scene)
    }
  }
}
