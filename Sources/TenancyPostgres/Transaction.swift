extension Connection {
  /// Runs the statements as one transaction: all of them take effect, or none.
  ///
  /// In one round trip the server has the `COMMIT` before it begins: it commits even if we are killed meanwhile. With
  /// the commit apart, in a second one, the server rolls back when it finds us gone.
  ///
  /// Throws ``StatementError`` with the index in `statements` (`statements.count` if it was the commit that failed,
  /// as a deferred constraint does), ``ConnectionError`` or `CancellationError`. The first error is the one thrown.
  /// - Parameters:
  ///   - rollsBack: whether it ends with ROLLBACK, so that nothing takes effect.
  ///   - begin: how it begins, such as with its isolation level.
  ///   - rollingBack: what is done instead of a ROLLBACK when it has failed.
  @discardableResult
  package func transaction(
    _ statements: [SQL], commitsApart: Bool = false, rollsBack: Bool = false, begin: SQL = "BEGIN",
    rollingBack: RollingBack? = nil
  ) async throws -> [Rows] {
    do {
      if commitsApart {
        do {
          return try await transaction(opening: statements, begin: begin, rollingBack: rollingBack) { $0 }
        } catch let error as ServerError {
          throw StatementError(index: statements.count + 1, error: error)
        }
      }
      let end: SQL = rollsBack ? "ROLLBACK" : "COMMIT"
      return try await bare([begin] + statements + [end]).dropFirst().dropLast()
    } catch let failure as StatementError {
      await rollBack(rollingBack)
      throw StatementError(index: max(0, failure.index - 1), error: failure.error)
    } catch {
      await rollBack(rollingBack)
      throw error
    }
  }

  /// Ends a transaction that has failed, if it is still open.
  package typealias RollingBack = @Sendable (Connection) async -> Void

  /// Runs the block inside a transaction, committed when it returns and rolled back when it throws.
  ///
  /// Throws what the block throws, or the error of the commit, which is also what becomes of a statement's error that
  /// the block kept to itself. A failure of the rollback itself never hides it.
  /// - Parameters:
  ///   - opening: statements that go out together with the `BEGIN`.
  ///   - closing: statements that go out together with the `COMMIT`.
  ///   - rollingBack: what is done instead of a ROLLBACK.
  package func transaction<T>(
    opening: [SQL] = [], closing: [SQL] = [], begin: SQL = "BEGIN",
    rollingBack: RollingBack? = nil, isolation: isolated (any Actor)? = #isolation,
    _ body: (_ opened: [Rows]) async throws -> T
  ) async throws -> T {
    do {
      let opened = try await bare([begin] + opening).dropFirst()
      let value = try await body(Array(opened))
      try await commit(closing)
      return value
    } catch {
      await rollBack(rollingBack)
      throw error
    }
  }

  private func commit(_ closing: [SQL]) async throws {
    do {
      let rows = try await closing.isEmpty ? pipeline(["COMMIT"]) : message(closing + ["COMMIT"])
      // To a COMMIT of a failed transaction the server says ROLLBACK, and no error.
      guard rows.last?.command == "COMMIT" else { throw ServerError.failedTransaction }
    } catch let failure as StatementError {
      throw failure.error.state == .inFailedTransaction ? ServerError.failedTransaction : failure.error
    }
  }

  /// Ends the open transaction, also when the task is cancelled already: a cancelled task could not talk to the
  /// server any more, and the connection would go back to the pool inside of the transaction.
  private func rollBack(_ own: RollingBack?) async {
    if let own { return await own(self) }
    guard state == .inTransaction else { return }
    _ = await Task { try? await self.query("ROLLBACK") }.value
  }
}
