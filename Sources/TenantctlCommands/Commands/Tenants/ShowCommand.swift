internal import Arguments
internal import Tenancy

enum ShowCommand {
  static let command = Command<Action>(
    "show", summary: "Show everything about a tenant.",
    parameters: [Shared.tenant],
    examples: [
      Example("tenantctl show acme", "Show the tenant acme."),
      Example("tenantctl show acme --format json", "Show it as JSON."),
    ],
    section: Section.tenants
  ) { input, session in
    let details = try await session.database().show(input[Shared.tenant])
    return CommandResult(details, names: [details.entry.tenant.name.rawValue]) { lines(details, $0) }
  }

  private static func lines(_ details: TenantDetails, _ style: Style) -> [String] {
    let (tenant, state) = (details.entry.tenant, details.entry.state)
    let size = "\(counted(details.tables, "table")), \(sizeText(details.bytes))"
    var fields = [
      ("name", "\(tenant.name)"),
      (
        "state",
        (tenant.isActive ? style.green("active") : style.red("deactivated"))
          + (details.isProtected ? ", protected" : "")
      ),
      (
        "schema",
        state?.exists == false
          ? style.red("\(tenant.schema) does not exist: see 'tenantctl doctor'")
          : "\(tenant.schema) (\(size))"
      ),
      ("migrations", migrations(state)),
    ]
    fields += details.entry.domains.map {
      ("domain", $0.isPrimary ? "\($0.name) (primary)" : "\($0.name)")
    }
    fields += details.columns.sorted { $0.key < $1.key }.map {
      ($0.onOneLine, $1?.onOneLine ?? style.dim("NULL"))
    }
    let width = fields.map(\.0.count).max() ?? 0
    return fields.map { name, value in
      style.bold(name) + String(repeating: " ", count: width - name.count + 2) + value
    }
  }

  private static func migrations(_ state: SchemaState?) -> String {
    guard state?.hasLedger == true else { return "no ledger" }
    guard let head = state?.head else { return "unknown: 'tenantctl status' reads the ledger" }
    return head.version.map { "\(head.count) applied, head \($0)" } ?? "none applied"
  }
}
