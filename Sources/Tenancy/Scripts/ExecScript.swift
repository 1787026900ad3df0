package import SQLText
internal import TenancyPostgres

/// SQL to be run in tenants' schemas: each statement is sent by itself, all of them as one transaction.
package struct ExecScript: Sendable {
  /// Where it comes from, for messages: a file's path, or the option that held it.
  package let name: String
  let statements: [SQLStatement]

  /// Takes a script apart.
  ///
  /// Throws ``TenancyProblem/scriptInvalid(_:)`` if it is no sound SQL, has no statement, or ends the transaction.
  package init(name: String, _ bytes: [UInt8]) throws {
    self.name = name
    do {
      statements = try SQLScript.statements(in: bytes)
    } catch {
      throw TenancyProblem.scriptInvalid(.init(script: name, error: error))
    }
    if statements.isEmpty { throw TenancyProblem.scriptInvalid(.init(script: name, error: nil)) }
  }

  func failure(_ error: StatementError, isReadOnly: Bool) -> ExecFailure {
    guard statements.indices.contains(error.index) else {
      return ExecFailure(script: name, place: nil, isReadOnly: isReadOnly, server: ServerFailure(error.error))
    }
    let statement = statements[error.index]
    let position = error.error.position
    let location = position.map(statement.location(ofCharacter:)) ?? statement.location
    return ExecFailure(
      script: name, place: .init(location: location, excerpt: statement.excerpt(ofCharacter: position ?? 1)),
      isReadOnly: isReadOnly, server: ServerFailure(error.error))
  }
}

/// Why a script is not run in any tenant.
package struct ExecScriptProblem: Sendable, Hashable {
  /// Where it comes from.
  package let script: String
  /// What is wrong; `nil`: it has no statement.
  package let error: SQLScriptError?
}

/// A script that failed in a tenant's schema. Nothing of it took effect there.
package struct ExecFailure: Sendable, Hashable {
  /// A place in the script.
  package struct Place: Sendable, Hashable {
    /// The line and the column.
    package let location: ScriptLocation
    /// The text of that line.
    package let excerpt: String
  }

  /// Where the script comes from.
  package let script: String
  /// The place of the error; `nil` if it was the commit that failed.
  package let place: Place?
  /// Whether the transaction could only read.
  package let isReadOnly: Bool
  /// The server's words.
  package let server: ServerFailure
}
