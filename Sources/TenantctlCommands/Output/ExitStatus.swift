/// The exit statuses. Scripts rely on them; their meaning never changes.
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
      "Refused: it already exists, is deactivated, needs confirmation, or a checksum does not match."
    case .partial: "Some or all tenants of the selection failed; the others are done."
    case .pending: "Pending: a check found migrations to apply."
    case .cannotConnect: "Cannot connect to the database."
    case .interrupted: "Interrupted by a signal; the progress so far is printed."
    }
  }
}
