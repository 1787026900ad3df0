/// What the name of a new tenant must look like.
///
/// The default is what every framework can use unquoted: `^[a-z][a-z0-9_]{0,62}$`, no SQL keyword, none of the
/// names that have a meaning already. A name that breaks it is not only ugly: flask-tenants sends
/// `SET search_path TO Acme, public` without quotes, and an `Acme` silently lands in `public`.
public struct NamePolicy: Sendable, Hashable {
  /// Whether `acme-corp` is a name. Such a schema must be quoted in SQL.
  public var allowsHyphens: Bool

  /// The default policy, with hyphens or without.
  public init(allowsHyphens: Bool = false) {
    self.allowsHyphens = allowsHyphens
  }

  /// Throws ``TenancyError/Code-swift.struct/invalidName`` if no tenant may be given that name.
  public func check(_ name: TenantName) throws(TenancyError) {
    do { try refuse(name, problem(of: name.rawValue)) } catch { throw TenancyError(error) }
  }

  /// Throws ``TenancyError/Code-swift.struct/invalidSchema`` if no tenant may be given that schema.
  public func check(_ schema: SchemaName) throws(TenancyError) {
    do { try admit(schema) } catch { throw TenancyError(error) }
  }

  /// Throws ``TenancyProblem/invalidTenantName(_:_:)`` for a name that no new tenant may have. One that does not begin the
  /// schema's name, because a prefix does or the registry has a column for the schema, may begin with a digit, or be an SQL
  /// keyword; where it gives the schema its name after all, that is checked as a schema's.
  package func admit(_ name: TenantName, in registry: RegistryMapping) throws(TenancyProblem) {
    try refuse(name, registry.schemasAreApart ? problem(ofKey: name.rawValue) : problem(of: name.rawValue))
  }

  private func refuse(_ name: TenantName, _ problem: NameProblem?) throws(TenancyProblem) {
    if let problem { throw .invalidTenantName(name.rawValue, problem) }
  }

  func admit(_ schema: SchemaName) throws(TenancyProblem) {
    if let problem = problem(of: schema.rawValue) { throw .invalidSchemaName(schema.rawValue, problem) }
  }

  private func problem(of name: String) -> NameProblem? {
    guard let first = name.utf8.first else { return .empty }
    guard Self.isLower(first), name.utf8.allSatisfy(isInner) else {
      return isHyphenated(name, problem(of:)) ? .hyphenated : .malformed
    }
    // NAMEDATALEN - 1 (PostgreSQL manual, 4.1.1 "Identifiers and Key Words").
    guard name.utf8.count <= 63 else { return .tooLong }
    if Self.keywords.contains(name) { return .keyword }
    if Self.reserved.contains(name) || name.hasPrefix("pg_") { return .reserved }
    return nil
  }

  private func problem(ofKey name: String) -> NameProblem? {
    guard let first = name.utf8.first else { return .empty }
    guard Self.isLower(first) || DomainName.isDigit(first), name.utf8.allSatisfy(isInner) else {
      return isHyphenated(name, problem(ofKey:)) ? .hyphenated : .malformedKey
    }
    return Self.reserved.contains(name) ? .reserved : nil
  }

  /// Whether nothing but its hyphens is wrong with a name.
  private func isHyphenated(_ name: String, _ problem: (String) -> NameProblem?) -> Bool {
    !allowsHyphens && name.contains("-") && problem(name.replacing("-", with: "_")) == nil
  }

  private static func isLower(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
  }

  private func isInner(_ byte: UInt8) -> Bool {
    Self.isLower(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      || byte == UInt8(ascii: "_") || (allowsHyphens && byte == UInt8(ascii: "-"))
  }

  static let reserved: Set<String> = ["public", "information_schema", "www", "localhost", "local"]

  /// The keywords that cannot name a schema without quotes
  /// (PostgreSQL manual, Appendix C "SQL Key Words": "reserved", also those that "can be function or type").
  static let keywords: Set<String> = Set(
    """
    all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation
    column concurrently constraint create cross current_catalog current_date current_role current_schema current_time
    current_timestamp current_user default deferrable desc distinct do else end except false fetch for foreign freeze
    from full grant group having ilike in initially inner intersect into is isnull join lateral leading left like limit
    localtime localtimestamp natural not notnull null offset on only or order outer overlaps placing primary references
    returning right select session_user similar some symmetric system_user table tablesample then to trailing true
    union unique user using variadic verbose when where window with
    """.split(whereSeparator: \.isWhitespace).map(String.init))
}
