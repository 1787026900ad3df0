/// What an app may have in a module named `Postgres`.
public struct Pool: Sendable {
  /// How many connections an app wants.
  public let connections = 4

  /// A pool.
  public init() {}
}
