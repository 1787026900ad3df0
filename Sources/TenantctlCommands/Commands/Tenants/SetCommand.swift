internal import Arguments
internal import Tenancy

enum SetCommand {
  static let command = Command<Action>(
    "set",
    summary: "Set custom columns of the registry, such as a plan or a phone number, or protect a tenant.",
    discussion: """
      'tenantctl drop' refuses a protected tenant. The protection is a mark in the comment on the tenant's schema.
      """,
    parameters: [Shared.tenant, values, unset, protect, unprotect, Shared.dryRun],
    examples: [
      Example("tenantctl set acme plan=gold phone_number=555-0100", "Set two columns."),
      Example("tenantctl set acme --unset phone_number", "Set a column to NULL."),
    ],
    section: Section.tenants
  ) { input, session in
    var columns = Assignment.values(input[values])
    if let column = input[unset].first(where: columns.keys.contains) {
      throw input.refusal("column \(column) is both set and unset", hint: "give one of the two")
    }
    for column in input[unset] { columns.updateValue(nil, forKey: column) }
    if input[protect], input[unprotect] {
      throw input.refusal("--protect and --unprotect cannot be used together")
    }
    let isProtected = input[protect] ? true : input[unprotect] ? false : nil
    if columns.isEmpty, isProtected == nil {
      throw input.refusal("COLUMN=VALUE, --unset, --protect or --unprotect is required")
    }
    let change = try await session.database().planSet(
      input[Shared.tenant], columns, isProtected: isProtected)
    return try await session.make(change, dryRun: input[Shared.dryRun]) { changed in
      CommandResult(changed) { _ in lines(changed) }
    }
  }

  private static func lines(_ changed: ChangedColumns) -> [String] {
    let columns = changed.columns.keys.sorted().joined(separator: ", ")
    let set = columns.isEmpty ? [] : ["set \(columns) of tenant \(changed.name)"]
    return set
      + (changed.protected.map { ["\($0 ? "protected" : "unprotected") tenant \(changed.name)"] } ?? [])
  }

  private static let protect = Flag("protect", summary: "Let 'tenantctl drop' refuse the tenant.")
  private static let unprotect = Flag("unprotect", summary: "Let 'tenantctl drop' remove the tenant again.")

  private static let values = RepeatedArgument(
    "COLUMN=VALUE", parse: Assignment.init(parsing:), summary: "A column and its new value.")
  private static let unset = RepeatedOption(
    "unset", placeholder: "COLUMN", parse: { $0 }, summary: "Set this column to NULL.")
}
