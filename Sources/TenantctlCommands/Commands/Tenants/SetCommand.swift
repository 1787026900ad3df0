internal import Arguments
internal import Tenancy

enum SetCommand {
  static let command = Command<Action>(
    "set", summary: "Set custom columns of the registry, such as a plan or a phone number.",
    parameters: [Shared.tenant, values, unset, Shared.dryRun],
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
    if columns.isEmpty {
      throw input.refusal("COLUMN=VALUE or --unset is required")
    }
    let change = try await session.database().planSet(input[Shared.tenant], columns)
    return try await session.make(change, dryRun: input[Shared.dryRun]) { changed in
      let columns = changed.columns.keys.sorted().joined(separator: ", ")
      return CommandResult(changed, "set \(columns) of tenant \(changed.name)")
    }
  }

  private static let values = RepeatedArgument(
    "COLUMN=VALUE", parse: Assignment.init(parsing:), summary: "A column and its new value.")
  private static let unset = RepeatedOption(
    "unset", placeholder: "COLUMN", parse: { $0 }, summary: "Set this column to NULL.")
}
