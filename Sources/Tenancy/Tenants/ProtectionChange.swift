internal import TenancyPostgres

/// The marks of many tenants, in as many transactions as the server's lock table takes: nobody can comment on a ledger or a
/// schema without a lock on it, which is kept until the commit.
struct ProtectionChange: Sendable {
  /// A tenant's mark.
  struct Mark: Sendable {
    let tenant: Tenant
    let ledger: Ledger
    /// Whether it has been so before. Then it is not undone; read only where something may have to be.
    var isSet = false

    /// Its lock, the ledger's and the schema's.
    static let locks = 3

    func set(_ isOn: Bool) -> [PlannedStatement] {
      [CreationLock(tenant.schema).takeForTransaction, Protection.set(isOn, on: ledger)].planned
    }
  }

  let isOn: Bool
  let batches: [[Mark]]

  /// Those of each transaction.
  var statements: [[PlannedStatement]] { batches.map { $0.flatMap { $0.set(isOn) } } }
}

extension TenantDatabase {
  func protection(
    _ isOn: Bool, of tenants: [Tenant], over connection: Connection
  ) async throws -> ProtectionChange {
    var marks = tenants.map { ProtectionChange.Mark(tenant: $0, ledger: ledger(of: $0.schema)) }
    let share = try await connection.query("SELECT \(LockTable.share)")[0].decode(Int.self)
    let size = max(1, share / ProtectionChange.Mark.locks)
    let parts = stride(from: 0, to: marks.count, by: size).map { $0..<min($0 + size, marks.count) }
    if parts.count > 1 {
      for part in parts {
        let found = try await connection.pipeline(
          marks[part].map { "SELECT \(Protection.isOn($0.ledger))" })
        for (index, rows) in zip(part, found) { marks[index].isSet = try rows[0].decode(Bool.self) == isOn }
      }
    }
    return ProtectionChange(isOn: isOn, batches: parts.map { Array(marks[$0]) })
  }

  /// Undoes the first transactions.
  /// - Returns: what the failure is then, if some of it could not be undone.
  func undo(
    _ change: ProtectionChange, transactions: Int, after cause: any Error
  ) async -> TenancyProblem? {
    var left: [TenantName] = []
    for batch in change.batches.prefix(transactions) {
      let marks = batch.filter { !$0.isSet }
      if await undo(marks, of: change) { continue }
      // One that is locked does not keep the others from it.
      for mark in marks where await !undo([mark], of: change) { left.append(mark.tenant.name) }
    }
    return left.isEmpty ? nil : .protectionChanged(left, because: cause as? TenancyProblem)
  }

  private func undo(_ marks: [ProtectionChange.Mark], of change: ProtectionChange) async -> Bool {
    let statements = limits.opening.planned + marks.flatMap { $0.set(!change.isOn) }
    do {
      try await connected { try await Step.transaction(statements).run(over: $0) }
      return true
    } catch {
      return false
    }
  }
}
