/// A name in the database: a schema, a table, a column. Always quoted when it becomes SQL, so that any
/// name is safe and none is folded to lower case.
public struct Identifier: Sendable, Hashable, ExpressibleByStringLiteral, CustomStringConvertible {
  /// The name as it stands in the catalog.
  public let name: String

  /// The identifier of that name; nothing is folded or cut.
  public init(_ name: String) {
    self.name = name
  }

  /// The identifier of that name.
  public init(stringLiteral value: String) {
    name = value
  }

  /// The name in double quotes, inner ones doubled (PostgreSQL manual, 4.1.1 "Identifiers and Key Words").
  public var quoted: String {
    guard name.utf8.contains(UInt8(ascii: "\"")) else { return "\"\(name)\"" }
    // By scalars: a quote and a combining mark after it are one `Character`, which equals no quote.
    let doubled = name.unicodeScalars.reduce(into: "") { text, scalar in
      if scalar == "\"" { text.unicodeScalars.append(scalar) }
      text.unicodeScalars.append(scalar)
    }
    return "\"\(doubled)\""
  }

  /// The same for a statement, which people may read: with a line break or another control character in it, it is written in
  /// the form that has escapes (PostgreSQL manual, 4.1.1), as the name would begin a line of its own. Functions such as
  /// `to_regclass` do not read that form.
  var onOneLine: String {
    let isControl = { (byte: UInt8) in byte < 0x20 || byte == 0x7F }
    guard name.utf8.contains(where: isControl) else { return quoted }
    let escaped = quoted.unicodeScalars.reduce(into: "") { text, scalar in
      if scalar == "\\" { text += "\\" }
      if scalar.isASCII, isControl(UInt8(scalar.value)) {
        text += "\\00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
      } else {
        text.unicodeScalars.append(scalar)
      }
    }
    return "U&\(escaped)"
  }

  /// The bare name, for messages.
  public var description: String { name }
}

/// A table, view or other relation inside its schema.
public struct QualifiedName: Sendable, Hashable, CustomStringConvertible {
  /// The schema.
  public let schema: Identifier
  /// The relation.
  public let name: Identifier

  /// The relation `name` of `schema`.
  public init(_ schema: Identifier, _ name: Identifier) {
    self.schema = schema
    self.name = name
  }

  /// Both parts quoted, with a dot between them.
  public var quoted: String { "\(schema.quoted).\(name.quoted)" }

  /// Both parts bare, for messages.
  public var description: String { "\(schema).\(name)" }
}
