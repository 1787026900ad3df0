internal import TenancyPostgres

/// Triggers on the registry's tables that NOTIFY which tenant has changed, for programs that keep the registry in memory.
///
/// The functions run as whoever writes the registry. They resolve no name outside of `pg_catalog`, read nothing but the
/// changed rows, and never make the change fail: where they cannot compare the rows, because a column is gone, they say that
/// anything may have changed.
package struct RegistryNotifications: Sendable, Hashable {
  /// What listeners LISTEN to. The payload is the key of a changed tenant as text, or ``everything``.
  package static let channel = "tenantctl_registry"
  /// The payload that says: any number of tenants may have changed, read all.
  static let everything = "*"

  /// Whether the triggers are there.
  package enum State: String, Sendable, Hashable {
    /// There are none.
    case none
    /// Some are missing or disabled, or they are those of another version or of other columns.
    case outdated
    /// All are there and enabled.
    case current
  }

  let functions: [NotifyFunction]

  init(_ shape: RegistryShape) {
    let tenants = shape.tenants
    let key = shape.linkedKey
    let activity = tenants.activity.map { Identifier($0.column) }
    functions =
      [
        NotifyFunction(
          on: tenants.table, in: tenants.table.schema, name: NotifyFunction.names[0], key: key,
          columns: [tenants.id, tenants.name, tenants.schema, activity].compactMap { $0 }, of: tenants.columns
        )
      ]
      + (shape.domains.map { domains in
        let link = shape.keys(domains).domain
        return [
          NotifyFunction(
            on: domains.table, in: tenants.table.schema, name: NotifyFunction.names[1], key: link,
            columns: [domains.host], of: domains.columns, isExact: Self.isExact(link, in: domains.columns))
        ]
      } ?? [])
  }

  /// Whether values of the column that are equal have the same text, so that the link's text is the key's text. Those of
  /// `citext` do not.
  static func isExact(_ column: Identifier, in columns: [CatalogTable.Column]) -> Bool {
    let types = ["text", "character varying", "character", "smallint", "integer", "bigint", "uuid"]
    return columns.first { $0.name == column.name }.map { types.contains($0.type) } ?? true
  }

  /// The statements that install or replace them, for one transaction. Reading the registry goes on meanwhile.
  var statements: [SQL] {
    functions.map(\.definition) + functions.flatMap(\.triggers)
  }

  /// The same, with a check at the end that nobody can replace the functions who could not put triggers on the tables
  /// anyway: another role may have created them in the meantime.
  var planned: [PlannedStatement] {
    statements.planned + [
      PlannedStatement(
        guarding: "SELECT \(Guard.number(if: SQL.joined(functions.map(\.isTrusted), by: " AND ")))",
        purpose: "fails and rolls back if the functions belong to a role that does not own the tables")
    ]
  }

  /// One row with one column: the raw value of a ``State``.
  var stateQuery: SQL {
    """
    SELECT CASE WHEN NOT (\(SQL.joined(functions.map(\.hasTrigger), by: " OR "))) THEN 'none'
      WHEN \(SQL.joined(functions.map(\.isCurrent), by: " AND ")) THEN 'current' ELSE 'outdated' END
    """
  }

  func state(over connection: Connection) async throws -> State {
    try await connection.query(stateQuery).first?[0].flatMap(State.init) ?? .none
  }
}

extension RegistryNotifications {
  /// The functions as `DROP FUNCTION` takes them.
  package var signatures: [String] {
    functions.map { "\(Self.spelling($0.name.schema)).\($0.name.name)()" }
  }

  /// Without quotes where none are needed.
  private static func spelling(_ name: Identifier) -> String {
    let isPlain = name.name.utf8.allSatisfy {
      UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 || $0 == UInt8(ascii: "_")
    }
    return isPlain && !NamePolicy.keywords.contains(name.name) ? name.name : name.quoted
  }

  /// Throws ``TenancyProblem/notificationsNeedTable(_:)`` if the registry is a view or a foreign table, whose changes no
  /// trigger sees, and ``TenancyProblem/functionTaken(_:owner:)`` if a function has the name of one of these and belongs to
  /// another role.
  func admit(over connection: Connection) async throws {
    let answers = try await connection.pipeline(functions.map(\.kindQuery) + functions.map(\.takenQuery))
    for (function, rows) in zip(functions, answers) where !rows.isEmpty {
      throw TenancyProblem.notificationsNeedTable(function.table.description)
    }
    for (signature, rows) in zip(signatures, answers.dropFirst(functions.count)) {
      guard let owner = rows.first?[0] else { continue }
      throw TenancyProblem.functionTaken(signature, owner: owner)
    }
  }
}

