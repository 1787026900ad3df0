/// What every part of the library throws, besides `CancellationError` and what a block of the caller throws.
///
/// ```swift
/// do {
///   try await database.withTenant(forHost: host) { ... }
/// } catch let error as TenancyError where error.code == .hostNotFound {
///   // 404
/// }
/// ```
public struct TenancyError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What happened, as data: exhaustive, for the code of this package.
  package let problem: TenancyProblem
  /// The tenant that it is about, or in whose block it happened.
  public let tenant: TenantName?

  /// - Parameter tenant: the tenant in whose block it happened.
  package init(_ problem: TenancyProblem, in tenant: TenantName? = nil) {
    self.problem = problem
    self.tenant = problem.tenant ?? tenant
  }

  /// What happened, for programs.
  public var code: Code { problem.publicForm.code }
  /// What happened, for people: one or more lines, for a log rather than for the users of an app. It may have values of the
  /// database in it.
  public var message: String { problem.publicForm.message }
  /// PostgreSQL's code (manual, Appendix A), if the server refused a statement or the connection: `23505` is a unique constraint.
  public var sqlState: String? {
    if case .cannotConnect(let failure) = problem { return failure.sqlState }
    return problem.serverFailure?.sqlState
  }
  /// The ``message``.
  public var description: String { message }

  /// An error in the form that the public functions throw. `CancellationError` and a caller's own errors pass unchanged.
  static func wrapping(_ error: any Error, in tenant: TenantName? = nil) -> any Error {
    let error = TenancyProblem.translating(error)
    return (error as? TenancyProblem).map { TenancyError($0, in: tenant) } ?? error
  }
}

extension TenancyError {
  /// Tells errors apart. More codes may come: compare with those that matter, and treat any other as ``other``.
  public struct Code: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    /// As `tenantctl` writes it in JSON where it reports the same.
    public let rawValue: String

    /// The code with that text.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// The text.
    public var description: String { rawValue }

    /// The registry has no such tenant.
    public static let tenantNotFound = Code(rawValue: "tenant_not_found")
    /// The tenant is deactivated.
    public static let tenantDeactivated = Code(rawValue: "tenant_deactivated")
    /// The registry has the tenant, but the database does not have its schema, or cannot enter it.
    public static let schemaMissing = Code(rawValue: "schema_missing")
    /// The host is not a domain of any tenant, and its first label is not a tenant's name.
    public static let hostNotFound = Code(rawValue: "host_not_found")
    /// The host leads to the shared schema.
    public static let hostNotTenant = Code(rawValue: "host_not_tenant")
    /// The host is a domain, but its tenant does not exist.
    public static let domainWithoutTenant = Code(rawValue: "domain_without_tenant")
    /// The name of a tenant is not valid.
    public static let invalidName = Code(rawValue: "invalid_name")
    /// The name of a schema is not valid.
    public static let invalidSchema = Code(rawValue: "invalid_schema")
    /// The host or domain is not valid.
    public static let invalidDomain = Code(rawValue: "invalid_domain")
    /// The registry's tables do not exist.
    public static let registryMissing = Code(rawValue: "registry_missing")
    /// A column of the registry does not exist, or has another type than expected.
    public static let registryMismatch = Code(rawValue: "registry_mismatch")
    /// The connection string is not valid.
    public static let malformedURL = Code(rawValue: "malformed_url")
    /// No connection to the server could be made.
    public static let connectionFailed = Code(rawValue: "cannot_connect")
    /// The connection broke. A transaction whose commit was running may or may not be committed.
    public static let connectionLost = Code(rawValue: "connection_lost")
    /// No connection became free within ``TenantDatabase/Settings/poolTimeout``.
    public static let poolExhausted = Code(rawValue: "pool_exhausted")
    /// ``TenantDatabase/close()`` was called.
    public static let poolClosed = Code(rawValue: "pool_closed")
    /// A ``TenantDirectory`` has not read the registry yet.
    public static let directoryNotReady = Code(rawValue: "directory_not_ready")
    /// A ``TenantDirectory`` has not reached the database for longer than ``TenantDirectory/Settings/patience``.
    public static let directoryStale = Code(rawValue: "directory_stale")
    /// A ``TenantSession`` was used after its block had ended.
    public static let sessionEnded = Code(rawValue: "session_ended")
    /// The role lacks a privilege.
    public static let insufficientPrivilege = Code(rawValue: "insufficient_privilege")
    /// Another session held a lock for longer than the lock timeout.
    public static let locked = Code(rawValue: "locked")
    /// Another session changed the same thing at the same time; another attempt is likely to succeed.
    public static let changedMeanwhile = Code(rawValue: "changed_meanwhile")
    /// The server refused a statement for another reason: ``TenancyError/sqlState`` says which.
    public static let statementFailed = Code(rawValue: "server")
    /// A column does not exist, is NULL, or is not a value of the type that was asked for.
    public static let columnMismatch = Code(rawValue: "column_mismatch")
    /// Anything else.
    public static let other = Code(rawValue: "other")
  }
}

extension TenancyProblem {
  /// The server's words, if a statement failed.
  fileprivate var serverFailure: ServerFailure? {
    switch self {
    case .server(let failure), .locked(let failure, _), .insufficientPrivilege(let failure): failure
    default: nil
    }
  }

