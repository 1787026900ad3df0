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
  /// Whether tenants were read since the last question, so that the mark has changed.
  private var hasUpdated = false
  /// Whether notifications told of more than was read: what is missing stands in no mark.
  private var isBehind = false

  /// How long the server has for an answer before another connection is tried.
  private static let patience = Duration.seconds(3)
  /// More changes than that at a time are read with all the rest.
  private static let mostKeys = 1_000
  private static let reviewInterval = Duration.seconds(10)

  /// Reads the registry for the first time over this connection.
  init(_ state: DirectoryState, of database: TenantDatabase, over connection: Connection, interval: Duration)
    async throws
  {
    self.state = state
    self.interval = interval
    reader = try await DirectoryReader(state, of: database, over: connection)
    try await readAll()
  }

  /// Goes on until that time, or until the connection is lost or the registry's structure has changed, which is thrown as
  /// ``ShapeOutdated``.
  mutating func keep(until end: ContinuousClock.Instant?) async throws {
    while end.map({ .now < $0 }) ?? true {
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
    if found.rows == mark?.rows {
      (hasUpdated, isBehind) = (false, false)
      return state.publish(nil, asOf: asked)
    }
    // The notification may have come along with the answer.
    try await update(try await reader.connection.notifications(within: .zero))
    // Without the triggers, or in a flood, others than those that were read may have changed, too.
    guard reader.isNotified && hasUpdated && !isBehind else { return try await readAll() }
    (mark, hasUpdated) = (found, false)
    state.publish(nil, asOf: asked)
  }

  /// Reads the tenants that are named, and all of them if that is not enough.
  private mutating func update(_ told: Notifications) async throws {
    if told.isEmpty { return }
    let began = ContinuousClock.now
    var keys = Set(told.payloads.map(DirectoryKey.init))
    let namesAll = keys.remove(DirectoryKey(RegistryNotifications.everything)) != nil || told.areMissing
    // Those that are named come first: anybody can have all read again, and has to wait for it.
    var isEnough = keys.count <= Self.mostKeys
    if isEnough { isEnough = try await update(keys, began, isAll: !namesAll && !isBehind) }
    if isEnough && !namesAll { return }
    if began >= nextReading { return try await readAll() }
    (isBehind, nextQuestion) = (true, min(nextQuestion, nextReading))
  }

  /// Reads what has these keys. Returns whether that was enough.
  /// - Parameter isAll: whether it is all that notifications have told of.
  private mutating func update(
    _ keys: Set<DirectoryKey>, _ began: ContinuousClock.Instant, isAll: Bool
  ) async throws -> Bool {
    if keys.isEmpty { return true }
    guard let contents = state.contents?.applying(try await reader.read(keys)) else { return false }
    (hasUpdated, nextReview) = (true, nextReview ?? began + Self.reviewInterval)
    state.publish(contents, asOf: reader.isNotified && isAll ? began : nil) { $0.updates += 1 }
    return true
  }

  private mutating func readAll() async throws {
    let began = ContinuousClock.now
    let (contents, found) = try await reader.readAll(after: state.contents)
    let taken = ContinuousClock.now - began
    // At most a fifth of the time is spent so, unless it takes longer than that second.
    (mark, nextReading, nextQuestion) = (found, began + min(taken * 5, .seconds(1)), began + interval)
    (nextReview, hasUpdated, isBehind) = (nil, false, false)
    state.publish(contents, asOf: began) { [reader] in
      ($0.isNotified, $0.readingTime) = (reader.isNotified, taken)
      $0.readings += 1
    }
  }
}
