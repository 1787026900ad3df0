/// How the program ends. Scripts rely on these; they never change their meaning.
enum ExitStatus: Int32, CaseIterable, Sendable {
  case done = 0
  case failed = 1
  case usage = 2
  case notFound = 3
  case refused = 4
  case partial = 5
  case pending = 6
  case cannotConnect = 7
  case interrupted = 130

  /// For the manual pages.
  var meaning: String {
    switch self {
    case .done: "Done, or nothing to do."
    case .failed: "The operation failed."
    case .usage: "Usage: an unknown option, a malformed name, a bad configuration file."
    case .notFound: "Not found: a tenant, a domain, a version, the registry."
    case .refused:
      "Refused: it exists already, is deactivated, needs a confirmation, or a checksum does not match."
    case .partial: "Some or all tenants of the selection failed; the others are done."
    case .pending: "Pending: a check found migrations to apply."
    case .cannotConnect: "Cannot connect to the database."
    case .interrupted: "Interrupted by a signal; what is known is printed."
    }
  }
}