  /// What a server app is told. Its other problems only come up in administration.
  fileprivate var publicForm: (code: TenancyError.Code, message: String) {
    switch self {
    case .tenantNotFound(let name): (.tenantNotFound, "tenant \(name) does not exist")
    case .tenantDeactivated(let name): (.tenantDeactivated, "tenant \(name) is deactivated")
    case .schemaMissing(let name, let schema):
      (.schemaMissing, "schema \(schema) of tenant \(name) does not exist")
    case .schemaNotEnterable(let name, let schema):
      (.schemaMissing, "schema \(schema) of tenant \(name) cannot be entered")
    case .hostNotFound(let host, let label, hasDomains: true):
      (
        .hostNotFound,
        "domain \(host.onOneLine) does not exist, and neither does tenant \(label.onOneLine), which its first label names"
      )
    case .hostNotFound(let host, let label, hasDomains: false):
      (
        .hostNotFound,
        "tenant \(label.onOneLine), which the first label of \(host.onOneLine) names, does not exist"
      )
    case .hostNotTenant(let host): (.hostNotTenant, "\(host.onOneLine) does not belong to a tenant")
    case .domainWithoutTenant(let domain, let tenant):
      (
        .domainWithoutTenant,
        "domain \(domain) belongs to \(tenant.map { "tenant \($0)" } ?? "a tenant"), which does not exist"
      )
    case .invalidTenantName(let text, let reason):
      (.invalidName, "invalid tenant name '\(text.onOneLine)': \(reason.sentence)")
    case .nameNotOfType(let text, _, _, let type):
      (.invalidName, "invalid tenant name '\(text.onOneLine)': it is not of type \(type)")
    case .invalidSchemaName(let text, let reason):
      (.invalidSchema, "invalid schema name '\(text.onOneLine)': \(reason.sentence)")
    case .schemaRequired(let name, let reason):
      (.invalidSchema, "the name of tenant \(name) cannot be its schema's name: \(reason.sentence)")
    case .invalidDomainName(let text, let reason):
      (.invalidDomain, "invalid domain '\(text.onOneLine)': \(reason.sentence)")
    case .registryMissing(let tables, _):
      (
        .registryMissing,
        tables.count == 1
          ? "table \(tables[0]) does not exist" : "tables \(tables.joined(separator: " and ")) do not exist"
      )
    case .registryColumnMissing(let missing):
      (
        .registryMismatch,
        "column \(missing.column) of table \(missing.table) does not exist; its columns are \(missing.available.joined(separator: ", "))"
      )
    case .registryColumnType(let table, let column, let type, let expected):
      (.registryMismatch, "column \(column) of \(table) is of type \(type), not \(expected)")
    default: clientForm
    }
  }

  private var clientForm: (code: TenancyError.Code, message: String) {
    switch self {
    case .malformedConnection(let problem):
      (.malformedURL, "the connection string is not valid: \(problem.reason)")
    case .cannotConnect(let failure):
      (.connectionFailed, "cannot connect to the database: \(failure.message)")
    case .connectionLost(let reason): (.connectionLost, "lost the connection to the server: \(reason)")
    case .poolExhausted(let limit): (.poolExhausted, "no connection became free within \(limit)")
    case .poolClosed: (.poolClosed, "the pool of connections is closed")
    case .sessionEnded: (.sessionEnded, "the block of the session has ended")
    case .directoryNotReady: (.directoryNotReady, "the registry has not been read yet")
    case .directoryStale(let age):
      (.directoryStale, "the registry was last read \(age.inSeconds) ago, and the database does not answer")
    case .insufficientPrivilege(let failure): (.insufficientPrivilege, failure.message)
    case .locked(let failure, _): (.locked, failure.message)
    case .changedMeanwhile:
      (.changedMeanwhile, "another session changed the same data at the same time")
    case .server(let failure): (.statementFailed, failure.message)
    case .columnMismatch(let error):
      (
        .columnMismatch,
        "column \(error.column) is \(error.found ?? "NULL or missing"), not \(error.expected)"
      )
    // The name of the case: what else it holds is not written for people.
    default: (.other, Mirror(reflecting: self).children.first?.label ?? "\(self)")
    }
  }
}

extension MalformedTarget {
  /// What is wrong, for a server app and for the command line.
  package var reason: String {
    switch self {
    case .syntax: "it is neither a URI (postgresql://user@host/database) nor key=value pairs"
    case .unencoded(let character, let encoded):
      "\(character) in the user name or the password must be written as \(encoded)"
    case .percent: "a % in it must be written as %25, unless it begins an encoded character such as %40"
    case .quoted: "it begins with a quotation mark"
    case .scheme(let name): "its scheme is \(name)://, not postgresql://"
    case .parameter("ssl", _, _): "libpq knows the parameter ssl only as ssl=true"
    case .parameter(let name, isPublic: true, _): "libpq does not know the parameter \(name.onOneLine)"
    case .parameter: "libpq does not know one of its parameters"
    case .value(let name, let choices): "\(name) must be one of \(choices.joined(separator: ", "))"
    case .separator(let name): "a = in the value of \(name) must be written as %3D"
    case .unclosed: "a value begins with the quote ' and does not end with one"
    case .semicolons: "its pairs have semicolons between them; libpq wants blanks"
    case .number(let name): "\(name) must be a whole number"
    case .port: "port must be a number from 1 to 65535"
    }
  }
}
