#if Gateway
  internal import HTTPTypes
  internal import Tenancy

  /// The headers that an app believes.
  ///
  /// All of them are in each answer that lets a request through, so that a proxy which copies them overwrites what the client
  /// has sent under these names.
  enum TenantHeaders {
    private static let tenant = name("X-Tenant")
    private static let schema = name("X-Tenant-Schema")
    private static let id = name("X-Tenant-Id")
    private static let isPublic = name("X-Tenant-Public")
    static let error = name("X-Tenant-Error")

    private static func name(_ text: String) -> HTTPField.Name {
      guard let name = HTTPField.Name(text) else {
        preconditionFailure("\(text) has a character that no name of a field has (RFC 9110 section 5.1)")
      }
      return name
    }

    /// Those of a tenant.
    static func fields(of found: DirectoryTenant) -> HTTPFields {
      let name = encoded(found.name)
      return fields(
        name, found.schema == found.name ? name : encoded(found.schema), found.id.map(encoded) ?? "", "")
    }

    /// Those of a host that is no tenant's.
    static let ofPublic = fields("", "", "", "true")

    private static func fields(_ name: String, _ schemaName: String, _ key: String, _ publicity: String)
      -> HTTPFields
    {
      var fields = HTTPFields()
      fields.reserveCapacity(7)
      fields.append(HTTPField(name: tenant, value: name))
      fields.append(HTTPField(name: schema, value: schemaName))
      fields.append(HTTPField(name: id, value: key))
      fields.append(HTTPField(name: isPublic, value: publicity))
      return fields
    }

    /// A name may have any character. In a header only visible ASCII means the same to everybody (RFC 9110 section 5.5), so the
    /// rest is percent-encoded (RFC 3986 section 2.1), and so is the percent sign.
    static func encoded(_ text: String) -> String {
      text.percentEncoded { (0x21..<0x7F).contains($0) && $0 != UInt8(ascii: "%") }
    }
  }
#endif
