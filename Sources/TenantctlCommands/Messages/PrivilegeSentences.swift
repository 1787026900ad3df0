internal import Tenancy

/// The sentences of findings about owners, privileges and unreachable extensions.
extension FindingReport {
  static func outOfReach(_ found: UnreachableExtension) -> FindingReport {
    FindingReport(
      "extension_out_of_reach", "the extension's types and operators are not in the tenants' search path",
      "\(found.name) in schema \(found.schema)\(found.isUsed ? ", used by tenants" : "")"
    ) { _ in
      let schemas = (found.path + [found.schema]).map(\.rawValue)
      let setting = "search_path = [\(schemas.map { "\"\($0)\"" }.joined(separator: ", "))]"
      let path = (["$user"] + schemas).map(quoted).joined(separator: ", ")
      return "\(setting) under [migrations] in tenantctl.toml"
        + (found.database.map { ", or: ALTER DATABASE \(quoted($0)) SET search_path = \(path)" } ?? "")
    }
  }

  static func ownersDiffer(_ tenant: Tenant, _ strays: StrayRelations) -> FindingReport {
    let which =
      strays.count == 1 ? strays.first : "\(counted(strays.count, "relation")), such as \(strays.first),"
    let (owner, usual) = (quoted(strays.owner), quoted(strays.usualOwner))
    let reassign = "; for all that it owns in this database: REASSIGN OWNED BY \(owner) TO \(usual)"
    return FindingReport(
      "owners_differ",
      "relations of one schema have different owners, so default privileges and ALTER TABLE do not work for all of them",
      "\(tenant.name) (\(which) \(strays.count == 1 ? "belongs" : "belong") to \(strays.owner), others to \(strays.usualOwner))",
      "\(quoted(tenant.schema.rawValue)).\(quoted(strays.first))", or: "RELATION"
    ) { "ALTER TABLE \($0) OWNER TO \(usual)\(strays.canBeReassigned ? reassign : "")" }
  }

  static func canCreate(_ creator: Creator, inShared schema: SchemaName) -> FindingReport {
    FindingReport(
      "create_in_shared_schema",
      "a role that is not trusted can create objects in a schema of every tenant's search path",
      "\(creator.word) in \(schema)", quoted(schema.rawValue), or: quoted(schema.rawValue)
    ) { creator.revocation(on: $0) }
  }

  static func canCreate(_ creator: Creator, inTenants count: Int, first: SchemaName) -> FindingReport {
    // If each tenant has such a role, they are grouped.
    let grant = creator.name.map { "NAME FROM \(quoted($0))" } ?? "NAME FROM PUBLIC"
    return FindingReport(
      "create_in_tenant_schema",
      "a role that is not trusted can create objects that a migration's unqualified names find",
      "\(creator.word) in \(count == 1 ? "\(first)" : "\(counted(count, "tenant schema")), such as \(first)")",
      count == 1 ? grant.replacing("NAME", with: quoted(first.rawValue), maxReplacements: 1) : grant,
      or: "NAME FROM ROLE"
    ) {
      "REVOKE CREATE ON SCHEMA \($0)"
        + ($0.hasPrefix("NAME ") ? "; docs/security.md has a command for all schemas" : "")
    }
  }

  static func canWrite(_ creator: Creator, ledgers count: Int, first: QualifiedLedger) -> FindingReport {
    let role = creator.name.map(quoted) ?? "PUBLIC"
    let one = "\(quoted(first.schema.rawValue)).\(quoted(first.table)) FROM \(role)"
    let revoke = "REVOKE INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER ON"
    let which = count == 1 ? "that of" : "\(counted(count, "ledger")), such as that of"
    return FindingReport(
      "ledger_open", "a role that is not trusted can write to a ledger",
      "\(creator.word), \(which) \(first.schema)",
      count == 1 ? one : "\(first.table) FROM \(role)", or: "\(first.table) FROM ROLE"
    ) {
      $0 == one ? "\(revoke) \($0)" : "tenantctl exec --all --write -c '\(revoke) \($0)'"
    }
  }

  static func canHook(_ creator: Creator, _ table: String) -> FindingReport {
    FindingReport(
      "registry_open", "a role that is not trusted can make changes of the registry run its code",
      "\(creator.word), on \(table)", "\(table) FROM \(creator.name.map(quoted) ?? "PUBLIC")",
      or: "TABLE FROM ROLE"
    ) { "REVOKE TRIGGER, REFERENCES ON \($0)" }
  }

  static func hooked(_ hook: RegistryHook) -> FindingReport {
    FindingReport(
      "registry_hooked", "changes of the registry run code of a role that is not trusted",
      "trigger \(hook.trigger) on \(hook.table) calls \(hook.function) of \(hook.owner)",
      "\(quoted(hook.trigger)) ON \(hook.table)", or: "TRIGGER ON TABLE"
    ) { "inspect it, then DROP TRIGGER \($0), or have a trusted role own the function" }
  }

  static func powerful(_ role: String, _ power: ConnectionPower, _ creators: [Creator]) -> FindingReport {
    let shown = creators.prefix(3).map(\.word) + (creators.count > 3 ? ["\(creators.count - 3) more"] : [])
    return FindingReport(
      "powerful_connection",
      "objects of roles that are not trusted could run with the privileges of this connection",
      "\(role) \(power.sentence); objects can be created by \(shown.joined(separator: ", "))"
    ) { _ in
      "migrate as a role that only owns the registry and the schemas, see docs/security.md: tenantctl --database postgresql://OWNER@HOST/DATABASE"
    }
  }
}

extension Finding.ExtensionMove {
  /// - Parameter home: the schema where it should be; `nil`: no schema is in every tenant's search path.
  func advice(_ home: SchemaName?) -> String {
    guard let home else {
      return
        "add a schema for it to search_path in tenantctl.toml: it has none that all tenants share and that exists"
    }
    return switch self {
    case .possible: "it is moved to \(home)"
    case .notRelocatable: "drop it and create it in \(home): it cannot be moved"
    case .untrusted(let role):
      "\(role), which is not trusted, owns a part of it: drop it and create it in \(home), as a trusted role"
    }
  }
}

extension Creator {
  fileprivate var word: String {
    switch self {
    case .everybody: "PUBLIC"
    case .role(let name): name
    case .owner(let name): "\(name) (owner)"
    }
  }

  fileprivate func revocation(on schema: String) -> String {
    switch self {
    case .everybody: "REVOKE CREATE ON SCHEMA \(schema) FROM PUBLIC"
    case .role(let name): "REVOKE CREATE ON SCHEMA \(schema) FROM \(quoted(name))"
    case .owner: "ALTER SCHEMA \(schema) OWNER TO CURRENT_USER"
    }
  }
}

extension ConnectionPower {
  fileprivate var sentence: String {
    switch self {
    case .superuser: "is a superuser"
    case .createRole: "has CREATEROLE"
    case .bypassRLS: "has BYPASSRLS"
    case .serverFiles: "can use the server's files or programs"
    case .severalOwners(let count): "acts for \(counted(count, "role")) that own tenants' schemas"
    }
  }
}
