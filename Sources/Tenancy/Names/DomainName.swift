/// A host name that routes to a tenant: lower case, without port or trailing dot, valid per RFC 1123 section 2.1.
public struct DomainName: StoredName {
  /// The normalised name.
  public let rawValue: String

  /// A host name typed by a user; upper case and a trailing dot are put right.
  ///
  /// Throws ``TenancyError/Code-swift.struct/invalidDomain``.
  public init(parsing text: String) throws(TenancyError) {
    let name = text.hasSuffix(".") ? String(text.dropLast()) : text
    if let problem = Self.problem(of: name) {
      throw TenancyError(.invalidDomainName(text, problem))
    }
    rawValue = name.lowercased()
  }

  /// A name typed by a user for a row that is there: an app may have stored anything.
  package init(ofRow text: String) {
    rawValue = text
  }

  /// A name read from the registry, as it stands there.
  init(stored: String) {
    rawValue = stored
  }

  /// Whether a request can have it as its host, and lead to a tenant by it: browsers send what is not ASCII in its `xn--`
  /// form, and an address or a name without a dot is public.
  var canMatch: Bool {
    guard let host = try? Host(parsing: rawValue), host.name == rawValue.lowercased() else { return false }
    return host.hasDot && !host.isAddress && rawValue.utf8.allSatisfy { $0 < 0x80 }
  }

  private static func problem(of name: String) -> DomainProblem? {
    if name.isEmpty { return .empty }
    if name.contains("://") || name.contains("/") { return .hasScheme }
    if !name.utf8.allSatisfy({ $0 < 0x80 }) { return .notASCII }
    if name.count(where: { $0 == ":" }) > 1, !name.contains("@") { return .isAddress }
    if name.contains(":"), !name.contains("@") { return .hasPort }
    if name.utf8.count > 253 { return .tooLong }
    let labels = name.split(separator: ".", omittingEmptySubsequences: false)
    if labels.contains("") { return .emptyLabel }
    if !labels.allSatisfy(isLabel) { return .badLabel }
    if labels.count == 1 { return .noDot }
    if labels.last?.utf8.allSatisfy(isDigit) == true { return .isAddress }
    return nil
  }

  private static func isLabel(_ label: Substring) -> Bool {
    guard (1...63).contains(label.utf8.count), label.first != "-", label.last != "-" else { return false }
    return label.utf8.allSatisfy {
      // With 0x20 set, an ASCII letter is in lower case.
      isDigit($0) || $0 == UInt8(ascii: "-") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0 | 0x20)
    }
  }

  static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}

/// What is wrong with a host name.
package enum DomainProblem: Sendable, Hashable {
  /// There is no name.
  case empty
  /// It is a URL.
  case hasScheme
  /// It has letters beyond ASCII: registries of names keep those in their `xn--` form (RFC 5891).
  case notASCII
  /// It has a port: the same tenant is served on every port.
  case hasPort
  /// What follows the colon of a host is no number.
  case badPort
  /// Over 253 characters (RFC 1035 section 2.3.4).
  case tooLong
  /// A part between dots is empty.
  case emptyLabel
  /// A part between dots is over 63 characters, or has something else than letters, digits and inner hyphens.
  case badLabel
  /// A name without a dot never reaches a tenant.
  case noDot
  /// An address never reaches a tenant.
  case isAddress
}

extension DomainProblem {
  /// What is wrong, for a server app and for the command line: without the name, which may hold a password by mistake.
  package var sentence: String {
    switch self {
    case .empty: "it is empty"
    case .hasScheme: "it is a URL"
    case .notASCII: "it contains characters that are not ASCII"
    case .hasPort: "it has a port"
    case .badPort: "its port is not a number"
    case .tooLong: "it is longer than 253 characters"
    case .emptyLabel: "it has an empty label"
    case .badLabel: "a label in it is not made of letters, digits and inner hyphens, 63 at most"
    case .noDot: "it has no dot, so it cannot be a tenant's domain"
    case .isAddress: "it is an IP address, so it cannot be a tenant's domain"
    }
  }
}
