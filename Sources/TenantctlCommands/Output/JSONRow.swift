internal import Tenancy

#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif

/// A row of a tenant's result as a JSON object: `tenant`, then a key for each column, spelled as in SQL.
struct JSONRow: Encodable, Sendable {
  private let values: [String: JSONValue]

  static func rows(of tenant: Tenant, _ table: ResultTable) -> [JSONRow] {
    let keys = keys(table.columns)
    return (0..<table.count).map { row in
      var values: [String: JSONValue] = ["tenant": .string(tenant.name.rawValue)]
      for (index, value) in table[row].enumerated() {
        values[keys[index]] = JSONValue(value, table.columns[index].kind)
      }
      return JSONRow(values: values)
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

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(values)
  }
}

/// A value in JSON.
enum JSONValue: Codable, Sendable {
  case null
  case boolean(Bool)
  case integer(Int)
  case double(Double)
  case decimal(Decimal)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  /// PostgreSQL's text for a value; what JSON has no number for (`NaN`, more than 38 digits) stays text.
  init(_ text: String?, _ kind: ResultColumn.Kind) {
    self =
      switch (text, kind) {
      case (nil, _): .null
      case (let text?, .boolean): .boolean(text == "t")
      case (let text?, .number): Self.number(text)
      case (let text?, .json):
        (try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))) ?? .string(text)
      case (let text?, .text): .string(text)
      }
  }

  private static func number(_ text: String) -> JSONValue {
    if let integer = Int(text) { return .integer(integer) }
    if text.count(where: \.isNumber) <= 38, !text.contains("e"), let decimal = Decimal(string: text) {
      return text.contains(where: \.isLetter) ? .string(text) : .decimal(decimal)
    }
    guard text.contains("e"), let double = Double(text), double.isFinite else { return .string(text) }
    return .double(double)
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .boolean(value)
    } else if let value = try? container.decode(Int.self) {
      self = .integer(value)
    } else if let value = try? container.decode(Decimal.self) {
      self = .decimal(value)
    } else if let value = try? container.decode(String.self) {
      self = .string(value)
    } else if let value = try? container.decode([JSONValue].self) {
      self = .array(value)
    } else {
      self = .object(try container.decode([String: JSONValue].self))
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .boolean(let value): try container.encode(value)
    case .integer(let value): try container.encode(value)
    case .double(let value): try container.encode(value)
    case .decimal(let value): try container.encode(value)
    case .string(let value): try container.encode(value)
    case .array(let value): try container.encode(value)
    case .object(let value): try container.encode(value)
    }
  }
}
