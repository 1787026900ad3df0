internal import Arguments
internal import Tenancy

/// The selection of tenants: the same options for every fleet command.
enum Selection {
  static let names = RepeatedArgument(
    "NAME", completion: .dynamic("tenant"), parse: TenantName.init(parsing:), summary: "Select these tenants."
  )
  static let all = Flag("all", short: "a", summary: "Select every tenant, including deactivated ones.")
  static let match = Option(
    "match", placeholder: "GLOB", parse: { Glob($0) },
    summary: "Select tenants whose name matches; * matches any characters, ? matches one.")
  static let exclude = RepeatedOption(
    "exclude", placeholder: "GLOB", parse: { Glob($0) }, summary: "Exclude tenants whose name matches.")
  static let active = Flag("active", summary: "Select only active tenants.")
  static let limit = Option(
    "limit", placeholder: "N", parse: PositiveNumber.init(parsing:),
    summary: "Select at most N tenants, the first by name.")
  static let fromFile = Option(
    "from-file", placeholder: "FILE", completion: .files(), parse: { $0 },
    summary: "Select the tenants that FILE names, one a line; - is standard input.")

  static let parameters: [any Parameter] = [names, all, match, exclude, active, limit, fromFile]

  /// Whether any of these parameters is given.
  static func isGiven(_ input: Input) -> Bool {
    !input[names].isEmpty || input[all] || input[match] != nil || !input[exclude].isEmpty || input[active]
      || input[limit] != nil || input[fromFile] != nil
  }

  /// The selected tenants. No selection is a usage error, never "all", unless the command has a default.
  static func read(
    _ input: Input, _ session: Session, whenNone fallback: FleetSelection? = nil
  ) throws -> FleetSelection {
    var names = input[names]
    let file = input[fromFile]
    let isNamed = !names.isEmpty || file != nil
    if isNamed, input[all] || input[match] != nil {
      throw input.refusal(
        "names and \(input[all] ? "--all" : "--match") cannot be used together",
        hint: "give the names or the option")
    }
    guard isNamed || input[all] || input[match] != nil || input[active] || fallback != nil else {
      throw input.refusal(
        "no tenants selected", hint: "name them, or use --all, --active, --match GLOB or --from-file FILE"
      )
    }
    if let file { names += try session.names(inFile: file) }
    var selection = isNamed ? FleetSelection(names: names) : fallback ?? FleetSelection(names: nil)
    selection.match = input[match]
    selection.exclude = input[exclude]
    selection.activeOnly = input[active]
    selection.limit = input[limit]?.value
    return selection
  }
}
