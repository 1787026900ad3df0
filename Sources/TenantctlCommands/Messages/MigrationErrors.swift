internal import Tenancy

extension ErrorReport {
  /// A migration that failed, with its place and the invalid indexes that it left.
  init(migration failure: MigrationFailure) {
    let line = failure.excerpt.map { "\n  \($0[...].trimmingWhitespace())" } ?? ""
    self.init(
      failure.code, .failed, "\(([failure.placed] + failure.remains).joined(separator: "\n  "))\(line)",
      hint: failure.leftIndexes.isEmpty ? failure.hint : failure.dropHint, sqlState: failure.server?.sqlState)
  }

  /// A migration of a new tenant that failed while migrations of the shared schema are pending.
  init(migration failure: MigrationFailure, pendingInShared versions: [MigrationVersion]) {
    let failed = ErrorReport(migration: failure)
    let advice = """
      the shared schema has pending migrations (\(named(versions))), which may create what is missing: 'tenantctl migrate \
      --all' applies them
      """
    self.init(
      failed.code, failed.status, failed.message,
      hint: ([advice] + (failed.hint.map { [$0] } ?? [])).joined(separator: "; or: "),
      sqlState: failed.sqlState)
  }

  /// What the shared schema got before a migration of its own failed.
  init(shared failed: SharedMigrationFailed) {
    let versions = failed.applied.map(\.rawValue).joined(separator: ", ")
    self = ErrorReport(failed.error).adding(
      "\(versions.isEmpty ? "" : "public: applied \(versions) before it; ")no tenant was started")
  }

  static func ledgerRepeats(_ schema: SchemaName, _ version: MigrationVersion) -> ErrorReport {
    ErrorReport(
      "ledger_repeats", .failed, "the ledger of schema \(schema) has version \(version) more than once",
      hint: """
        its primary key is missing, as after a restore that was cut off: delete the repeated rows with psql, then \
        'tenantctl doctor --fix' adds the key
        """)
  }

  static func unfinishedWithoutFile(_ version: MigrationVersion) -> ErrorReport {
    ErrorReport(
      "unfinished_without_file", .refused,
      "migration \(version) was started but not finished, and its file is gone",
      hint: "restore the file: 'tenantctl migrate' goes on where it stopped")
  }

  /// A model for `adopt` that has nothing to copy.
  static func nothingRecorded(_ name: TenantName, hasLedger: Bool) -> ErrorReport {
    hasLedger
      ? ErrorReport(
        "nothing_recorded", .refused, "the ledger of tenant \(name) is empty",
        hint: "'tenantctl migration baseline VERSION \(name.word)' records the migrations that it has")
      : ErrorReport(
        "nothing_recorded", .refused, "tenant \(name) has no ledger to compare with",
        hint: "'tenantctl adopt --version VERSION \(name.word)' creates one")
  }

  static func outOfOrder(_ files: [MigrationOccurrence]) -> ErrorReport {
    ErrorReport(
      "out_of_order", .refused, files.map(\.lateness).joined(separator: "\n"),
      hint: "give the file a later version, or omit --strict; nothing was run")
  }

  static func versionsUnknown(_ versions: [UnknownVersion]) -> ErrorReport {
    ErrorReport(
      "versions_unknown", .refused, versions.sentences.joined(separator: "\n"),
      hint: "\(UnknownVersion.advice), or omit --strict; nothing was run")
  }

  static func folderEmptied(_ versions: [UnknownVersion]) -> ErrorReport {
    ErrorReport(
      "versions_unknown", .refused,
      (["the migrations folder is empty, but tenants have migrations"] + versions.sentences).joined(
        separator: "\n"),
      hint: "\(UnknownVersion.advice), or name the folder with --config or --migrations; nothing was run")
  }

  static func versionNotFound(_ version: String) -> ErrorReport {
    ErrorReport(
      "version_not_found", .notFound, "no migration file has version \(version)",
      hint: "'tenantctl migration list' shows all files")
  }

  static func versionShared(_ version: String) -> ErrorReport {
    ErrorReport(
      "version_not_found", .notFound, "migration \(version) is one of the shared schema, and no tenant's",
      hint: "'tenantctl migration baseline \(version) --shared' records it as applied")
  }

