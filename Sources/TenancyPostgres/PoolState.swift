/// Which connections a pool has, and who waits for one. It decides and does nothing itself, so that it can be tested
/// without a server.
///
/// First come, first served: a connection that comes back goes to the longest waiter, and no request overtakes one that
/// waits. While somebody waits, no connection is idle. Who waits for a new connection to be opened waits here too: a
/// pooler or server with fewer connections to give may let one in only when another one ends. After a refusal the pool makes
/// do with what it has for a while.
struct PoolState<Resource, Waiter> {
  private let size: Int
  /// Those that are lent, and those being opened.
  private var taken = 0
  private var idle: [Resource] = []
  private var waiting: [(ticket: Ticket, waiter: Waiter, hasOpening: Bool)] = []
  private var lastTicket = 0
  private(set) var isClosed = false
  private var lastRefusal: ContinuousClock.Instant?

  /// Names a request, and the connection that is opened on its behalf.
  typealias Ticket = Int

  var waitingCount: Int { waiting.count }
  /// Whether more than one connection is lent or being opened.
  var hasOthers: Bool { taken > 1 }

  init(size: Int) {
    self.size = size
  }

  /// What a request gets at once.
  enum Grant {
    /// An idle connection. The server may have been restarted since.
    case idle(Resource)
    /// The right to open one, and to wait meanwhile.
    case open
  }

  /// Whether a request gets the right to open the first connection: none other can come back.
  mutating func requestFirst() -> Bool {
    if isClosed || taken > 0 || !idle.isEmpty { return false }
    taken = 1
    return true
  }

  /// What is there for a new request; `nil` if it has to wait. Throws ``PoolError/closed``.
  mutating func request(at now: ContinuousClock.Instant = .now) throws(PoolError) -> Grant? {
    if isClosed { throw .closed }
    if let connection = idle.popLast() {
      taken += 1
      return .idle(connection)
    }
    let wasRefused = lastRefusal.map { now < $0 + Self.pause } ?? false
    guard taken == 0 || taken < size && !wasRefused else { return nil }
    taken += 1
    return .open
  }

  /// How long no further connection is asked for after a refusal, while some are lent.
  private static var pause: Duration { .seconds(5) }

  /// A place in the queue's order, to be taken by ``wait(_:_:hasOpening:)``.
  mutating func ticket() -> Ticket {
    lastTicket += 1
    return lastTicket
  }

  /// Queues a request that got no connection.
  /// - Parameter hasOpening: one is being opened for it.
  mutating func wait(_ ticket: Ticket, _ waiter: Waiter, hasOpening: Bool) {
    waiting.append((ticket, waiter, hasOpening))
  }

  /// Takes a request out of the queue; `nil` if it is not there (any more). What is opened for it goes on.
  mutating func leave(_ ticket: Ticket) -> Waiter? {
    waiting.firstIndex { $0.ticket == ticket }.map { waiting.remove(at: $0).waiter }
  }

  /// What follows when a connection comes, or none.
  enum Next {
    /// It is lent.
    case lend(Resource, to: Waiter)
    /// Another one is to be opened, for that request.
    case open(Ticket)
    case close(Resource)
    case nothing
  }

  /// A connection comes back; `nil` if it broke, or could not be opened.
  mutating func giveBack(_ resource: Resource?) -> Next {
    if let resource, !waiting.isEmpty { return .lend(resource, to: waiting.removeFirst().waiter) }
    if resource == nil, let next = waiting.firstIndex(where: { !$0.hasOpening }) {
      waiting[next].hasOpening = true
      return .open(waiting[next].ticket)
    }
    taken -= 1
    guard let resource else { return .nothing }
    if isClosed { return .close(resource) }
    idle.append(resource)
    return .nothing
  }

  /// A connection was opened for a request. Where another one came back sooner, this one is the next one's.
  mutating func opened(_ resource: Resource, for ticket: Ticket) -> Next {
    leave(ticket).map { .lend(resource, to: $0) } ?? giveBack(resource)
  }

  /// No connection could be opened. Returns who is to be told, and what follows.
  /// - Parameter staying: whether the request stays in the queue while others are lent, one of which may come back sooner.
  mutating func refused(
    for ticket: Ticket, staying: Bool, at now: ContinuousClock.Instant = .now
  ) -> (waiter: Waiter?, next: Next) {
    lastRefusal = now
    guard staying, taken > 1 else { return (leave(ticket), giveBack(nil)) }
    taken -= 1
    if let index = waiting.firstIndex(where: { $0.ticket == ticket }) { waiting[index].hasOpening = false }
    return (nil, .nothing)
  }

  /// Lends nothing any more. Returns the connections to close and the waiters to refuse.
  mutating func close() -> (idle: [Resource], waiting: [Waiter]) {
    defer { (idle, waiting, isClosed) = ([], [], true) }
    return (idle, waiting.map(\.waiter))
  }
}

/// Why a pool lends no connection.
package enum PoolError: Error, Sendable, Hashable {
  /// The pool was closed.
  case closed
  /// None came back within the time that a request may wait.
  case exhausted(after: Duration)
}
