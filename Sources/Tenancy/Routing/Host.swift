/// The host of a request, as a `Host` header gives it: with or without a port or a trailing dot, in any case
/// (RFC 9110 section 7.2, RFC 3986 section 3.2.2).
public struct Host: Sendable, Hashable, CustomStringConvertible {
  /// The host alone, in lower case.
  public let name: String

  /// The host of a `Host` header. Throws ``TenancyError/Code-swift.struct/invalidDomain`` for the empty string, a
  /// character that no host has, a URL, and a name of more than 253 bytes (RFC 1035 section 2.3.4), of which nothing else is read.
  public init(parsing text: String) throws(TenancyError) {
    func invalid(_ problem: DomainProblem) -> TenancyError { TenancyError(.invalidDomainName(text, problem)) }
    var text = text
    // A port is at most five digits, and a dot may stand before it.
    if text.utf8.count > 253 + 7 {
      throw TenancyError(.invalidDomainName(String(text.prefix(64)) + "...", .tooLong))
    }
    text.makeContiguousUTF8()
    if text.utf8.contains(UInt8(ascii: "/")) { throw invalid(.hasScheme) }
    var name = Self.withoutPort(text.utf8)
    let port = text.utf8[name.endIndex...]
    if name.last == UInt8(ascii: ".") { name = name.dropLast() }
    if name.isEmpty { throw invalid(.empty) }
    if name.last == UInt8(ascii: ".") { throw invalid(.emptyLabel) }
    if name.count > 253 { throw invalid(.tooLong) }
    let host = Substring(name)
    guard Self.isLiteral(name) || name.allSatisfy(Self.isAllowed) && Self.isText(host) else {
      throw invalid(.badLabel)
    }
    guard port.isEmpty || port.first == UInt8(ascii: ":") && port.dropFirst().allSatisfy(DomainName.isDigit)
    else { throw invalid(.badPort) }
    self.name = host.lowercased()
  }

  /// The name.
  public var description: String { name }

  var hasDot: Bool { name.utf8.contains(UInt8(ascii: ".")) }

  /// Whether it is an IPv4 or IPv6 address.
  var isAddress: Bool {
    if name.utf8.first == UInt8(ascii: "[") || name.utf8.contains(UInt8(ascii: ":")) { return true }
    // Of most names the last byte tells.
    guard let last = name.utf8.last, DomainName.isDigit(last) else { return false }
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
  }

  /// Letters, digits, hyphens, underscores and dots, and whatever is not ASCII.
  private static func isAllowed(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"),
      UInt8(ascii: "."), UInt8(ascii: "_"), 0x80...:
      true
    default: DomainName.isDigit(byte)
    }
  }

  /// An IPv6 address, in brackets or, as some programs write it, without (RFC 3986 section 3.2.2).
  private static func isLiteral(_ name: Substring.UTF8View) -> Bool {
    var address = name
    if address.first == UInt8(ascii: "[") {
      guard address.last == UInt8(ascii: "]") else { return false }
      address = address.dropFirst().dropLast()
    }
    guard address.contains(UInt8(ascii: ":")) else { return false }
    let zone = address.firstIndex(of: UInt8(ascii: "%")) ?? address.endIndex
    return isIPv6(address[..<zone]) && address[zone...].dropFirst().allSatisfy(isAllowed)
  }

  /// Up to eight groups of four hexadecimal digits, of which the last two may be an IPv4 address (RFC 4291 section 2.2).
  private static func isIPv6(_ address: Substring.UTF8View) -> Bool {
    let groups = address.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    guard (3...9).contains(groups.count), let last = groups.last else { return false }
    let isIPv4 =
      last.contains(UInt8(ascii: "."))
      && last.allSatisfy { DomainName.isDigit($0) || $0 == UInt8(ascii: ".") }
    return (isIPv4 ? groups.dropLast() : groups[...]).allSatisfy { group in
      group.count <= 4
        && group.allSatisfy {
          DomainName.isDigit($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0 | 0x20)
        }
    }
  }

  private static func isText(_ host: Substring) -> Bool {
    host.utf8.allSatisfy { $0 < 0x80 }
      || host.unicodeScalars.allSatisfy {
        !$0.properties.isWhitespace && $0.properties.generalCategory != .control
      }
  }

  private static func withoutPort(_ text: String.UTF8View) -> Substring.UTF8View {
    if text.first == UInt8(ascii: "["), let end = text.firstIndex(of: UInt8(ascii: "]")) {
      return text[...end]
    }
    guard let colon = text.firstIndex(of: UInt8(ascii: ":")),
      !text[text.index(after: colon)...].contains(UInt8(ascii: ":"))
    else { return text[...] }
    return text[..<colon]
  }
}
