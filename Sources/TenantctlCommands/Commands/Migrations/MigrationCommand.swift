internal import Arguments

enum MigrationCommand {
  static let command = Command<Action>(
    "migration", summary: "Write, list and check the migration files; mend what ledgers say of them.",
    discussion: """
      migrations/tenant/ holds what runs in every tenant's schema, migrations/shared/ what runs once in public. The \
      format is dbmate's: a part for the way up, and one for the way down.
      """,
    section: Section.migrations,
    subcommands: [
      MigrationNewCommand.command, MigrationListCommand.command, MigrationCheckCommand.command,
      MigrationBaselineCommand.command, MigrationRepairCommand.command, MigrationImportCommand.command,
    ])
}
