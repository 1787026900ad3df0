/// Tenants whose results have the same columns.
package struct ColumnSet: Sendable, Hashable {
  /// A column of these results.
  package struct Column: Sendable, Hashable {
    /// The column.
    package let column: ResultColumn
    /// The types that it has: several where their values are written alike.
    package let types: [String]

    /// Its name.
    package var name: String { column.name }
  }

  /// The columns, in order.
  package let columns: [Column]
  /// The tenants, by name.
  package let tenants: [TenantName]

  /// - Parameter types: of each result that differs in them, by column, as far as they are known; none for a number of
  ///   affected rows.
  init(_ columns: [ResultColumn], types: [[String]], of tenants: [TenantName]) {
    self.tenants = tenants
    self.columns = columns.enumerated().map { index, column in
      let found = Set(types.filter { index < $0.count }.map { $0[index] })
      return Column(column: column, types: found.subtracting([""]).sorted())
    }
  }
}

extension [ColumnSet] {
  /// Whether they have columns of the same names, and differ by their types.
  package var differByType: Bool { Set(map { $0.columns.map(\.name) }).count == 1 }

  /// The columns of one of them by which it differs from the others: all of them, unless the names are the same.
  package func distinguishing(_ set: ColumnSet) -> [ColumnSet.Column] {
    guard differByType else { return set.columns }
    return set.columns.indices.filter { index in
      Set(map { $0.columns[index].column }).count > 1
    }.map { set.columns[$0] }
  }
}