  static func folderForeign(_ versions: [UnknownVersion]) -> ErrorReport {
    ErrorReport(
      "folder_foreign", .refused,
      (["the migrations folder has none of the migrations that the tenants have"] + versions.sentences)
        .joined(separator: "\n"),
      hint: """
        check the database and --migrations: one of them may be another project's. If old files were deleted, restore the \
        newest that the tenants have. If one file replaces all earlier ones, and every tenant had the newest of them, \
        'tenantctl migration baseline VERSION --all' records it without running it; nothing was run
        """)
  }

  static func emptyMigrations(_ paths: [String]) -> ErrorReport {
    ErrorReport(
      "empty_migration", .usage, paths.map { "\($0) has no statement to apply" }.joined(separator: "\n"),
      hint: "write its statements, delete it, or write '-- tenantctl:allow empty' in it; nothing was run")
  }

  static func rollbackUneven(_ files: [MigrationOccurrence]) -> ErrorReport {
    ErrorReport(
      "rollback_uneven", .refused,
      (["the tenants have different versions, so this would undo different migrations:"]
        + files.map { "  \($0.path) of \(firstAndOthers($0.tenants))" }).joined(separator: "\n"),
      hint: """
        --to VERSION undoes everything newer in each tenant; or select the tenants of one version with --has; nothing was \
        run
        """)
  }

  static func squashUneven(_ groups: [UnknownVersion]) -> ErrorReport {
    ErrorReport(
      "squash_uneven", .refused,
      (["the tenants differ in the migrations whose files are gone:"]
        + groups.map { "  the newest of \(firstAndOthers($0.tenants)) is \($0.version)" }).joined(
          separator: "\n"),
      hint: """
        restore the old files and migrate the tenants that are behind first; or select those of one version with --has
        """, assurance: .nothingChanged)
  }

  /// Every problem of every file, each with its place and a hint.
  init(files: MigrationFilesInvalid) {
    let problems = files.problems.map { "\($0)\n    \($0.hint)" }
    self.init(
      "migration_files", .usage,
      "\(counted(files.problems.count, "problem")) in the migration files; nothing was run\n"
        + problems.map { "  \($0)" }.joined(separator: "\n"),
      hint: "fix the files; 'tenantctl migration check' needs no database")
  }
}

/// A migration of the shared schema failed, so no tenant was started.
struct SharedMigrationFailed: Error {
  let error: any Error
  /// What the run has applied to the shared schema before.
  let applied: [MigrationVersion]
}

extension MigrationOccurrence {
  /// That it is older than the newest migration of some tenants.
  var lateness: String { "\(path) is older than the newest migration of \(firstAndOthers(tenants))" }
}

extension UnknownVersion {
  static let advice =
    "check out the commit that has the files, or restore them from version control"
  var sentence: String {
    "\(firstAndOthers(tenants)) \(tenants.count == 1 ? "has" : "have") version \(version), which no migration file has"
  }
}

extension [UnknownVersion] {
  /// `20260101000000 of acme and 2 others`.
  var withTenants: String { map { "\($0.version) of \(firstAndOthers($0.tenants))" }.joined(separator: ", ") }

  /// A line for each, or for the first ten.
  var sentences: [String] { firstFew(self, "more versions without a file") { [$0.sentence] } }

  /// The lines, and what to do.
  var notes: [String] { isEmpty ? [] : sentences + ["hint: \(UnknownVersion.advice)"] }
}

/// `acme and 2 others`.
func firstAndOthers(_ names: [String]) -> String {
  (names.first ?? "") + (names.count > 1 ? " and \(counted(names.count - 1, "other"))" : "")
}

extension MigrationFailure {
  /// The failure and its place.
  var placed: String {
    "\(path)\([line, column].compactMap { $0.map { ":\($0)" } }.joined()): \(sentence)"
  }

  fileprivate var code: String {
    switch reason {
    case .refused, .needsNoTransaction, .endsTransaction, .readOnly: "migration_failed"
    case .locked: "locked"
    case .searchPathChanged: "search_path_changed"
    case .roleLacksUsage: RoleWithoutUsage.code
    case .meetsShared: "shared_object"
    case .cascadesOutside: "cascades_outside"
    case .ledgerRowGone, .ledgerChanged: "ledger_changed"
    case .ledgerReplaced: "ledger_not_trusted"
    case .recordDiscarded: "record_discarded"
    case .inProgress: "migration_under_way"
    case .halfUndone: "half_undone"
    case .temporaryLost: "temporary_lost"
    case .invalidIndex: "invalid_index"
    }
  }

