internal import SQLText

extension MigrationSet {
  /// The hazards of all files, the shared ones first, in order.
  ///
  /// A comment `-- tenantctl:allow HAZARD` above a statement or in it silences a hazard of that statement.
  /// - Parameters:
  ///   - ledger: the name of the ledger's table.
  ///   - since: only files with a later version; those before say which tables exist.
  package func hazards(ledger: String = "schema_migrations", since: MigrationVersion? = nil)
    -> [HazardFinding]
  {
    let made = KnownObjects.names(madeBy: shared)
    return find(in: shared, HazardScope(isTenant: false, ledger: ledger, shared: made), since)
      + find(in: tenant, HazardScope(isTenant: true, ledger: ledger, shared: made), since)
  }

  private func find(in files: [MigrationFile], _ scope: HazardScope, _ since: MigrationVersion?)
    -> [HazardFinding]
  {
    var known = KnownObjects()
    return files.flatMap { file in
      known.file = FileChanges(file.up)
      let found = file.hazards(scope, &known)
      return since.map { file.version <= $0 } ?? false ? [] : found
    }
  }
}

/// What is the same for all files of a folder.
struct HazardScope {
  /// Whether they run in every tenant's schema.
  let isTenant: Bool
  let ledger: String
  /// What the shared files make: tenants may refer to it.
  let shared: Set<String>
}

/// A hazard, and the byte of the statement that it is at.
struct PlacedHazard: Hashable {
  let hazard: Hazard
  let offset: Int
}

extension MigrationFile {
  fileprivate func hazards(_ scope: HazardScope, _ known: inout KnownObjects) -> [HazardFinding] {
    if isEmptyByMistake {
      return [HazardFinding(hazard: .empty, path: path, location: .start, excerpt: "")]
    }
    var findings = markerFindings
    for direction in [MigrationDirection.up, .down] {
      let statements = self.statements(direction)
      let options = self.options(direction)
      let opening = statements.openingTransactionSettings
      for (index, statement) in statements.enumerated() {
        let rules = StatementHazards(
          statement: statement, scope: scope, isInTransaction: options.transaction,
          isOpening: opening.contains(index), isUndoing: direction == .down)
        findings += place(rules.hazards(&known), in: statement, of: statements, at: index)
      }
    }
    return findings
  }

  /// One for each marker with words that are no options.
  private var markerFindings: [HazardFinding] {
    let hazard = Hazard.markerWords
    if allowances.values.contains(where: { !$0.isDisjoint(with: hazard.allowances) }) { return [] }
    return remarks.map {
      HazardFinding(hazard: hazard, path: path, location: $0.location, excerpt: $0.excerpt)
    }
  }

  private func place(
    _ hazards: [PlacedHazard], in statement: SQLStatement, of all: [SQLStatement], at index: Int
  ) -> [HazardFinding] {
    hazards.filter { !allows($0.hazard, in: all, at: index) }.map { hazard in
      HazardFinding(
        hazard: hazard.hazard, path: path, location: statement.location(ofByte: hazard.offset),
        excerpt: statement.excerpt(ofByte: hazard.offset))
    }
  }
}

/// The hazards of one statement, with those of the code in it.
struct StatementHazards {
  let statement: SQLStatement
  let scope: HazardScope
  let isInTransaction: Bool
  /// Whether it sets the transaction before anything else runs in it.
  let isOpening: Bool
  let isUndoing: Bool

  func hazards(_ known: inout KnownObjects) -> [PlacedHazard] {
    let words = SQLWords(statement)
    guard let start = words.words.first?.offset else { return [] }
    let transaction = TransactionHazards(words: words, isInTransaction: isInTransaction, isOpening: isOpening)
    var found = transaction.hazards.map { PlacedHazard(hazard: $0, offset: start) }
    // A body that is not in quotes, BEGIN ATOMIC, runs when it is called, too.
    let body = words.isRoutine ? words.words.first { $0.is("ATOMIC") }?.offset ?? .max : .max
    let all = words.schemaQualifiedNames
    found += names(all.filter { $0.offset < body }, runsAtOnce: true)
    found += names(
      all.filter { $0.offset > body } + words.namesInArguments.filter(isKnown(known)), runsAtOnce: false)
    if !words.keepsQuery { found += lookups(words.words) }
    let own = hazards(of: words, runsAtOnce: true, &known)
    // A lock that is gone with its statement stops nobody.
    let isLost = transaction.hazards.contains(.needsTransaction)
    found += isLost ? own.filter { $0.hazard != .lockTable } : own
    return found.sorted { $0.offset < $1.offset }
  }

  /// What a statement does, with the code in it, but for the names in the statement itself.
  private func hazards(
    of words: SQLWords, runsAtOnce: Bool, _ known: inout KnownObjects
  ) -> [PlacedHazard] {
    var found = runsAtOnce ? hazards(of: words, &known) : whenCalled(words)
    for code in words.embedded {
      let runsAtOnce = runsAtOnce && code.runsAtOnce
      found += names(code.schemaQualifiedNames, runsAtOnce: runsAtOnce)
      found += names(SQLWords(code.words).namesInArguments.filter(isKnown(known)), runsAtOnce: false)
      if runsAtOnce { found += lookups(code.words) }
      for words in code.statements { found += hazards(of: words, runsAtOnce: runsAtOnce, &known) }
    }
    return found
  }

  private func whenCalled(_ words: SQLWords) -> [PlacedHazard] {
    guard scope.isTenant, words.setsSearchPath, let first = words.words.first else { return [] }
    return [PlacedHazard(hazard: .functionSearchPath, offset: first.offset)]
  }

  /// What one statement does when it runs, but for the names in it.
  private func hazards(of words: SQLWords, _ known: inout KnownObjects) -> [PlacedHazard] {
    guard let first = words.words.first else { return [] }
    let tenancy = TenancyHazards(words: words, scope: scope, known: known).hazards
    // What undoes runs seldom, and then it has to run: that the app feels it is no reason against it.
    let live =
      isUndoing ? [] : LiveHazards(words: words, known: known, isInTransaction: isInTransaction).hazards
    if !isUndoing { known.note(words) }
    return (tenancy + live).map { PlacedHazard(hazard: $0, offset: first.offset) }
  }

  private func lookups(_ words: [SQLWords.Word]) -> [PlacedHazard] {
    guard scope.isTenant else { return [] }
    return CatalogLookups(words).offsets.map { PlacedHazard(hazard: .catalogLookup, offset: $0) }
  }

  /// Whether a file makes something of that name: any other text with a point in it is no object's name.
  private func isKnown(_ known: KnownObjects) -> (SchemaQualifiedName) -> Bool {
    { known.columns[$0.name] != nil || known.types.contains($0.name) }
  }

  /// Each name once.
  private func names(_ names: [SchemaQualifiedName], runsAtOnce: Bool) -> [PlacedHazard] {
    guard scope.isTenant else { return [] }
    var seen: Set<String> = []
    return names.compactMap { name in
      let isChanged = runsAtOnce && name.role == .changed
      if !isChanged, name.schema == "public", scope.shared.contains(name.name) { return nil }
      guard seen.insert("\(name.schema).\(name.name)").inserted else { return nil }
      return PlacedHazard(hazard: isChanged ? .schemaName : .schemaReference, offset: name.offset)
    }
  }
}
