import TestSupport
import Testing

@Suite struct SetCommandTests {
  @Test func setsColumns() async throws {
    try await Scene.with(tenants: ["acme", "reef"]) { scene in
      try await scene.says(
        "set acme plan=gold seats=5", "set plan, seats of tenant acme\n",
        json: #"{"columns":{"plan":"gold","seats":"5"},"name":"acme","protected":null}"#)
      let rows = "SELECT name, plan, seats FROM tenants ORDER BY 1"
      #expect(try await scene.database.psql(rows) == "acme|gold|5\nreef|NULL|NULL")
      try await scene.prints("set acme plan= --unset seats --quiet", "")
      #expect(try await scene.database.psql(rows) == "acme||NULL\nreef|NULL|NULL")
    }
  }

  @Test func dryRun() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await scene.dryRunTellsTheTruth("set acme plan=it's seats=5")
    }
  }

  @Test func refuses() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      let own = "use 'tenantctl rename', 'activate' or 'deactivate'; tenantctl manages the others"
      try await scene.refuses(
        [
          Refusal(
            "set acme plam=gold", 2, "unknown_column", "column plam of table public.tenants does not exist",
            hint: "columns: plan, seats"),
          Refusal(
            "set acme seats=many", 2, "bad_value",
            #"column seats: invalid input syntax for type integer: "many""#, hint: "nothing was changed"),
          Refusal(
            "set acme plan=gold --unset plan", 2, "usage",
            "column plan is both set and unset",
            hint: "give one of the two"),
          Refusal(
            "set acme", 2, "usage", "COLUMN=VALUE, --unset, --protect or --unprotect is required",
            hint: "see 'tenantctl set --help'"),
          Refusal(
            "set acme plan=gold plan=free", 2, "usage", "column plan is given twice", hint: "give it once"),
          Refusal(
            "set acme =gold", 2, "usage", "invalid NAME|COLUMN=VALUE '=gold': expected COLUMN=VALUE",
            hint: "see 'tenantctl set --help'"),
          Refusal(
            "set atlantis plan=gold", 3, "tenant_not_found", "tenant atlantis does not exist",
            hint: "'tenantctl list' shows all tenants"),
        ]
          + ["id", "name", "deactivated", "created_at", "updated_at"].map {
            Refusal(
              "set acme \($0)=1", 2, "reserved_column", "column \($0) is one of the registry's own columns",
              hint: own)
          })
      try await scene.database.psql(
        "ALTER TABLE tenants ADD CHECK (seats > 0), ADD email text NOT NULL DEFAULT ''")
      try await scene.refuses([
        Refusal(
          "set acme seats=0", 2, "bad_value",
          #"column seats: new row for relation "tenants" violates check constraint "tenants_seats_check""#,
          hint: "nothing was changed"),
        Refusal(
          "set acme --unset email", 2, "bad_value",
          #"column email: null value in column "email" of relation "tenants" violates not-null constraint"#,
          hint: "nothing was changed"),
      ])
    }
  }
}