/// A trigger function, and its triggers on one table.
struct NotifyFunction: Sendable, Hashable {
  /// Those of the tenants' and the domains' table.
  static let names: [Identifier] = ["tenantctl_notify_tenants", "tenantctl_notify_domains"]

  let table: QualifiedName
  let name: QualifiedName
  /// The column with the key of the tenant.
  private let key: Identifier
  /// The columns whose changes count, that of the key first.
  private let columns: [Identifier]
  /// Whether the payload is the key; otherwise it is always ``RegistryNotifications/everything``.
  private let isExact: Bool

  fileprivate init(
    on table: QualifiedName, in schema: Identifier, name: Identifier, key: Identifier, columns: [Identifier],
    of all: [CatalogTable.Column], isExact: Bool = true
  ) {
    self.table = table
    self.name = QualifiedName(schema, name)
    self.key = key
    let compared = ([key] + columns).uniqued()
    let virtual = Set(all.filter(\.isVirtual).map(\.name))
    // PostgreSQL does not compute a virtual column for a trigger. What it depends on may be any other column.
    self.columns =
      compared.allSatisfy { !virtual.contains($0.name) }
      ? compared
      : (compared + all.map { Identifier($0.name) }).uniqued().filter { !virtual.contains($0.name) }
    self.isExact = isExact && !virtual.contains(key.name)
  }

  /// `CREATE FUNCTION`. PostgreSQL checks EXECUTE when a trigger is created, not when it fires: each role that writes the
  /// table runs the function.
  fileprivate var definition: SQL {
    """
    CREATE OR REPLACE FUNCTION \(name)() RETURNS pg_catalog.trigger LANGUAGE plpgsql
      SET search_path = \(unsafeRaw: SessionCleaning.ownPath) AS \(unsafeRaw: dollarQuoted(body))
    """
  }

  fileprivate var triggers: [SQL] {
    NotifyTrigger.all.map { $0.definition(on: table, calling: name) } + [
      "ALTER TABLE \(table) \(SQL.joined(NotifyTrigger.all.map(\.enabling)))"
    ]
  }
}

// MARK: - The function's text

extension NotifyFunction {
  /// Under the C collation: equal means the same bytes, whatever the column's collation says.
  private func text(_ column: Identifier, of row: String) -> String {
    #"\#(row).\#(column.quoted)::text COLLATE "C""#
  }

  private func row(_ row: String) -> String {
    columns.map { text($0, of: row) }.joined(separator: ", ")
  }

  /// More keys than this are not worth a notification each.
  private static let mostKeys = 100
  /// Of a key, in bytes. PostgreSQL refuses a payload of 8000 bytes, and with it the change.
  private static let longestKey = 1000

