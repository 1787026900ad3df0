internal import TenancyPostgres

/// Why a table with the ledger's name is not trusted, and not written to: its creator could run code with the
/// privileges of the role that migrates, or record what was not applied.
package enum LedgerDistrust: Sendable, Hashable {
  /// It is a view, a partition or something else than an ordinary table.
  case notATable
  /// It belongs to this role, which is neither the current one nor the owner of the registry or of the database, and no
  /// superuser.
  case owner(String)
  /// It has triggers.
  case triggers
  /// A foreign key refers to it, or it has one. A row that is taken out takes rows of the other table along then, and that
  /// table's triggers run as the role that rolls back.
  case foreignKeys
  /// It has rules.
  case rules
  /// It has row-level security.
  case policies
  /// It has check constraints.
  case checks
  /// A column has a default or a type, or an index or a set of statistics has an expression, that may run code.
  case expressions
  /// This role may rename the schema, which no lock on the table prevents, and put another one in its place while the table
  /// is read: it owns the schema, or is a member of its owner, and may create schemas.
  case schemaOwner(String)

  /// Reads ``LedgerTrust/distrust``; `nil` if there is nothing against it.
  init?(code: String?) {
    switch code {
    case nil: return nil
    case "triggers": self = .triggers
    case "foreign keys": self = .foreignKeys
    case "rules": self = .rules
    case "policies": self = .policies
    case "checks": self = .checks
    case "expressions": self = .expressions
    case let code? where code.hasPrefix("owner "): self = .owner(String(code.dropFirst("owner ".count)))
    case let code? where code.hasPrefix("schema "):
      self = .schemaOwner(String(code.dropFirst("schema ".count)))
    default: self = .notATable
    }
  }
}

/// The SQL that tells whether a ledger can be trusted: expressions on the row `c` of pg_class and on ``roles``, under our own
/// search path.
struct LedgerTrust: Sendable {
  /// The registry's table of tenants: its owner is trusted.
  let registry: QualifiedName
  /// Roles to which the current role's default privileges would open a new ledger: an app's, which writes to the tables of
  /// migrations, and not to what says which of them are applied.
  var closedTo: [SQL] = []
  /// The oid of its schema.
  var namespace: SQL = "c.relnamespace"

  /// What is against the table, NULL if nothing, as far as its row in pg_class tells.
  var distrust: SQL {
    """
    coalesce(CASE WHEN trust.movers <> '{}' THEN (\(mover)) END, CASE
      WHEN c.oid IS NULL THEN NULL
      WHEN c.relkind <> 'r' OR c.relispartition THEN 'kind'
      WHEN c.relowner <> ALL(trust.owners) THEN concat('owner ', pg_get_userbyid(c.relowner))
      WHEN \(Self.hasRules) THEN 'rules'
      WHEN \(Self.hasPolicies) THEN 'policies'
      WHEN c.relchecks > 0 THEN 'checks'
      WHEN c.relhastriggers THEN (
        SELECT CASE WHEN bool_or(\(Self.isTrigger)) THEN 'triggers' WHEN bool_or(\(Self.isForeignKey)) THEN 'foreign keys' END
        FROM pg_catalog.pg_trigger g WHERE g.tgrelid = c.oid) END)
    """
  }

  /// A subquery `trust` with what is the same for all ledgers, found out once: the roles that are trusted (`owners`), and the
  /// others that may create schemas (`movers`), who are looked for only where the privilege was granted at all. OFFSET keeps
  /// the planner from copying it to wherever it is used.
  var roles: SQL {
    """
    (SELECT o.owners, CASE WHEN EXISTS (
        SELECT FROM pg_catalog.pg_database d, aclexplode(d.datacl) x
        WHERE d.datname = current_database() AND x.privilege_type = 'CREATE' AND x.grantee <> ALL(o.owners))
      THEN ARRAY(
        SELECT r.oid FROM pg_catalog.pg_roles r
        WHERE r.oid <> ALL(o.owners) AND has_database_privilege(r.oid, current_database(), 'CREATE'))
      ELSE '{}' END AS movers
    FROM (SELECT ARRAY(\(owners)) AS owners OFFSET 0) o OFFSET 0) trust
    """
  }

