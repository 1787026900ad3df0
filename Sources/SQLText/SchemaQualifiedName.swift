/// A name with a schema, where an object's name stands: `other.tanks`, but not the `t.id` of a table or an alias.
package struct SchemaQualifiedName: Sendable, Hashable {
  /// What the statement does to the object.
  package enum Role: Sendable, Hashable {
    /// It makes, changes or drops it, or writes rows to it.
    case changed
    /// It only refers to it.
    case used
  }

  /// The schema.
  package let schema: String
  /// The object in it.
  package let name: String
  /// What is done to it.
  package let role: Role
  /// Where it begins, in bytes of the statement's text.
  package let offset: Int
}

extension SQLWords {
  /// The names of objects with their schemas, in order.
  package var schemaQualifiedNames: [SchemaQualifiedName] { SchemaNameReader(words, isBlock: false).names }
}

extension EmbeddedCode {
  /// The names of objects with their schemas, in order.
  package var schemaQualifiedNames: [SchemaQualifiedName] {
    SchemaNameReader(words, isBlock: language == .plpgsql).names
  }
}

/// Reads tokens from left to right, and keeps what PostgreSQL's grammar allows at each: a relation after FROM in a query, but
/// not in `extract(x FROM y)`; an object anywhere in the head of a definition; a type after a name or `::`; a function before a
/// parenthesis. Everywhere else `a.b` is a column.
private struct SchemaNameReader {
  /// A parenthesis, or the statement itself.
  struct Frame {
    /// Whether any qualified name is an object's: the head of a definition.
    var isDefinition = false
    /// Whether a FROM lists relations.
    var isQuery = false
    /// Whether a comma leads to another relation.
    var listsRelations = false
    /// What is done to the relation that the next name is; nil if the next name is not a relation.
    var relation: SchemaQualifiedName.Role?
    /// Whether it is the parenthesis of CAST.
    var isCast = false
  }

  private(set) var names: [SchemaQualifiedName] = []
  private let words: [SQLWords.Word]
  private let isBlock: Bool
  private var frames = [Frame()]
  /// Whether the statement defines or changes an object, and the kind of that.
  private var isDefining = false
  private var kind = ""
  private var index = 0

  init(_ words: [SQLWords.Word], isBlock: Bool) {
    self.words = words
    self.isBlock = isBlock
    begin()
    while index < words.count {
      step()
      index += 1
    }
  }

  private var frame: Frame {
    get { frames[frames.count - 1] }
    set { frames[frames.count - 1] = newValue }
  }

  private func word(_ distance: Int) -> SQLWords.Word? {
    words.indices.contains(index + distance) ? words[index + distance] : nil
  }

  private func `is`(_ distance: Int, _ keywords: String...) -> Bool {
    word(distance).map { keywords.contains(where: $0.is) } ?? false
  }

  /// At the first word of a statement.
  private mutating func begin() {
    frames = [Frame()]
    kind = ""
    isDefining =
      SQLGrammar.beginsStatement(word(0), before: word(1))
      && word(0).map { SQLGrammar.definitions.contains(where: $0.is) } ?? false
    frame.isDefinition = isDefining
  }

  private mutating func step() {
    let word = words[index]
    if word.isName { return readName(word) }
    if word.isString { return readString(word) }
    switch word.text {
    case "(": open()
    case ")": if frames.count > 1 { frames.removeLast() }
    case ",":
      if frame.listsRelations { frame.relation = .used }
      if frames.count == 1, !frame.isQuery { frame.isDefinition = isDefining }
    case ";":
      index += 1
      begin()
      index -= 1
    default: break
    }
  }

  private mutating func open() {
    var inner = Frame()
    inner.isCast = self.is(-1, "CAST")
    if let role = frame.relation {
      (inner.isQuery, inner.listsRelations, inner.relation) = (true, true, role)
    } else {
      inner.isDefinition =
        frame.isDefinition && (self.is(-1, "INHERITS") || SQLGrammar.withTypesInParentheses.contains(kind))
    }
    frame.relation = nil
    frames.append(inner)
  }

  // MARK: - Names

  private mutating func readName(_ word: SQLWords.Word) {
    if self.is(-1, ".") { return }
    var parts = 1
    while self.word(2 * parts - 1)?.text == ".", let next = self.word(2 * parts), next.isName { parts += 1 }
    if parts > 1 {
      note(parts)
      frame.relation = nil
      index += 2 * (parts - 1)
    } else if !word.isQuoted {
      readKeyword(word.text)
    } else {
      frame.relation = nil
    }
  }

  private mutating func note(_ parts: Int) {
    let isColumnsType = self.word(2 * parts - 1)?.text == "%" && self.is(2 * parts, "TYPE")
    let isColumn = isColumnsType || self.is(-1, "COLUMN") || self.is(-1, "BY") && self.is(-2, "OWNED")
    guard !isColumn || parts > 2, let role = role(isCall: word(2 * parts - 1)?.text == "(") else { return }
    append(words[index].name, words[index + 2].name, role, at: words[index].offset)
  }

  /// What is done to the object of the qualified name that begins here; nil where a column stands, or a setting.
  private func role(isCall: Bool) -> SchemaQualifiedName.Role? {
    if let role = frame.relation { return role }
    if self.is(-1, "SET", "RESET") { return nil }
    if frame.isDefinition {
      let isUsed =
        frames.count > 1 || isTypePosition || self.is(-1, "REFERENCES", "RETURNS", "SETOF", "AS", "INHERIT")
        || self.is(-1, "TYPE") && kind != "TYPE" || self.is(-2, "EXECUTE")
      return isUsed ? .used : .changed
    }
    return isCall || isTypePosition ? .used : nil
  }

