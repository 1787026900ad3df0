internal import Arguments

enum MigrationCommand {
  static let command = Command<Action>(
    "migration", summary: "Manage migration files and their records in the ledgers.",
    discussion: """
      The files in migrations/tenant/ run in every tenant's schema, those in migrations/shared/ once in public. The format \
      is dbmate's: an up section and a down section.
      """,
    section: Section.migrations,
    subcommands: [
      MigrationNewCommand.command, MigrationListCommand.command, MigrationCheckCommand.command,
      MigrationBaselineCommand.command, MigrationRepairCommand.command, MigrationImportCommand.command,
    ])
}
