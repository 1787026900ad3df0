internal import Arguments
internal import Tenancy

enum RenameCommand {
  static let command = Command<Action>(
    "rename", summary: "Rename a tenant: schema, row and domain rows in one transaction.",
    discussion: """
      The host names of its domains stay as they are. Where the registry keeps the schema in a column of its own, and it \
      differs from the name, the schema stays too.
      """,
    parameters: [old, new, Shared.dryRun],
    examples: [Example("tenantctl rename acme acme_inc", "Rename the tenant acme to acme_inc.")],
    section: Section.tenants
  ) { input, session in
    let change = try await session.database().planRename(input[old], to: input[new])
    return try await session.make(change, dryRun: input[Shared.dryRun]) { renamed in
      let schema =
        renamed.tenant.schema.rawValue == renamed.tenant.name.rawValue
        ? "" : ", schema \(renamed.tenant.schema)"
      return CommandResult(renamed, "renamed tenant \(renamed.from) to \(renamed.tenant.name)\(schema)")
    }
  }

  private static let old = Argument(
    "OLD", completion: .dynamic("tenant"), parse: TenantName.init(parsing:),
    summary: "The tenant's name until now.")
  private static let new = Argument("NEW", parse: TenantName.init(parsing:), summary: "Its name from now on.")
}
