/// A tenant's name, as it stands in the registry.
///
/// Any name that a registry can hold is one, so that a tenant made by another program can always be addressed;
/// what a *new* name must look like is up to the ``NamePolicy``.
public struct TenantName: StoredName {
  /// The name itself.
  public let rawValue: String

  /// A name typed by a user.
  ///
  /// Throws ``TenancyError/Code-swift.struct/invalidName`` for the empty string, one over 128 characters (the width of the
  /// registry's column) and one with a control character.
  public init(parsing text: String) throws(TenancyError) {
    func invalid(_ problem: NameProblem) -> TenancyError { TenancyError(.invalidTenantName(text, problem)) }
    guard !text.isEmpty else { throw invalid(.empty) }
    guard text.unicodeScalars.count <= 128 else { throw invalid(.tooLong) }
    guard text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }) else {
      throw invalid(.malformed)
    }
    rawValue = text
  }

  /// A name read from the registry.
  init(stored: String) {
    rawValue = stored
  }
}

/// What is wrong with a name for a new tenant.
package enum NameProblem: Sendable, Hashable {
  /// There is no name.
  case empty
  /// Over 63 bytes, PostgreSQL's limit for a schema's name (or over 128 characters in a look-up).
  case tooLong
  /// Not of the form that the policy allows.
  case malformed
  /// The same, of a name that has the registry's prefix before it in the schema's name.
  case malformedKey
  /// A name but for its hyphens, which the policy does not allow.
  case hyphenated
  /// An SQL keyword: a framework that does not quote it would fail.
  case keyword
  /// A name with a meaning of its own, such as `public` or `www`.
  case reserved
}

extension NameProblem {
  /// What is wrong, for a server app and for the command line.
  package var sentence: String {
    switch self {
    case .empty: "it is empty"
    case .tooLong: "it is too long"
    case .malformed, .malformedKey: "it contains characters that are not allowed"
    case .hyphenated: "it contains hyphens"
    case .keyword: "it is an SQL keyword"
    case .reserved: "it is reserved"
    }
  }
}
