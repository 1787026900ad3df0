/// A Swift value that can be bound to a parameter, in PostgreSQL's text format.
public protocol PostgresEncodable: Sendable {
  /// The value as PostgreSQL's input function for its type reads it.
  var postgresText: String { get }
}

/// A Swift value that can be read from a column, in PostgreSQL's text format.
public protocol PostgresDecodable: Sendable {
  /// The value of a column; `nil` stands for NULL. Returns `nil` if it is none of this type.
  init?(postgresText: String?)
}

extension String: PostgresEncodable, PostgresDecodable {
  /// The string itself.
  public var postgresText: String { self }

  /// The text of a column that is not NULL.
  public init?(postgresText: String?) {
    guard let postgresText else { return nil }
    self = postgresText
  }
}

extension Int: PostgresEncodable, PostgresDecodable {
  /// Decimal digits.
  public var postgresText: String { String(self) }

  /// An integer column of any width.
  public init?(postgresText: String?) {
    guard let postgresText, let value = Int(postgresText) else { return nil }
    self = value
  }
}

extension Double: PostgresEncodable, PostgresDecodable {
  /// The shortest decimal form that reads back as the same number.
  public var postgresText: String { String(self) }

  /// A floating-point or numeric column.
  public init?(postgresText: String?) {
    guard let postgresText, let value = Double(postgresText) else { return nil }
    self = value
  }
}

extension Bool: PostgresEncodable, PostgresDecodable {
  /// `t` or `f`.
  public var postgresText: String { self ? "t" : "f" }

  /// A boolean column.
  public init?(postgresText: String?) {
    switch postgresText {
    case "t": self = true
    case "f": self = false
    default: return nil
    }
  }
}

extension Optional: PostgresDecodable where Wrapped: PostgresDecodable {
  /// `nil` for NULL; otherwise the value, which must be of the wrapped type.
  public init?(postgresText: String?) {
    guard postgresText != nil else {
      self = .none
      return
    }
    guard let value = Wrapped(postgresText: postgresText) else { return nil }
    self = value
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
