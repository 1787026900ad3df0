internal import TenancyPostgres

/// What a column of a tenant's row in the registry must be like, such as `plan=free` or `seats IS NULL`.
package struct RowCondition: Sendable, Hashable {
  /// How values are compared, as PostgreSQL spells it.
  enum Comparison: String, CaseIterable {
    case notEqual = "!="
    case atMost = "<="
    case atLeast = ">="
    case equal = "="
    case less = "<"
    case greater = ">"

    /// As it can be written, the longer ones first, so that `<=` is not read as `<`.
    static let spellings: [(text: String, comparison: Comparison)] =
      [("<>", .notEqual)] + allCases.map { ($0.rawValue, $0) }.sorted { $0.0.count > $1.0.count }
  }

  enum Test: Hashable {
    case compare(Comparison, String)
    case isNull(Bool)
  }

  /// The column's name.
  package let column: String
  let test: Test

  /// Reads a condition; `nil` if the text is not one. Blanks around the column do not count, nor do those around the value where
  /// there is one before the operator: `plan = free`, but a name may begin with a blank.
  package init?(_ text: String) {
    if let (column, isNull) = Self.nullTest(text) {
      self.column = column
      test = .isNull(isNull)
      return
    }
    guard let operatorStart = text.firstIndex(where: { "!<>=".contains($0) }) else { return nil }
    let rest = text[operatorStart...]
    guard let (spelling, comparison) = Comparison.spellings.first(where: { rest.hasPrefix($0.text) }) else {
      return nil
    }
    let left = text[..<operatorStart]
    let column = left.trimmingBlanks()
    let value = rest.dropFirst(spelling.count)
    // `==` and `=>` are other languages' operators, and would select nobody in silence.
    guard !column.isEmpty, value.first.map({ !"=<>!".contains($0) }) ?? true else { return nil }
    self.column = String(column)
    test = .compare(comparison, String(left.last == " " ? value.trimmingBlanks() : value))
  }

  private static func nullTest(_ text: String) -> (column: String, isNull: Bool)? {
    let words = text.split(separator: " ")
    guard words.count > 2, words.last?.uppercased() == "NULL" else { return nil }
    let test = words.dropFirst().map { $0.uppercased() }
    switch test {
    case ["IS", "NULL"]: return (String(words[0]), true)
    case ["IS", "NOT", "NULL"]: return (String(words[0]), false)
    default: return nil
    }
  }

  /// The condition on a row `t`. `!=` is true for NULL, too: `plan=free` and `plan!=free` are everybody.
  var sql: SQL {
    let column: SQL = "t.\(Identifier(column))"
    switch test {
    case .isNull(let isNull): return "\(column) IS \(isNull ? "NULL" : "NOT NULL" as SQL)"
    case .compare(.notEqual, let value): return "\(column) IS DISTINCT FROM \(value)"
    case .compare(let comparison, let value):
      return "\(column) \(unsafeRaw: comparison.rawValue) \(value)"
    }
  }
}

/// The order of a selection. Equal tenants are in the order of their names.
package struct FleetOrder: Sendable, Hashable {
  /// What is compared.
  package enum Key: Sendable, Hashable {
    /// The tenant's name.
    case name
    /// The bytes of the schema's tables and indexes.
    case size
    /// When the row was created, by the registry's column for it.
    case created
    /// A column of the registry.
    case column(String)
  }

  /// What is compared.
  package var key = Key.name
  /// Whether the greatest comes first. Rows without a value are the last in either direction.
  package var isDescending = false

  /// By name.
  package init() {}

  /// Reads `name`, `size`, `created` or a column; `:desc` turns it round.
  package init(_ text: String) {
    isDescending = text.hasSuffix(":desc")
    let word = isDescending ? String(text.dropLast(5)) : text
    key =
      switch word {
      case "name": .name
      case "size": .size
      case "created": .created
      default: .column(word)
      }
  }

  var needsColumns: Bool {
    switch key {
    case .name, .size: false
    case .created, .column: true
    }
  }
}

extension RegistryShape {
  /// Throws ``TenancyProblem/unknownColumn(_:table:available:)``.
  func check(_ selection: FleetSelection) throws(TenancyProblem) {
    var columns = selection.conditions.map(\.column)
    if case .column(let column) = selection.order.key { columns.append(column) }
    if selection.order.key == .created, createdColumn == nil { columns.append("created_at") }
    for column in columns where !tenants.has(column) {
      throw .unknownColumn(
        column, table: tenants.table.description, available: tenants.columns.map(\.name))
    }
  }

  /// Whether a row meets all of the conditions.
  func meets(_ conditions: [RowCondition]) -> SQL {
    if conditions.isEmpty { return "true" }
    return "coalesce(\(SQL.joined(conditions.map { "(\($0.sql))" }, by: " AND ")), false)"
  }

  /// An ORDER BY clause; by name it is the program that sorts.
  /// - Parameter size: the size of a row's schema.
  func ordering(_ order: FleetOrder, size: SQL) -> SQL {
    let value: SQL
    switch order.key {
    case .name: return ""
    case .size: value = size
    case .created: value = createdColumn.map { "t.\(Identifier($0))" } ?? "NULL"
    case .column(let column): value = "t.\(Identifier(column))"
    }
    let direction: SQL = order.isDescending ? "DESC" : "ASC"
    return "ORDER BY \(value) \(direction) NULLS LAST, \(name) COLLATE pg_catalog.\"C\""
  }
}

extension Substring {
  fileprivate func trimmingBlanks() -> Substring {
    var text = self
    while text.first == " " { text.removeFirst() }
    while text.last == " " { text.removeLast() }
    return text
  }
}