  /// A role that is not trusted and may rename the ledger's schema (PostgreSQL manual, "ALTER SCHEMA": its owner, with the
  /// privilege CREATE on the database).
  private var mover: SQL {
    """
    SELECT concat('schema ', m.rolname) FROM pg_catalog.pg_namespace s
    JOIN pg_catalog.pg_roles m ON m.oid = ANY(trust.movers)
    WHERE s.oid = \(namespace) AND s.nspowner <> ALL(trust.owners) AND pg_has_role(m.oid, s.nspowner, 'USAGE')
    ORDER BY m.oid <> s.nspowner LIMIT 1
    """
  }

  /// The same with what is in its columns, which ``columns`` tells, and in its indexes: that costs reading other
  /// catalogs.
  var deepDistrust: SQL {
    """
    coalesce(\(distrust), CASE WHEN columns.have_expressions OR \(Self.hasIndexExpressions)
      OR EXISTS (SELECT FROM pg_catalog.pg_statistic_ext e WHERE e.stxrelid = c.oid) THEN 'expressions' END)
    """
  }

  /// Those of roles that may do to the database what the role that migrates can.
  var owners: SQL {
    """
    \(Self.owners)
    UNION ALL SELECT o.relowner FROM pg_catalog.pg_class o WHERE o.oid = to_regclass(\(literal: registry.quoted))
    """
  }

  /// Those that are trusted whatever the registry is. Of `pg_database_owner`, to which `public` belongs, the owner of the
  /// database is the only member (PostgreSQL manual, 22.5 "Predefined Roles").
  static let owners: SQL = """
    SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolsuper OR r.rolname IN (CURRENT_USER, 'pg_database_owner')
    UNION ALL SELECT d.datdba FROM pg_catalog.pg_database d WHERE d.datname = current_database()
    """

  /// Whether others than its owner have privileges on the table itself.
  static let isGranted: SQL = """
    (c.relacl IS NOT NULL AND EXISTS (SELECT FROM aclexplode(c.relacl) x WHERE x.grantee <> c.relowner))
    """

  /// Citus has triggers of its own on every table; they are internal ones.
  fileprivate static let isTrigger: SQL = "NOT g.tgisinternal"

  /// From either side; the triggers of both are internal ones.
  fileprivate static let isForeignKey: SQL = "g.tgconstrrelid <> 0"

  fileprivate static func hasTrigger(_ condition: SQL) -> SQL {
    "(c.relhastriggers AND EXISTS (SELECT FROM pg_catalog.pg_trigger g WHERE g.tgrelid = c.oid AND (\(condition))))"
  }

  /// A lateral subquery `columns` with a summary of all columns of `c`, in one pass: whether others have privileges on one
  /// (`are_granted`), whether one may run code (`have_expressions`), and whether they are those of a ledger
  /// (`are_ours`).
  ///
  /// Below 16384 an object is one of those that the server was made with.
  static let columns: SQL = """
    CROSS JOIN LATERAL (
      SELECT coalesce(bool_or(a.attacl IS NOT NULL), false) AS are_granted,
        coalesce(count(*) = \(unsafeRaw: String(Ledger.allColumns.count))
          AND bool_and(a.attname = ANY(\(literal: "{\(Ledger.allColumns.sorted().joined(separator: ","))}")::name[])), false) AS are_ours,
        coalesce(bool_or(a.atttypid >= 16384 OR a.attgenerated <> '' OR a.atthasdef AND NOT EXISTS (
          SELECT FROM pg_catalog.pg_attrdef f
          WHERE f.adrelid = a.attrelid AND f.adnum = a.attnum
            AND pg_get_expr(f.adbin, f.adrelid) ~ \(literal: harmlessDefault))), false) AS have_expressions
      FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) columns
    """

