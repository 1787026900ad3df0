internal import TenancyPostgres

/// Keeps a directory current, over one connection.
///
/// Every ``TenantDirectory/Settings/interval`` the registry's ``DirectoryMark`` is asked for; if it differs, all is read. In
/// between, notifications name tenants that have changed, and only these are read. Notifications alone would not do: anybody
/// can send one, and an administrator can disable the triggers.
struct DirectoryKeeper {
  private let reader: DirectoryReader
  private let state: DirectoryState
  private let interval: Duration
  private var mark: DirectoryMark?
  /// Before then, notifications do not make it read all again: they may come from anybody, as often as he likes.
  private var nextReading = ContinuousClock.now
  private var nextQuestion = ContinuousClock.now
  /// When all is read again after updates: a change that came without its notification, just when another was read, is
  /// not noticed otherwise.
  private var nextReview: ContinuousClock.Instant?

  /// How long the server has for an answer before another connection is tried.
  private static let patience = Duration.seconds(3)
  /// More changes than that at a time are read with all the rest.
  private static let mostKeys = 200
  private static let reviewInterval = Duration.seconds(60)

  /// Reads the registry for the first time over this connection.
  init(_ state: DirectoryState, of database: TenantDatabase, over connection: Connection, interval: Duration)
    async throws
  {
    self.state = state
    self.interval = interval
    reader = try await DirectoryReader(of: database, over: connection)
    try await readAll()
  }

  /// Goes on until the connection is lost or the registry's structure has changed, which is thrown as ``ShapeOutdated``.
  mutating func keep() async throws {
    while true {
      let told = try await reader.connection.notifications(within: max(.zero, nextQuestion - .now))
      try await update(told)
      if .now >= nextQuestion { try await ask() }
    }
  }

  private mutating func ask() async throws {
    let asked = ContinuousClock.now
    nextQuestion = asked + interval
    let found = try await reader.mark(within: Self.patience)
    if found.structure != mark?.structure { throw ShapeOutdated() }
    if let nextReview, asked >= nextReview { return try await readAll() }
    if found.rows == mark?.rows { return state.publish(nil, asOf: asked) }
    // The notification may have come along with the answer.
    let told = reader.isNotified ? try await reader.connection.notifications(within: .zero) : []
    if told.isEmpty { try await readAll() } else { try await update(told) }
  }

  private mutating func update(_ notifications: [Notification]) async throws {
    let keys = Set(notifications.map(\.payload))
    if keys.isEmpty { return }
    let began = ContinuousClock.now
    if keys.count <= Self.mostKeys, !keys.contains(RegistryNotifications.everything),
      try await update(keys, asOf: began)
    {
      return
    }
    if began >= nextReading { try await readAll() } else { nextQuestion = min(nextQuestion, nextReading) }
  }

  /// Reads what has these keys. Returns whether that was enough.
  private mutating func update(_ keys: Set<String>, asOf began: ContinuousClock.Instant) async throws -> Bool
  {
    guard let known = state.contents else { return false }
    var isEnough = false
    let found = try await reader.read(keys) { entries in
      guard let contents = known.applying(entries) else { return }
      isEnough = true
      state.publish(contents, asOf: reader.isNotified ? began : nil) { $0.updates += 1 }
    }
    if found.structure != mark?.structure { throw ShapeOutdated() }
    // Without the triggers others than these may have changed, too: the next question will tell.
    if isEnough && reader.isNotified {
      (mark, nextReview) = (found, nextReview ?? began + Self.reviewInterval)
    }
    return isEnough
  }

  private mutating func readAll() async throws {
    let began = ContinuousClock.now
    let (contents, found) = try await reader.readAll(after: state.contents)
    let taken = ContinuousClock.now - began
    // At most a fifth of the time is spent so.
    (mark, nextReading, nextQuestion, nextReview) = (found, began + taken * 5, began + interval, nil)
    state.publish(contents, asOf: began) { [reader] in
      ($0.isNotified, $0.readingTime) = (reader.isNotified, taken)
      $0.readings += 1
    }
  }
}
