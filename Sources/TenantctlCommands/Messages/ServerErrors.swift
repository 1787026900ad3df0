internal import Tenancy

extension ServerFailure {
  /// The server's message, and its details on separate lines.
  var sentence: String {
    ([message] + (detail.map { [$0] } ?? [])).joined(separator: "\n  ")
  }
}

extension ErrorReport {
  /// A trigger of the app's that relies on another search path.
  static func triggerFailed(_ table: String, _ failure: ServerFailure) -> ErrorReport {
    ErrorReport(
      "trigger_failed", .failed, "a trigger on \(table) failed: \(failure.message)",
      hint: """
        tenantctl runs with search_path = pg_catalog, so that it calls no other role's objects: set the path of the trigger's \
        function, ALTER FUNCTION ... SET search_path TO public
        """, sqlState: failure.sqlState)
  }
}
