internal import Arguments
internal import Tenancy

enum SetCommand {
  static let command = Command<Action>(
    "set",
    summary: "Set custom columns of the registry, such as a plan or a phone number, or protect a tenant.",
    discussion: """
      The words are tenants' names, and assignments with a '='; COLUMN= is an empty text, and --unset is NULL. Several tenants are changed in one transaction: all or none. \
      To protect more tenants than the server's lock table takes, there are several: if one of them fails, the others are undone.

      'tenantctl drop' refuses a protected tenant. The protection is a mark in the comment on the column 'version' of the tenant's \
      ledger: a rename and a dump take it along. A tenant without a ledger has it in the comment on its schema, and another comment on \
      the schema removes it.
      """,
    parameters: [words, Selection.all] + Selection.filters + [
      unset, protect, unprotect, Shared.migrations, Shared.dryRun,
    ],
    examples: [
      Example("tenantctl set acme plan=gold phone_number=555-0100", "Set two columns."),
      Example("tenantctl set acme --unset phone_number", "Set a column to NULL."),
      Example(
        "tenantctl set --where 'plan IS NULL' plan=free", "Set a column of all tenants that have none."),
    ],
    section: Section.tenants
  ) { input, session in
    var columns = try Assignment.values(input[words].compactMap(\.assignment), input)
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
    let selection = try await Selection.read(input, session, names: input[words].compactMap(\.name))
    let database = try session.database()
    let change = try await database.planSet(
      try await database.names(in: selection), columns, isProtected: isProtected)
    return try await session.make(change, dryRun: input[Shared.dryRun]) { changed in
      var result = CommandResult(selection.document(changed)) { _ in
        changed.count > 20 ? ["changed \(counted(changed.count, "tenant"))"] : changed.flatMap(lines)
      }
      if changed.isEmpty { result.notes = [Words.nobodySelected] }
      return result
    }
  }

  private static func lines(_ changed: ChangedColumns) -> [String] {
    let columns = changed.columns.keys.sorted().joined(separator: ", ")
    let set = columns.isEmpty ? [] : ["set \(columns) of tenant \(changed.name)"]
    return set
      + (changed.protected.map { ["\($0 ? "protected" : "unprotected") tenant \(changed.name)"] } ?? [])
  }

  /// A tenant's name or an assignment: a name has no '='.
  private enum Word: Sendable {
    case name(TenantName)
    case assignment(Assignment)

    init(parsing text: String) throws {
      self =
        try text.contains("=") ? .assignment(Assignment(parsing: text)) : .name(TenantName(word: text))
    }

    var name: TenantName? { if case .name(let name) = self { name } else { nil } }
    var assignment: Assignment? { if case .assignment(let assignment) = self { assignment } else { nil } }
  }

  private static let words = RepeatedArgument(
    "NAME|COLUMN=VALUE", completion: .dynamic("tenant"), parse: Word.init(parsing:),
    summary: "The tenants, and the columns with their new values.")
  private static let protect = Flag("protect", summary: "Let 'tenantctl drop' refuse the tenant.")
  private static let unprotect = Flag("unprotect", summary: "Let 'tenantctl drop' remove the tenant again.")
  private static let unset = RepeatedOption(
    "unset", placeholder: "COLUMN", parse: { $0 }, summary: "Set this column to NULL.")
}
