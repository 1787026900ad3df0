import Testing

@testable import Tenancy

@Suite struct ClientEnvironmentTests {
  private static let acme = Tenant(
    name: TenantName(stored: "acme"), schema: SchemaName(stored: "Acme, Inc"), isActive: true)

  @Test(arguments: [
    (["PGHOST": "h", "PGPORT": "5433", "PGUSER": "u", "PGDATABASE": "d"], "postgresql://u@h:5433/d"),
    (["PGHOST": "h", "PGUSER": "u", "PGPASSWORD": "p@/ ü"], "postgresql://u:p%40%2F%20%C3%BC@h/"),
    (
      ["PGHOST": "/run/pg", "PGPORT": "5432", "PGDATABASE": "a b"],
      "postgresql:///a%20b?host=%2Frun%2Fpg&port=5432"
    ),
    (["PGHOST": "a,b", "PGPORT": "1,2", "PGDATABASE": "d"], "postgresql:///d?host=a%2Cb&port=1%2C2"),
    (
      ["PGHOST": "::1", "PGDATABASE": "d", "PGSSLMODE": "require"],
      "postgresql:///d?host=%3A%3A1&sslmode=require"
    ),
    ([:], "postgresql:///"),
  ])
  func url(settings: [String: String], url: String) {
    let variables = ClientEnvironment(settings).variables(
      for: Self.acme, inheriting: ["DATABASE_URL": "elsewhere"])
    #expect(variables["DATABASE_URL"] == url)
  }

  @Test func onlyItsOwnConnectionIsLeft() {
    let inherited = [
      "PATH": "/bin", "PGSERVICE": "shop", "PGPASSWORD": "old", "PGHOST": "old", "PGOPTIONS": "-c a=b",
      "TENANTCTL_DATABASE_URL": "old", "TENANT": "old",
    ]
    let client = ClientEnvironment(["PGUSER": "u", "PGOPTIONS": "-c work_mem=1MB"])
    var variables = client.variables(for: Self.acme, inheriting: inherited)
    variables["DATABASE_URL"] = nil
    #expect(
      variables == [
        "PATH": "/bin", "PGUSER": "u", "TENANT": "acme", "TENANT_SCHEMA": "Acme, Inc",
        "PGOPTIONS": #"-c work_mem=1MB -c search_path="Acme,\ Inc",\ public"#,
      ])
  }

  @Test func cannotBePrinted() {
    let client = ClientEnvironment(["PGPASSWORD": "hunter2"])
    var dumped = ""
    dump(client, to: &dumped)
    #expect(!"\(client) \(String(reflecting: client)) \(dumped)".contains("hunter2"))
  }
}