  /// All types are compared as text, so that no operator of another schema is called.
  fileprivate var body: String {
    let everything = "'\(RegistryNotifications.everything)'"
    let channel = "'\(RegistryNotifications.channel)'"
    let payload = { (key: String) in isExact ? key : "\(everything)::text" }
    let names = columns.indices.map { "c\($0 + 1)" }.joined(separator: ", ")
    return """

      #variable_conflict use_column
      DECLARE
        keys text[];
      BEGIN
        IF TG_OP = 'TRUNCATE' THEN
          keys := ARRAY[\(everything)];
        ELSIF TG_LEVEL = 'ROW' THEN
          -- Only with session_replication_role = replica, as logical replication has it: it fires no statement triggers.
          IF TG_OP = 'UPDATE' THEN
            IF ROW(\(row("OLD"))) IS NOT DISTINCT FROM
              ROW(\(row("NEW"))) THEN
              RETURN NULL;
            END IF;
          END IF;
          keys := ARRAY[\(everything)];
        ELSIF TG_OP = 'INSERT' THEN
          SELECT array_agg(DISTINCT \(payload(text(key, of: "r")))) INTO keys FROM new_rows r;
        ELSIF TG_OP = 'DELETE' THEN
          SELECT array_agg(DISTINCT \(payload(text(key, of: "r")))) INTO keys FROM old_rows r;
        ELSE
          SELECT array_agg(DISTINCT \(payload("c.c1"))) INTO keys FROM (
            (SELECT \(row("r")) FROM old_rows r
             EXCEPT ALL SELECT \(row("r")) FROM new_rows r)
            UNION ALL
            (SELECT \(row("r")) FROM new_rows r
             EXCEPT ALL SELECT \(row("r")) FROM old_rows r)
          ) c (\(names));
        END IF;
        IF cardinality(keys) > \(Self.mostKeys) OR EXISTS (
          SELECT FROM unnest(keys) k (key)
          WHERE k.key IS NULL OR k.key = '' OR octet_length(k.key) > \(Self.longestKey)
        ) THEN
          keys := ARRAY[\(everything)];
        END IF;
        PERFORM pg_notify(\(channel), k.key) FROM unnest(keys) k (key);
        RETURN NULL;
      EXCEPTION WHEN OTHERS THEN
        -- The write must not fail. Maybe the table has other columns now: 'tenantctl init --notify' replaces this function.
        BEGIN
          PERFORM pg_notify(\(channel), \(everything));
        EXCEPTION WHEN OTHERS THEN
          NULL;
        END;
        RETURN NULL;
      END

      """
  }
}

/// The text in dollar quotes with a tag that does not occur in it: a column may have any name.
private func dollarQuoted(_ text: String) -> String {
  var tag = "$notify$"
  while text.utf8.contains(tag.utf8) { tag = "$_" + tag.dropFirst() }
  return tag + text + tag
}

// MARK: - What is installed

extension NotifyFunction {
  /// A row if it is not a table.
  fileprivate var kindQuery: SQL {
    "SELECT FROM pg_catalog.pg_class c WHERE c.oid = \(relation) AND c.relkind NOT IN ('r', 'p')"
  }

  /// The owner of a routine of its name that the current role may not replace, or that another role could replace later, to
  /// run code as whoever writes the table.
  fileprivate var takenQuery: SQL {
    """
    SELECT pg_catalog.pg_get_userbyid(p.proowner) FROM pg_catalog.pg_proc p
    JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
    LEFT JOIN pg_catalog.pg_class c ON c.oid = \(relation)
    WHERE n.nspname = \(name.schema.name) AND p.proname = \(name.name.name) AND p.pronargs = 0
      AND NOT (pg_catalog.pg_has_role(p.proowner, 'USAGE') AND p.prorettype = 'pg_catalog.trigger'::regtype
        AND pg_catalog.pg_has_role(
          p.proowner, coalesce(c.relowner, (SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolname = CURRENT_USER)), 'MEMBER'))
    """
  }

  /// That the table has one of the triggers, whatever it calls.
  fileprivate var hasTrigger: SQL {
    """
    EXISTS (SELECT FROM pg_catalog.pg_trigger g WHERE g.tgrelid = \(relation)
      AND g.tgname = ANY(\(NotifyTrigger.all.map(\.name.name))::text[]))
    """
  }

  /// That the function is there as it would be installed, is trusted, and that the table has its triggers, all enabled.
  fileprivate var isCurrent: SQL {
    """
    EXISTS (SELECT FROM \(source) AND p.prosrc = \(body) AND NOT p.prosecdef
        AND p.proconfig = ARRAY[\(literal: "search_path=\(SessionCleaning.ownPath)")]
        AND pg_catalog.pg_has_role(p.proowner, c.relowner, 'MEMBER')
        AND \(SQL.joined(NotifyTrigger.all.map(\.isCurrent), by: "\n      AND ")))
    """
  }

  /// That a role owns the function that may put triggers on the table: the owner, its members, a superuser.
  fileprivate var isTrusted: SQL {
    "EXISTS (SELECT FROM \(source) AND pg_catalog.pg_has_role(p.proowner, c.relowner, 'MEMBER'))"
  }

  private var relation: SQL { "pg_catalog.to_regclass(\(literal: table.quoted))" }

  /// The function `p` and the table `c`, with a condition.
  private var source: SQL {
    """
    pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
      JOIN pg_catalog.pg_class c ON c.oid = \(relation)
      WHERE n.nspname = \(literal: name.schema.name) AND p.proname = \(literal: name.name.name) AND p.pronargs = 0
    """
  }
}
