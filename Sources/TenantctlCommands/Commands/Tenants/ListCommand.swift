internal import Arguments
internal import Tenancy

enum ListCommand {
  static let command = Command<Action>(
    "list", summary: "List the tenants.",
    discussion: """
      Lists the rows of the registry. --columns names what to print: name, schema, state, domain (the primary one), domains \
      (how many), head (the newest applied migration), applied (how many), size (tables and indexes), created, and the \
      registry's own columns. --sort orders the list by one of these; numbers by their value, tenants without one last. head, \
      size and the registry's own columns cost a query each, and only where they are asked for.

      The JSON form has the registry's own columns (columns) and says whether each tenant's schema exists (schema_exists); \
      bytes is null without --columns or --sort that names size. 'tenantctl doctor' finds tenants whose schema is missing.
      """,
    parameters: Selection.parameters + [columns, order, Shared.migrations],
    formats: OutputFormat.list,
    examples: [
      Example("tenantctl list", "List all tenants."),
      Example("tenantctl list --deactivated --quiet", "Print the names of deactivated tenants, one a line."),
      Example(
        "tenantctl list --match 'eu_*' --format json",
        "Print everything about the matching tenants as JSON."),
      Example("tenantctl list --columns name,plan,size --sort -size", "List the largest first."),
    ],
    section: Section.tenants
  ) { input, session in
    let selection = try await Selection.read(input, session, whenNone: FleetSelection())
    let shown = input[columns]?.columns ?? ListColumn.usual
    let asked = shown + [input[order]?.column].compactMap { $0 }
    var facts = asked.reduce(into: TenantFacts()) { $0.formUnion($1.facts) }
    if session.format == .json || session.format == .ndjson { facts.formUnion([.columns, .head]) }
    let database = try session.database()
    let entries = try await database.list(selection, withState: facts.contains(.head))
    let named = asked.compactMap { if case .custom(let name) = $0 { name } else { nil } }
    var listings: [TenantListing]
    do {
      listings = try await database.listings(of: entries, with: facts, named: named)
    } catch TenancyProblem.unknownColumn(let column, let table, let available) {
      throw UnknownListColumn(column: column, table: table, available: ListColumn.words + available)
    }
    if let order = input[order] { listings = order.sorted(listings) }
    return CommandResult(
      list: listings, names: listings.map(\.entry.tenant.name.rawValue),
      table: table(listings, shown, isText: session.format == .text), whenEmpty: "no tenants")
  }

  private static func table(_ listings: [TenantListing], _ columns: [ListColumn], isText: Bool) -> Table {
    Table(
      columns: columns.map(\.heading),
      rows: listings.map { listing in columns.map { listing.cell(of: $0, isText: isText) } },
      numeric: columns.filter(\.isNumeric).map(\.heading), csvColumns: columns.map(\.csvHeading))
  }

  private static let columns = Option(
    "columns", placeholder: "COLUMN,...", parse: ListColumns.init(parsing:),
    summary: "Print these columns. Default: \(ListColumn.usual.map(\.word).joined(separator: ",")).")
  private static let order = Option(
    "sort", placeholder: "COLUMN", parse: ListOrder.init(parsing:),
    summary: "Sort what is listed by this column; -COLUMN sorts in reverse. Default: as --order-by.")
}
