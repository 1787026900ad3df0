internal import Arguments
internal import Tenancy

/// Which tenants a fleet command is for: the same words everywhere.
enum Selection {
  static let names = RepeatedArgument(
    "NAME", completion: .dynamic("tenant"), parse: TenantName.init(parsing:), summary: "These tenants.")
  static let all = Flag("all", short: "a", summary: "Every tenant, the deactivated ones too.")
  static let match = Option(
    "match", placeholder: "GLOB", parse: { Glob($0) },
    summary: "The tenants whose name matches; * stands for any characters, ? for one.")
  static let exclude = RepeatedOption(
    "exclude", placeholder: "GLOB", parse: { Glob($0) }, summary: "Not the tenants whose name matches.")
  static let active = Flag("active", summary: "Only tenants that are not deactivated.")
  static let limit = Option(
    "limit", placeholder: "N", parse: PositiveNumber.init(parsing:),
    summary: "At most N tenants, the first by name.")
  static let fromFile = Option(
    "from-file", placeholder: "FILE", completion: .files(), parse: { $0 },
    summary: "The tenants that FILE names, one a line; - is standard input.")

  static let parameters: [any Parameter] = [names, all, match, exclude, active, limit, fromFile]

  /// Whether any of the words that select tenants is there.
  static func isGiven(_ input: Input) -> Bool {
    !input[names].isEmpty || input[all] || input[match] != nil || !input[exclude].isEmpty || input[active]
      || input[limit] != nil || input[fromFile] != nil
  }

  /// The tenants that the words select. No selection is a usage error, never "all", but for a command that says so.
  static func read(
    _ input: Input, _ session: Session, whenNone fallback: FleetSelection? = nil
  ) throws -> FleetSelection {
    var names = input[names]
    let file = input[fromFile]
    let isNamed = !names.isEmpty || file != nil
    if isNamed, input[all] || input[match] != nil {
      throw input.refusal(
        "names and \(input[all] ? "--all" : "--match") exclude each other",
        hint: "give the names, or the option, not both")
    }
    guard isNamed || input[all] || input[match] != nil || input[active] || fallback != nil else {
      throw input.refusal(
        "no tenants are selected", hint: "name them, or use --all, --active, --match GLOB or --from-file FILE"
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
