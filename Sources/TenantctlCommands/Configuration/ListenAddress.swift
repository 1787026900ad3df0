/// Where the gateway listens.
package enum ListenAddress: Sendable, Hashable, CustomStringConvertible {
  /// A TCP port of an address or a host name.
  case port(Int, address: String)
  /// A Unix socket.
  case socket(path: String)

  /// A text of another form.
  package struct Malformed: Error, CustomStringConvertible {
    let text: String

    /// What is expected.
    package var description: String {
      "'\(text)' is neither ADDRESS:PORT, such as 127.0.0.1:8017, nor unix: and an absolute path"
    }
  }

  /// Throws ``Malformed``.
  package init(parsing text: String) throws {
    if text.hasPrefix("unix:") {
      let path = String(text.dropFirst("unix:".count))
      // The size of sun_path in unix(7).
      guard path.hasPrefix("/"), path.utf8.count < 108 else { throw Malformed(text: text) }
      self = .socket(path: path)
      return
    }
    guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
      (1...65535).contains(port), colon > text.startIndex
    else { throw Malformed(text: text) }
    let address = text[..<colon]
    let isBracketed = address.hasPrefix("[") && address.hasSuffix("]")
    if address.contains(":") && !isBracketed { throw Malformed(text: text) }
    self = .port(port, address: String(isBracketed ? address.dropFirst().dropLast() : address))
  }

  /// As it is written.
  package var description: String {
    switch self {
    case .port(let port, let address): address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)"
    case .socket(let path): "unix:\(path)"
    }
  }
}
