internal import TenancyPostgres

/// What `init` found or made.
package struct InitializedRegistry: Sendable, Hashable {
  /// The registry.
  package let registry: RecognizedRegistry
  /// The tables that did not exist before.
  package let created: [String]
  /// What it lacked and has now.
  package let added: [RegistryAddition]
  /// Whether its tables have the triggers that notify of changes, afterwards.
  package var notifications = RegistryNotifications.State.none
  /// The functions of those triggers, if they are installed or replaced now.
  package var notifying: [String] = []
}

extension TenantDatabase {
  /// Finds the registry. An existing one is not changed, unless it is to be upgraded or to notify of changes; a missing one
  /// is made in flask-tenants' shape, with defaults on the server's side too.
  ///
  /// Throws what ``recognizeRegistry(_:)`` throws, ``TenancyProblem/rowsBreak(_:)`` if rows prevent an upgrade, and with
  /// `notify` ``TenancyProblem/notificationsNeedTable(_:)`` or ``TenancyProblem/functionTaken(_:owner:)``.
  package func planInitialize(
    _ source: RegistrySource = .anywhere, upgrade: Bool = false, notify: Bool = false
  ) async throws -> Plan<InitializedRegistry> {
    do {
      return try await initialization(source, upgrade: upgrade, notify: notify)
    } catch TenancyProblem.unclearRegistry(.tableInTheWay) {
      // Another run may have made the tables between two of the queries.
      return try await initialization(source, upgrade: upgrade, notify: notify)
    }
  }

  private func initialization(
    _ source: RegistrySource, upgrade: Bool, notify: Bool
  ) async throws -> Plan<InitializedRegistry> {
    try await connected { connection in
      guard let (registry, shape) = try await self.recognize(source, over: connection) else {
        var plan = try await self.creation(notify: notify, over: connection)
        // Another run may make the tables meanwhile. What is in the way then is no registry, and not another session's.
        plan.again = {
          var second = try await self.initialization(source, upgrade: upgrade, notify: notify)
          (second.again, second.isAlone) = (nil, true)
          return second
        }
        return plan
      }
      let additions = upgrade ? registry.lacks : []
      try await self.check(additions, of: shape, over: connection)
      let notifications = RegistryNotifications(shape.having(additions, registry.mapping))
      let state = try await notifications.state(over: connection)
      let installs = notify && state != .current
      if notify { try await notifications.admit(over: connection) }
      let statements =
        additions.map { PlannedStatement(shape.statement($0)) } + (installs ? notifications.planned : [])
      return Plan(
        result: InitializedRegistry(
          registry: registry, created: [], added: additions, notifications: notify ? .current : state,
          notifying: installs ? notifications.signatures : []),
        steps: statements.isEmpty ? [] : [.transaction(self.limits.opening.planned + statements)],
        database: self,
        explain: { error in
          let isBroken = [.uniqueViolation, .foreignKeyViolation].contains(error.state)
          return isBroken ? .changedMeanwhile : nil
        })
    }
  }

  private func creation(
    notify: Bool, over connection: Connection
  ) async throws -> Plan<InitializedRegistry> {
    var mapping = settings.registry.isOurs ? settings.registry : RegistryMapping()
    let tables = mapping.tables
    let found = try await connection.pipeline(CatalogTable.queries(of: CatalogTable.oids(of: tables)))
    if let table = try CatalogTable.tables(in: found).first {
      throw TenancyProblem.unclearRegistry(.inTheWay(table))
    }
    let registry = RecognizedRegistry(
      kind: .tenantctl, mapping: mapping, tenants: 0, domains: mapping.domains.map { _ in 0 }, remarks: [],
      lacks: [])
    mapping.schemaPrefix = ""
    let notifications = notify ? RegistryShape.promised(by: mapping).map(RegistryNotifications.init) : nil
    try await notifications?.admit(over: connection)
    let definitions = [Self.tenantsDefinition] + (mapping.domains == nil ? [] : [Self.domainsDefinition])
    return Plan(
      result: InitializedRegistry(
        registry: registry, created: tables.map(\.description), added: [],
        notifications: notifications == nil ? .none : .current, notifying: notifications?.signatures ?? []),
      steps: [.transaction((limits.opening + definitions).planned + (notifications?.planned ?? []))],
      database: self, explain: { $0.state == .duplicateTable ? .changedMeanwhile : nil })
  }

  private static let tenantsDefinition: SQL = """
    CREATE TABLE public.tenants (
      id serial CONSTRAINT tenants_pkey PRIMARY KEY,
      name varchar(128) NOT NULL CONSTRAINT tenants_name_key UNIQUE,
      created_at timestamp without time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
      updated_at timestamp without time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
      deactivated boolean NOT NULL DEFAULT false
    )
    """

  private static let domainsDefinition: SQL = """
    CREATE TABLE public.domains (
      id serial CONSTRAINT domains_pkey PRIMARY KEY,
      tenant_id integer NOT NULL CONSTRAINT domains_tenant_id_fkey REFERENCES public.tenants (id),
      tenant_name varchar(128) NOT NULL CONSTRAINT domains_tenant_name_fkey REFERENCES public.tenants (name),
      domain_name varchar(255) NOT NULL CONSTRAINT domains_domain_name_key UNIQUE,
      is_primary boolean NOT NULL DEFAULT false
    )
    """
}

extension TenantDatabase {
  /// Another tool than tenantctl whose own table has the ledger's name in some schema, so that the ledger needs another:
  /// Rails, told by its second table, or one whose table has other columns.
  ///
  /// Throws ``TenancyProblem``.
  package func ledgerOccupant() async throws -> MigrationTool? {
    let others = MigrationTool.ofLedgersName.map { tool -> SQL in
      let columns = tool.columns(of: tool.tables[0]).condition(on: "c")
      return "WHEN \(columns ?? "true") THEN \(literal: tool.rawValue)"
    }
    let rows = try await connected { connection in
      try await connection.query(
        """
        SELECT o.tool FROM (
          SELECT CASE WHEN EXISTS (
              SELECT FROM pg_catalog.pg_class beside WHERE beside.relnamespace = c.relnamespace
                AND beside.relname = ANY(\(MigrationTool.rails.tables)::text[]) AND beside.relkind = 'r')
            THEN \(literal: MigrationTool.rails.rawValue) \(SQL.joined(others, by: " ")) END AS tool
          FROM pg_catalog.pg_class c WHERE c.relname = \(self.settings.ledger) AND c.relkind = 'r') o
        WHERE o.tool IS NOT NULL ORDER BY o.tool LIMIT 1
        """)
    }
    return rows.first?[0].flatMap(MigrationTool.init(rawValue:))
  }
}
