internal import CLibPQ

/// Which database: a connection URI, a `key=value` string, or libpq's own defaults (`PG*` variables, service
/// file, `.pgpass`). See the PostgreSQL manual, 34.1.1 "Connection Strings".
///
/// It may hold a password, so nothing about it can be printed but ``description``.
package struct ConnectionTarget: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
  let conninfo: String

  /// What libpq makes of its environment alone.
  package static let environment = ConnectionTarget(unchecked: "")

  private init(unchecked conninfo: String) {
    self.conninfo = conninfo
  }

  /// Reads a URI or a `key=value` string. SQLAlchemy's spellings of the scheme (`postgresql+psycopg2://`,
  /// `postgres+asyncpg://`) and Django's `postgis://` mean the same as `postgresql://`.
  ///
  /// Throws ``ConnectionError/malformed(_:)``.
  package init(_ text: String) throws {
    conninfo = Self.withPlainScheme(Self.trimmed(text))
    if let problem = Self.misshapen(conninfo) { throw ConnectionError.malformed(problem) }
    if ConnectionParameters.hasSemicolons(conninfo) { throw ConnectionError.malformed(.semicolons) }
    if let character = Self.unencoded(in: conninfo) {
      throw ConnectionError.malformed(.unencoded(character.shown, as: character.encoded))
    }
    var message: UnsafeMutablePointer<CChar>?
    guard let options = PQconninfoParse(conninfo, &message) else {
      PQfreemem(message)
      throw ConnectionError.malformed(ConnectionParameters.problem(in: conninfo) ?? .syntax)
    }
    PQconninfoFree(options)
  }

  /// The value that the string gives to a libpq keyword such as `host` or `dbname`.
  func value(of keyword: String) -> String? {
    guard let options = PQconninfoParse(conninfo, nil) else { return nil }
    defer { PQconninfoFree(options) }
    var option = options
    while let name = option.pointee.keyword {
      if String(cString: name) == keyword { return option.pointee.val.map { String(cString: $0) } }
      option += 1
    }
    return nil
  }

  /// `libpq`'s messages without the password, should one repeat it.
  func redacting(_ message: String) -> String {
    // One that has got into a host's or a database's name by mistake.
    let message = message.replacing(#/(?i)\b(password|passwd|pwd)=[^\s;&"']+/#) { "\($0.1)=***" }
    guard let password = value(of: "password"), !password.isEmpty else { return message }
    return message.replacing(password, with: "***")
  }

  /// Where the connection goes, without user and password.
  package var description: String {
    let parts = ["host", "port", "dbname", "service"].compactMap { key in
      value(of: key).map { "\(key)=\($0)" }
    }
    return parts.isEmpty ? "libpq's defaults" : parts.joined(separator: " ")
  }

  /// Hides the string from `dump` and debuggers' mirrors.
  package var customMirror: Mirror { Mirror(self, children: ["target": description]) }

  private static func withPlainScheme(_ text: String) -> String {
    guard let end = text.firstRange(of: "://") else { return text }
    let scheme = text[..<end.lowerBound].lowercased()
    let dialect = scheme.prefix { $0 != "+" }
    guard ["postgres", "postgresql", "postgis"].contains(dialect) else { return text }
    return "postgresql" + String(text[end.lowerBound...])
  }

  /// A URI without the blanks and line ends around it, as files of secrets and of environments have them.
  private static func trimmed(_ text: String) -> String {
    let isBlank = { (scalar: Unicode.Scalar) in scalar.properties.isWhitespace }
    let start = text.unicodeScalars.drop(while: isBlank)
    guard scheme(of: String(start)) != nil, let end = start.lastIndex(where: { !isBlank($0) }) else {
      return text
    }
    return String(start[...end])
  }

  /// What stands before the `://` of a URI; `nil` if the text is no URI.
  private static func scheme(of text: String) -> Substring? {
    guard let end = text.firstRange(of: "://") else { return nil }
    let scheme = text[..<end.lowerBound]
    let isOne = scheme.utf8.allSatisfy { byte in
      (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte) || "+-.:".utf8.contains(byte)
    }
    return isOne && !scheme.isEmpty ? scheme : nil
  }

  /// What is wrong with the whole of it, of which libpq says only that it is no URI.
  private static func misshapen(_ text: String) -> MalformedTarget? {
    if let first = text.first, "\"'`".contains(first) { return .quoted }
    guard let scheme = scheme(of: text) else { return nil }
    if scheme != "postgresql" { return .scheme(String(scheme)) }
    let bytes = Array(text.utf8)
    let isHex = { (index: Int) in
      bytes.indices.contains(index) && Character(Unicode.Scalar(bytes[index])).isHexDigit
    }
    let isBare = bytes.indices.contains {
      bytes[$0] == UInt8(ascii: "%") && !(isHex($0 + 1) && isHex($0 + 2))
    }
    return isBare ? .percent : nil
  }

  /// What a password must not have in a URI. libpq would read the rest of it as a port or a database, and say so.
  private static func unencoded(in uri: String) -> (shown: String, encoded: String)? {
    let scheme = "postgresql://"
    guard uri.hasPrefix(scheme) else { return nil }
    let parts = uri.dropFirst(scheme.count).prefix { $0 != "?" }.split(separator: "/", maxSplits: 1)
    guard let authority = parts.first else { return nil }
    if authority.count(where: { $0 == "@" }) > 1 { return ("an @", "%40") }
    // A database's name may have an @. Behind what is no port, it ends a password.
    let port =
      authority.contains("@") || authority.hasSuffix("]")
      ? nil : authority.lastIndex(of: ":").map { authority[$0...].dropFirst() }
    guard let port, !port.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return parts.dropFirst().contains { $0.contains("@") } ? ("a /", "%2F") : nil
  }
}
