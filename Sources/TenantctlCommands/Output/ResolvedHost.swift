package import Tenancy

/// Whose a host is, as programs read it.
package struct ResolvedHost: Encodable, Sendable {
  let host: String
  let tenant: TenantName?
  let schema: SchemaName?
  let active: Bool?
  let rule: Resolution.Rule

  /// - Parameter tenant: `nil` for a host of the shared schema.
  package init(host: String, tenant: Tenant?, rule: Resolution.Rule) {
    (self.host, self.rule) = (host, rule)
    (self.tenant, schema, active) = (tenant?.name, tenant?.schema, tenant?.isActive)
  }

  /// A document on one line.
  package var json: String { JSON.text(self) }

  /// The document of an error, why a host could not be resolved.
  package static func json(of error: any Error) -> String { ErrorReport(error).json }
}
