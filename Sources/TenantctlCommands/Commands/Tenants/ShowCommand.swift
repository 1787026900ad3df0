internal import Arguments
internal import Tenancy

enum ShowCommand {
  static let command = Command<Action>(
    "show", summary: "Show everything about tenants.",
    discussion: """
      One name is one object in JSON; several, or another selection, are a list of objects.

      The status is 5 if no statement can name one of the tenants; the others are shown.
      """,
    parameters: Selection.parameters + [Shared.migrations],
    formats: [.text, .json, .ndjson],
    examples: [
      Example("tenantctl show acme", "Show the tenant acme."),
      Example("tenantctl show acme --format json", "Show it as JSON."),
      Example("tenantctl show --behind", "Show the tenants with pending migrations."),
    ],
    section: Section.tenants
  ) { input, session in
    // Without files what is pending is not known; the rest is.
    let files = input[Shared.migrations] == nil ? try? session.migrations() : try session.migrations()
    let selection = try await Selection.read(input, session)
    let database = try session.database()
    var details: [TenantDetails] = []
    let (names, failures) = try await tenants(in: selection, database)
    for name in names { details.append(try await database.show(name, files)) }
    let documents = details.map(Document.init)
    var result = CommandResult(
      selection.document(documents), names: details.map(\.entry.tenant.name.rawValue)
    ) { [details] style in
      Array(details.map { lines($0, style) }.joined(separator: [""]))
    }
    result.elements = { documents }
    result.failures = failureCauses(failures, session.errorStyle)
    result.formatsWithFailures = []
    if !failures.isEmpty {
      result.status = .partial
    } else if details.isEmpty {
      result.notes = [Words.nobodySelected]
    }
    return result
  }

  /// The tenants that can be shown, and why others cannot. Names that are all of the selection are looked up one by one.
  private static func tenants(
    in selection: FleetSelection, _ database: TenantDatabase
  ) async throws -> ([TenantName], [TenantFailure]) {
    if selection.onlyNames != nil { return (try await database.names(in: selection), []) }
    let found = try await database.tenants(in: selection)
    return (found.readableNames, found.unreadable.map { TenantFailure($0.name.onOneLine, nil, $0.error) })
  }

  /// The details, and why the ledger cannot be read.
  private struct Document: Encodable, Sendable {
    let details: TenantDetails
    private let error: ErrorReport.Document?

    private enum CodingKeys: CodingKey { case error }

    init(_ details: TenantDetails) {
      self.details = details
      error = details.ledger?.problem.map { ErrorReport($0).document(of: details.entry.tenant.name) }
    }

    func encode(to encoder: any Encoder) throws {
      try details.encode(to: encoder)
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(error, forKey: .error)
    }
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
    ]
    fields += migrations(details.ledger)
    fields += details.entry.domains.map {
      ("domain", $0.isPrimary ? "\($0.name) (primary)" : "\($0.name)")
    }
    fields += details.columns.sorted { $0.key < $1.key }.map {
      ($0.onOneLine, $1?.onOneLine ?? style.dim("NULL"))
    }
    let width = fields.map(\.0.displayWidth).max() ?? 0
    return fields.map { name, value in
      style.bold(name) + String(repeating: " ", count: width - name.displayWidth + 2) + value
    }
  }

  private static func migrations(_ ledger: LedgerSummary?) -> [(String, String)] {
    guard let ledger else { return [] }
    if let problem = ledger.problem {
      let message = ErrorReport(inFleet: problem).message.firstLine
      return [("migrations", ledger.exists ? "unknown: \(message)" : "no ledger")]
    }
    let applied = ledger.applied ?? []
    let head = applied.last.map { "\(applied.count) applied, head \($0)" } ?? "none applied"
    var fields = [("migrations", ledger.exists ? head : "no ledger")]
    if let last = ledger.last {
      let by = last.appliedBy.map { " by \($0.onOneLine)" } ?? ""
      fields.append(("last applied", "\(last.version) at \(timeText(last.appliedAt))\(by)"))
    }
    if let next = ledger.pending?.first {
      let count = ledger.pending?.count ?? 0
      fields.append(("pending", "\(count), \(count > 1 ? "next " : "")\(next.version) \(next.name)"))
    }
    return fields
  }
}
