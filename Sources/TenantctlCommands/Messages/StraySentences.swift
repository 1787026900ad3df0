internal import Tenancy

/// The sentences of findings about rows and schemas that have lost each other, as after a restore of one of them.
extension FindingReport {
  static func schemaMissing(_ tenant: Tenant, _ strays: [SchemaName]) -> FindingReport {
    let cause = "the tenant's schema does not exist"
    if strays.isEmpty {
      return FindingReport("schema_missing", cause, "\(tenant.name)", tenant.name.word) {
        "restore the schema from a backup, or remove the tenant with 'tenantctl drop \($0)'"
      }
    }
    let stray = strays.count == 1 ? quoted(strays[0].rawValue) : "SCHEMA"
    return FindingReport("schema_missing", cause, "\(tenant.name)", quoted(tenant.schema.rawValue)) {
      """
      do not drop it yet: a schema without a tenant may be this one, renamed; if so: ALTER SCHEMA \(stray) RENAME TO \($0)
      """
    }
  }

  static func schemaWithoutTenant(
    _ schema: SchemaName, _ resemblance: Finding.Resemblance, _ candidates: [Tenant]
  ) -> FindingReport {
    let target = candidates.count == 1 ? quoted(candidates[0].schema.rawValue) : "NAME"
    return FindingReport(
      "schema_without_tenant", "the schema looks like a tenant's, but belongs to no tenant",
      "\(schema) (\(resemblance.sentence))", quoted(schema.rawValue)
    ) {
      candidates.isEmpty
        ? "\(inspectSchema): DROP SCHEMA \($0) CASCADE"
        : """
        do not drop it yet: it may be the renamed schema of a tenant (\(named(candidates.map(\.name)))); if so: \
        ALTER SCHEMA \($0) RENAME TO \(target)
        """
    }
  }

  static func dropMarked(_ tenant: Tenant) -> FindingReport {
    FindingReport(
      "drop_unfinished",
      "a drop was interrupted and the tenant's row exists again: some of its tables may be gone",
      "\(tenant.name)", tenant.name.word
    ) {
      """
      restore the schema from a backup, or finish with 'tenantctl drop \($0)'; if nothing is missing: \
      COMMENT ON SCHEMA \(quoted(tenant.schema.rawValue)) IS NULL
      """
    }
  }

  static func domain(
    _ domain: DomainName, named name: String?, of owner: TenantName, _ stray: SchemaName?
  ) -> FindingReport {
    FindingReport(
      "domain_names_another", "the domain's row has the name of another tenant than its key",
      "\(domain) (\(name ?? "no name"), belongs to \(owner))"
    ) { _ in
      guard let stray else { return "the name is set to that of its tenant" }
      return """
        find out whose domain it is: schema \(stray) has no tenant, and may be that of the name or, renamed, that of the key; \
        then correct the row with psql
        """
    }
  }
}

extension Finding.Resemblance {
  fileprivate var sentence: String {
    switch self {
    case .ledger: "it has a ledger"
    case .tables(let found, let common):
      "it has \(found) of the \(counted(common, "table")) that most tenants have"
    }
  }
}

extension FindingReport {
  static func refersToTenants(_ tenant: Tenant, _ references: TenantReferences) -> FindingReport {
    let (count, schemas) = (references.count, references.schemas)
    let objects =
      references.object.onOneLine + (count == 1 ? " refers" : " and \(counted(count - 1, "other")) refer")
    let others = "\(references.schema)" + (schemas == 1 ? "" : " and \(counted(schemas - 1, "other"))")
    return FindingReport(
      "refers_to_tenant", "the schema refers to another tenant's tables, functions or types",
      "\(tenant.name) (\(objects) to \(others))"
    ) { _ in "make the objects again with the tenant's own tables; move what is meant to be shared to public"
    }
  }
}
