import Foundation

/// The PostgreSQL server that the tests were given; they never look for another one.
public struct TestServer: Sendable {
  /// The variable that names the server: a superuser's `postgresql://` URI or `key=value` conninfo.
  public static let variable = "TENANTCTL_TEST_DATABASE_URL"

  /// How libpq reaches the server's maintenance database.
  public let url: String

  /// Names a server by the URL of its maintenance database.
  public init(url: String) {
    self.url = url
  }

  /// The server of this test run.
  ///
  /// - Throws: `NoServer` where none was given, so that a test without a server fails.
  public static func given() throws -> TestServer {
    guard let url = ProcessInfo.processInfo.environment[variable], !url.isEmpty else { throw NoServer() }
    return TestServer(url: url)
  }

  /// The URL of another database on the same server.
  public func url(database: String) -> String {
    guard let scheme = url.range(of: "://") else { return "\(url) dbname=\(database)" }
    let path = url[scheme.upperBound...].firstIndex { $0 == "/" || $0 == "?" } ?? url.endIndex
    let query = url[path...].firstIndex(of: "?") ?? url.endIndex
    return "\(url[..<path])/\(database)\(url[query...])"
  }
}

/// No server was given to the tests.
public struct NoServer: Error, CustomStringConvertible {
  /// What to do about it.
  public var description: String {
    """
    These tests need a PostgreSQL server of their own. Run `make test`, which starts one, \
    or name one whose databases may be created and dropped: \(TestServer.variable)=postgresql://...
    """
  }
}
