internal import TenancyPostgres

/// What recording migrations as applied did to one tenant. No migration was run.
package struct BaselinedTenant: Sendable, Hashable {
  /// The versions that were recorded.
  package let recorded: [String]
  /// The newest migration in its ledger afterwards; `nil` if it is empty.
  package let head: MigrationVersion?
  /// The columns that were added to its ledger.
  package let addedColumns: [String]
  /// The SQL that adds them; `nil` if none were added.
  package let completion: String?
  /// Other tools' records of migrations in its schema. They stay as they are.
  package let histories: [MigrationHistory]
}

/// What is to be recorded in each tenant's ledger, or why it cannot be.
package typealias BaselinePlan = FleetPlan<BaselinedTenant>

/// What is to be done for one tenant.
struct BaselineWork: Sendable {
  let update: LedgerUpdate
  var histories: [MigrationHistory] = []

  init(update: LedgerUpdate, histories: [MigrationHistory] = []) {
    (self.update, self.histories) = (update, histories)
  }

  /// All that is pending counts as applied.
  init(_ survey: Survey) {
    self.init(update: LedgerUpdate(survey, recording: survey.pending.map { ($0, nil) }))
  }

  var result: BaselinedTenant {
    BaselinedTenant(
      recorded: update.finished.map(\.version.rawValue) + update.records.map(\.version),
      head: update.history.versions.last,
      addedColumns: update.completion == nil ? [] : update.ledger.missingColumns,
      completion: update.completion.map { "\($0.inlined);" }, histories: histories)
  }

  func planned(_ limits: TimeLimits) -> (value: BaselinedTenant, steps: [Step]) {
    (result, update.steps(limits))
  }
}