  /// The defaults that run no code but PostgreSQL's own, as it writes them under our search path: constants, the time, the
  /// role, a UUID, the next value of a sequence. Anything else could, and not only by a function: an operator, a cast to a
  /// domain and `query_to_xml` do, too.
  private static let harmlessDefault = """
    ^(NULL::[a-z ]+|true|false|\\(?-?[0-9.]+\\)?(::[a-z ]+)?|E?'([^']|'')*'::[a-z ]+(\\([0-9]+\\))?|now\\(\\)|clock_timestamp\\(\\)|\
    CURRENT_TIMESTAMP|LOCALTIMESTAMP|CURRENT_DATE|CURRENT_USER|SESSION_USER|gen_random_uuid\\(\\)|\
    nextval\\(E?'([^']|'')*'::regclass\\))$
    """

  /// `relhasrules` stays true after the last rule is dropped, until VACUUM.
  fileprivate static let hasRules: SQL = """
    (c.relhasrules AND EXISTS (SELECT FROM pg_catalog.pg_rewrite w WHERE w.ev_class = c.oid))
    """

  /// Row-level security without a policy, as platforms switch it on for every table, runs nobody's code, and hides no row
  /// from the table's owner (PostgreSQL manual, 5.8 "Row Security Policies").
  fileprivate static let hasPolicies: SQL = """
    (c.relrowsecurity AND (row_security_active(c.oid)
      OR EXISTS (SELECT FROM pg_catalog.pg_policy p WHERE p.polrelid = c.oid)))
    """

  /// An aggregate, as the planner would read the whole of pg_index for an EXISTS.
  private static let hasIndexExpressions: SQL = """
    (SELECT coalesce(bool_or(i.indexprs IS NOT NULL OR i.indpred IS NOT NULL), false)
     FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid)
    """
}

extension Ledger {
  /// The start of a transaction that reads the table: it is locked, and found to be one that is trusted, first. Otherwise its
  /// owner could put a view in its place, whose functions run as the role that reads it.
  func reading(_ limits: TimeLimits) -> [SQL] {
    limits.opening + ["LOCK TABLE ONLY \(name) IN ACCESS SHARE MODE", check(trust)]
  }

  /// The rows of a query over the table, in such a transaction. Throws ``TenancyProblem/changedMeanwhile`` if the table is not
  /// the one that was trusted.
  func read(_ query: SQL, _ limits: TimeLimits, over connection: Connection) async throws -> Rows {
    let opening = reading(limits)
    do {
      return try await Array(connection.transaction(opening + [query]))[opening.count]
    } catch let failure as StatementError where Guard.failures.contains(failure.error.state) {
      throw TenancyProblem.changedMeanwhile
    }
  }

  /// Fails with ``SQLState/invalidLogarithm`` unless the ledger is the table that was trusted when it was inspected, and
  /// nobody has put triggers, rules or policies on it since. For a transaction that holds a lock on it, under our own path.
  /// - Parameter trust: whether its columns and indexes have to be checked too; with `nil` it was inspected, or made, in
  ///   this run.
  func check(_ trust: LedgerTrust? = nil) -> SQL {
    let (columns, isSound): (SQL, SQL) =
      if let trust {
        ("CROSS JOIN \(trust.roles) \(LedgerTrust.columns)", "\(trust.deepDistrust) IS NULL")
      } else {
        (
          "",
          """
          c.relkind = 'r' AND NOT \(LedgerTrust.hasRules) AND NOT \(LedgerTrust.hasPolicies)
            AND NOT \(LedgerTrust.hasTrigger("\(LedgerTrust.isTrigger) OR \(LedgerTrust.isForeignKey)")) AND \(identity)
          """
        )
      }
    let holds: SQL =
      "EXISTS (SELECT FROM pg_catalog.pg_class c \(columns) WHERE c.oid = \(regclass) AND \(isSound))"
    return "SELECT \(Guard.ledger(if: holds))"
  }

  /// What comes before a query over the table in a transaction that has locked it: the schema's owner may have put a table
  /// in its place before, and code in such a table runs when a query over it is planned.
  var readyToRead: [SQL] { [SessionCleaning.pin, check()] }

  private var identity: SQL {
    oid.map { "c.oid = \(unsafeRaw: String($0))" }
      ?? "c.relowner IN (\(trust.owners))"
  }

  /// The table as a constant; fails if it does not exist.
  var regclass: SQL { "\(literal: name.quoted)::pg_catalog.regclass" }
}
