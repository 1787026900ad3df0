internal import CLibPQ

extension Connection {
  /// What another program that uses libpq needs in its environment to reach the same database as the same role: `PGHOST`,
  /// `PGDATABASE`, `PGPASSWORD` and so on (PostgreSQL manual, 34.15 "Environment Variables"). Read off the connection
  /// itself, so defaults and the service file are in it already. May hold a password.
  ///
  /// Throws ``ConnectionError/lost(_:)`` if the connection is closed.
  package func clientVariables() throws -> [String: String] {
    guard let handle, let options = PQconninfo(handle.pointer) else {
      throw ConnectionError.lost("the connection is closed")
    }
    defer { PQconninfoFree(options) }
    var variables: [String: String] = [:]
    var option = options
    while option.pointee.keyword != nil {
      if let name = option.pointee.envvar, let value = option.pointee.val, value.pointee != 0 {
        variables[String(cString: name)] = String(cString: value)
      }
      option += 1
    }
    // The encoding is that of this connection, not of the other program.
    variables["PGCLIENTENCODING"] = nil
    // The service file would have the last word over what stands here.
    variables["PGSERVICE"] = nil
    return variables
  }
}
