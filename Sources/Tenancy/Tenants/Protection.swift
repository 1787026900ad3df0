internal import TenancyPostgres

/// The mark on a tenant that ``TenantDatabase/planDrop(_:)`` refuses: the first line of the comment on its ledger's column, or
/// on its schema. It keeps operators from a mistake; the owner of the schema can remove it.
enum Protection {
  static let mark = "tenantctl: protected"

  /// Whether a tenant has the mark, as an expression: the owner of the schema may write comments of any size, which are not to
  /// be fetched.
  static func isOn(_ ledger: Ledger) -> SQL {
    "(\(isMarked(ledger.marking)) OR \(isMarked(ledger.schemaComment)))"
  }

  /// Fails, and with it the transaction, if the tenant is protected by now; with a lock that protecting it takes, too.
  static func guardOff(_ ledger: Ledger) -> [PlannedStatement] {
    return [
      PlannedStatement(CreationLock(ledger.schema).takeForTransaction),
      PlannedStatement(
        guarding: "SELECT \(Guard.number(if: "NOT \(isOn(ledger))"))",
        purpose: "fails and rolls back if the tenant is protected"),
    ]
  }

  /// Writes the mark or removes it, in the comments as they are when the statement runs; the other lines stay. A mark
  /// on the schema moves to the ledger.
  static func set(_ isOn: Bool, on ledger: Ledger) -> SQL {
    let lock: SQL = "IF \(ledger.takesMarks) THEN \(ledger.lock); END IF;"
    let offSchema: SQL = "IF \(isMarked(ledger.schemaComment)) THEN \(write(false, schemaOf: ledger)) END IF;"
    let body: SQL =
      isOn
      ? """
      IF \(ledger.takesMarks) THEN \(write(true, on: ledger)) \(offSchema)
      ELSE \(write(true, schemaOf: ledger)) END IF;
      """
      : "IF \(isMarked(ledger.marking)) THEN \(write(false, on: ledger)) END IF; \(offSchema)"
    return block("\(lock) \(body)")
  }

  /// Copies the mark in a comment to the ledger, for a transaction that has a lock on it: what has the comment is about to
  /// be changed by others, or is no longer the ledger.
  /// - Parameter comment: an expression; `nil`: the comment on the schema.
  static func keep(from comment: SQL? = nil, on ledger: Ledger) -> SQL {
    let isNeeded: SQL = "\(isMarked(comment ?? ledger.schemaComment)) AND \(ledger.takesMarks)"
    return block("IF \(isNeeded) THEN \(write(true, on: ledger)) END IF;")
  }

  /// A pattern is matched against four bytes for each character, so not against a comment of any size.
  private static func isMarked(_ comment: SQL) -> SQL {
    "(coalesce(left(\(comment), 100), '') ~ \(literal: "^\(mark)(\r|\n|$)"))"
  }

  private static func write(_ isOn: Bool, on ledger: Ledger) -> SQL {
    """
    EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', \(literal: ledger.name.quoted), \(literal: Ledger.markedColumn),
      \(text(isOn, in: ledger.marking)));
    """
  }

  private static func write(_ isOn: Bool, schemaOf ledger: Ledger) -> SQL {
    """
    EXECUTE format('COMMENT ON SCHEMA %I IS %L', \(literal: ledger.schema.rawValue),
      \(text(isOn, in: ledger.schemaComment)));
    """
  }

  /// The comment with the mark, or without.
  private static func text(_ isOn: Bool, in comment: SQL) -> SQL {
    let rest: SQL = "nullif(regexp_replace(\(comment), \(literal: "^\(mark)(\r?\n|$)"), ''), '')"
    return isOn ? "concat_ws(E'\\n', \(literal: mark), \(rest))" : rest
  }

  private static func block(_ statements: SQL) -> SQL {
    let body: SQL = "BEGIN \(statements) END"
    return "DO \(literal: body.inlined)"
  }
}
