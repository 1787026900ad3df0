internal import Arguments
internal import Glibc
internal import Tenancy

enum MigrationNewCommand {
  static let command = Command<Action>(
    "new", summary: "Write an empty migration file.",
    discussion: "The version is the current time, in UTC.",
    parameters: [name, shared, Shared.migrations],
    examples: [
      Example(
        "tenantctl migration new add_capacity", "Write migrations/tenant/20261123101500_add_capacity.sql."),
      Example("tenantctl migration new plans --shared", "Write one for the shared schema."),
    ]
  ) { input, session in
    let path = try MigrationFolder.create(
      name: input[name], shared: input[shared], at: time(nil), in: try session.migrationsFolder())
    return CommandResult(["path": path], names: [path], "wrote \(path)")
  }

  private static let name = Argument("NAME", parse: { $0 }, summary: "What it does, in a few words.")
  private static let shared = Flag(
    "shared", summary: "Write it for the shared schema instead of the tenants' schemas.")
}
