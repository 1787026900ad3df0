internal import TenancyPostgres

/// A column of a result.
package struct ResultColumn: Sendable, Hashable {
  /// The type of its values in output formats.
  package enum Kind: Sendable, Hashable {
    /// Integers, floating-point and `numeric`, in decimal digits; also `NaN` and `Infinity`.
    case number
    /// `t` or `f`.
    case boolean
    /// `json` and `jsonb`.
    case json
    /// Everything else, as PostgreSQL writes it.
    case text
  }

  /// Its name.
  package let name: String
  /// The type of its values.
  package let kind: Kind
}

/// What a statement returned, in PostgreSQL's text format.
package struct ResultTable: Sendable {
  /// The columns, in order.
  package let columns: [ResultColumn]
  /// The columns' types, as `pg_type.oid` numbers them; none for a number of affected rows.
  let types: [UInt32]
  private let contents: Contents

  private enum Contents: Sendable {
    case rows(Rows)
    case affected(Int)
  }

  /// The rows of a query; for a statement without rows, the number of affected rows, as `affected`.
  init(_ rows: Rows) {
    let columns = zip(rows.columns, rows.types).map {
      ResultColumn(name: $0, kind: ResultColumn.Kind(type: $1))
    }
    self.columns = columns.isEmpty ? [ResultColumn(name: "affected", kind: .number)] : columns
    types = rows.types
    contents = columns.isEmpty ? .affected(rows.affected) : .rows(rows)
  }

  /// The number of rows.
  package var count: Int {
    switch contents {
    case .rows(let rows): rows.count
    case .affected: 1
    }
  }

  /// Whether the statement returned rows, be they none; otherwise the only row is the number of affected ones.
  package var isQuery: Bool { if case .rows = contents { true } else { false } }

  /// A row's values by column; `nil` is NULL.
  package subscript(row: Int) -> [String?] {
    switch contents {
    case .rows(let rows): columns.indices.map { rows[row][$0] }
    case .affected(let count): [String(count)]
    }
  }
}

extension ResultColumn.Kind {
  /// The numbers are PostgreSQL's, from `pg_type.dat`, and never change.
  fileprivate init(type: UInt32) {
    switch type {
    case 16: self = .boolean
    case 20, 21, 23, 26, 700, 701, 1700: self = .number
    case 114, 3802: self = .json
    default: self = .text
    }
  }
}
