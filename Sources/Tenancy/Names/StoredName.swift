internal import TenancyPostgres

/// A name as the registry and the catalog have it.
///
/// Names are compared by their bytes, as PostgreSQL compares them (manual, 24.2.2.4 "Nondeterministic Collations") and
/// as `LC_ALL=C sort` sorts them. Swift's strings are equal where they are canonically equivalent: an `é` of one scalar
/// and an `é` of two would be one tenant here, and two in the database.
package protocol StoredName: Sendable, Hashable, Comparable, Encodable, CustomStringConvertible {
  /// The name itself.
  var rawValue: String { get }
}

extension StoredName {
  /// Whether it is UTF-8. In a SQL_ASCII database it need not be, and then it can be shown, but not looked up.
  package var isReadable: Bool { !ForeignBytes.isIn(rawValue) }

  /// The name as people see it: on one line, whatever characters an app has stored.
  public var description: String { rawValue.onOneLine }

  /// By bytes.
  public static func == (left: Self, right: Self) -> Bool {
    // The first comparison is the fast one, and most often decides.
    left.rawValue == right.rawValue && left.rawValue.utf8.elementsEqual(right.rawValue.utf8)
  }

  /// By bytes.
  public static func < (left: Self, right: Self) -> Bool {
    left.rawValue.utf8.lexicographicallyPrecedes(right.rawValue.utf8)
  }

  /// As its bare name.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(rawValue)
  }
}
