/// A Swift value that can be bound to a parameter, in PostgreSQL's text format.
public protocol PostgresEncodable: Sendable {
  /// The value as PostgreSQL's input function for its type reads it.
  var postgresText: String { get }
}

/// A Swift value that can be read from a column, in PostgreSQL's text format.
public protocol PostgresDecodable: Sendable {
  /// The value of a column; `nil` stands for NULL. It throws instead of being failable, because for a type that is
  /// known only at run time an optional of it is looked up again for every value.
  ///
  /// Throws ``UnreadableText`` if the text is no value of this type.
  init(postgresText: String?) throws(UnreadableText)
}

/// A column's text that is no value of the type that was asked for.
public struct UnreadableText: Error, Hashable {
  /// What an own type throws.
  public init() {}
}

extension String: PostgresEncodable, PostgresDecodable {
  /// The string itself.
  public var postgresText: String { self }

  /// The text of a column that is not NULL.
  public init(postgresText: String?) throws(UnreadableText) {
    guard let postgresText else { throw UnreadableText() }
    self = postgresText
  }
}

extension Int: PostgresEncodable, PostgresDecodable {
  /// Decimal digits.
  public var postgresText: String { String(self) }

  /// An integer column of any width.
  public init(postgresText: String?) throws(UnreadableText) {
    guard let postgresText, let value = Int(postgresText) else { throw UnreadableText() }
    self = value
  }
}

extension Double: PostgresEncodable, PostgresDecodable {
  /// The shortest decimal form that reads back as the same number.
  public var postgresText: String { String(self) }

  /// A floating-point or numeric column.
  public init(postgresText: String?) throws(UnreadableText) {
    guard let postgresText, let value = Double(postgresText) else { throw UnreadableText() }
    self = value
  }
}

extension Bool: PostgresEncodable, PostgresDecodable {
  /// `t` or `f`.
  public var postgresText: String { self ? "t" : "f" }

  /// A boolean column.
  public init(postgresText: String?) throws(UnreadableText) {
    switch postgresText {
    case "t": self = true
    case "f": self = false
    default: throw UnreadableText()
    }
  }
}

extension Optional: PostgresDecodable where Wrapped: PostgresDecodable {
  /// `nil` for NULL; otherwise the value, which must be of the wrapped type.
  public init(postgresText: String?) throws(UnreadableText) {
    self = postgresText == nil ? nil : try Wrapped(postgresText: postgresText)
  }
}

extension Array: PostgresEncodable where Element == String {
  /// An array literal, every element quoted (PostgreSQL manual, 8.15.2 "Array Value Input"); meant for
  /// `= ANY($1)`.
  public var postgresText: String {
    let elements = map { element in
      let escaped = element.unicodeScalars.reduce(into: "") { text, scalar in
        if scalar == "\"" || scalar == "\\" { text += "\\" }
        text.unicodeScalars.append(scalar)
      }
      return "\"\(escaped)\""
    }
    return "{\(elements.joined(separator: ","))}"
  }
}