  private var isTypePosition: Bool {
    guard let last = word(-1) else { return false }
    if last.text == ":", word(-2)?.text == ":" { return true }
    if last.is("AS") { return frame.isCast }
    if last.is("COLLATE") || last.is("TYPE") && isDefining && kind != "TYPE" { return true }
    if frame.isDefinition, frames.count == 1 {
      // A keyword in the head of a definition looks like a name; after ADD there is a column's.
      let isAdded = self.is(-2, "ADD", "COLUMN") || self.is(-2, "EXISTS") && self.is(-3, "NOT")
      if !isAdded || kind != "TABLE" { return false }
    }
    return last.isName && (last.isQuoted || !SQLGrammar.beforeExpressions.contains(last.text))
  }

  /// The name of an object in a string: `nextval('public.s')`, `'public.s'::regclass`.
  private mutating func readString(_ word: SQLWords.Word) {
    let hasType =
      self.word(1)?.text == ":" && self.word(3).map { SQLGrammar.nameTypes.contains(where: $0.is) } ?? false
    let isTyped = self.word(-1).map { SQLGrammar.nameTypes.contains(where: $0.is) } ?? false
    let isArgument =
      self.word(-1)?.text == "("
      && self.word(-2).map { SQLGrammar.takesNames.contains(where: $0.is) } ?? false
    let isCast = frame.isCast && self.word(2).map { SQLGrammar.nameTypes.contains(where: $0.is) } ?? false
    frame.relation = nil
    guard hasType || isTyped || isArgument || isCast, let text = QuotedText(word) else { return }
    let parts = SQLWords(text).words
    guard parts.count > 2, parts[0].isName, parts[1].text == ".", parts[2].isName else { return }
    append(parts[0].name, parts[2].name, .used, at: word.offset)
  }

  private mutating func append(
    _ schema: String, _ name: String, _ role: SchemaQualifiedName.Role, at offset: Int
  ) {
    // PostgreSQL's own are the same for every tenant.
    if schema.hasPrefix("pg_") || schema == "information_schema" { return }
    names.append(SchemaQualifiedName(schema: schema, name: name, role: role, offset: offset))
  }
}

// MARK: - Keywords

extension SchemaNameReader {
  private mutating func readKeyword(_ text: String) {
    if isBlock, frames.count == 1, beginsStatement(text) {
      index += 1
      begin()
      index -= 1
      return
    }
    switch text {
    case "FROM" where frame.isQuery:
      if self.is(-1, "DISTINCT"), self.is(-2, "IS", "NOT") { break }
      let isTarget = self.is(-1, "DELETE")
      frame.relation = isTarget ? .changed : .used
      frame.listsRelations = !isTarget
    case "JOIN", "USING":
      guard frame.isQuery || frame.listsRelations else { return readRest(text) }
      (frame.relation, frame.listsRelations) = (.used, true)
    case "INTO": if !isBlock || self.is(-1, "INSERT", "MERGE") { frame.relation = .changed }
    case "REFERENCES": frame.relation = .used
    case "LIKE" where ["(", ","].contains(word(-1)?.text): frame.relation = .used
    case "TABLE" where frame.relation == nil && (!frame.isDefinition || self.is(-1, "AS")):
      frame.relation = .used
    case "ONLY", "LATERAL", "TABLE": if frame.relation == nil { readRest(text) }
    case "SELECT", "PERFORM", "VALUES", "UPDATE", "DELETE", "INSERT", "MERGE", "WITH": readVerb(text)
    case _ where SQLGrammar.endsRelations.contains(text):
      frame.relation = nil
      frame.listsRelations = false
      if ["WHERE", "WHEN"].contains(text) { frame.isDefinition = false }
    default: readRest(text)
    }
  }

  /// Whether a statement of plpgsql begins after the word. THEN and ELSE are those of CASE, too.
  private func beginsStatement(_ text: String) -> Bool {
    guard SQLGrammar.blockOpenings.contains(text) else { return false }
    return ["BEGIN", "LOOP"].contains(text) || SQLGrammar.beginsStatement(word(1), before: word(2))
  }

  /// A verb of a query; in a definition it may as well be a privilege or an event.
  private mutating func readVerb(_ text: String) {
    let isNested = self.is(-1, "AS", "DO", "ALSO", "INSTEAD", "ATOMIC") || word(-1)?.text == ")"
    if frame.isDefinition, !isNested || text == "WITH" { return }
    frame.relation = text == "UPDATE" ? .changed : nil
    (frame.isQuery, frame.isDefinition, frame.listsRelations) = (true, false, false)
  }

  private mutating func readRest(_ text: String) {
    frame.relation = nil
    if text == "OPERATOR", word(1)?.text == "(", word(3)?.text == ".", let name = word(2), name.isName {
      append(name.name, "", .used, at: name.offset)
    }
    guard frame.isDefinition, frames.count == 1 else { return }
    if text == "SCHEMA", self.is(-1, "IN", "ON", "SET"), kind != "EXTENSION", let name = word(1), name.isName
    {
      append(name.name, "", .changed, at: name.offset)
    }
    if ["USING", "DEFAULT"].contains(text), !kind.isEmpty { frame.isDefinition = false }
    if kind.isEmpty, SQLGrammar.kinds.contains(text) { kind = text }
  }
}
