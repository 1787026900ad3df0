internal import Arguments
internal import Tenancy

enum MigrationListCommand {
  static let command = Command<Action>(
    "list", summary: "List the migration files, in the order they run.",
    discussion:
      "Needs no database. Every file is parsed, and errors are reported with their line and column.",
    parameters: [Shared.migrations],
    formats: OutputFormat.list,
    examples: [Example("tenantctl migration list", "List the files.")]
  ) { _, session in
    let files = try session.migrationsIfAny(remarks: false)
    let entries =
      files.shared.map { Entry($0, scope: "shared") } + files.tenant.map { Entry($0, scope: "tenant") }
    return CommandResult(
      list: entries, names: entries.map(\.version.rawValue),
      table: Table(
        columns: ["VERSION", "NAME", "SCOPE", "STATEMENTS", "DOWN", "TRANSACTION"],
        rows: entries.map {
          [
            Table.Cell($0.version.rawValue), Table.Cell($0.name), Table.Cell($0.scope), .count($0.statements),
            $0.reversible ? "yes" : .none, $0.transaction ? "yes" : Table.Cell("no", .bad),
          ]
        }, numeric: ["STATEMENTS"]), whenEmpty: "no migrations in \(try session.migrationsFolder())")
  }

  private struct Entry: Encodable {
    let version: MigrationVersion
    let name: String
    let scope: String
    let path: String
    let checksum: Checksum
    let statements: Int
    let reversible: Bool
    let transaction: Bool

    init(_ file: MigrationFile, scope: String) {
      version = file.version
      name = file.name
      self.scope = scope
      path = file.path
      checksum = file.checksum
      statements = file.up.count
      reversible = file.down != nil
      transaction = file.upOptions.transaction
    }
  }
}
