internal import Synchronization
internal import TenancyPostgres

extension TenantDatabase {
  /// Lends a connection, the registry's shape as the catalog has it, and the answers to questions about the registry's rows.
  ///
  /// In a fresh session one round trip brings all of it, with the database's traits: the questions are asked as the mapping
  /// promises the shape to be, and again if it is another or they fail.
  func withRegistry<T: Sendable>(
    asking questions: (RegistryShape) -> [SQL],
    _ body: (Connection, RegistryShape, [Rows]) async throws -> T
  ) async throws -> T {
    try await connected { connection in
      if let ahead = try await self.askAhead(questions, over: connection) {
        let answers = try await ahead.answers(to: questions, over: connection)
        return try await body(connection, ahead.shape, answers)
      }
      return try await self.withRegistry(over: connection) { shape in
        try await body(connection, shape, try await connection.pipeline(questions(shape)))
      }
    }
  }

  /// `nil` if the shape is known, or nothing promises it.
  private func askAhead(
    _ questions: (RegistryShape) -> [SQL], over connection: Connection
  ) async throws -> AskedAhead? {
    let mapping = settings.registry
    guard knownShape.withLock({ $0 }) == nil, let promised = RegistryShape.promised(by: mapping) else {
      return nil
    }
    let asked = questions(promised)
    // These do not wait for a lock on the registry: if they fail, the same questions are asked again, and do.
    let impatient: SQL = "SELECT set_config('lock_timeout', '1ms', true)"
    let results = try await connection.openedSegments([
      RegistryShape.queries(mapping), [DatabaseTraits.query], [impatient] + asked,
    ])
    let found = try CatalogTable.tables(in: try results[0].get())
    let shape = try await RegistryShape(mapping, found, over: connection)
    knownShape.withLock { $0 = shape }
    try await learnTraits(from: try results[1].get()[0], over: connection)
    return AskedAhead(shape: shape, asked: asked, result: results[2])
  }
}

/// What came of questions that were asked before the shape was known.
private struct AskedAhead {
  let shape: RegistryShape
  let asked: [SQL]
  let result: PipelineResult

  func answers(to questions: (RegistryShape) -> [SQL], over connection: Connection) async throws -> [Rows] {
    let meant = questions(shape)
    if case .success(let rows) = result, meant == asked { return Array(rows.dropFirst()) }
    return try await connection.pipeline(meant)
  }
}
