internal import TenancyPostgres

/// What it means that the server refused a row of the registry.
struct RefusedRow {
  let shape: RegistryShape
  /// The tenant that the row is of.
  let tenant: TenantName
  /// What was given for columns of the app's.
  var values: ColumnValues = [:]

  /// `nil` if the error is not about the row.
  func problem(_ error: ServerError) -> TenancyProblem? {
    switch error.state {
    case .uniqueViolation: repeatedKey(error)
    case .notNullViolation where error.column.map { values[$0] == nil } ?? true:
      .valuesRequired(table: error.table ?? "", columns: [error.column].compactMap { $0 })
    // A table has its identity in its key, and the key has a value only where it is the name.
    case .generatedAlways where shape.tenants.id == nil:
      .nameAssigned(column: shape.tenants.name.name, table: shape.tenants.table.description)
    case let state where ["22", "23"].contains(state.errorClass): refusedValue(error)
    default: nil
    }
  }

  private func repeatedKey(_ error: ServerError) -> TenancyProblem? {
    let isDomains = error.table == shape.domains?.table.name.name
    guard isDomains || error.table == shape.tenants.table.name.name else { return nil }
    let columns = isDomains ? shape.domains?.columns ?? [] : shape.tenants.columns
    let column = columns.first { $0.uniqueIndexes.contains(error.constraint ?? "") }
    switch column?.name {
    case shape.domains?.host.name where isDomains: return .changedMeanwhile
    case shape.tenants.name.name where !isDomains: return .tenantExists(tenant)
    // It was free when the change was planned.
    case shape.tenants.schema?.name where column != nil && !isDomains: return .changedMeanwhile
    case let name? where values[name] != nil: return refusedValue(error, of: name)
    case let name? where !ours.contains(name):
      let table = (isDomains ? shape.domains?.table : nil) ?? shape.tenants.table
      return .defaultTaken(
        table: table.description, column: name, isKey: column?.isKey == true,
        detail: error.detail ?? error.message)
    default: return refusedValue(error)
    }
  }

  /// The columns with values that tenantctl gives by itself.
  private var ours: [String?] {
    [shape.domains?.tenantID?.name, shape.domains?.tenantName?.name]
  }

  /// A key's detail names its columns; that of a check is the whole row, with what other columns hold. Where nobody gave a
  /// value, none is to blame.
  private func refusedValue(_ error: ServerError, of column: String? = nil) -> TenancyProblem? {
    if values.isEmpty { return nil }
    // 23P01 exclusion_violation
    let isKey = [.uniqueViolation, .foreignKeyViolation, "23P01"].contains(error.state)
    return .badValue(
      column: column ?? error.column ?? (isKey ? "" : self.column(in: error)),
      reason: isKey ? error.detail ?? error.message : error.message)
  }

  /// The column whose value the server shows; all of them, if it could be several's.
  private func column(in error: ServerError) -> String {
    let shown = values.filter { value in
      value.value.map { !$0.isEmpty && error.message.contains("\"\($0)\"") } ?? false
    }
    return (shown.count == 1 ? shown : values).keys.sorted().joined(separator: ", ")
  }
}
