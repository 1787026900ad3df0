internal import Tenancy

/// The failure of a tenant, or of the shared schema.
struct TenantFailure {
  let name: String
  /// `nil` if it is not known.
  let schema: SchemaName?
  let error: any Error

  init(_ name: String, _ schema: SchemaName?, _ error: any Error) {
    (self.name, self.schema, self.error) = (name, schema, error)
  }

  init?<Value>(_ outcome: FleetOutcome<Value>) {
    guard let error = outcome.failure else { return nil }
    self.init(outcome.label.onOneLine, outcome.schema, error)
  }

  /// The failures by their causes, the most frequent first. The server's messages name the schema: those that differ only
  /// by it are one cause.
  static func grouped(_ failures: [TenantFailure]) -> [(cause: String, failures: [TenantFailure])] {
    let told = failures.map { (failure: $0, cause: ErrorReport(inFleet: $0.error).cause) }
    let groups = Dictionary(grouping: told) { told in
      told.failure.schema.map { without($0.rawValue, told.cause) } ?? told.cause
    }
    return groups.sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }.map { _, members in
      let isOne = Set(members.map(\.cause)).count == 1
      let remark =
        isOne
        ? "" : "\n(the message of \(members[0].failure.name); those of the others have their schema in it)"
      return (members[0].cause + remark, members.map(\.failure))
    }
  }

  /// The text without a word.
  private static func without(_ word: String, _ text: String) -> String {
    let isPart = { (character: Character) in character.isLetter || character.isNumber || character == "_" }
    return text.split(omittingEmptySubsequences: false) { !isPart($0) }.contains { $0 == word }
      ? text.replacing(word, with: "\0") : text
  }
}

/// Failures grouped by their cause: 500 tenants with one cause are one thing to fix.
func failureCauses(_ failures: [TenantFailure], _ style: Style) -> [String] {
  TenantFailure.grouped(failures).flatMap { cause, failures in
    [style.red("failed on \(counted(failures.count, "tenant")) (\(named(failures.map(\.name), upTo: 50))):")]
      + cause.split(separator: "\n").map { "  \($0)" }
  }
}

/// That a run goes on with fewer tenants at a time than it was told to.
func fewerJobs(_ jobs: Int, _ problem: TenancyProblem) -> String {
  let reason = if case .cannotConnect(let failure) = problem { failure.message } else { "\(problem)" }
  return
    "the server has no connection for \(jobs) tenants at a time, so fewer run at once: \(reason.firstLine)"
}

/// A tenant in which nothing can be done, such as one whose ledger cannot be read, in JSON.
struct FleetFailure: Encodable, Sendable {
  let name: String
  let error: ErrorReport.Document

  static func all(_ problems: [TenantFailure]) -> [FleetFailure] {
    problems.map { FleetFailure(name: $0.name, error: ErrorReport($0.error).document()) }
  }
}

/// The first few names, and `...` if there are more.
func named(_ names: [some CustomStringConvertible], upTo limit: Int = 5) -> String {
  names.prefix(limit).map(\.description).joined(separator: ", ") + (names.count > limit ? ", ..." : "")
}

extension ErrorReport {
  /// Without the tenant's name, so that tenants with one cause can be grouped.
  init(inFleet error: any Error) {
    switch error {
    case TenancyProblem.schemaMissing:
      self.init(
        "schema_missing", .failed, "its schema does not exist",
        hint: "unless another session has just dropped or renamed the tenant: \(missingSchemaHint("NAME"))")
    case TenancyProblem.tenantExists:
      self.init(
        "tenant_exists", .refused, "it already exists",
        hint: "--if-not-exists leaves existing tenants as they are")
    default: self.init(error)
    }
  }
}
