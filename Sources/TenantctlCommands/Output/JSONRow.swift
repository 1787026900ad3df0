internal import Tenancy

extension JSON {
  /// The rows of a tenant's result as objects: `tenant`, then a key for each column, spelled as in SQL.
  static func rows(of tenant: Tenant, _ table: ResultTable) -> [JSON] {
    let keys = keys(table.columns)
    return (0..<table.count).map { row in
      var members: [String: JSON] = ["tenant": .string(tenant.name.rawValue)]
      for (index, value) in table[row].enumerated() {
        members[keys[index]] = JSON(value, table.columns[index].kind)
      }
      return .object(members)
    }
  }

  /// A name that was there before gets a number: `count`, `count_2`.
  private static func keys(_ columns: [ResultColumn]) -> [String] {
    var taken: Set<String> = ["tenant"]
    return columns.map { column in
      var (key, number) = (column.name, 1)
      while !taken.insert(key).inserted {
        number += 1
        key = "\(column.name)_\(number)"
      }
      return key
    }
  }

  /// PostgreSQL's text for a value. Its numbers are JSON's, all digits kept, but for `NaN` and the infinities; its JSON
  /// is passed on as it is, on one line.
  private init(_ text: String?, _ kind: ResultColumn.Kind) {
    self =
      switch (text, kind) {
      case (nil, _): .null
      case (let text?, .boolean): .boolean(text == "t")
      case (let text?, .number): text.last?.isNumber == true ? .literal(text) : .string(text)
      // A string in JSON has no line break that is not escaped.
      case (let text?, .json): .literal(text.replacingScalars(Self.inJSON))
      case (let text?, .text): .string(text)
      }
  }

  /// Except for white space, control characters can only be inside of a string there, where an escape means the same.
  private static func inJSON(_ scalar: Unicode.Scalar) -> String? {
    if scalar == "\n" || scalar == "\r" { return " " }
    return scalar != "\t" && VisibleText.isControl(scalar) ? escape(scalar) : nil
  }
}
