internal import Arguments
internal import Tenancy

enum MigrationImportCommand {
  static let command = Command<Action>(
    "import", summary: "Take over the migrations of goose, golang-migrate, Flyway or sqlx.",
    discussion: """
      Converts the files of DIR, both directions where there are two, and writes them to migrations/tenant/ (with \
      --shared to migrations/shared/), which must be empty. DIR is only read. Whatever cannot be taken over as what it \
      is, such as a migration in Go or Java, a repeatable one, or a placeholder, is named with its line, and then \
      nothing is written at all.

      With --ledger each selected tenant's history is taken over, too: what the other tool's table in the tenant's \
      schema says is applied gets into our ledger, with its time, and nothing runs. A tenant with a failed ("dirty") \
      migration, a version without a file, or a file that was edited since is named, and then nothing is written. The \
      other tool's table stays; golang-migrate's, which has the name of our ledger, becomes \
      schema_migrations_golang_migrate. Where the files are in place already, only the histories are taken over.

      Flyway's versions such as 1.2 become digits that keep their order: 1002.
      """,
    parameters: [from, folder] + Selection.parameters + [
      ledger, table, shared, Shared.migrations, Shared.dryRun,
    ],
    examples: [
      Example("tenantctl migration import --from goose db/goose", "Convert the files."),
      Example(
        "tenantctl migration import --from goose db/goose --ledger --all",
        "Take over each tenant's history, too."),
    ]
  ) { input, session in
    guard let format = input[from] else {
      throw input.refusal("it is not said whose migrations they are", hint: "give --from with \(formats)")
    }
    let selection = try histories(input, session)
    let placed = try MigrationImport(from: format, at: input[folder]).placed(
      in: try session.migrationsFolder(), shared: input[shared])
    let change =
      try await input[ledger]
      ? session.database().planImport(of: placed, history: input[table], selection) : nil
    if input[Shared.dryRun] { return .dryRun(placed.script + (change?.script ?? [])) }
    try placed.write()
    let histories = try await session.interruption.guarding { try await change?.apply() }
    return ImportSummary(placed, histories).result
  }

  /// Whose histories are asked for; `nil` is the shared schema's.
  private static func histories(_ input: Input, _ session: Session) throws -> FleetSelection? {
    let isSelected = Selection.isGiven(input)
    if !input[ledger] || input[shared], isSelected {
      throw input.refusal(
        input[shared]
          ? "--shared and a selection of tenants exclude each other" : "tenants are selected for nothing",
        hint: input[shared]
          ? "the shared schema has one history" : "give --ledger to take over their histories")
    }
    if !input[ledger], input[table] != nil {
      throw input.refusal("--table names what only --ledger reads", hint: "give --ledger, too")
    }
    return input[ledger] && !input[shared] ? try Selection.read(input, session) : nil
  }

  private static let formats =
    ImportFormat.allCases.map(\.rawValue).dropLast().joined(separator: ", ") + " or sqlx"
  private static let from = Option(
    "from", placeholder: "TOOL", choices: ImportFormat.self, summary: "The tool that they are made for.")
  private static let folder = Argument(
    "DIR", completion: .directories, parse: { $0 }, summary: "The folder of the other tool's files.")
  private static let ledger = Flag("ledger", summary: "Take over the histories of the selected tenants, too.")
  private static let table = Option(
    "table", placeholder: "NAME", parse: { $0 },
    summary: "The table that the other tool records in. Without it: its usual one.")
  private static let shared = Flag("shared", summary: "For the shared schema, not for the tenants'.")
}

/// What `migration import` says in the end.
private struct ImportSummary {
  private let placed: PlacedImport
  private let histories: [ImportedHistory]?

  init(_ placed: PlacedImport, _ histories: [ImportedHistory]?) {
    self.placed = placed
    self.histories = histories
  }

  var result: CommandResult {
    var result = CommandResult(Document(placed, histories)) { _ in lines }
    result.names = placed.isThere ? [] : placed.files.map(\.path)
    result.notes =
      placed.source.ignored.map {
        "note: \(placed.source.format.rawValue) does not read \($0): it is left out"
      }
      + ["next: 'tenantctl migration check'"]
    return result
  }

  private var lines: [String] {
    let count = counted(placed.files.count, "migration")
    let files =
      placed.isThere ? "\(placed.folder) has all \(count) already" : "wrote \(count) to \(placed.folder)"
    guard let histories else { return [files] }
    let changed = histories.filter { !$0.recorded.isEmpty || $0.renamedTable != nil }.count
    let renamed =
      histories.compactMap(\.renamedTable).first.map { ["the other tool's table is now \($0)"] } ?? []
    return [files]
      + [
        "took over \(changed == 1 ? "1 history" : "\(changed) histories"), \(histories.count - changed) had nothing new"
      ]
      + renamed
  }

  private struct Document: Encodable, Sendable {
    let files: [File]
    let written: Bool
    let ignored: [String]
    let histories: [ImportedHistory]?

    init(_ placed: PlacedImport, _ histories: [ImportedHistory]?) {
      files = zip(placed.source.migrations, placed.files).map { File($0, $1) }
      written = !placed.isThere
      ignored = placed.source.ignored
      self.histories = histories
    }
  }

  private struct File: Encodable, Sendable {
    let version: MigrationVersion
    let path: String
    let sources: [String]
    let reversible, transaction: Bool

    init(_ migration: ImportedMigration, _ file: MigrationFile) {
      version = file.version
      path = file.path
      sources = migration.sources
      reversible = file.down != nil
      transaction = file.upOptions.transaction
    }
  }
}
