internal import Arguments
internal import Tenancy

/// The selection of tenants: the same options for every command that takes tenants.
enum Selection {
  static let names = RepeatedArgument(
    "NAME", completion: .dynamic("tenant"), parse: TenantName.init(word:), summary: "Select these tenants."
  )
  static let all = Flag("all", short: "a", summary: "Select every tenant, including deactivated ones.")
  static let match = RepeatedOption(
    "match", placeholder: "GLOB", parse: Glob.init(parsing:),
    summary: "Select tenants whose name matches a pattern with * ? [a-z] {a,b}; given again: or this one.")
  static let exclude = RepeatedOption(
    "exclude", placeholder: "GLOB", parse: Glob.init(parsing:),
    summary: "Exclude tenants whose name matches.")
  static let condition = RepeatedOption(
    "where", placeholder: "COLUMN=VALUE", parse: RowCondition.init(parsing:),
    summary: """
      Select tenants by a column of the registry: = != < <= > >=, or 'COLUMN IS NULL', 'COLUMN IS NOT NULL'; != is true \
      for NULL, too. Given again: and this one.
      """)
  static let active = Flag("active", summary: "Select only active tenants.")
  static let deactivated = Flag("deactivated", summary: "Select only deactivated tenants.")
  static let behind = Flag(
    "behind", summary: "Select only tenants with pending migrations, or whose ledger cannot be read.")
  static let has = RepeatedOption(
    "has", placeholder: "VERSION", completion: .dynamic("version"), parse: MigrationVersion.init(parsing:),
    summary: "Select only tenants that have this migration.")
  static let fromFile = RepeatedOption(
    "from-file", placeholder: "FILE", completion: .files(), parse: Shared.path,
    summary: "Select the tenants that FILE names, one a line; - is standard input.")
  static let order = Option(
    "order-by", placeholder: "KEY", parse: { FleetOrder($0) },
    summary: """
      The order, in which --limit and --canary count: name, size, created or a column of the registry; KEY:desc turns it \
      round. Default: name.
      """)
  static let limit = Option(
    "limit", placeholder: "N", parse: PositiveNumber.init(parsing:),
    summary: "Select at most N tenants, the first in the order.")
  static let required = Flag(
    "require-match", summary: "Exit with status 3 if the selection has no tenants.")

  /// What narrows a selection.
  static let filters: [any Parameter] = [
    match, exclude, condition, active, deactivated, behind, has, fromFile, order, limit, required,
  ]
  static let parameters: [any Parameter] = [names, all] + filters

  /// Whether any of these parameters is given.
  static func isGiven(_ input: Input) -> Bool {
    !input[names].isEmpty || input[all] || isFiltered(input) || input[limit] != nil
      || !input[exclude].isEmpty || input[order] != nil || input[required]
  }

  /// Whether an option says whom to select, and not only whom to leave out.
  private static func isFiltered(_ input: Input) -> Bool {
    !input[match].isEmpty || !input[condition].isEmpty || input[active] || input[deactivated]
      || input[behind] || !input[has].isEmpty || !input[fromFile].isEmpty
  }

  /// The selected tenants. No selection is a usage error, never "all", unless the command has a default.
  /// - Parameter words: the names, where the command has no argument for them alone.
  static func read(
    _ input: Input, _ session: Session, names words: [TenantName]? = nil,
    whenNone fallback: FleetSelection? = nil
  ) async throws -> FleetSelection {
    var names = words ?? input[names]
    let isNamed = !names.isEmpty || !input[fromFile].isEmpty
    if isNamed, input[all] {
      throw input.refusal(
        "names and --all cannot be used together", hint: "give the names or the option")
    }
    guard isNamed || input[all] || isFiltered(input) || fallback != nil else {
      throw input.refusal(
        "no tenants selected",
        hint: "name them, or use --all, --active, --match GLOB, --where COLUMN=VALUE or --from-file FILE")
    }
    for file in input[fromFile] { names += try await session.names(inFile: file) }
    let isFallback = !isNamed && !input[all] && !isFiltered(input)
    var selection =
      isNamed ? FleetSelection(names: names) : isFallback ? fallback ?? .init() : FleetSelection()
    selection.isList = !input[fromFile].isEmpty
    try narrow(&selection, input, session)
    return selection
  }

  private static func narrow(_ selection: inout FleetSelection, _ input: Input, _ session: Session) throws {
    if input[active], input[deactivated] {
      throw input.refusal("--active and --deactivated cannot be used together")
    }
    selection.match = input[match]
    selection.exclude = input[exclude]
    selection.conditions = input[condition]
    selection.isActive = input[active] ? true : input[deactivated] ? false : nil
    selection.behind = input[behind] ? try session.migrations() : nil
    selection.versions = input[has]
    selection.order = input[order] ?? FleetOrder()
    selection.limit = input[limit]?.value
    selection.isRequired = input[required]
  }
}

extension FleetSelection {
  /// In JSON one name is one object; several, or another selection, are a list.
  func document<Element: Encodable & Sendable>(_ elements: [Element]) -> any Encodable & Sendable {
    guard onlyName != nil, let element = elements.first else { return elements }
    return element
  }
}

extension Glob {
  init(parsing text: String) throws {
    guard let glob = Glob(text) else { throw Expected("a pattern of at most 1000 alternatives") }
    self = glob
  }
}

extension RowCondition {
  init(parsing text: String) throws {
    guard let condition = RowCondition(text) else {
      throw Expected("COLUMN=VALUE, with = != < <= > or >=, or 'COLUMN IS NULL'")
    }
    self = condition
  }
}
