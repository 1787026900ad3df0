internal import Arguments
internal import Tenancy

enum RenameCommand {
  static let command = Command<Action>(
    "rename", summary: "Rename a tenant: schema, row and domain rows in one transaction.",
    discussion: """
      The host names of its domains do not change. If the registry has a column for the schema, and the schema differs \
      from the name, the schema does not change either, unless the column is generated from the name.

      The SET search_path of functions that name the schema is changed with it. Other mentions are not: texts in the bodies of \
      functions, in row-level security policies, check constraints, defaults, rules, and conditions of triggers and indexes, and \
      search paths that are set for a role or the database. A warning names each of these.
      """,
    parameters: [old, new, Shared.dryRun],
    examples: [Example("tenantctl rename acme acme_inc", "Rename the tenant acme to acme_inc.")],
    section: Section.tenants
  ) { input, session in
    let database = try session.database()
    let change = try await database.planRename(input[old], to: input[new])
    let isDry = input[Shared.dryRun]
    if isDry { change.result.warnings.forEach(session.warn) }
    return try await session.make(change, dryRun: isDry) { renamed in
      let schema =
        renamed.tenant.schema.rawValue == renamed.tenant.name.rawValue
        ? "" : ", schema \(renamed.tenant.schema)"
      if session.format == .text { renamed.warnings.forEach(session.warn) }
      return CommandResult(renamed, "renamed tenant \(renamed.from) to \(renamed.tenant.name)\(schema)")
    }
  }

  private static let old = Argument(
    "OLD", completion: .dynamic("tenant"), parse: TenantName.init(word:),
    summary: "The tenant's current name.")
  private static let new = Argument("NEW", parse: TenantName.init(word:), summary: "The new name.")
}

extension RenamedTenant {
  /// A sentence for each place that still names the old schema; of texts the first ten of a kind.
  fileprivate var warnings: [String] {
    let texts = SchemaMention.Place.texts.compactMap { place, what -> String? in
      let objects = mentions.filter { $0.place == place }.map(\.object)
      if objects.isEmpty { return nil }
      let more = objects.count > 10 ? " and \(objects.count - 10) more" : ""
      let named = objects.prefix(10).joined(separator: ", ") + more
      return "\(what) \(named) contains the old schema's name; check whether it refers to the schema"
    }
    return mentions.compactMap(\.warning) + texts
  }
}

extension SchemaMention.Place {
  /// Those that no statement can rewrite.
  fileprivate static let texts: [(Self, String)] = [
    (.routineBody, "the body of"), (.routineOption, "a setting of"), (.columnDefault, "the default of"),
    (.view, "the query of"), (.foreignTable, "an option of"), (.triggerArgument, "an argument of"),
    (.triggerCondition, "the condition of trigger"), (.policy, "policy"), (.check, "check constraint"),
    (.index, "the definition of index"), (.rule, "rule"), (.domainDefault, "the default of domain"),
    (.argumentDefault, "the default of an argument of"),
  ]
}

extension SchemaMention {
  /// For a search path, with the statement that sets it right.
  fileprivate var warning: String? {
    let whose: String? =
      switch place {
      case .routineSetting: object
      case .roleSetting: "the role \(object)"
      case .databaseSetting: "the database \(object)"
      default: nil
      }
    return whose.map { "the search path of \($0) still names the old schema; fix it with: \(fix ?? "")" }
  }
}
