internal import Arguments
internal import Glibc
internal import Tenancy

enum MigrationNewCommand {
  static let command = Command<Action>(
    "new", summary: "Write a new migration file.",
    discussion: """
      The version is the current time, in UTC, or the number after the newest version if that is later. The file is empty; with --from it creates what the schema of the named tenant \
      has. This is how the tables that an app created become the first migration: create a tenant from it ('tenantctl create \
      probe'), and compare the others with that one ('tenantctl adopt --all --like probe').

      --from runs pg_dump, which must be as new as the server. The name of the schema is removed from every object, and a \
      function's SET search_path gets that of each tenant; where a function's body or another text still names it, a warning says so. Owners, privileges, tablespaces and the tables that \
      record migrations are left out.
      """,
    parameters: [name, from, shared, Shared.migrations],
    examples: [
      Example(
        "tenantctl migration new add_capacity", "Write migrations/tenant/20261123101500_add_capacity.sql."),
      Example("tenantctl migration new plans --shared", "Write one for the shared schema."),
      Example("tenantctl migration new initial --from acme", "Make a migration of the tables that acme has."),
    ]
  ) { input, session in
    guard let tenant = input[from] else { return try write(MigrationFolder.template, input, session) }
    if input[shared] { throw input.refusal("--from and --shared cannot be used together") }
    let database = try session.database()
    let source = try await database.tenantWithSchema(tenant)
    let dump = try await database.schemaDump(of: source)
    let environment = try await database.clientEnvironment().variables(
      for: source, inheriting: session.environment)
    let children = ChildPrograms()
    let text = try await session.interruption.guarding(passingOn: children.signal) {
      try await PostgresDump.run(dump, environment, children)
    }
    let migration = try dump.migration(from: text)
    var result = try write(migration.text, input, session)
    dump.warnings.forEach(session.warn)
    for mention in migration.mentions { session.warn(mention.warning(result.names[0], source)) }
    result.notes = ["next: 'tenantctl create probe', then 'tenantctl adopt --all --like probe'"]
    return result
  }

  private static func write(_ text: String, _ input: Input, _ session: Session) throws -> CommandResult {
    let folder = try session.migrationsFolder()
    // In the wrong directory it would be found by nobody.
    if !Files.exists(folder) {
      session.remark("creating the folder \(Files.absolute(folder)), which did not exist")
    }
    InterruptionNotice.noteChange()
    let path = try MigrationFolder.create(
      name: input[name], shared: input[shared], at: time(nil), in: try session.migrationsFolder(), text: text)
    return CommandResult(["path": path], names: [path], "wrote \(path)")
  }

  private static let name = Argument("NAME", parse: { $0 }, summary: "What it does, in a few words.")
  private static let from = Option(
    "from", placeholder: "TENANT", completion: .dynamic("tenant"), parse: TenantName.init(word:),
    summary: "Create what this tenant's schema has.")
  private static let shared = Flag(
    "shared", summary: "Write it for the shared schema instead of the tenants' schemas.")
}
