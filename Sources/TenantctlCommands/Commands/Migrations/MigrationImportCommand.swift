internal import Arguments
internal import Tenancy

enum MigrationImportCommand {
  static let command = Command<Action>(
    "import", summary: "Import the migrations of goose, Flyway, Prisma and other tools.",
    discussion: """
      Converts the files in DIR, with their down sections, and writes them to migrations/tenant/ (with --shared to \
      migrations/shared/), which must be empty. DIR is only read. Files of dbmate, of drizzle-kit (0000_name.sql) and plain \
      numbered SQL files need no conversion. Anything that has no exact equivalent, such as a \
      migration in Go or Java, a repeatable migration or a placeholder, is reported with its line, and nothing is written. \
      Several transactions in one file become one where the result is the same.

      With --ledger the history of each selected tenant is imported, too: the migrations that the other tool's table in \
      the tenant's schema lists as applied are recorded in the tenant's ledger with their times, and nothing runs. If a \
      tenant has a failed ("dirty") migration, a version without a file, or a file that was edited since, the tenant is \
      reported and nothing is written. The other tool's table stays; golang-migrate's, which has the ledger's name, is \
      renamed to schema_migrations_golang_migrate. If the files were imported before, only the histories are imported.

      Flyway's versions such as 1.2 are converted to digits that keep their order, such as 1002.
      """,
    parameters: [from, folder] + Selection.parameters + [ledger, table, shared, Shared.migrations]
      + RunOptions.common + [Shared.dryRun],
    examples: [
      Example("tenantctl migration import --from goose db/goose", "Convert the files."),
      Example(
        "tenantctl migration import --from goose db/goose --ledger --all",
        "Import each tenant's history, too."),
    ]
  ) { input, session in
    guard let format = input[from] else {
      throw input.refusal("--from is required", hint: "use --from with \(formats)")
    }
    try RunOptions.refuseReport(input, with: [Shared.dryRun])
    if !input[ledger], input[RunOptions.report] != nil {
      throw input.refusal("--report has no effect without --ledger", hint: "add --ledger")
    }
    let selection = try await histories(input, session)
    let placed = try MigrationImport(from: format, at: input[folder]).placed(
      in: try session.migrationsFolder(), shared: input[shared])
    guard input[ledger] else {
      if input[Shared.dryRun] { return .dryRun(placed.script) }
      InterruptionNotice.noteChange()
      try placed.write()
      return ImportSummary(placed).result()
    }
    let database = try session.database(connections: RunOptions.connections(input))
    let plan = try await database.planImport(of: placed, history: input[table], selection)
    if input[Shared.dryRun] { return .dryRun(placed.script + plan.script) }
    InterruptionNotice.noteChange()
    try placed.write()
    let end = try await ImportSummary.command.run(plan.forecast.tenants.count, of: database, input, session) {
      run, _ in await database.run(plan, run)
    }
    if let failure = end.report.shared?.failure { throw failure }
    return ImportSummary(placed).result(end, session)
  }

  /// The tenants whose histories to import; `nil` is the shared schema's.
  private static func histories(_ input: Input, _ session: Session) async throws -> FleetSelection? {
    let isSelected = Selection.isGiven(input)
    if !input[ledger] || input[shared], isSelected {
      throw input.refusal(
        input[shared]
          ? "--shared and a selection of tenants cannot be used together"
          : "the selection has no effect without --ledger",
        hint: input[shared]
          ? "omit the selection: the shared schema has one history" : "add --ledger to import their histories"
      )
    }
    if !input[ledger], input[table] != nil {
      throw input.refusal("--table has no effect without --ledger", hint: "add --ledger")
    }
    return input[ledger] && !input[shared] ? try await Selection.read(input, session) : nil
  }

  private static let formats: String = {
    let names = ImportFormat.allCases.map(\.rawValue)
    return "\(names.dropLast().joined(separator: ", ")) or \(names.last ?? "")"
  }()
  private static let from = Option(
    "from", placeholder: "TOOL", choices: ImportFormat.self,
    summary: "The tool that the files were written for.")
  private static let folder = Argument(
    "DIR", completion: .directories, parse: Shared.path, summary: "The folder of the other tool's files.")
  private static let ledger = Flag("ledger", summary: "Import the histories of the selected tenants, too.")
  private static let table = Option(
    "table", placeholder: "NAME", parse: { $0 },
    summary: "The table with the other tool's history. Default: the tool's usual table.")
  private static let shared = Flag(
    "shared", summary: "Import into the shared schema instead of the tenants' schemas.")
}

/// The result of `migration import`.
private struct ImportSummary {
  static let command = FleetCommand<ImportedHistory>(
    name: "migration import", statuses: ["recorded", "unchanged"],
    status: { $0?.isUnchanged == false ? "recorded" : "unchanged" }, details: { Details($0.value) },
    streamsRows: false)

  private let placed: PlacedImport

  init(_ placed: PlacedImport) {
    self.placed = placed
  }

  /// Of the files alone.
  func result() -> CommandResult {
    noting(CommandResult(Document(placed, nil)) { _ in [files] })
  }

  /// Of the files and the histories.
  func result(_ end: FleetEnd<ImportedHistory>, _ session: Session) -> CommandResult {
    let rows = [end.shared].compactMap { $0 } + end.rows
    var result = noting(
      end.result(Document(placed, rows), session) { [files] + histories(end, $0) })
    if end.report.shared == nil, end.report.tenants.isEmpty {
      result.notes.append("note: the selection has no tenants")
    }
    return result
  }

  private func noting(_ result: CommandResult) -> CommandResult {
    var result = result
    result.names = placed.isThere ? [] : placed.files.map(\.path)
    result.notes =
      placed.source.ignored.map {
        "note: skipped \($0), which \(placed.source.format.rawValue) does not read"
      }
      + ["next: 'tenantctl migration check'"]
    return result
  }

  private var files: String {
    let count = counted(placed.files.count, "migration")
    return placed.isThere ? "\(placed.folder) already has all \(count)" : "wrote \(count) to \(placed.folder)"
  }

  private func histories(_ end: FleetEnd<ImportedHistory>, _ style: Style) -> [String] {
    let values = end.report.all.compactMap(\.value)
    let changed = values.count { !$0.isUnchanged }
    let renamed =
      values.compactMap(\.renamedTable).first.map { ["the other tool's table is now \($0)"] } ?? []
    let imported = "imported \(changed == 1 ? "1 history" : "\(changed) histories")"
    return [
      end.counts.sentence(imported, "\(values.count - changed) unchanged", style: style, isTimed: false)
    ] + renamed
  }

  private struct Details: Encodable, Sendable {
    let recorded: [MigrationVersion]
    let renamedTable: String?

    init(_ history: ImportedHistory?) {
      recorded = history?.recorded ?? []
      renamedTable = history?.renamedTable
    }
  }

  private struct Document: Encodable, Sendable {
    let files: [File]
    let written: Bool
    let ignored: [String]
    let histories: [FleetRow]?

    init(_ placed: PlacedImport, _ histories: [FleetRow]?) {
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
