package import SQLText
internal import TenancyPostgres

/// SQL to run in tenants' schemas: each statement is sent separately, all of them in one transaction.
package struct ExecScript: Sendable {
  private struct Part {
    /// Its source, for messages: a file's path, or the option that held it.
    let name: String
    let statement: SQLStatement
  }

  private let parts: [Part]
  let statements: [SQLStatement]

  /// Splits texts into statements, to be run one text after the other.
  ///
  /// Throws ``TenancyProblem/scriptInvalid(_:)`` if one cannot be split, has no statement, or ends the transaction.
  package init(_ texts: [(name: String, bytes: [UInt8])]) throws {
    parts = try texts.flatMap { name, bytes in
      do {
        let statements = try SQLScript.statements(in: bytes)
        if statements.isEmpty { throw TenancyProblem.scriptInvalid(.init(script: name, error: nil)) }
        return statements.map { Part(name: name, statement: $0) }
      } catch let error as SQLScriptError {
        throw TenancyProblem.scriptInvalid(.init(script: name, error: error))
      }
    }
    statements = parts.map(\.statement)
  }

  /// The last text's source.
  var name: String { parts.last?.name ?? "" }

  /// What is sent to one tenant.
  func sent(_ targets: SharedTargets, in schema: SchemaName, mayWrite: Bool) -> Sent {
    let roles = statements.underAnotherRole
    let opening = statements.openingTransactionSettings
    let first = opening.count < statements.count ? opening : []
    let others = statements.indices.filter { !first.contains($0) }
    return Sent(
      script: self, leads: first.count,
      parts: (first + others).flatMap { index -> [Sent.Part] in
        let statement = statements[index]
        func parts(_ statements: [SQL], _ purpose: Sent.Purpose) -> [Sent.Part] {
          statements.map { Sent.Part(sql: $0, statement: index, purpose: purpose) }
        }
        let shared = targets.met(by: statement).enumerated().map { number, object in
          let guards = object.guards(number)
          return (before: parts(guards.before, .target(object)), after: parts(guards.after, .target(object)))
        }
        let cascade = mayWrite ? CascadeGuard(statement, in: schema) : nil
        return parts(roles.contains(index) ? [schema.usable] : [], .role) + shared.flatMap(\.before)
          + parts(cascade.map { [$0.before] } ?? [], .cascade)
          + parts([SQL(unsafeRaw: statement.text)], .own)
          + parts(cascade.map { [$0.after] } ?? [], .cascade) + shared.flatMap(\.after)
      })
  }

  /// Its statements, and around them the checks that they change nothing outside of the schema that they do not name.
  struct Sent: Sendable {
    fileprivate enum Purpose: Sendable {
      /// One of the script's statements.
      case own
      /// The check that it finds the tenant's own object.
      case target(SharedObject)
      /// The check that CASCADE reaches nothing outside of the schema.
      case cascade
      /// The check that the role which the script has set may use the schema.
      case role
    }

    fileprivate struct Part: Sendable {
      let sql: SQL
      let statement: Int
      let purpose: Purpose
      var isOwn: Bool { if case .own = purpose { true } else { false } }
    }

    fileprivate let script: ExecScript
    /// How many of the parts set what the transaction is, which PostgreSQL takes only before its first query.
    fileprivate let leads: Int
    fileprivate let parts: [Part]

    var name: String { script.name }
    /// What comes before the opening of the transaction.
    var leading: [SQL] { parts[..<leads].map(\.sql) }
    /// What comes after it.
    var statements: [SQL] { parts[leads...].map(\.sql) }

    /// The results of the script's own statements after the opening.
    func ownAnswers(_ answers: ArraySlice<Rows>) -> [Rows] {
      zip(parts[leads...], answers).filter(\.0.isOwn).map(\.1)
    }

    /// Which part was sent at that index; `nil`: none of it.
    func place(of index: Int, afterOpening count: Int) -> Int? {
      if index < leads { return index }
      return (leads..<parts.count).contains(index - count) ? index - count : nil
    }

    /// - Parameter place: the part that failed; `nil`: the commit.
    func failure(_ error: ServerError, at place: Int?, isReadOnly: Bool) -> ExecFailure {
      guard let place else { return script.failure(error, at: nil, isReadOnly: isReadOnly) }
      let part = parts[place]
      var failure = script.failure(error, at: part.statement, isReadOnly: isReadOnly)
      switch (part.purpose, error.state) {
      case (.target(let object), .divisionByZero): failure.sharedObject = object
      case (.role, .insufficientPrivilege): failure.setsRoleWithoutUsage = true
      case (.cascade, CascadeGuard.failure): failure.reachedOutside = CascadeGuard.objects(error)
      default: break
      }
      return failure
    }
  }

  private func failure(_ error: ServerError, at index: Int?, isReadOnly: Bool) -> ExecFailure {
    guard let index else {
      return ExecFailure(script: name, place: nil, isReadOnly: isReadOnly, server: ServerFailure(error))
    }
    let (name, statement) = (parts[index].name, parts[index].statement)
    let position = error.position
    let location = position.map(statement.location(ofCharacter:)) ?? statement.location
    return ExecFailure(
      script: name, place: .init(location: location, excerpt: statement.excerpt(ofCharacter: position ?? 1)),
      isReadOnly: isReadOnly, server: ServerFailure(error))
  }
}

/// Why a script was not run at all.
package struct ExecScriptProblem: Sendable, Hashable {
  /// The script's source.
  package let script: String
  /// The error; `nil`: it has no statement.
  package let error: SQLScriptError?
}

/// A script that failed in a tenant's schema. Its transaction was rolled back.
package struct ExecFailure: Sendable, Hashable {
  /// A place in the script.
  package struct Place: Sendable, Hashable {
    /// The line and the column.
    package let location: ScriptLocation
    /// The text of that line.
    package let excerpt: String
  }

  /// The script's source.
  package let script: String
  /// The place of the error; `nil` if the commit failed.
  package let place: Place?
  /// Whether the transaction was read-only.
  package let isReadOnly: Bool
  /// The server's error.
  package let server: ServerFailure
  /// What the statement would have changed instead of the tenant's own: the server did not come to it.
  package internal(set) var sharedObject: SharedObject?
  /// Whether the script has set a role that may not use the tenant's schema: the statement's unqualified names would lead
  /// elsewhere.
  package internal(set) var setsRoleWithoutUsage = false
  /// What the statement would have dropped or emptied by CASCADE outside of the tenant's schema.
  package internal(set) var reachedOutside: [String] = []
}
