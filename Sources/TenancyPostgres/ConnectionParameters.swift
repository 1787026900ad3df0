internal import CLibPQ

/// The parameters of connection strings, as the linked libpq has them.
package enum ConnectionParameters {
  /// The names of those that it knows. `ssl` is one in a URI, but only as `ssl=true`.
  package static var known: Set<String> { Set(all.map(\.name)) }

  /// The linked libpq's version, such as `15.18`.
  package static var libraryVersion: String { "\(PQlibVersion() / 10_000).\(PQlibVersion() % 10_000)" }

  /// The variables of an environment that set a parameter for a newer libpq, and that the linked one ignores: some of
  /// them ask for more security.
  package static func ignoredVariables(in environment: some Sequence<String>) -> [String] {
    let given = environment.filter { $0.hasPrefix("PG") && documentedVariables.contains($0) }
    if given.isEmpty { return [] }
    let known = Set(all.compactMap(\.variable))
    return given.filter { !known.contains($0) }.sorted()
  }

  /// The variables that set a parameter of the connection (PostgreSQL 18 manual, 32.15 "Environment Variables"). Not those
  /// for a session's settings and for the places of files, which libpq does not list with its parameters.
  private static let documentedVariables: Set<String> = [
    "PGAPPNAME", "PGCHANNELBINDING", "PGCLIENTENCODING", "PGCONNECT_TIMEOUT", "PGDATABASE", "PGGSSDELEGATION",
    "PGGSSENCMODE", "PGGSSLIB", "PGHOST", "PGHOSTADDR", "PGKRBSRVNAME", "PGLOADBALANCEHOSTS",
    "PGMAXPROTOCOLVERSION", "PGMINPROTOCOLVERSION", "PGOPTIONS", "PGPASSFILE", "PGPASSWORD", "PGPORT",
    "PGREQUIREAUTH", "PGREQUIREPEER", "PGSERVICE", "PGSSLCERT", "PGSSLCERTMODE", "PGSSLCOMPRESSION",
    "PGSSLCRL", "PGSSLCRLDIR", "PGSSLKEY", "PGSSLMAXPROTOCOLVERSION", "PGSSLMINPROTOCOLVERSION", "PGSSLMODE",
    "PGSSLNEGOTIATION", "PGSSLROOTCERT", "PGSSLSNI", "PGTARGETSESSIONATTRS", "PGUSER",
  ]

  /// The values of those that have a few (PostgreSQL 18 manual, 32.1.2). libpq decides; this says what it would take.
  private static let choices: [(name: String, values: [String])] = [
    ("sslmode", ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]),
    ("channel_binding", ["disable", "prefer", "require"]),
    ("gssencmode", ["disable", "prefer", "require"]),
    ("sslnegotiation", ["postgres", "direct"]),
    ("sslcertmode", ["disable", "allow", "require"]),
    ("load_balance_hosts", ["disable", "random"]),
    (
      "target_session_attrs",
      ["any", "read-write", "read-only", "primary", "standby", "prefer-standby"]
    ),
  ]

  /// Those that are whole numbers and that libpq reads when it connects (PostgreSQL 18 manual, 32.1.2).
  private static let numbers = [
    "connect_timeout", "keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count",
    "tcp_user_timeout",
  ]

  /// A setting that is a whole number; `nil` if it is not given, or is not one.
  static func integer(_ name: String, of settings: [String: String]) -> Int? {
    settings[name].flatMap { number($0[...]) }
  }

  /// libpq reads this one only where it waits by itself.
  ///
  /// - Throws: ``ConnectionError/malformed(_:)`` if it is no number.
  static func checkTimeout(in settings: [String: String]) throws(ConnectionError) {
    if isMisspelt("connect_timeout", in: settings) { throw .malformed(.number(of: "connect_timeout")) }
  }

  private static func isMisspelt(_ number: String, in settings: [String: String]) -> Bool {
    settings[number].map { !$0.isEmpty } == true && integer(number, of: settings) == nil
  }

  /// The setting that libpq refused before it tried to connect, wherever it comes from. Only numbers, ports and settings with
  /// a few values are recognized; `nil` for others.
  static func misspelt(in settings: [String: String]) -> MalformedTarget? {
    for (name, values) in choices {
      if let value = settings[name], !values.contains(value) { return .value(of: name, choices: values) }
    }
    return misspeltNumber(in: settings)
  }

  /// A number or a port that libpq refused, maybe while it connected: it reads them for one host after the other.
  static func misspeltNumber(in settings: [String: String]) -> MalformedTarget? {
    if let name = numbers.first(where: { isMisspelt($0, in: settings) }) { return .number(of: name) }
    return settings["port"].map(arePorts) == false ? .port : nil
  }

  /// A port for each host, between commas; an empty one is the default.
  private static func arePorts(_ text: String) -> Bool {
    text.split(separator: ",", omittingEmptySubsequences: false).allSatisfy { port in
      port.isEmpty || number(port).map { (1...65535).contains($0) } == true
    }
  }

  /// A number with nothing but blanks around it, as libpq reads one.
  private static func number(_ text: Substring) -> Int? {
    let start = text.drop(while: \.isWhitespace)
    let digits = start.prefix { !$0.isWhitespace }
    return start[digits.endIndex...].allSatisfy(\.isWhitespace) ? Int32(digits).map(Int.init) : nil
  }

  private static var all: [(name: String, variable: String?)] {
    guard let options = PQconndefaults() else { return [] }
    defer { PQconninfoFree(options) }
    var all: [(String, String?)] = []
    var option = options
    while let name = option.pointee.keyword {
      all.append((String(cString: name), option.pointee.envvar.map { String(cString: $0) }))
      option += 1
    }
    return all
  }

  /// Whether a password, or the rest of one with a `?` in it, may stand where a connection string has its parameters.
  static func mayHavePassword(in text: String) -> Bool {
    let isURI = text.hasPrefix("postgresql://")
    let parameters = isURI ? text[(text.firstIndex(of: "?") ?? text.endIndex)...] : text[...]
    return parameters.lowercased().contains("pass") || isURI && parameters.contains("@")
  }

  /// A parameter in a connection string.
  struct Pair {
    let name: String
    let value: String
    /// Whether the value, as it is written, has a `=`, which libpq wants encoded.
    var hasSeparator = false
    /// Whether the value is in quotes.
    var isQuoted = false
    /// Whether they are not closed.
    var isUnclosed = false

    /// Whether the value switches off what the name says.
    var isOff: Bool { ["false", "0", "no", "off", "disable", "disabled"].contains(value.lowercased()) }
  }

  /// The first thing in a connection string that libpq refuses; `nil` if it is not one of the parameters.
  static func problem(in text: String) -> MalformedTarget? {
    let isPublic = !mayHavePassword(in: text)
    for pair in pairs(in: text) {
      if pair.isUnclosed { return .unclosed }
      if !known.contains(pair.name) {
        return .parameter(pair.name, isPublic: isPublic, isOff: pair.isOff)
      }
      if pair.hasSeparator { return .separator(in: pair.name) }
    }
    return nil
  }

  /// Whether semicolons stand between pairs, as other drivers have them. In quotes, and in a password, they mean themselves.
  static func hasSemicolons(_ text: String) -> Bool {
    guard !text.hasPrefix("postgresql://") else { return false }
    return pairs(in: text).contains { pair in
      !pair.isQuoted && !["password", "options"].contains(pair.name)
        && pair.value.contains(#/;\s*(?:[A-Za-z][A-Za-z_ ]*(?:=|$)|$)/#)
    }
  }

  /// The parameters in a connection string.
  static func pairs(in text: String) -> [Pair] {
    text.hasPrefix("postgresql://") ? queryPairs(text) : keywordPairs(text)
  }

  private static func queryPairs(_ uri: String) -> [Pair] {
    guard let mark = uri.firstIndex(of: "?") else { return [] }
    // A JDBC URL has `;` in other databases, libpq's only `&`.
    return uri[mark...].dropFirst().split(separator: "&").map { pair in
      let name = pair.prefix { $0 != "=" }
      let value = pair[name.endIndex...].dropFirst()
      return Pair(name: decoded(name.utf8), value: decoded(value.utf8), hasSeparator: value.contains("="))
    }
  }

  private static func decoded(_ text: Substring.UTF8View) -> String {
    var bytes: [UInt8] = []
    var rest = text[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"),
        let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Of `key=value` pairs: a value with blanks is in single quotes, and a backslash takes the next character as it is.
  /// What has no `=` is no pair, and its words may be anything.
  private static func keywordPairs(_ text: String) -> [Pair] {
    var pairs: [Pair] = []
    var rest = text.unicodeScalars[...]
    func skipBlanks() { rest = rest.drop { $0.properties.isWhitespace } }
    while true {
      skipBlanks()
      let name = rest.prefix { $0 != "=" && !$0.properties.isWhitespace }
      rest = rest[name.endIndex...]
      skipBlanks()
      guard !name.isEmpty, rest.popFirst() == "=" else { return pairs }
      skipBlanks()
      let isQuoted = rest.first == "'"
      if isQuoted { rest.removeFirst() }
      var value = String.UnicodeScalarView()
      var isUnclosed = isQuoted
      while let scalar = rest.popFirst() {
        if scalar == "\\" {
          if let escaped = rest.popFirst() { value.append(escaped) }
        } else if isQuoted ? scalar == "'" : scalar.properties.isWhitespace {
          isUnclosed = false
          break
        } else {
          value.append(scalar)
        }
      }
      pairs.append(
        Pair(name: String(name), value: String(value), isQuoted: isQuoted, isUnclosed: isUnclosed))
    }
  }
}
