/// The keywords by which a reader tells what can stand at a place (PostgreSQL manual, Appendix C "SQL Key Words").
enum SQLGrammar {
  /// What defines or changes objects: in these statements a qualified name is an object's, wherever no expression stands.
  static let definitions: Set<String> = [
    "CREATE", "ALTER", "DROP", "COMMENT", "GRANT", "REVOKE", "TRUNCATE", "LOCK", "REINDEX", "ANALYZE",
    "VACUUM",
    "CLUSTER", "COPY", "REFRESH", "SECURITY", "IMPORT",
  ]

  /// What a statement begins with.
  static let verbs: Set<String> = definitions.union([
    "SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "WITH", "VALUES", "SET", "RESET", "CALL", "PERFORM",
    "DO",
    "NOTIFY", "LISTEN",
  ])

  /// Whether a statement begins there, and not an assignment to a variable of that name.
  static func beginsStatement(_ word: SQLWords.Word?, before next: SQLWords.Word?) -> Bool {
    guard let word, let next, verbs.contains(where: word.is) else { return false }
    return ![":", "=", "."].contains(next.text)
  }

  /// Whether a statement that begins with these keywords makes a function or a procedure.
  static func makesRoutine(_ keywords: [String]) -> Bool {
    let words = keywords.dropFirst(keywords.starts(with: ["CREATE", "OR", "REPLACE"]) ? 3 : 1)
    return keywords.first == "CREATE" && (words.first == "FUNCTION" || words.first == "PROCEDURE")
  }

  /// After these a statement of plpgsql begins.
  static let blockOpenings: Set<String> = ["BEGIN", "THEN", "ELSE", "LOOP", "ATOMIC"]

  /// After these an expression, a list or another clause comes: two names in a row, the first of them none of these, are
  /// something with its type (or an index column with its operator class).
  static let beforeExpressions: Set<String> = reserved.union([
    "BETWEEN", "BY", "SET", "RESET", "SHOW", "UPDATE", "INSERT", "DELETE", "MERGE", "VALUES", "ESCAPE",
    "ZONE", "RETURN",
    "NEXT", "QUERY", "IF", "ELSIF", "ELSEIF", "WHILE", "LOOP", "RAISE", "PERFORM", "EXECUTE", "ASSERT",
    "EXIT",
    "CONTINUE", "STRICT", "REVERSE", "SLICE", "DIAGNOSTICS", "OPEN", "CLOSE", "MOVE", "CALL", "FILTER", "OF",
    "ROWS",
    "RANGE", "GROUPS", "EXISTS", "ROW", "MATCHED", "PASSING", "BEGIN", "EXCEPTION", "LOCAL", "OWNED",
    "REPLACE", "LEFT",
    "RIGHT", "INNER", "IS", "LIKE", "ILIKE", "OVERLAPS", "SIMILAR", "JOIN",
  ])

  private static let reserved: Set<String> = [
    "ALL", "ANALYSE", "ANALYZE", "AND", "ANY", "ARRAY", "AS", "ASC", "ASYMMETRIC", "BOTH", "CASE", "CAST",
    "CHECK",
    "COLLATE", "COLUMN", "CONSTRAINT", "CREATE", "DEFAULT", "DEFERRABLE", "DESC", "DISTINCT", "DO", "ELSE",
    "END",
    "EXCEPT", "FETCH", "FOR", "FOREIGN", "FROM", "GRANT", "GROUP", "HAVING", "IN", "INITIALLY", "INTERSECT",
    "INTO",
    "LATERAL", "LEADING", "LIMIT", "NOT", "NULL", "OFFSET", "ON", "ONLY", "OR", "ORDER", "PLACING", "PRIMARY",
    "REFERENCES", "RETURNING", "SELECT", "SOME", "SYMMETRIC", "TABLE", "THEN", "TO", "TRAILING", "UNION",
    "UNIQUE",
    "USING", "VARIADIC", "WHEN", "WHERE", "WINDOW", "WITH",
  ]

  /// After these clauses of a query no relation is listed any more.
  static let endsRelations: Set<String> = [
    "WHERE", "GROUP", "HAVING", "ORDER", "WINDOW", "LIMIT", "OFFSET", "FETCH", "FOR", "RETURNING", "SET",
    "VALUES",
    "UNION", "INTERSECT", "EXCEPT", "WHEN", "DO",
  ]

  /// The kinds of objects.
  static let kinds: Set<String> = withTypesInParentheses.union([
    "TABLE", "VIEW", "INDEX", "SEQUENCE", "DOMAIN", "TRIGGER", "POLICY", "RULE", "COLLATION", "STATISTICS",
    "COLUMN",
    "CONSTRAINT", "SCHEMA", "EXTENSION", "DATABASE", "ROLE", "USER", "PUBLICATION", "LANGUAGE",
  ])

  /// Objects whose definitions name types in parentheses.
  static let withTypesInParentheses: Set<String> = [
    "FUNCTION", "PROCEDURE", "ROUTINE", "AGGREGATE", "OPERATOR", "CAST", "TYPE",
  ]

  /// Functions whose first argument is the name of a relation in a string.
  static let takesNames: Set<String> = [
    "NEXTVAL", "CURRVAL", "SETVAL", "TO_REGCLASS", "TO_REGTYPE", "TO_REGPROC", "TO_REGPROCEDURE",
    "PG_GET_SERIAL_SEQUENCE", "PG_RELATION_SIZE", "PG_TOTAL_RELATION_SIZE", "PG_TABLE_SIZE",
    "PG_INDEXES_SIZE",
  ]

  /// Types whose strings are the names of objects.
  static let nameTypes: Set<String> = [
    "REGCLASS", "REGTYPE", "REGPROC", "REGPROCEDURE", "REGOPER", "REGOPERATOR", "REGCOLLATION", "REGCONFIG",
    "REGDICTIONARY",
  ]
}
