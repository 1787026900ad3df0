import TenancyPostgres
import TestSupport
import Testing

@testable import TenantctlCommands

/// What a create that fails says and leaves.
@Suite struct CreateFailureTests {
  /// What others have made on top of a schema does not go when the create fails.
  @Test func aFailureLeavesASchemaThatOthersUse() async throws {
    let files = [
      "migrations/1_t.sql": "CREATE TABLE t (id int);\n",
      "migrations/2_x.sql": "SELECT * FROM public.gate;\nSELECT 1/0;\n",
    ]
    try await Scene.with(files: files) { scene in
      try await scene.database.psql("CREATE TABLE gate ()")
      let holder = try await scene.database.holder(of: "LOCK TABLE gate")
      let create = Task { try await scene.run("create acme --format json") }
      _ = try await holder.blocked()
      try await scene.database.psql("CREATE VIEW public.report AS SELECT * FROM acme.t")
      await holder.close()
      let outcome = try await create.value
      #expect(outcome.status == 1)
      #expect(outcome.stderr.contains(#""code":"create_unfinished""#))
      #expect(
        outcome.stderr.contains(
          "schema acme is left, marked as unfinished: 1 object outside of it depends on it: view public.report"
        ))
      #expect(
        outcome.stderr.contains(
          "drop or change it first; 'tenantctl create acme' starts over, 'tenantctl drop acme' removes the schema"
        ))
      #expect(outcome.stderr.contains(#""sqlstate":"22012""#))
      #expect(try await scene.run("create acme").status == 4)
      #expect(try await scene.run("drop acme --yes").status == 4)
      try await scene.database.psql("DROP VIEW report")
      try await scene.succeed("drop acme --yes")
    }
  }

  @Test func aFailedMigrationLeavesNothing() async throws {
    var files = Scene.files
    files["migrations/tenant/20260103000000_broken.sql"] = "SELECT 1;\nSELECT nope\n  FROM tanks;\n"
    try await Scene.with(files: files) { scene in
      let failure = """
        migrations/tenant/20260103000000_broken.sql:2:8: column "nope" does not exist
          SELECT nope
        """
      try await scene.refuses([
        Refusal(
          "create acme", 1, "migration_failed", failure,
          hint: #"Perhaps you meant to reference the column "tanks.name"."#)
      ])
      try scene.folder.write("SELECT 1;\n", to: "migrations/tenant/20260103000000_broken.sql")
      try await scene.succeed("create acme")
    }
  }

  /// The hint's command applies what is missing.
  @Test func pendingMigrationsOfTheSharedSchema() async throws {
    var files = Scene.files
    files["migrations/shared/20260101000000_plans.sql"] = "CREATE TABLE public.plans (id int PRIMARY KEY);\n"
    files["migrations/tenant/20260103000000_plan.sql"] =
      "ALTER TABLE tanks ADD plan int REFERENCES public.plans;\n"
    try await Scene.with(files: files) { scene in
      let failure = """
        migrations/tenant/20260103000000_plan.sql:1:1: relation "public.plans" does not exist
          ALTER TABLE tanks ADD plan int REFERENCES public.plans;
        """
      try await scene.refuses([
        Refusal(
          "create acme", 1, "migration_failed", failure,
          hint: """
            the shared schema has pending migrations (20260101000000), which may create what is missing: 'tenantctl \
            migrate --all' applies them
            """)
      ])
      let several = try await scene.run("create acme reef", environment: ["GITHUB_ACTIONS": "true"])
      #expect(
        several.status == 5
          && several.stderr.contains("::error file=migrations/tenant/20260103000000_plan.sql")
          && several.stderr.contains("'tenantctl migrate --all' applies them"), "\(several)")
      try await scene.succeed("migrate --all")
      try await scene.succeed("create acme")
      try scene.folder.write("SELECT nope;\n", to: "migrations/tenant/20260104000000_nope.sql")
      let other = try await scene.run("create reef")
      #expect(other.status == 1 && !other.stderr.contains("shared schema"), "\(other)")
    }
  }
}
