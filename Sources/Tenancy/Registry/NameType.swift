internal import TenancyPostgres

/// The type of the column that has the tenants' names: text, or one of the types of keys.
///
/// A name is compared with a key only if it is the text of a key (`42`, not `042`), so that one that is not is not found,
/// where PostgreSQL would refuse the comparison; and as a key, so that the column's index serves.
enum NameType: String, Sendable, Hashable {
  case text, smallint, integer, bigint, uuid

  /// `nil` for a type that no name can have.
  init?(_ column: CatalogTable.Column) {
    if column.kind == .text {
      self = .text
    } else if let key = Self(rawValue: column.type) {
      self = key
    } else {
      return nil
    }
  }

  /// Whether the column can have the name, and PostgreSQL prints it as it is.
  func holds(_ name: String) -> Bool {
    switch self {
    case .text: true
    case .smallint: Int16(name).map(String.init) == name
    case .integer: Int32(name).map(String.init) == name
    case .bigint: Int64(name).map(String.init) == name
    case .uuid: Self.isUUID(name)
    }
  }

  /// 8-4-4-4-12 hexadecimal digits in lower case (PostgreSQL manual, 8.12 "UUID Type").
  private static func isUUID(_ name: String) -> Bool {
    let groups = name.split(separator: "-", omittingEmptySubsequences: false)
    return groups.map(\.utf8.count) == [8, 4, 4, 4, 12]
      && groups.allSatisfy {
        $0.utf8.allSatisfy { DomainName.isDigit($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0) }
      }
  }

  /// The name as a value of the column.
  func value(_ name: TenantName) -> SQL { "\(name.rawValue)::\(unsafeRaw: rawValue)" }
}

extension RegistryShape {
  /// That the tenants' row `t` has this name.
  func isNamed(_ name: TenantName) -> SQL {
    guard tenants.nameType != .text else { return "\(comparableName) = \(name.rawValue)" }
    return tenants.nameType.holds(name.rawValue)
      ? "t.\(tenants.name) = \(tenants.nameType.value(name))" : "false"
  }

  /// The column itself, for which there may be an index; but two names are one only if they have the same bytes.
  private var comparableName: SQL {
    tenants.hasOwnCollation(tenants.name) ? name : "t.\(tenants.name)"
  }

  /// That it has one of these names.
  func isNamed(oneOf names: [TenantName]) -> SQL {
    let type = tenants.nameType
    let possible = names.map(\.rawValue).filter(type.holds)
    return
      "\(comparableName) = ANY(\(possible)::text[]\(unsafeRaw: type == .text ? "" : "::\(type.rawValue)[]"))"
  }

  /// That it has this name but for its case.
  func isNamedInAnyCase(_ name: TenantName) -> SQL {
    tenants.nameType == .text ? AnyCase.isEqual("t.\(tenants.name)", name.rawValue) : isNamed(name)
  }

  /// Throws ``TenancyProblem/nameNotOfType(_:column:table:type:)`` if the registry's column cannot have the name.
  func admit(_ name: TenantName) throws(TenancyProblem) {
    if tenants.nameType.holds(name.rawValue) { return }
    throw .nameNotOfType(
      name.rawValue, column: tenants.name.name, table: tenants.table.description,
      type: tenants.nameType.rawValue)
  }
}