  fileprivate var sentence: String {
    switch reason {
    case .refused, .needsNoTransaction, .endsTransaction: server?.sentence ?? ""
    case .readOnly: "it made the transaction read-only, in which it cannot be recorded, so it was rolled back"
    case .locked where server?.isLockTimeout == false: held(server?.sentence ?? "")
    case .locked: held("another session held a lock for longer than lock_timeout")
    case .searchPathChanged: "it changed the search_path, so it was rolled back"
    case .roleLacksUsage: RoleWithoutUsage.sentence
    case .meetsShared(let object): object.refusal
    case .cascadesOutside(let objects): CascadeSentences.refusal(objects)
    case .ledgerRowGone: "it removed its own record from the ledger, so it was rolled back"
    case .ledgerChanged: "it changed other migrations' records in the ledger, so it was rolled back"
    case .ledgerReplaced:
      "the ledger was replaced by another table during the run, so it was rolled back"
    case .recordDiscarded: "its statements ran, but the ledger did not store its record"
    case .inProgress: held("another session is running it")
    case .halfUndone: "its rollback was started but not finished"
    case .temporaryLost: "it cannot be resumed: its temporary table ended with the interrupted run"
    case .invalidIndex: "an interrupted build has left an invalid index"
    }
  }

  fileprivate var hint: String? {
    switch reason {
    case .refused where isOfOwnStatement: server?.ownStatementAdvice ?? timeoutHint
    case .refused: server?.advice ?? timeoutHint ?? existenceHint
    case .needsNoTransaction where direction == .down:
      """
      begin that section with '-- migrate:down transaction:false'; 'tenantctl migration repair \(version)' accepts the \
      edited file
      """
    case .needsNoTransaction: "put it in its own file that begins with '-- migrate:up transaction:false'"
    case .endsTransaction:
      "remove COMMIT and ROLLBACK from the code that it runs, or put it in its own file with transaction:false"
    case .readOnly: "remove READ ONLY from the file"
    case .locked, .inProgress: "run the same command again when that session has finished"
    case .searchPathChanged:
      """
      remove the statement that sets or resets search_path (RESET ALL does, too) from the file, or use SET LOCAL and set \
      it back
      """
    case .roleLacksUsage: RoleWithoutUsage.advice(in: "the file")
    case .meetsShared(let object): object.advice(in: "the file")
    case .cascadesOutside: CascadeSentences.advice
    case .ledgerRowGone:
      """
      unless another session has just renamed or dropped the tenant, remove the statement that changes the ledger from \
      the file
      """
    case .ledgerChanged: "remove the statement that changes the ledger from the file"
    case .ledgerReplaced: "'tenantctl doctor' shows what is wrong with the ledger; find out who changed it"
    case .recordDiscarded:
      "remove the trigger or rule on the ledger that discards rows, then record it with 'tenantctl migration baseline'"
    case .halfUndone: "'tenantctl rollback' resumes it; then migrate"
    case .temporaryLost:
      "run the rest of the file with psql, then record it with 'tenantctl migration baseline'; use a table that is not temporary"
    case .invalidIndex: dropHint
    }
  }

  /// What a file says has precedence, and `create` has no such option.
  private var timeoutHint: String? {
    let option = "statement_timeout:TIME after its '\(direction.marker)' marker"
    return server?.timeoutHint(isOfNewTenant ? option : "--statement-timeout TIME, or \(option),")
  }

  /// What was done about the invalid indexes that a failed build left.
  fileprivate var remains: [String] {
    (droppedIndexes.isEmpty
      ? [] : ["dropped the unfinished index \(droppedIndexes.joined(separator: ", "))"])
      + (leftIndexes.isEmpty
        ? [] : ["left the invalid index \(leftIndexes.joined(separator: ", "))"])
  }

  /// Without the tenant's name, so that tenants with one cause can be grouped.
  fileprivate var dropHint: String {
    "tenantctl psql NAME -- \(dropStatements.map { "-c \($0.argument)" }.joined(separator: " ")), then the same command again"
  }

  private func held(_ sentence: String) -> String {
    ([sentence] + lockHolders.map(\.sentence)).joined(separator: "\n  ")
  }
}
