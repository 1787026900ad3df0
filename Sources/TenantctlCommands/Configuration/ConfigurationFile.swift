internal import TOMLKit

/// An error in a configuration file, and its place.
struct ConfigurationError: Error {
  let path: String
  var line: Int?
  var column: Int?
  let message: String
  var hint = "see 'man 5 tenantctl.toml'"
}

/// `tenantctl.toml`.
struct ConfigurationFile {
  static let name = "tenantctl.toml"

  let path: String
  let bytes: [UInt8]

  var text: String { String(decoding: bytes, as: UTF8.self) }

  init(path: String, bytes: [UInt8]) {
    self.path = path
    self.bytes = bytes
  }

  /// Throws `ConfigurationError` for a file that cannot be read.
  init(reading path: String) throws(ConfigurationError) {
    self.path = path
    do {
      bytes = try Files.bytes(path)
    } catch {
      throw Self.unreadable(error)
    }
  }

  /// Reads a file that was found, not named: its owner chooses the database and the migrations, so it must be a trusted
  /// user.
  init(found path: String, trusting owners: TrustedOwners) throws(ConfigurationError) {
    self.path = path
    do {
      bytes = try owners.read(path)
    } catch let error as FileProblem {
      throw Self.unreadable(error)
    } catch {
      throw ConfigurationError(
        path: path, message: "\(error)",
        hint:
          "inspect it; if you trust it, name it with --config or TENANTCTL_CONFIG, or change its owner or mode"
      )
    }
  }

  private static func unreadable(_ error: FileProblem) -> ConfigurationError {
    ConfigurationError(path: error.path, message: error.reason, hint: error.hint)
  }

  /// Reads the whole file. Throws `ConfigurationError` with line and column.
  func read() throws(ConfigurationError) -> Configuration {
    var configuration = Configuration()
    do {
      try TOMLCheck.check(bytes)
    } catch {
      var failure = ConfigurationError(
        path: path, line: error.line, column: error.column, message: error.message)
      if let hint = error.hint { failure.hint = hint }
      throw failure
    }
    let root: TOMLTable
    do {
      root = try TOMLTable(string: text)
    } catch let error as TOMLParseError {
      throw ConfigurationError(
        path: path, line: error.source.begin.line, column: error.source.begin.column,
        message: String(error.description.firstLine))
    } catch {
      throw ConfigurationError(path: path, message: "\(error)")
    }
    try read(root, table: "", into: &configuration)
    configuration.tables = Array(root.keys)
    return configuration
  }

  private func read(
    _ table: TOMLTable, table prefix: String, into configuration: inout Configuration
  ) throws(ConfigurationError) {
    for (name, value) in table {
      let path = prefix.isEmpty ? name : "\(prefix).\(name)"
      if let inner = value.table {
        guard ConfigurationKey.all.contains(where: { $0.table == path || $0.table.hasPrefix(path + ".") })
        else {
          throw unknown(path, "table", among: Set(ConfigurationKey.all.map(\.table)).sorted())
        }
        try read(inner, table: path, into: &configuration)
        continue
      }
      guard let key = ConfigurationKey.all.first(where: { $0.path == path }) else {
        let keys = ConfigurationKey.all.filter { $0.table == path }
        if !keys.isEmpty { throw misplaced(path, keys) }
        throw unknown(path, "key", among: ConfigurationKey.all.filter { $0.table == prefix }.map(\.path))
      }
      try apply(key, value, to: &configuration)
    }
  }

  private func apply(
    _ key: ConfigurationKey, _ value: any TOMLValueConvertible, to configuration: inout Configuration
  ) throws(ConfigurationError) {
    guard let converted = ConfigurationValue(value, as: key.kind) else {
      // As of a variable that is not set, in a template.
      if [.string, .stringOrFalse].contains(key.kind), value.string == "" {
        throw problem(key.path, "\(key.path) is empty")
      }
      throw problem(key.path, "\(key.path) must be \(key.kind.rawValue)")
    }
    do {
      try key.apply(converted, &configuration)
    } catch {
      throw problem(key.path, "\(key.path): \(error.reason)")
    }
  }

  private func unknown(_ path: String, _ what: String, among known: [String]) -> ConfigurationError {
    var error = problem(path, "unknown \(what) \(path)")
    let choices = known.isEmpty ? Set(ConfigurationKey.all.map(\.table)).sorted() : known
    error.hint = "known: \(choices.joined(separator: ", "))"
    return error
  }

  /// A value for a table.
  private func misplaced(_ table: String, _ keys: [ConfigurationKey]) -> ConfigurationError {
    var error = problem(table, "\(table) is a table of keys, and cannot have a value")
    error.hint =
      keys.count == 1
      ? "write it as \(keys[0].name) = \(keys[0].kind == .string ? "\"...\"" : keys[0].example) under [\(table)]"
      : "write its keys under [\(table)]: \(keys.map(\.name).joined(separator: ", "))"
    return error
  }

  private func problem(_ path: String, _ message: String) -> ConfigurationError {
    let place = place(of: path)
    return ConfigurationError(path: self.path, line: place?.line, column: place?.column, message: message)
  }

  /// The place of a key or a table's heading: the library reports the places of syntax errors only.
  private func place(of path: String) -> (line: Int, column: Int)? {
    var table = ""
    for (index, line) in text.textLines.enumerated() {
      let words = line.drop { $0 == " " || $0 == "\t" }
      let column = line.count - words.count + 1
      if words.hasPrefix("[") {
        table = words.dropFirst().prefix { $0 != "]" }.filter { $0 != " " && $0 != "\"" }
        if table == path || table.hasPrefix(path + ".") { return (index + 1, column) }
      } else if let equals = words.firstIndex(of: "=") {
        let name = words[..<equals].filter { $0 != " " && $0 != "\t" && $0 != "\"" }
        let key = table.isEmpty ? name : "\(table).\(name)"
        // Of `names = { allow_hyphens = 1 }` only the line is known.
        if key == path || path.hasPrefix(key + ".") { return (index + 1, column) }
      }
    }
    return nil
  }
}

extension ConfigurationValue {
  fileprivate init?(_ value: any TOMLValueConvertible, as kind: ConfigurationKey.Kind) {
    switch kind {
    case .string:
      guard let text = value.string, !text.isEmpty else { return nil }
      self = .string(text)
    case .stringOrFalse:
      if let text = value.string, !text.isEmpty {
        self = .string(text)
      } else if value.bool == false {
        self = .boolean(false)
      } else {
        return nil
      }
    case .boolean:
      guard let flag = value.bool else { return nil }
      self = .boolean(flag)
    case .integer:
      guard let number = value.int else { return nil }
      self = .integer(number)
    case .strings:
      guard let array = value.array else { return nil }
      let texts = array.compactMap(\.string)
      guard texts.count == array.count else { return nil }
      self = .strings(texts)
    }
  }
}
