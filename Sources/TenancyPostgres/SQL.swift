/// One SQL statement with its values kept apart from its text.
///
/// Written as an interpolated string: a value becomes a bound parameter (`$1`), an ``Identifier`` or
/// ``QualifiedName`` is quoted, another `SQL` is spliced in, and raw text needs the visibly ugly label
/// `unsafeRaw:`. A user's input can therefore not become SQL by accident.
///
/// ```swift
/// let statement: SQL = "SELECT id FROM \(table) WHERE name = \(name)"
/// ```
public struct SQL: Sendable, Hashable, ExpressibleByStringInterpolation {
  enum Piece: Sendable, Hashable {
    case text(String)
    case bind(String?)
  }

  var pieces: [Piece]

  /// A statement without parameters.
  public init(stringLiteral value: String) {
    pieces = [.text(value)]
  }

  /// The statement that an interpolated literal describes.
  public init(stringInterpolation: StringInterpolation) {
    pieces = stringInterpolation.pieces
  }

  /// A statement that came as text, such as one read from a migration file. It carries no parameters.
  public init(unsafeRaw text: String) {
    pieces = [.text(text)]
  }

  /// The text as it is sent, with `$1`, `$2`, ... for the parameters.
  public var text: String {
    var count = 0
    return pieces.reduce(into: "") { text, piece in
      switch piece {
      case .text(let part): text += part
      case .bind:
        count += 1
        text += "$\(count)"
      }
    }
  }

  /// The values of `$1`, `$2`, ... in PostgreSQL's text format; `nil` is NULL.
  public var parameters: [String?] {
    pieces.compactMap { piece in
      if case .bind(let value) = piece { .some(value) } else { nil }
    }
  }

  /// The statement with its parameters written in as literals: for people to read or to paste into psql.
  public var inlined: String {
    pieces.reduce(into: "") { text, piece in
      switch piece {
      case .text(let part): text += part
      case .bind(let value): text += value.map(quotedLiteral) ?? "NULL"
      }
    }
  }

  /// About how many bytes it takes when it is sent.
  public var size: Int {
    pieces.reduce(0) { size, piece in
      switch piece {
      case .text(let text), .bind(let text?): size + text.utf8.count
      case .bind(nil): size + 4
      }
    }
  }

  /// Whether there is a NUL in the text or a value: libpq's strings would end there.
  var hasNUL: Bool {
    pieces.contains { piece in
      switch piece {
      case .text(let text), .bind(let text?): isCutShort(text)
      case .bind(nil): false
      }
    }
  }

  /// The elements, each after the first preceded by `separator`.
  public static func joined(_ elements: [SQL], by separator: String = ", ") -> SQL {
    var result: SQL = ""
    for (index, element) in elements.enumerated() {
      if index > 0 { result.pieces.append(.text(separator)) }
      result.pieces += element.pieces
    }
    return result
  }
}

extension SQL {
  /// Collects the pieces of an interpolated statement.
  public struct StringInterpolation: StringInterpolationProtocol, Sendable {
    var pieces: [Piece] = []

    /// See `StringInterpolationProtocol`.
    public init(literalCapacity: Int, interpolationCount: Int) {
      pieces.reserveCapacity(2 * interpolationCount + 1)
    }

    /// Text that the programmer wrote.
    public mutating func appendLiteral(_ literal: String) {
      if !literal.isEmpty { pieces.append(.text(literal)) }
    }

    /// A value: bound as a parameter.
    public mutating func appendInterpolation(_ value: some PostgresEncodable) {
      pieces.append(.bind(value.postgresText))
    }

    /// A value or NULL: bound as a parameter.
    public mutating func appendInterpolation(_ value: (some PostgresEncodable)?) {
      pieces.append(.bind(value?.postgresText))
    }

    /// A name: quoted.
    public mutating func appendInterpolation(_ name: Identifier) {
      pieces.append(.text(name.onOneLine))
    }

    /// A schema-qualified name: quoted.
    public mutating func appendInterpolation(_ name: QualifiedName) {
      pieces.append(.text("\(name.schema.onOneLine).\(name.name.onOneLine)"))
    }

    /// Another piece of SQL, its parameters renumbered.
    public mutating func appendInterpolation(_ sql: SQL) {
      pieces += sql.pieces
    }

    /// A string literal inside the text, for utility statements such as `COMMENT`, which take no parameters.
    public mutating func appendInterpolation(literal value: String) {
      pieces.append(.text(quotedLiteral(value)))
    }

    /// Text that is SQL already. The label is ugly on purpose: check where the text comes from.
    public mutating func appendInterpolation(unsafeRaw text: String) {
      pieces.append(.text(text))
    }
  }
}

/// `value` as a string constant, whatever `standard_conforming_strings` is: one with a backslash is
/// written in the escape form, and so is one with a line break or another control character: it stays on its line where
/// people read it.
/// (PostgreSQL manual, 4.1.2.1 "String Constants" and 4.1.2.2 "String Constants with C-Style Escapes".)
func quotedLiteral(_ value: String) -> String {
  let isSpecial = { (byte: UInt8) in
    byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\\") || byte < 0x20 || byte == 0x7F
  }
  guard value.utf8.contains(where: isSpecial) else { return "'\(value)'" }
  var body = ""
  var isEscaped = false
  for scalar in value.unicodeScalars {
    if scalar.value < 0x20 || scalar.value == 0x7F {
      isEscaped = true
      body += escape(ofControl: scalar)
      continue
    }
    if scalar == "'" || scalar == "\\" { body.unicodeScalars.append(scalar) }
    if scalar == "\\" { isEscaped = true }
    body.unicodeScalars.append(scalar)
  }
  return (isEscaped ? "E'" : "'") + body + "'"
}

private func escape(ofControl scalar: Unicode.Scalar) -> String {
  switch scalar {
  case "\n": return "\\n"
  case "\r": return "\\r"
  case "\t": return "\\t"
  default:
    let digits = String(scalar.value, radix: 16)
    return "\\x" + String(repeating: "0", count: 2 - digits.count) + digits
  }
}
