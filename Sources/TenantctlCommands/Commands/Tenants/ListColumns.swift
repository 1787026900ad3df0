internal import Arguments
internal import Tenancy

/// A column of `list`.
enum ListColumn: Sendable, Hashable {
  case name, schema, state, domain, domains, head, applied, size, created
  /// One of the registry's own.
  case custom(String)

  static let usual: [ListColumn] = [.name, .state, .domain, .domains]
  private static let builtIn: [(word: String, column: ListColumn)] = [
    ("name", .name), ("schema", .schema), ("state", .state), ("domain", .domain), ("domains", .domains),
    ("head", .head), ("applied", .applied), ("size", .size), ("created", .created),
  ]
  static let words = builtIn.map(\.word)

  init(_ word: String) { self = Self.builtIn.first { $0.word == word }?.column ?? .custom(word) }

  /// What names it. An interpolated case would do, but by reflection, which is a tenth of what `list` takes.
  var word: String {
    if case .custom(let name) = self { return name }
    return Self.builtIn.first { $0.column == self }?.word ?? ""
  }

  var heading: String { self == .domain ? "PRIMARY DOMAIN" : word.uppercased() }

  /// The registry's own columns keep their names, by which other commands know them.
  var csvHeading: String { self == .domain ? "primary_domain" : word }

  /// What has to be read for it.
  var facts: TenantFacts {
    switch self {
    case .name, .schema, .state, .domain, .domains: []
    case .head, .applied: .head
    case .size: .size
    case .created, .custom: .columns
    }
  }

  var isNumeric: Bool { [.domains, .applied, .size].contains(self) }
}

/// A column that `list` cannot print.
struct UnknownListColumn: Error {
  let column: String
  let table: String
  /// The columns that it can.
  let available: [String]
}

/// `name,head,size`
struct ListColumns: Sendable {
  let columns: [ListColumn]

  init(parsing text: String) throws {
    let words = text.split(separator: ",", omittingEmptySubsequences: false).map {
      $0.trimmingWhitespace()
    }
    if words.contains("") { throw Expected("columns separated by commas, such as name,head,size") }
    columns = words.map(ListColumn.init)
  }
}

/// `size`, or `-size` for the largest first.
struct ListOrder: Sendable {
  let column: ListColumn
  let isDescending: Bool

  init(parsing text: String) throws {
    isDescending = text.hasPrefix("-")
    let word = isDescending ? String(text.dropFirst()) : text
    if word.isEmpty { throw Expected("a column, such as size or -size") }
    column = ListColumn(word)
  }

  /// Those without a value last; equal ones stay in their order.
  func sorted(_ listings: [TenantListing]) -> [TenantListing] {
    let keyed = listings.enumerated().map {
      (key: Key($0.element.value(of: column)), offset: $0.offset, listing: $0.element)
    }
    return keyed.sorted { left, right in
      guard let one = left.key, let other = right.key else {
        return left.key == nil && right.key == nil ? left.offset < right.offset : right.key == nil
      }
      if one == other { return left.offset < right.offset }
      return isDescending ? other < one : one < other
    }.map(\.listing)
  }

  /// Numbers by their value, before texts.
  private enum Key: Comparable {
    case number(Double)
    case text(String)

    init?(_ text: String?) {
      guard let text else { return nil }
      // Not "nan" or "inf".
      let isNumber = text.last?.isNumber == true && !text.contains { $0.isLetter && $0 != "e" }
      self = (isNumber ? Double(text) : nil).map { .number($0) } ?? .text(text)
    }
  }
}

extension TenantListing {
  private static let creation = ["created_at", "created_on", "created", "inserted_at"]

  /// The value as it is in CSV; `nil` for a tenant without a value.
  func value(of column: ListColumn) -> String? {
    switch column {
    case .name: entry.tenant.name.rawValue
    case .schema: entry.tenant.schema.rawValue
    case .state: entry.tenant.isActive ? "active" : "deactivated"
    case .domain: entry.primaryDomain?.rawValue
    case .domains: "\(entry.domains.count)"
    case .head: head?.version?.rawValue
    case .applied: head.map { "\($0.count)" }
    case .size: bytes.map { "\($0)" }
    case .created: Self.creation.lazy.compactMap { columns?[$0] ?? nil }.first
    case .custom(let name): columns?[name] ?? nil
    }
  }

  /// - Parameter isText: whether it is for people.
  func cell(of column: ListColumn, isText: Bool) -> Table.Cell {
    switch column {
    case .state: entry.tenant.isActive ? Table.Cell("active", .good) : Table.Cell("deactivated", .bad)
    case .size where isText: .optional(bytes.map(sizeText))
    default: .optional(value(of: column))
    }
  }
}
